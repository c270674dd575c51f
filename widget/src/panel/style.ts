// The look of bubble and conversation. Adopted as a constructed style sheet,
// which strict pages allow; measured in pixels, so that the page's root font
// size does not matter, yet browser zoom does.

export const css = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important;inset:auto 0 0 auto!important;display:block!important}
@media print{:host{display:none!important}}
*{box-sizing:border-box;margin:0}
[hidden]{display:none!important}
.root{
--brand:#5157d8;--brand-deep:#4046c0;--on-brand:#fff;--card:#fff;--ink:#1d2030;--soft:#5d6277;--line:#e4e5ee;--wash:#f4f5fa;--danger:#b3261e;
--shadow:0 1px 2px rgb(20 22 50/.08),0 8px 28px rgb(20 22 50/.16);
color-scheme:light;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);-webkit-text-size-adjust:100%}
@media (prefers-color-scheme:dark){.root{
--brand:#6d73ea;--brand-deep:#8287f2;--card:#1e2030;--ink:#eceef8;--soft:#a5a9c0;--line:#34374d;--wash:#282b3e;--danger:#ff9d94;
--shadow:0 1px 2px rgb(0 0 0/.4),0 8px 28px rgb(0 0 0/.5);color-scheme:dark}}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;touch-action:manipulation}
:focus-visible{outline:2px solid var(--brand);outline-offset:2px}
svg{width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;display:block}
.launcher{position:fixed;right:calc(20px + var(--x,0px) + env(safe-area-inset-right));bottom:calc(20px + var(--y,0px) + env(safe-area-inset-bottom));width:56px;height:56px;border-radius:50%;display:grid;place-items:center;background:var(--brand);color:var(--on-brand);box-shadow:var(--shadow)}
.launcher:hover{background:var(--brand-deep)}
.launcher:focus-visible{outline-offset:3px}
.launcher svg{width:26px;height:26px}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;border:2px solid var(--card);background:#d92d20;color:#fff;font-size:12px;line-height:18px;font-weight:600;text-align:center}
.bubble,.panel{position:fixed;right:calc(20px + var(--x,0px) + env(safe-area-inset-right));background:var(--card);border:1px solid var(--line);box-shadow:var(--shadow);border-radius:16px;display:flex;flex-direction:column;overflow:hidden}
.bubble{bottom:calc(20px + var(--y,0px) + env(safe-area-inset-bottom));width:340px;max-width:calc(100vw - 40px)}
.lifted .bubble{bottom:calc(90px + var(--y,0px) + env(safe-area-inset-bottom))}
.panel{bottom:calc(90px + var(--y,0px) + env(safe-area-inset-bottom));width:380px;max-width:calc(100vw - 40px);height:min(600px,calc(100dvh - 120px - var(--y,0px)))}
.head{display:flex;align-items:center;gap:10px;padding:14px 12px 0 16px}
.panel .head{padding:12px 12px 12px 16px;border-bottom:1px solid var(--line)}
.who{flex:1;min-width:0;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.x{width:36px;height:36px;border-radius:10px;display:grid;place-items:center;color:var(--soft);flex:none}
.x:hover{background:var(--wash);color:var(--ink)}
.x svg{width:18px;height:18px}
.avatar{position:relative;flex:none;width:34px;height:34px;border-radius:50%;display:grid;place-items:center;overflow:hidden;background:color-mix(in srgb,var(--brand) 18%,var(--card));color:color-mix(in srgb,var(--brand) 70%,var(--ink));font-size:13px;font-weight:600;text-transform:uppercase}
.avatar img{position:absolute;inset:0;width:100%;height:100%;object-fit:cover}
.body{padding:8px 16px 4px;max-height:max(92px,30dvh - 112px);overflow:auto;overscroll-behavior:contain;overflow-wrap:anywhere}
.rich>*+*{margin-top:8px}
.rich ul,.rich ol{padding-left:22px}
.rich blockquote{padding-left:12px;border-left:3px solid var(--line);color:var(--soft)}
.rich code{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;background:var(--wash);padding:1px 5px;border-radius:5px}
.rich img{max-width:100%;max-height:180px;border-radius:10px;vertical-align:middle}
.rich a{color:inherit;text-decoration:underline;text-underline-offset:2px;text-decoration-color:var(--brand);text-decoration-thickness:2px}
.typed{white-space:pre-wrap}
.replies{display:flex;flex-wrap:wrap;gap:8px;padding:8px 16px 2px}
.reply{min-height:36px;padding:5px 14px;border:1px solid var(--brand);border-radius:18px;color:var(--ink);font-weight:500;text-align:start;overflow-wrap:anywhere}
.reply:hover{background:color-mix(in srgb,var(--brand) 12%,var(--card))}
form{display:flex;align-items:flex-end;gap:8px;padding:10px 12px 12px}
.panel form{border-top:1px solid var(--line)}
textarea{flex:1;min-width:0;font-family:inherit;font-size:16px;line-height:1.4;color:var(--ink);background:var(--wash);border:1px solid transparent;border-radius:20px;padding:8px 14px;height:40px;min-height:40px;max-height:120px;resize:none;field-sizing:content;outline:none}
textarea:focus-visible{border-color:var(--brand);background:var(--card);outline:none;box-shadow:0 0 0 1px var(--brand)}
textarea::placeholder{color:var(--soft);opacity:1}
@supports (field-sizing:content){textarea{height:auto}}
.send{flex:none;width:40px;height:40px;border-radius:50%;display:grid;place-items:center;background:var(--brand);color:var(--on-brand)}
.send:hover{background:var(--brand-deep)}
.send svg{width:20px;height:20px}
.log{flex:1;overflow:auto;overscroll-behavior:contain;padding:16px;display:flex;flex-direction:column;gap:4px}
.log:focus-visible{outline-offset:-2px}
.row{display:flex;flex-direction:column;align-items:flex-start;max-width:85%}
.row.first{margin-top:12px}
.row.first:first-child{margin-top:0}
.row.mine{align-self:flex-end;align-items:flex-end}
.row.system{align-self:center;max-width:100%;color:var(--soft);font-size:13px;text-align:center;margin:8px 0}
.name{font-size:12px;color:var(--soft);margin:0 0 3px 4px;display:flex;gap:6px;align-items:center}
.name .avatar{width:20px;height:20px;font-size:9px}
.says{padding:8px 13px;border-radius:18px 18px 18px 6px;background:var(--wash);overflow-wrap:anywhere;min-width:0;max-width:100%}
.mine .says{background:var(--fill,#5157d8);color:var(--on-brand);border-radius:18px 18px 6px 18px}
.mine .says a{text-decoration-color:currentColor}
.system .says{background:none;padding:0}
.when{font-size:11px;color:var(--soft);margin:3px 6px 0}
.state{font-size:12px;color:var(--soft);margin:3px 6px 0}
.state.failed{color:var(--danger)}
.state button{text-decoration:underline;text-underline-offset:2px;font-weight:600;padding:4px;margin:-4px}
.notice{padding:8px 16px;font-size:13px;color:var(--soft);background:var(--wash);text-align:center;text-wrap:balance}
.left .launcher,.left .bubble,.left .panel{right:auto;left:calc(20px + var(--x,0px) + env(safe-area-inset-left))}
.small{display:flex;gap:12px;justify-content:space-between;padding:0 16px 10px;font-size:12px;color:var(--soft)}
.small a{color:inherit}
.small:not(:has(>:not([hidden]))){display:none}
.small.kept{display:flex;min-height:34px}
@media (max-width:480px){
.bubble{right:12px;bottom:calc(12px + var(--y,0px) + env(safe-area-inset-bottom));width:calc(100vw - 24px);max-width:none}
.lifted .bubble{bottom:calc(84px + var(--y,0px) + env(safe-area-inset-bottom))}
.launcher{right:calc(16px + var(--x,0px) + env(safe-area-inset-right));bottom:calc(16px + var(--y,0px) + env(safe-area-inset-bottom))}
.left .bubble{left:12px}
.left .launcher{left:calc(16px + var(--x,0px) + env(safe-area-inset-left))}
.panel,.left .panel{inset:0;width:auto;max-width:none;height:auto;border:0;border-radius:0;padding:env(safe-area-inset-top) 0 env(safe-area-inset-bottom)}
.opened .launcher{display:none}
}
@media (max-height:480px){.panel{inset:0 0 0 auto;height:auto;border-radius:0}.opened .launcher{display:none}}
@media (prefers-reduced-motion:no-preference){
.bubble,.panel{animation:rise .22s cubic-bezier(.2,.8,.3,1)}
.launcher{transition:background .15s}
@keyframes rise{from{opacity:0;transform:translateY(10px)}}
}`;
