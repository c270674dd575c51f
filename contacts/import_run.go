package contacts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// importBatch is how many rows one transaction writes. The writer is taken for
// a tenth of a second or two, so that pages go on being saved meanwhile; more
// rows would bring them in no quicker.
const importBatch = 2000

// Tick does what files, undos and changed tags have left to do. It is called
// now and then and after a start; a call while another runs does nothing.
func (s *Service) Tick(ctx context.Context) error {
	if !s.running.TryLock() {
		return nil
	}
	defer s.running.Unlock()
	return s.store.EachAccount(ctx, func(ctx context.Context, account liadesk.ID) error {
		if err := s.finishTags(ctx, account, 1<<30); err != nil {
			return err
		}
		return s.runImports(ctx, account)
	})
}

// runImports takes one step of each import of an account in turn until none
// has anything left to do.
func (s *Service) runImports(ctx context.Context, account liadesk.ID) error {
	ahead := readAhead{}
	defer ahead.wait()
	for {
		var due []liadesk.Import
		if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
			due, err = tx.ImportsDue(account, 100)
			return err
		}); err != nil {
			return err
		}
		worked := false
		for _, im := range due {
			did, err := s.stepImport(ctx, im, ahead)
			if err != nil {
				return err
			}
			worked = worked || did
		}
		if !worked {
			return nil
		}
	}
}

// stepImport does the next bounded piece of work of an import, and tells
// whether there was any.
func (s *Service) stepImport(ctx context.Context, im liadesk.Import, ahead readAhead) (bool, error) {
	switch im.State {
	case liadesk.ImportQueued, liadesk.ImportRunning:
		return true, s.stepRead(ctx, im, ahead)
	case liadesk.ImportUndoing:
		return true, s.stepUndo(ctx, im)
	case liadesk.ImportReceiving, liadesk.ImportMapping:
		if s.clock.Since(im.CreatedAt) < abandoned {
			return false, nil
		}
		return true, s.discard(ctx, im)
	}
	return true, s.forgetParts(ctx, im)
}

// forgetParts removes what is left of the file of an import that is over.
func (s *Service) forgetParts(ctx context.Context, im liadesk.Import) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		im, found, err := tx.Import(im.AccountID, im.ID)
		if err != nil || !found {
			return err
		}
		to := min(im.PartsRemain+64, im.Parts)
		if err := tx.DeleteImportParts(im.AccountID, im.ID, im.PartsRemain, to); err != nil {
			return err
		}
		im.PartsRemain = to
		return tx.PutImport(im, to < im.Parts)
	})
}

// stepRead writes the contacts of the next rows.
func (s *Service) stepRead(ctx context.Context, im liadesk.Import, ahead readAhead) error {
	part, found := ahead.take(im)
	if !found {
		part = s.readPart(ctx, im, im.Cursor, im.State == liadesk.ImportQueued && im.Options.HeaderRow)
	}
	if errors.Is(part.err, errPartMissing) {
		return s.failImport(ctx, im, "part_missing")
	}
	if part.err != nil {
		return part.err
	}
	if !part.end {
		next := aheadPart{from: part.after, part: make(chan importPart, 1)}
		ahead[im.ID] = next
		go func() { next.part <- s.readPart(ctx, im, next.from, false) }()
	}
	now := s.clock.Now().UTC()
	return s.store.Update(ctx, func(tx *db.Tx) error {
		stored, found, err := tx.Import(im.AccountID, im.ID)
		if err != nil || !found {
			return err
		}
		if stored.State != im.State || stored.Cursor != im.Cursor {
			return nil // somebody else was here: an undo, or another process
		}
		if stored.State == liadesk.ImportQueued {
			stored.State, stored.StartedAt = liadesk.ImportRunning, now
		}
		w := importWriter{s: s, tx: tx, im: &stored, batch: tx.ContactBatch(im.AccountID), now: now}
		if err := w.write(part.rows); err != nil {
			return err
		}
		stored.Cursor = part.after
		// What was read is not needed any more: the file goes as it is read.
		if done := int(stored.Cursor.Offset / db.MaxImportPart); done > stored.PartsRemain && !part.end {
			if err := tx.DeleteImportParts(im.AccountID, im.ID, stored.PartsRemain, done); err != nil {
				return err
			}
			stored.PartsRemain = done
		}
		if part.end {
			stored.State, stored.FinishedAt = liadesk.ImportCompleted, now
		}
		return tx.PutImport(stored, true)
	})
}

func (s *Service) failImport(ctx context.Context, im liadesk.Import, problem string) error {
	now := s.clock.Now().UTC()
	return s.store.Update(ctx, func(tx *db.Tx) error {
		stored, found, err := tx.Import(im.AccountID, im.ID)
		if err != nil || !found || stored.State != im.State {
			return err
		}
		stored.State, stored.Problem, stored.FinishedAt = liadesk.ImportFailed, problem, now
		return tx.PutImport(stored, true)
	})
}

// importWriter writes the rows of one transaction.
type importWriter struct {
	s     *Service
	tx    *db.Tx
	im    *liadesk.Import
	batch *db.ContactBatch
	now   time.Time

	known map[liadesk.ID]liadesk.Contact // contacts as the batch stands
	names map[string][]string            // what tags are called now
	fresh map[string]bool                // tags that nobody had before
	room  int                            // for how many more of those
	rows  []liadesk.ImportRow
}

func (w *importWriter) write(batch []parsedRow) error {
	if err := w.expect(batch); err != nil {
		return err
	}
	for i := range batch {
		if err := w.row(&batch[i]); err != nil {
			return err
		}
	}
	if err := w.batch.Flush(); err != nil {
		return err
	}
	return w.tx.PutImportRows(w.im.AccountID, w.im.ID, w.rows)
}

// expect reads everything that the rows will ask for, in a few round trips.
func (w *importWriter) expect(batch []parsedRow) error {
	account := w.im.AccountID
	var numbers, emails, tags []string
	for _, p := range batch {
		if len(p.Errors) == 0 {
			numbers = append(numbers, p.Contact.Phone)
			emails = append(emails, p.Contact.Email)
			tags = append(tags, p.Contact.Tags...)
		}
	}
	if err := w.batch.Expect(numbers, emails); err != nil {
		return err
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	var err error
	if w.names, err = w.tx.TagNames(account, tags); err != nil {
		return err
	}
	unknown, room, err := w.tx.TagRoom(account, tags)
	if err != nil {
		return err
	}
	w.room, w.fresh = room, map[string]bool{}
	for _, t := range unknown {
		w.fresh[t] = true
	}
	var ids []liadesk.ID
	for _, p := range batch {
		if len(p.Errors) > 0 {
			continue
		}
		matches, err := w.matches(&p)
		if err != nil {
			return err
		}
		ids = append(ids, matches...)
	}
	w.known, err = w.tx.ContactsByID(account, ids)
	return err
}

// matches finds the contacts that a row may be about: by number, else by
// e-mail.
func (w *importWriter) matches(p *parsedRow) ([]liadesk.ID, error) {
	if p.Contact.Phone != "" {
		id, found, err := w.batch.ByPhone(p.Contact.Phone)
		if err != nil || found {
			return []liadesk.ID{id}, err
		}
	}
	if p.Contact.Email == "" {
		return nil, nil
	}
	return w.batch.ByEmail(p.Contact.Email)
}

// existing finds the one contact that a row is about. A number says it; else
// an e-mail does, if exactly one contact has it and that one has no other
// number. Several with the e-mail of a row without a number are a riddle that
// a person must solve.
func (w *importWriter) existing(p *parsedRow) (*liadesk.Contact, error) {
	ids, err := w.matches(p)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	c := w.known[ids[0]]
	switch {
	case p.Contact.Phone != "" && c.Phone == p.Contact.Phone:
		return &c, nil
	case p.Contact.Phone != "":
		if len(ids) == 1 && c.Phone == "" {
			return &c, nil
		}
		return nil, nil
	case len(ids) > 1:
		p.fail(w.header(liadesk.ColumnEmail), p.Contact.Email, "email", "email_shared", nil)
		return nil, nil
	}
	return &c, nil
}

func (w *importWriter) header(t liadesk.ImportTarget) string {
	for _, c := range w.im.Options.Columns {
		if c.Target == t {
			return c.Header
		}
	}
	return ""
}

// row writes one row.
func (w *importWriter) row(p *parsedRow) error {
	p = &parsedRow{Row: p.Row, Cells: p.Cells, Contact: p.Contact, HasCountry: p.HasCountry, Errors: slices.Clone(p.Errors)}
	w.im.Total++
	var old *liadesk.Contact
	if len(p.Errors) == 0 {
		var err error
		if old, err = w.existing(p); err != nil {
			return err
		}
		w.tags(p)
	}
	c := p.Contact
	if len(p.Errors) == 0 && old != nil {
		c = merge(*old, *p)
		if field, most := tooMuch(c); field != "" {
			p.fail("", "", field, "too_many", map[string]any{"Max": most})
		}
	}
	if len(p.Errors) > 0 {
		w.im.Rejected++
		w.rows = append(w.rows, liadesk.ImportRow{Row: uint32(p.Row), Errors: p.Errors})
		return nil
	}
	if old == nil {
		c.ID, c.AccountID, c.ImportID, c.CreatedAt = w.s.ids(), w.im.AccountID, w.im.ID, w.now
		w.im.Created++
	} else {
		w.im.Updated++
	}
	before := c.Consent
	if w.im.Options.Consent && c.Consent.State == liadesk.ConsentUnknown {
		c.Consent = liadesk.Consent{State: liadesk.ConsentGranted, Source: w.im.Options.ConsentSource, At: w.now, By: w.im.CreatedBy}
	}
	touch(&c, w.im.ID, w.now)
	if err := w.batch.Put(old, &c); err != nil {
		return err
	}
	if c.Consent != before {
		if err := w.tx.AddConsent(c.AccountID, liadesk.ConsentEntry{ID: w.s.ids(), ContactID: c.ID, Number: c.Phone, Consent: c.Consent}); err != nil {
			return err
		}
	}
	w.known[c.ID] = c
	w.rows = append(w.rows, liadesk.ImportRow{Row: uint32(p.Row), ContactID: c.ID, Before: old})
	return nil
}

// tags gives the row's tags their present names and keeps new ones within what
// the account may have.
func (w *importWriter) tags(p *parsedRow) {
	if len(p.Contact.Tags) == 0 {
		return
	}
	tags := make([]string, 0, len(p.Contact.Tags))
	var fresh []string
	for _, t := range p.Contact.Tags {
		names := w.names[t]
		if len(names) == 0 {
			p.fail(w.header(liadesk.ColumnTags), t, "tags", "tag_being_deleted", map[string]any{"Tag": t})
			return
		}
		if w.fresh[t] {
			fresh = append(fresh, t)
		}
		tags = append(tags, names[0])
	}
	if len(fresh) > w.room {
		p.fail(w.header(liadesk.ColumnTags), fresh[0], "tags", "too_many_tags", map[string]any{"Max": db.MaxTags})
		return
	}
	w.room -= len(fresh)
	for _, t := range fresh {
		delete(w.fresh, t)
	}
	slices.Sort(tags)
	p.Contact.Tags = slices.Compact(tags)
}
