package handlers

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// The import of a file in three pages: choose a file (/contacts/import), say
// what its columns mean, watch it run (both /imports/:id).

type importStart struct{ Imports []liadesk.Import }

func (s *Server) importStartPage(c *fiber.Ctx) (Page, error) {
	list, err := s.Contacts.Imports(c.UserContext(), actor(c))
	return Page{Title: s.t(c, "imports.title"), Nav: "contacts", Data: importStart{Imports: list}}, err
}

func (s *Server) showImportStart(c *fiber.Ctx) error {
	page, err := s.importStartPage(c)
	if err != nil {
		return err
	}
	return s.page(c, "imports/start", page)
}

// uploadImport takes the file of a form as it arrives.
func (s *Server) uploadImport(c *fiber.Ctx) error {
	im, err := s.uploadedFile(c)
	if err != nil {
		if liadesk.KindOf(err) != liadesk.KindInvalid {
			return err
		}
		page, pageErr := s.importStartPage(c)
		if pageErr != nil {
			return pageErr
		}
		return s.invalid(c, err, "imports/start", "imports/start", page)
	}
	return s.redirect(c, "/imports/"+im.ID.String())
}

func (s *Server) uploadedFile(c *fiber.Ctx) (liadesk.Import, error) {
	noFile := func() error {
		var v liadesk.Invalid
		v.Add("file", "no_file")
		return v.Err()
	}
	_, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || params["boundary"] == "" {
		return liadesk.Import{}, noFile()
	}
	in := body(c)
	form := multipart.NewReader(in, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return liadesk.Import{}, noFile()
		}
		if err != nil {
			return liadesk.Import{}, uploadError(err)
		}
		if part.FormName() != "file" {
			continue
		}
		if part.FileName() == "" {
			return liadesk.Import{}, noFile()
		}
		im, err := s.Contacts.Upload(c.UserContext(), actor(c), part.FileName(), part)
		if err != nil {
			return im, uploadError(err)
		}
		// What follows the file is the form's end; reading it keeps the connection.
		_, err = io.Copy(io.Discard, in)
		return im, err
	}
}

// uploadError tells a body that broke off, the sender's trouble, from ours.
func uploadError(err error) error {
	if _, ours := errors.AsType[*liadesk.Error](err); !ours && errors.Is(err, io.ErrUnexpectedEOF) {
		return fiber.NewError(http.StatusBadRequest, "bad_request")
	}
	return err
}

// importPage is an import at any of its stages.
type importPage struct {
	liadesk.Import
	Done     int // percent
	LeftOver []liadesk.ImportKept
}

// previewPart is the form of the mapping with its rows as read.
type previewPart struct {
	contacts.Preview
	ID         liadesk.ID
	Tags       string
	Columns    []columnPart
	Targets    []Option
	Delimiters []Option
	Regions    []Option
	Rows       []previewRow
	Outdated   []contacts.Outdated
	// Refused is set when somebody asked to start and may not: only then the
	// page points at what is missing, and not while they are still choosing.
	Refused bool
}

// columnPart is one column: what it becomes, and its first cells.
type columnPart struct {
	Index   int
	Header  string
	Target  string
	Cells   []string
	Problem string
}

// previewRow is one row as it would be stored, or why not.
type previewRow struct {
	Row      int
	Contact  liadesk.Contact
	Number   string
	Problems []Problem
}

func (s *Server) showImportPage(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	im, err := s.Contacts.Import(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	if im.State != liadesk.ImportMapping {
		return s.showImportProgress(c, im)
	}
	page, err := s.mappingPage(c, id, nil)
	if err != nil {
		return err
	}
	page.Errors = nil // nothing was asked for yet
	return s.page(c, "imports/map", page)
}

// importOptions reads the mapping form. Columns whose select is missing stay
// as they were guessed.
func (s *Server) importOptions(c *fiber.Ctx, im liadesk.Import) liadesk.ImportOptions {
	o := liadesk.ImportOptions{Delimiter: c.FormValue("delimiter"), HeaderRow: c.FormValue("header") != "", Region: c.FormValue("region"),
		Tags: splitTags(c.FormValue("tags")), Consent: c.FormValue("consent") != "", ConsentSource: c.FormValue("consent_source"),
		RepairNumbers: c.FormValue("repair") != ""}
	if o.Delimiter == "tab" {
		o.Delimiter = "\t"
	}
	for i, column := range im.Options.Columns {
		if target := c.FormValue("columns." + strconv.Itoa(i)); target != "" {
			column.Target = liadesk.ImportTarget(target)
		}
		o.Columns = append(o.Columns, column)
	}
	return o
}

// mappingPage reads the file's beginning as the options say.
func (s *Server) mappingPage(c *fiber.Ctx, id liadesk.ID, o *liadesk.ImportOptions) (Page, error) {
	p, err := s.Contacts.Preview(c.UserContext(), actor(c), id, o)
	if err != nil {
		return Page{}, err
	}
	l := s.localizer(c)
	part := previewPart{Preview: p, ID: id, Outdated: p.Outdated, Regions: s.regionOptions(c)}
	if o != nil {
		part.Tags = c.FormValue("tags")
	}
	part.Regions = append([]Option{{Label: s.t(c, "imports.region_none")}}, part.Regions[1:]...)
	for _, t := range liadesk.ImportTargets {
		part.Targets = append(part.Targets, Option{Value: string(t), Label: s.t(c, "imports.target."+string(t))})
	}
	part.Delimiters = []Option{{Value: ",", Label: s.t(c, "imports.delimiter.comma")}, {Value: ";", Label: s.t(c, "imports.delimiter.semicolon")},
		{Value: "tab", Label: s.t(c, "imports.delimiter.tab")}}
	if p.Options.Delimiter == "\t" {
		part.Options.Delimiter = "tab"
	}
	page := Page{Title: s.t(c, "imports.map_title", "Name", p.Import.FileName), Nav: "contacts"}
	if p.Invalid != nil {
		page.Errors = s.problems(c, p.Invalid)
	}
	for i, column := range p.Options.Columns {
		out := columnPart{Index: i, Header: column.Header, Target: string(column.Target), Problem: page.Errors.For("columns." + strconv.Itoa(i))}
		for _, row := range p.Rows {
			if i < len(row.Cells) && len(out.Cells) < 3 && row.Cells[i] != "" {
				out.Cells = append(out.Cells, row.Cells[i])
			}
		}
		part.Columns = append(part.Columns, out)
	}
	for _, row := range p.Rows {
		out := previewRow{Row: row.Row, Contact: row.Contact, Number: phone.Format(row.Contact.Phone)}
		for _, e := range row.Errors {
			args := map[string]any{}
			for k, v := range e.Args {
				args[k] = v
			}
			out.Problems = append(out.Problems, Problem{e.Column, l.Error(e.Field, e.Reason, args)})
		}
		part.Rows = append(part.Rows, out)
	}
	for i, o := range part.Outdated {
		part.Outdated[i] = contacts.Outdated{Before: phone.Format(o.Before), After: phone.Format(o.After)}
	}
	page.Data = part
	return page, nil
}

// previewImport shows the rows again while somebody changes the mapping.
func (s *Server) previewImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	im, err := s.Contacts.Import(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	o := s.importOptions(c, im)
	page, err := s.mappingPage(c, id, &o)
	if err != nil {
		return err
	}
	page.Errors = slices.DeleteFunc(page.Errors, func(p Problem) bool { return p.Field == "consent_source" }) // they are about to fill it in
	return s.respond(c, "imports/map", "imports/mapping", page)
}

func (s *Server) startImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	im, err := s.Contacts.Import(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	o := s.importOptions(c, im)
	page, err := s.mappingPage(c, id, &o) // another delimiter makes other columns
	if err != nil {
		return err
	}
	if _, err := s.Contacts.StartImport(c.UserContext(), actor(c), id, &o); err != nil {
		part := page.Data.(previewPart)
		part.Refused = true
		page.Data = part
		return s.invalid(c, err, "imports/map", "imports/mapping", page)
	}
	return s.redirect(c, "/imports/"+id.String())
}

// showImportProgress is an import that was started. While it works, the page
// asks for its middle again every second.
func (s *Server) showImportProgress(c *fiber.Ctx, im liadesk.Import) error {
	data := importPage{Import: im, Done: int(im.Progress() * 100)}
	if im.Kept > 0 {
		kept, err := s.Contacts.ImportKept(c.UserContext(), actor(c), im.ID, 100)
		if err != nil {
			return err
		}
		data.LeftOver = kept
	}
	return s.respond(c, "imports/show", "imports/progress", Page{Title: s.t(c, "imports.of", "Name", im.FileName), Nav: "contacts", Data: data})
}

func (s *Server) undoImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := s.Contacts.UndoImport(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return s.redirect(c, "/imports/"+id.String())
}

func (s *Server) discardImport(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Contacts.DiscardImport(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return s.redirect(c, "/contacts/import")
}

func (s *Server) downloadImportErrors(c *fiber.Ctx) error {
	return s.sendImportErrors(c, s.localizer(c))
}
