package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// A visitor sends a photograph, the team answers with a PDF; each opens what the
// other sent.
func TestFilesGoBothWays(t *testing.T) {
	server, agent := startDemo(t)
	folder := t.TempDir()
	put := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	m := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for y := range 480 {
		for x := range 640 {
			m.Set(x, y, color.RGBA{uint8(x / 3), 160, uint8(y / 2), 255})
		}
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, m, nil); err != nil {
		t.Fatal(err)
	}
	leaf := put("sad leaf.jpg", photo.Bytes())

	shop := newWindow(t)
	shop.open(server.url + "/demo/site")
	shop.until("the widget", `window.LiaDesk?.loaded`)
	eval[bool](shop, `(LiaDesk.open(), true)`)
	write(shop, ".panel form textarea", "Hello")
	shop.inWidget("the paper clip", `deep(".attach:not([hidden]) input")`)
	shop.choose(true, leaf)
	shop.inWidget("the photograph in the chat", `deep(".log a img")?.complete && deep(".log a img").naturalWidth === 640 && deep(".log a img").alt === "sad leaf.jpg"`)
	shop.choose(true, put("tool.exe", []byte("MZ\x90\x00\x03\x00\x00\x00")))
	shop.inWidget("what is wrong with the next one", `deep(".sends:not([hidden])")?.innerText === "Only pictures, PDF and plain text can be sent."`)

	agent.open(server.url + "/conversations?q=leaf")
	agent.until("the thread that is found", `document.querySelectorAll(".talk").length === 1`)
	eval[bool](agent, `(document.querySelector(".talk").click(), true)`)
	agent.until("the photograph", `document.querySelector("#thread .bubble.file img")?.naturalWidth === 640`)
	agent.typed(".composer textarea", "Half a sentence")
	box := eval[string](agent, `document.querySelector(".composer [name=client_id]").value`)
	agent.choose(false, put("care.pdf", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")))
	agent.until("the PDF in the thread", `[...document.querySelectorAll("#thread .bubble.file a")].some(a => /care\.pdf/.test(a.innerText))`)
	agent.until("what was typed, in the next box", `document.querySelector(".composer textarea").value === "Half a sentence" && document.querySelector(".composer [name=client_id]").value !== %s`, box)
	agent.choose(false, put("tool.exe", []byte("MZ\x90\x00\x03\x00\x00\x00")))
	agent.until("why not", `/Only pictures, PDF and plain text/.test(document.querySelector(".composer .error")?.innerText) && document.querySelector(".composer textarea").value === "Half a sentence"`)
	shop.inWidget("the PDF in the chat", `[...deep(".log").querySelectorAll("a")].some(a => /care\.pdf/.test(a.innerText) && /\/files\//.test(a.href))`)
	source := axe(t)
	for _, b := range []tab{agent, shop} {
		for _, width := range []int64{1280, 390} {
			b.do(chromedp.EmulateViewport(width, 900))
			eval[bool](b, source+"\n;true")
			for _, found := range append(eval[[]string](b, barriers), eval[[]string](b, sideways)...) {
				t.Errorf("%d wide: %s", width, found)
			}
		}
	}
}

// choose puts a file into the file field of the page, or of the chat in it.
func (b tab) choose(inChat bool, path string) {
	b.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	// A file field is filled by what somebody drops, too: that is within reach of
	// a script, also behind the chat's closed door.
	const drop = `((inside, name, bytes) => {
		const field = inside ? deep(".attach input") : document.querySelector(".attach input")
		const list = new DataTransfer()
		list.items.add(new File([new Uint8Array(bytes)], name))
		field.files = list.files
		field.dispatchEvent(new Event("change", { bubbles: true }))
		return true
	})(%s, %s, %s)`
	list := make([]int, len(data))
	for i, c := range data {
		list[i] = int(c)
	}
	script := fill(b.t, drop, []any{inChat, filepath.Base(path), list})
	if inChat {
		b.inWidget("the file field", script)
		return
	}
	b.until("the file field", script)
}
