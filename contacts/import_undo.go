package contacts

import (
	"context"
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Why an undo leaves a row as it is.
const (
	KeptChanged     = "changed"
	KeptInTouch     = "in_touch"
	KeptNumberTaken = "number_taken"
)

// UndoImport takes a whole import back: contacts that it made go, contacts
// that it changed get their earlier values. Whatever somebody has worked on
// since stays, and so does who was texted or wrote to us; ImportKept lists
// those. The consent history keeps what was recorded and that it was undone.
func (s *Service) UndoImport(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Import, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Import{}, err
	}
	now := s.clock.Now().UTC()
	var im liadesk.Import
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var err error
		if im, err = importOf(tx, actor.Account, id); err != nil {
			return err
		}
		switch im.State {
		case liadesk.ImportRunning, liadesk.ImportCompleted, liadesk.ImportFailed:
		case liadesk.ImportUndoing, liadesk.ImportUndone:
			return nil // asked twice
		default:
			return liadesk.Conflict("import_not_started", "there is nothing to undo yet")
		}
		im.State, im.UndoRow, im.UndoneBy, im.UndoneAt = liadesk.ImportUndoing, math.MaxUint32, actor.User, now
		return tx.PutImport(im, true)
	})
	return im, err
}

// stepUndo takes back the last rows that are not yet.
func (s *Service) stepUndo(ctx context.Context, im liadesk.Import) error {
	now := s.clock.Now().UTC()
	return s.store.Update(ctx, func(tx *db.Tx) error {
		im, found, err := tx.Import(im.AccountID, im.ID)
		if err != nil || !found || im.State != liadesk.ImportUndoing {
			return err
		}
		rows, err := tx.ImportRowsBefore(im.AccountID, im.ID, im.UndoRow)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			im.State, im.UndoneAt = liadesk.ImportUndone, now
			return tx.PutImport(im, true)
		}
		ids := make([]liadesk.ID, 0, len(rows))
		for _, r := range rows {
			ids = append(ids, r.ContactID)
		}
		known, err := tx.ContactsByID(im.AccountID, ids)
		if err != nil {
			return err
		}
		batch := tx.ContactBatch(im.AccountID)
		for _, row := range slices.Backward(rows) {
			c, there := known[row.ContactID]
			if len(row.Errors) > 0 || !there {
				continue // rejected, or deleted since: nothing to take back
			}
			kept, err := s.undoRow(tx, batch, im, row, &c)
			if err != nil {
				return err
			}
			switch {
			case kept != "":
				im.Kept++
				if err := tx.PutImportKept(im.AccountID, im.ID, liadesk.ImportKept{Row: row.Row, ContactID: c.ID, Label: c.Label(), Reason: kept}); err != nil {
					return err
				}
			case row.Before == nil:
				im.Removed++
				delete(known, c.ID)
			default:
				known[c.ID] = c
				// A contact that an earlier row of this file wrote goes back
				// further: it counts once, there.
				if row.Before.ChangedBy != im.ID {
					im.Restored++
				}
			}
		}
		im.UndoRow = rows[0].Row
		if err := batch.Flush(); err != nil {
			return err
		}
		return tx.PutImport(im, true)
	})
}

// undoRow takes one row back, or says why not.
func (s *Service) undoRow(tx *db.Tx, batch *db.ContactBatch, im liadesk.Import, row liadesk.ImportRow, c *liadesk.Contact) (kept string, err error) {
	if c.ChangedBy != im.ID {
		return KeptChanged, nil
	}
	if row.Before == nil {
		if inTouch, err := s.inTouch(tx, *c); err != nil {
			return "", err
		} else if inTouch {
			return KeptInTouch, nil
		}
		return "", batch.Delete(*c)
	}
	back := *row.Before
	back.LastSeenAt, back.LastRepliedAt = c.LastSeenAt, c.LastRepliedAt // theirs, and not the file's
	if back.Phone == c.Phone {
		back.BadNumber = c.BadNumber
	} else {
		texts, err := tx.DeliveriesTo(c.AccountID, c.Phone, 1)
		if err != nil {
			return "", err
		}
		if len(texts) > 0 || c.LastSeenAt.After(im.CreatedAt) {
			return KeptInTouch, nil // by the number that the file gave
		}
	}
	if back.Phone != "" && back.Phone != c.Phone {
		if owner, taken, err := batch.ByPhone(back.Phone); err != nil {
			return "", err
		} else if taken && owner != c.ID {
			return KeptNumberTaken, nil
		}
	}
	back.Version, back.UpdatedAt = c.Version+1, im.UndoneAt
	if back.Tags, err = presentNames(tx, im.AccountID, back.Tags); err != nil {
		if liadesk.KindOf(err) == liadesk.KindInvalid {
			return KeptChanged, nil // one of its tags is being deleted
		}
		return "", err
	}
	if back.Consent != c.Consent {
		undone := back.Consent
		undone.At, undone.By = im.UndoneAt, im.UndoneBy
		if undone.State == liadesk.ConsentUnknown {
			undone.Source = SourceUndo
		}
		if err := tx.AddConsent(im.AccountID, liadesk.ConsentEntry{ID: s.ids(), ContactID: c.ID, Number: back.Phone, Consent: undone}); err != nil {
			return "", err
		}
	}
	if err := batch.Put(c, &back); err != nil {
		return "", err
	}
	*c = back
	return "", nil
}

// SourceUndo is the source of a line of consent history that an undo wrote.
const SourceUndo = "import_undone"

// inTouch tells whether there is anything between us and a contact that a
// deletion would tear apart.
func (s *Service) inTouch(tx *db.Tx, c liadesk.Contact) (bool, error) {
	talks, err := tx.ConversationsOf(c.AccountID, c.ID, 1)
	if err != nil || len(talks) > 0 {
		return len(talks) > 0, err
	}
	if c.Phone == "" {
		return false, nil
	}
	texts, err := tx.DeliveriesTo(c.AccountID, c.Phone, 1)
	return len(texts) > 0, err
}

// ImportKept lists rows that an undo left as they are, at most limit of them.
func (s *Service) ImportKept(ctx context.Context, actor liadesk.Actor, id liadesk.ID, limit int) ([]liadesk.ImportKept, error) {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return nil, err
	}
	var list []liadesk.ImportKept
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		list, err = tx.ImportKept(actor.Account, id, limit)
		return err
	})
	return list, err
}

// WriteImportErrors writes the rejected rows as CSV: row, column, value,
// reason. say writes a reason as a sentence. It reads page by page, each in a
// transaction of its own, so that a slow reader holds nothing.
func (s *Service) WriteImportErrors(ctx context.Context, actor liadesk.Actor, id liadesk.ID, w io.Writer,
	say func(field, reason string, args map[string]any) string) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 §2
	if err := out.Write([]string{"row", "column", "value", "reason"}); err != nil {
		return err
	}
	var after uint32
	for {
		var rows []liadesk.ImportRow
		if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
			rows, err = tx.ImportRows(actor.Account, id, after)
			return err
		}); err != nil {
			return err
		}
		if len(rows) == 0 {
			out.Flush()
			return out.Error()
		}
		after = rows[0].Row
		for _, row := range rows {
			for _, e := range row.Errors {
				args := make(map[string]any, len(e.Args))
				for k, v := range e.Args {
					args[k] = v
				}
				if err := out.Write([]string{strconv.Itoa(int(row.Row)), SafeCell(e.Column), SafeCell(e.Value), say(e.Field, e.Reason, args)}); err != nil {
					return err
				}
			}
		}
	}
}

// SafeCell keeps a text from being taken for a formula when a spreadsheet
// opens the file: an apostrophe goes before the signs that begin one (OWASP,
// CSV injection). Reading such a file back takes it off a number again.
func SafeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
