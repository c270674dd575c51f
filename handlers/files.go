package handlers

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// Files in conversations: sent by visitors and by the team, read by whoever has
// their address.

// upload reads the file of a form.
func upload(c *fiber.Ctx) (conversations.Upload, error) {
	header, err := c.FormFile("file")
	if err != nil {
		var wrong liadesk.Invalid
		wrong.Add("file", "required")
		return conversations.Upload{}, wrong.Err()
	}
	file, err := header.Open()
	if err != nil {
		return conversations.Upload{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, liadesk.MaxFile+1))
	return conversations.Upload{Name: header.Filename, Data: data}, err
}

// widgetUpload stores a file that a visitor sends. It is a form, which browsers
// send to other sites without asking first.
func (s *Server) widgetUpload(c *fiber.Ctx) error {
	inbox, err := s.widgetInbox(c, c.FormValue("inbox"))
	if err != nil {
		return err
	}
	up, err := upload(c)
	if err != nil {
		return err
	}
	out, err := s.Conversations.WriteFileAsVisitor(c.UserContext(), conversations.VisitorMessage{
		Inbox: inbox, Token: c.FormValue("token"), ClientID: c.FormValue("client_id"), PageURL: pageOf(c, c.FormValue("url")),
	}, up)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"token": out.Token, "conversation": out.Conversation.ID, "message": out.Message.ID})
}

// attachFile answers a thread with a file. What was typed beside it stays.
func (s *Server) attachFile(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in := composer{ClientID: c.FormValue("client_id"), Text: c.FormValue("text")}
	up, err := upload(c)
	var m liadesk.Message
	if err == nil {
		m, err = s.Conversations.ReplyFile(c.UserContext(), actor(c), id, up, fileClientID(in.ClientID))
	}
	if err != nil {
		if e, ok := errors.AsType[*liadesk.Error](err); ok && e.Kind == liadesk.KindInvalid {
			// The sentence stands under the box, where there is no field for a file.
			err = &liadesk.Error{Kind: liadesk.KindConflict, Code: "file_" + e.Fields[0].Code, Args: e.Fields[0].Args}
		}
		return s.refuseReply(c, err, id, in)
	}
	if !wantsFragment(c) {
		return s.redirect(c, deskFilterOf(c).thread(id))
	}
	th, err := s.Conversations.Since(c.UserContext(), actor(c), id, m.Seq-1)
	if err != nil {
		return err
	}
	return s.changedWith(c, th, "conversations/sent", composer{Text: in.Text})
}

// fileClientID is the id of a file that is sent from a box whose own id is that
// of the text in it: both may be on their way at once.
func fileClientID(id string) string {
	if id == "" {
		return ""
	}
	return id[:min(len(id), 58)] + "-file"
}

// showFile serves a file. Pictures are shown, everything else is saved; nothing
// in it runs, wherever it is opened (CSP level 3 §6.4: sandbox).
func (s *Server) showFile(c *fiber.Ctx) error {
	if err := s.fileReads.take(c.IP(), s.Clock.Now()); err != nil {
		return err
	}
	ref, file, err := s.Conversations.File(c.UserContext(), c.Params("address"))
	if err != nil {
		return err
	}
	c.Set("X-Robots-Tag", "noindex")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin") // the chat shows it on the company's pages
	c.Set(fiber.HeaderCacheControl, "private, max-age=86400, immutable")
	disposition := "attachment"
	if ref.Picture() {
		disposition = "inline"
	}
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType(disposition, map[string]string{"filename": ref.Name}))
	c.Set(fiber.HeaderContentType, ref.Type)
	if ref.Type == "text/plain" {
		c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	}
	return c.Status(http.StatusOK).SendStream(file, ref.Size)
}

// fileURL is where a file is found from elsewhere.
func (s *Server) fileURL(ref liadesk.FileRef) string {
	return s.origin + "/files/" + url.PathEscape(ref.Address)
}

// fileBlocks show a file in the chat on a company's page.
func fileBlocks(address string, ref liadesk.FileRef) []livechat.Block {
	inside := livechat.Block{T: "text", V: "📎 " + ref.Name}
	if ref.Picture() {
		inside = livechat.Block{T: "img", Src: address, Alt: ref.Name}
	}
	return []livechat.Block{{T: "p", C: []livechat.Block{{T: "a", Href: address, C: []livechat.Block{inside}}}}}
}

// sizeOf writes a size as people read it.
func sizeOf(n int) string {
	if n < 1<<20 {
		return strconv.Itoa(max(1, n>>10)) + " kB"
	}
	return strings.Replace(strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64), ".0", "", 1) + " MB"
}

// fileJSON is a file as the API shows it.
type fileJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"`
	URL  string `json:"url"`
}

func (s *Server) fileJSON(ref *liadesk.FileRef) *fileJSON {
	if ref == nil {
		return nil
	}
	return &fileJSON{ref.Name, ref.Type, ref.Size, s.fileURL(*ref)}
}
