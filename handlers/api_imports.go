package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// importJSON is an import as the API shows it.
type importJSON struct {
	ID       liadesk.ID          `json:"id"`
	FileName string              `json:"file_name"`
	State    liadesk.ImportState `json:"state"`
	Problem  string              `json:"problem,omitempty"`
	// Progress is the share of the file that is done, 0 to 1.
	Progress  float64                `json:"progress"`
	Total     int64                  `json:"total"`
	Created   int64                  `json:"created"`
	Updated   int64                  `json:"updated"`
	Rejected  int64                  `json:"rejected"`
	ErrorsURL *string                `json:"errors_url"`
	Encoding  string                 `json:"encoding"`
	Columns   []liadesk.ImportColumn `json:"columns"`
	Undo      *undoJSON              `json:"undo"`
	CreatedAt time.Time              `json:"created_at"`
	Finished  *time.Time             `json:"finished_at"`
}

type undoJSON struct {
	Removed  int64 `json:"removed"`
	Restored int64 `json:"restored"`
	Kept     int64 `json:"kept"`
}

func (s *Server) showImport(im liadesk.Import) importJSON {
	out := importJSON{ID: im.ID, FileName: im.FileName, State: im.State, Problem: im.Problem, Progress: im.Progress(), Total: im.Total,
		Created: im.Created, Updated: im.Updated, Rejected: im.Rejected, Encoding: im.Written, Columns: im.Options.Columns,
		CreatedAt: im.CreatedAt, Finished: timeOrNull(im.FinishedAt)}
	if im.Rejected > 0 {
		address := s.publicURL() + "/api/v1/imports/" + im.ID.String() + "/errors"
		out.ErrorsURL = &address
	}
	if im.State == liadesk.ImportUndoing || im.State == liadesk.ImportUndone {
		out.Undo = &undoJSON{Removed: im.Removed, Restored: im.Restored, Kept: im.Kept}
	}
	return out
}

// apiImport takes a CSV file as the body. What else it must know stands in the
// query: region, tag (several times or separated by commas), consent (where
// these people agreed to marketing texts), repair=true to accept the present
// form of outdated numbers, and name, the file's.
func (s *Server) apiImport(c *fiber.Ctx) error {
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || media != "text/csv" && media != "text/plain" && media != "text/tab-separated-values" && media != "application/octet-stream" {
		return fiber.NewError(http.StatusUnsupportedMediaType, "not_csv")
	}
	name := c.Query("name", "api.csv")
	im, err := s.Contacts.Upload(c.UserContext(), actor(c), name, body(c))
	if err != nil {
		return err
	}
	o := im.Options
	if region := c.Query("region"); region != "" {
		o.Region = region
	}
	for _, tags := range c.Context().QueryArgs().PeekMulti("tag") {
		o.Tags = append(o.Tags, splitTags(string(tags))...)
	}
	if source := c.Query("consent"); source != "" {
		o.Consent, o.ConsentSource = true, source
	}
	o.RepairNumbers = c.QueryBool("repair")
	started, err := s.Contacts.StartImport(c.UserContext(), actor(c), im.ID, &o)
	if err != nil {
		// The program sends the file again with better options.
		return errors.Join(err, s.Contacts.DiscardImport(c.UserContext(), actor(c), im.ID))
	}
	return c.Status(http.StatusAccepted).JSON(s.showImport(started))
}

// splitTags cuts what people type or programs send into tags.
func splitTags(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' })
}

func (s *Server) apiListImports(c *fiber.Ctx) error {
	list, err := s.Contacts.Imports(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return sendPage(c, list, func(im liadesk.Import) liadesk.ID { return im.ID }, s.showImport)
}

func (s *Server) apiGetImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	im, err := s.Contacts.Import(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.showImport(im))
}

func (s *Server) apiUndoImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	im, err := s.Contacts.UndoImport(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(s.showImport(im))
}

func (s *Server) apiImportErrors(c *fiber.Ctx) error {
	return s.sendImportErrors(c, s.texts.For("en"))
}

// sendImportErrors answers with the rejected rows as a file, written while it
// is read: it may be as long as what was uploaded.
func (s *Server) sendImportErrors(c *fiber.Ctx, l *texts.Localizer) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	who := actor(c)
	im, err := s.Contacts.Import(c.UserContext(), who, id)
	if err != nil {
		return err
	}
	s.sendFile(c, fmt.Sprintf("rejected-%s.csv", im.CreatedAt.Format("2006-01-02")), func(ctx context.Context, w io.Writer) error {
		return s.Contacts.WriteImportErrors(ctx, who, id, w, l.Error)
	})
	return nil
}
