package contacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// An import goes: Upload stores the file in pieces, Preview shows how it would
// be read, StartImport fixes that, and Tick reads it in bounded transactions.
// Each of them writes its contacts, what its rows did and the place in the file
// together, so that the next start after a crash goes on behind the last row
// that is stored and does none twice.

// MaxImportSize is the most bytes that a file may have.
const MaxImportSize = 512 << 20

// abandoned is after how long a file that nobody started is thrown away.
const abandoned = 24 * time.Hour

func sprint(v any) string { return fmt.Sprint(v) }

// union joins two sorted lists of tags.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Upload stores a file and guesses how to read it. The file may be cut off,
// never end or be no table at all: it is stored piece by piece, each within
// the bounds, and thrown away when something is wrong.
func (s *Service) Upload(ctx context.Context, actor liadesk.Actor, name string, r io.Reader) (liadesk.Import, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Import{}, err
	}
	stored, written, err := storedText(r)
	if err != nil {
		return liadesk.Import{}, err
	}
	name = clip(line(path.Base(strings.ReplaceAll(name, "\\", "/"))), MaxSource)
	im := liadesk.Import{ID: s.ids(), AccountID: actor.Account, FileName: name, State: liadesk.ImportReceiving,
		Written: written, Encoding: encodingUTF8, CreatedAt: s.clock.Now().UTC(), CreatedBy: actor.User}
	err = s.receive(ctx, &im, stored)
	if err == nil {
		err = s.recognise(ctx, &im)
	}
	if err != nil {
		// The request may be what ended; the pieces must go all the same, and
		// what is left when even that fails goes with the abandoned ones.
		return liadesk.Import{}, errors.Join(err, s.discard(context.WithoutCancel(ctx), im))
	}
	return im, nil
}

// receive stores the pieces of a file.
func (s *Service) receive(ctx context.Context, im *liadesk.Import, r io.Reader) error {
	var watch utf8Watch
	buf := make([]byte, db.MaxImportPart)
	for {
		n, err := io.ReadFull(r, buf)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return err
		}
		if n > 0 || im.Parts == 0 {
			part := buf[:n]
			watch.see(part)
			im.Size += int64(n)
			if im.Size > MaxImportSize {
				return &liadesk.Error{Kind: liadesk.KindTooLarge, Code: "too_large", Text: "the file is too large",
					Args: map[string]any{"Limit": fmt.Sprintf("%d MB", MaxImportSize>>20)}}
			}
			im.Parts++
			if err := s.store.Update(ctx, func(tx *db.Tx) error {
				if err := tx.PutImportPart(im.AccountID, im.ID, im.Parts-1, part); err != nil {
					return err
				}
				return tx.PutImport(*im, true)
			}); err != nil {
				return err
			}
		}
		if end {
			break
		}
	}
	if im.Written == encodingUTF8 && !watch.valid() {
		im.Written, im.Encoding = encoding1252, encoding1252
	}
	return nil
}

// recognise guesses delimiter, header and columns from a file's beginning.
func (s *Service) recognise(ctx context.Context, im *liadesk.Import) error {
	head, err := io.ReadAll(io.LimitReader(&fileReader{ctx: ctx, store: s.store, im: *im}, sniffed))
	if err != nil {
		return err
	}
	im.Options.Delimiter = guessDelimiter(head)
	if strings.HasPrefix(string(head), "sep=") {
		if i := strings.IndexByte(string(head), '\n'); i >= 0 && i < 8 {
			im.Cursor = liadesk.ImportCursor{Offset: int64(i + 1), Line: 1} // no spreadsheet shows this line
		}
	}
	rows := newRowReader(ctx, s.store, *im, im.Options.Delimiter, im.Cursor)
	first, err := rows.next()
	for err == nil && first.blank() {
		first, err = rows.next()
	}
	if errors.Is(err, io.EOF) {
		return errNotText("empty_file")
	}
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		region, err := regionOf(tx, im.AccountID)
		if err != nil {
			return err
		}
		im.Options.Region = region
		im.Options.HeaderRow = !looksLikeData(first.Cells, region)
		im.Options.Columns = columnsOf(first.Cells, im.Options.HeaderRow, region)
		im.State = liadesk.ImportMapping
		return tx.PutImport(*im, true)
	})
}

func columnsOf(first []string, header bool, region string) []liadesk.ImportColumn {
	if header {
		return guessColumns(first)
	}
	return guessData(first, region)
}

// discard removes an import that was never started.
func (s *Service) discard(ctx context.Context, im liadesk.Import) error {
	for from := 0; from <= im.Parts; from += 64 {
		if err := s.store.Update(ctx, func(tx *db.Tx) error {
			return tx.DeleteImportParts(im.AccountID, im.ID, from, from+64)
		}); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx *db.Tx) error { return tx.DeleteImport(im.AccountID, im.ID) })
}

// Preview is how a file would be read.
type Preview struct {
	Import  liadesk.Import
	Options liadesk.ImportOptions
	Rows    []PreviewRow
	// Outdated are examples of numbers in an old form, with the present one.
	Outdated []Outdated
	// Looked is how many rows were looked at for this, and Rejected how many of
	// them would be refused as they are.
	Looked, Rejected int
	// Invalid says what is wrong with the options; nil when they would do.
	Invalid error
}

// PreviewRow is a row as read.
type PreviewRow struct {
	Row     int
	Cells   []string
	Contact liadesk.Contact
	Errors  []liadesk.ImportRowError
}

// Outdated is a number before and after its repair.
type Outdated struct{ Before, After string }

const (
	previewRows   = 5
	previewLooked = 200
)

// Preview reads the first rows of a file as the options say; nil options are
// those that were guessed.
func (s *Service) Preview(ctx context.Context, actor liadesk.Actor, id liadesk.ID, o *liadesk.ImportOptions) (Preview, error) {
	var p Preview
	im, err := s.Import(ctx, actor, id)
	if err != nil {
		return p, err
	}
	if im.State != liadesk.ImportMapping {
		return p, errImportStarted
	}
	if o != nil {
		if o.Delimiter != im.Options.Delimiter || o.HeaderRow != im.Options.HeaderRow {
			// Other columns: what was said of the old ones means nothing.
			if err := s.recolumn(ctx, im, o); err != nil {
				return p, err
			}
		} else if len(o.Columns) != len(im.Options.Columns) {
			o.Columns = im.Options.Columns
		}
		im.Options = *o
	}
	p.Invalid = checkOptions(&im.Options)
	p.Import, p.Options = im, im.Options
	if field, ok := errors.AsType[*liadesk.Error](p.Invalid); ok && slices.ContainsFunc(field.Fields, func(f liadesk.FieldError) bool { return f.Field == "delimiter" }) {
		return p, p.Invalid
	}
	rows := newRowReader(ctx, s.store, im, im.Options.Delimiter, im.Cursor)
	rows.columns = len(im.Options.Columns)
	now := s.clock.Now().UTC()
	skip := im.Options.HeaderRow
	for p.Looked < previewLooked {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, err
		}
		if row.blank() {
			continue
		}
		if skip {
			skip = false
			continue
		}
		parsed := parseRow(row, im.Options, now)
		p.Looked++
		if len(parsed.Errors) > 0 {
			p.Rejected++
		}
		if len(p.Rows) < previewRows {
			p.Rows = append(p.Rows, PreviewRow{Row: row.Row, Cells: row.Cells, Contact: parsed.Contact, Errors: parsed.Errors})
		}
		if parsed.Before != "" && len(p.Outdated) < 3 {
			p.Outdated = append(p.Outdated, Outdated{parsed.Before, parsed.After})
		}
	}
	return p, nil
}

// recolumn guesses the columns anew for another delimiter or header.
func (s *Service) recolumn(ctx context.Context, im liadesk.Import, o *liadesk.ImportOptions) error {
	if len(o.Delimiter) != 1 || !strings.Contains(",;\t", o.Delimiter) {
		return checkOptions(o)
	}
	rows := newRowReader(ctx, s.store, im, o.Delimiter, im.Cursor)
	first, err := rows.next()
	for err == nil && first.blank() {
		first, err = rows.next()
	}
	if err == nil {
		o.Columns = columnsOf(first.Cells, o.HeaderRow, o.Region)
	}
	return err
}

var errImportStarted = liadesk.Conflict("import_started", "this import was started already")

// StartImport fixes how a file is read and queues it. Nil options are those
// that were guessed.
func (s *Service) StartImport(ctx context.Context, actor liadesk.Actor, id liadesk.ID, o *liadesk.ImportOptions) (liadesk.Import, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Import{}, err
	}
	var im liadesk.Import
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var err error
		if im, err = importOf(tx, actor.Account, id); err != nil {
			return err
		}
		if im.State != liadesk.ImportMapping {
			return errImportStarted
		}
		if o != nil {
			im.Options = *o
			im.Options.Columns = slices.Clone(o.Columns)
		}
		if err := checkOptions(&im.Options); err != nil {
			return err
		}
		if im.Options.Tags, err = presentNames(tx, actor.Account, im.Options.Tags); err != nil {
			return err
		}
		im.State = liadesk.ImportQueued
		return tx.PutImport(im, true)
	})
	return im, err
}

// ImportOf is an Import that must be there.
func importOf(tx *db.Tx, account, id liadesk.ID) (liadesk.Import, error) {
	im, found, err := tx.Import(account, id)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return im, err
}

// Import reads one import.
func (s *Service) Import(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Import, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Import{}, err
	}
	var im liadesk.Import
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		im, err = importOf(tx, actor.Account, id)
		return err
	})
	return im, err
}

// Imports lists the newest imports.
func (s *Service) Imports(ctx context.Context, actor liadesk.Actor) ([]liadesk.Import, error) {
	if err := actor.Administrator(); err != nil {
		return nil, err
	}
	var list []liadesk.Import
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		list, err = tx.Imports(actor.Account, 50)
		return err
	})
	return list, err
}

// DiscardImport throws a file away that was not started.
func (s *Service) DiscardImport(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	im, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	if im.State != liadesk.ImportMapping {
		return errImportStarted
	}
	return s.discard(ctx, im)
}
