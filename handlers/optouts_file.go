package handlers

import (
	"context"
	"mime"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// Opt-outs as a file, for administrators. The addresses come before those that
// take a number or an id in their place.

func (s *Server) optOutFileRoutes(desk fiber.Router) {
	desk.Get("/contacts/opt-outs/export", s.requireCampaigns, s.requireAdmin, s.exportOptOuts)
	desk.Post("/contacts/opt-outs/import", s.requireCampaigns, s.requireAdmin, s.importOptOuts)
}

func (s *Server) optOutFileAPI(api fiber.Router) {
	api.Get("/opt-outs/export", s.requireCampaigns, s.apiExportOptOuts)
	api.Post("/opt-outs/import", s.requireCampaigns, s.apiImportOptOuts)
}

func (s *Server) exportOptOuts(c *fiber.Ctx) error { return s.sendOptOuts(c, s.localizer(c)) }

func (s *Server) apiExportOptOuts(c *fiber.Ctx) error { return s.sendOptOuts(c, s.texts.For("en")) }

// sendOptOuts reads the first page before it answers: a refusal is an answer,
// not a broken file.
func (s *Server) sendOptOuts(c *fiber.Ctx, l *texts.Localizer) error {
	who := actor(c)
	first, second, err := s.Contacts.OptOutRows(c.UserContext(), who, "")
	if err != nil {
		return err
	}
	s.sendPages(c, "opt-outs.csv", contacts.OptOutHeadings, l.T("opt_out_files.incomplete"), func(ctx context.Context, after string) ([][]string, string, error) {
		if after == "" {
			return first, second, nil
		}
		return s.Contacts.OptOutRows(ctx, who, after)
	})
	return nil
}

// optOutFileResult is what became of a file, for the page.
type optOutFileResult struct {
	contacts.OptOutFile
	Rows []optOutFileRow
}

// optOutFileRow is a refused row with the reason as a sentence.
type optOutFileRow struct {
	Row    int    `json:"row"`
	Number string `json:"number"`
	Code   string `json:"code"`
	Reason string `json:"message"`
}

func refusedNumbers(rows []contacts.RefusedNumber, l *texts.Localizer) []optOutFileRow {
	out := make([]optOutFileRow, len(rows))
	for i, r := range rows {
		out[i] = optOutFileRow{Row: r.Row, Number: r.Value, Code: r.Reason, Reason: l.Error("number", r.Reason, nil)}
	}
	return out
}

// importOptOuts takes the file of a form. When every row could be read it goes
// back to the list; otherwise the page says which could not.
func (s *Server) importOptOuts(c *fiber.Ctx) error {
	done, err := s.importedOptOuts(c)
	if err != nil {
		if liadesk.KindOf(err) != liadesk.KindInvalid {
			return err
		}
		return s.refuseOptOut(c, err, optOutList{})
	}
	if done.Refused == 0 {
		s.toast(c, ToneSuccess, s.t(c, "opt_out_files.done", "Added", done.Added, "Already", done.Already))
		return s.redirect(c, "/contacts/opt-outs")
	}
	page, err := s.optOutPage(c, optOutList{File: &optOutFileResult{OptOutFile: done, Rows: refusedNumbers(done.Rows, s.localizer(c))}})
	if err != nil {
		return err
	}
	return s.page(c, "contacts/opt-outs", page)
}

func (s *Server) importedOptOuts(c *fiber.Ctx) (contacts.OptOutFile, error) {
	upload, err := c.FormFile("file")
	if err != nil {
		var v liadesk.Invalid
		v.Add("file", "no_file")
		return contacts.OptOutFile{}, v.Err()
	}
	file, err := upload.Open()
	if err != nil {
		return contacts.OptOutFile{}, err
	}
	defer file.Close()
	return s.Contacts.ImportOptOuts(c.UserContext(), actor(c), file)
}

// apiImportOptOuts takes the file as the body.
func (s *Server) apiImportOptOuts(c *fiber.Ctx) error {
	media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || media != "text/csv" && media != "text/plain" {
		return fiber.NewError(http.StatusUnsupportedMediaType, "not_csv")
	}
	done, err := s.Contacts.ImportOptOuts(c.UserContext(), actor(c), body(c))
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"added": done.Added, "already": done.Already, "refused": done.Refused, "rows": refusedNumbers(done.Rows, s.texts.For("en"))})
}
