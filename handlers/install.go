package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// installPage tells how the widget gets onto a website, and whether it is there.
type installPage struct {
	Inbox   liadesk.Inbox
	State   installState
	Guides  []guide
	Policy  string // the directives for a strict site
	Types   string // where the type declarations are
	Secret  string // of signatures, "" for those who may not know it
	Signing []guide
}

// guide is a way to do it, with the code for it.
type guide struct{ Key, Code string }

// installState is whether the snippet was seen.
type installState struct {
	ID            liadesk.ID
	Seen, Strange livechat.Sighting
	Visit         string // a page of the site to open
}

// websiteInbox reads the website inbox that the path names.
func (s *Server) websiteInbox(c *fiber.Ctx) (liadesk.Inbox, error) {
	id, err := pathID(c)
	if err != nil {
		return liadesk.Inbox{}, err
	}
	in, err := s.Accounts.Inbox(c.UserContext(), actor(c), id)
	if err == nil && in.Website == nil {
		err = liadesk.ErrNotFound
	}
	return in, err
}

func (s *Server) installState(c *fiber.Ctx, in liadesk.Inbox) installState {
	st := installState{ID: in.ID}
	st.Seen, st.Strange = s.LiveChat.Installed(actor(c), in.ID)
	if st.Seen.At.IsZero() {
		st.Seen = livechat.Sighting{At: in.Website.SnippetSeenAt, URL: in.Website.SnippetSeenURL}
	}
	if !st.Strange.At.After(st.Seen.At) {
		st.Strange = livechat.Sighting{}
	}
	st.Visit = st.Seen.URL
	for _, d := range in.Website.Domains {
		if st.Visit == "" && !strings.HasPrefix(d, "*") {
			st.Visit = "https://" + d + "/"
			break
		}
	}
	return st
}

func (s *Server) showInstall(c *fiber.Ctx) error {
	in, err := s.websiteInbox(c)
	if err != nil {
		return err
	}
	src, key := s.publicURL()+"/widget.js", in.Website.Key
	socket := "ws" + strings.TrimPrefix(s.publicURL(), "http")
	code := strings.NewReplacer("SRC", src+"?inbox="+key, "SCRIPT", src)
	p := installPage{Inbox: in, State: s.installState(c, in), Types: s.publicURL() + "/widget.d.ts",
		Policy: "script-src " + s.publicURL() + "; connect-src " + s.publicURL() + " " + socket + "; img-src " + s.publicURL() + " https:",
		Guides: []guide{{"html", s.snippet(*in.Website)}, {"gtm", code.Replace(guideTagManager)}, {"react", code.Replace(guideReact)}, {"next", code.Replace(guideNext)}}}
	if actor(c).Administrator() == nil {
		p.Secret = s.Conversations.IdentitySecret(in)
		p.Signing = []guide{{"page", guideIdentify}, {"node", guideNode}, {"php", guidePHP}, {"python", guidePython}, {"ruby", guideRuby}, {"go", guideGo}}
	}
	return s.page(c, "inboxes/install", Page{Title: s.t(c, "install.title", "Name", in.Name), Nav: "inboxes", Data: p})
}

// showInstalled is the part of the page that waits for the snippet.
func (s *Server) showInstalled(c *fiber.Ctx) error {
	in, err := s.websiteInbox(c)
	if err != nil {
		return err
	}
	if !wantsFragment(c) {
		return s.redirect(c, "/inboxes/"+in.ID.String()+"/install")
	}
	return s.fragment(c, "inboxes/installed", Page{Nav: "inboxes", Data: s.installState(c, in)})
}

func (s *Server) renewIdentity(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.RenewIdentity(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.LiveChat.InboxChanged(actor(c).Account)
	s.toast(c, ToneSuccess, s.t(c, "install.renewed"))
	return s.redirect(c, "/inboxes/"+id.String()+"/install#identity")
}

const (
	guideTagManager = `<script async src="SRC"></script>`

	guideReact = `import { useEffect } from "react";

export function Chat() {
  useEffect(() => {
    // Rendered twice, as in StrictMode, it is loaded once.
    if (document.querySelector('script[src^="SCRIPT"]')) return;
    const script = document.createElement("script");
    script.async = true;
    script.src = "SRC";
    document.head.append(script);
  }, []);
  return null;
}`

	guideNext = `import Script from "next/script";

// In app/layout.tsx, inside <body>:
<Script src="SRC" strategy="afterInteractive" />`

	guideIdentify = `window.LiaDesk = window.LiaDesk || { q: [] };
window.LiaDesk.q.push(["identify", {
  id: "1742", name: "Ada", email: "ada@example.com", phone: "",
  signature: "made on your server",
}]);`

	guideNode = `import { createHmac } from "node:crypto";

const signature = createHmac("sha256", process.env.LIADESK_SECRET)
  .update([id, email, phone].map((part) => part ?? "").join("\n"))
  .digest("hex");`

	guidePHP = `$signature = hash_hmac("sha256", implode("\n", [$id, $email, $phone]), getenv("LIADESK_SECRET"));`

	guidePython = `import hashlib, hmac, os

message = "\n".join([id or "", email or "", phone or ""])
signature = hmac.new(os.environ["LIADESK_SECRET"].encode(), message.encode(), hashlib.sha256).hexdigest()`

	guideRuby = `require "openssl"

signature = OpenSSL::HMAC.hexdigest("SHA256", ENV["LIADESK_SECRET"], [id, email, phone].map(&:to_s).join("\n"))`

	guideGo = `mac := hmac.New(sha256.New, []byte(os.Getenv("LIADESK_SECRET")))
mac.Write([]byte(id + "\n" + email + "\n" + phone))
signature := hex.EncodeToString(mac.Sum(nil))`
)
