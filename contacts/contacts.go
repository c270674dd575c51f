// Package contacts keeps the people whom a company knows: who they are, what
// they allowed, and which numbers must be left alone.
//
// Every way in (dashboard, API, import, a text that arrives) passes through
// the same verbs. Agents see and edit contacts; importing, exporting and
// deleting is for administrators.
package contacts

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Service is the room. Its methods are safe for concurrent use.
type Service struct {
	store *db.Store
	clock clockwork.Clock
	ids   liadesk.IDs

	tagUsers []TagUsers
	// holdDecided are told what a held text was.
	holdDecided []HoldDecided
	running     sync.Mutex // one run of imports at a time in this process
}

// New opens the room.
func New(store *db.Store, clock clockwork.Clock, ids liadesk.IDs) *Service {
	return &Service{store: store, clock: clock, ids: ids}
}

// CodePhoneTaken is the code of the refusal of a number in use. Its arguments
// hold contact_id, the one who has it.
const CodePhoneTaken = "phone_taken"

// View is a contact with what is known of the number.
type View struct {
	liadesk.Contact
	// OptOut is the number's opt-out, nil when there is none.
	OptOut *liadesk.OptOut
}

// Query chooses contacts. What is empty does not narrow.
type Query struct {
	Tag  string
	Text string // as typed into the search field
	// Within narrows to a set that is computed in the list's own transaction,
	// such as those whom an audience leaves out for a reason.
	Within func(*db.Tx) (*roaring.Bitmap, error)
	db.Page
}

// Page is a part of the list.
type Page struct {
	Items []View
	Next  string // cursor, "" at the end
	Total uint64 // all that match
	// Any tells whether the account has any contact at all.
	Any bool
}

// List lists contacts, newest first.
func (s *Service) List(ctx context.Context, actor liadesk.Actor, q Query) (Page, error) {
	var page Page
	err := s.store.View(ctx, func(tx *db.Tx) error {
		page = Page{}
		a, found, err := tx.Account(actor.Account)
		if err != nil {
			return err
		}
		if !found {
			return liadesk.ErrNotFound
		}
		narrow := db.ContactQuery{Tag: soughtTag(q.Tag), Text: clip(q.Text, maxSearch), CallingCode: phone.CallingCode(a.Settings.Region), Page: q.Page}
		if q.Within != nil {
			if narrow.Within, err = q.Within(tx); err != nil {
				return err
			}
		}
		found1, err := tx.Contacts(actor.Account, narrow)
		if err != nil {
			return err
		}
		page.Next, page.Total, page.Any = found1.Next, found1.Total, found1.Total > 0
		if !page.Any {
			sets, err := tx.ReadSets(actor.Account, []db.SetRef{db.SetAll})
			if err != nil {
				return err
			}
			page.Any = !sets[0].IsEmpty()
		}
		page.Items, err = views(tx, actor.Account, found1.Items)
		return err
	})
	return page, err
}

// views adds the opt-outs, in one round trip.
func views(tx *db.Tx, account liadesk.ID, list []liadesk.Contact) ([]View, error) {
	numbers := make([]string, 0, len(list))
	for _, c := range list {
		if c.Phone != "" {
			numbers = append(numbers, c.Phone)
		}
	}
	outs, err := tx.OptOutsOf(account, numbers)
	if err != nil {
		return nil, err
	}
	items := make([]View, len(list))
	for i, c := range list {
		items[i] = View{Contact: c}
		if o, ok := outs[c.Phone]; ok {
			items[i].OptOut = &o
		}
	}
	return items, nil
}

// Get reads one contact.
func (s *Service) Get(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (View, error) {
	var v View
	err := s.store.View(ctx, func(tx *db.Tx) error {
		c, err := contact(tx, actor.Account, id)
		if err != nil {
			return err
		}
		list, err := views(tx, actor.Account, []liadesk.Contact{c})
		if err == nil {
			v = list[0]
		}
		return err
	})
	return v, err
}

func contact(tx *db.Tx, account, id liadesk.ID) (liadesk.Contact, error) {
	c, found, err := tx.Contact(account, id)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return c, err
}

// Create adds a contact. A number in use is a conflict that names its contact.
func (s *Service) Create(ctx context.Context, actor liadesk.Actor, in Input) (liadesk.Contact, error) {
	now, id := s.clock.Now().UTC(), s.ids()
	var c liadesk.Contact
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		region, err := regionOf(tx, actor.Account)
		if err != nil {
			return err
		}
		var v liadesk.Invalid
		c = liadesk.Contact{ID: id, AccountID: actor.Account, CreatedAt: now, UpdatedAt: now, Version: 1}
		in.fill(&v, &c, region)
		in.Consent.fill(&v, &c, actor.User, now)
		required(&v, c)
		if err := v.Err(); err != nil {
			return err
		}
		if c.Tags, err = presentNames(tx, actor.Account, c.Tags); err != nil {
			return err
		}
		return s.put(tx, nil, &c)
	})
	return c, err
}

// put writes a contact and, when consent changed, a line of its history.
func (s *Service) put(tx *db.Tx, old, c *liadesk.Contact) error {
	if err := refusalOf(tx.PutContact(old, c)); err != nil {
		return err
	}
	if old == nil && c.Consent.State == liadesk.ConsentUnknown || old != nil && old.Consent == c.Consent {
		return nil
	}
	return tx.AddConsent(c.AccountID, liadesk.ConsentEntry{ID: s.ids(), ContactID: c.ID, Number: c.Phone, Consent: c.Consent})
}

// refusalOf turns what the store refuses into what a person is told.
func refusalOf(err error) error {
	if taken, ok := errors.AsType[*db.PhoneTakenError](err); ok {
		return liadesk.Conflict(CodePhoneTaken, "another contact has this number").With(map[string]any{"contact_id": taken.ID})
	}
	if errors.Is(err, db.ErrTooManyTags) {
		var v liadesk.Invalid
		v.Add("tags", "too_many_tags", "Max", db.MaxTags)
		return v.Err()
	}
	return err
}

// Update changes a contact. A patch made from an older version than the stored
// one is a conflict that carries both values of every field that differs,
// unless nothing does.
func (s *Service) Update(ctx context.Context, actor liadesk.Actor, id liadesk.ID, p Patch) (liadesk.Contact, error) {
	now := s.clock.Now().UTC()
	var c liadesk.Contact
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		old, err := contact(tx, actor.Account, id)
		if err != nil {
			return err
		}
		region, err := regionOf(tx, actor.Account)
		if err != nil {
			return err
		}
		var v liadesk.Invalid
		c = p.apply(&v, old, region)
		p.Consent.fill(&v, &c, actor.User, now)
		required(&v, c)
		if err := v.Err(); err != nil {
			return err
		}
		if c.Tags, err = presentNames(tx, actor.Account, c.Tags); err != nil {
			return err
		}
		if p.Version != 0 && p.Version != old.Version {
			if err := liadesk.Changed(old.Version, changes(old, c)...); err != nil {
				return err
			}
		}
		if same(old, c) {
			c = old
			return nil
		}
		touch(&c, liadesk.ID{}, s.clock.Now().UTC())
		return s.put(tx, &old, &c)
	})
	return c, err
}

// Delete removes a contact. The number's opt-out, the consent history and the
// history of what was sent stay: who said STOP must not be texted because the
// record was deleted and imported again.
func (s *Service) Delete(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		c, err := contact(tx, actor.Account, id)
		if err != nil {
			return err
		}
		return tx.DeleteContact(c)
	})
}

// regionOf is the country in which an account's numbers are read.
func regionOf(tx *db.Tx, account liadesk.ID) (string, error) {
	a, found, err := tx.Account(account)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return a.Settings.Region, err
}

// same tells whether nothing that a person sees has changed.
func same(a, b liadesk.Contact) bool { return len(changes(a, b)) == 0 && a.Consent == b.Consent }

// changes lists the fields in which two states of a contact differ.
func changes(theirs, yours liadesk.Contact) []liadesk.Change {
	var list []liadesk.Change
	add := func(field string, differ bool, theirs, yours any) {
		if differ {
			list = append(list, liadesk.Change{Field: field, Theirs: theirs, Yours: yours})
		}
	}
	add("name", theirs.Name != yours.Name, theirs.Name, yours.Name)
	add("phone", theirs.Phone != yours.Phone, theirs.Phone, yours.Phone)
	add("email", theirs.Email != yours.Email, theirs.Email, yours.Email)
	add("tags", !slices.Equal(theirs.Tags, yours.Tags), theirs.Tags, yours.Tags)
	add("time_zone", theirs.TimeZone != yours.TimeZone, theirs.TimeZone, yours.TimeZone)
	add("language", theirs.Language != yours.Language, theirs.Language, yours.Language)
	add("country", theirs.Country != yours.Country, theirs.Country, yours.Country)
	names := map[string]bool{}
	for n := range theirs.Attributes {
		names[n] = true
	}
	for n := range yours.Attributes {
		names[n] = true
	}
	for _, n := range sortedKeys(names) {
		a, inA := theirs.Attributes[n]
		b, inB := yours.Attributes[n]
		add("attributes."+n, a != b || inA != inB, a, b)
	}
	return list
}
