package sms

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Recipient is one person of a frozen audience: a row of the ledger, or
// somebody who waits, was skipped or not reached in time.
type Recipient struct {
	liadesk.Delivery
	// Name is the contact's, "" when the contact was deleted.
	Name string
	// NextAt is when somebody who is deferred may be texted, zero if no such
	// moment is known before the campaign's end.
	NextAt time.Time
}

// RecipientFilter narrows the recipients of a campaign; the zero value is all
// of them.
type RecipientFilter struct {
	Status liadesk.DeliveryStatus
	// Reason narrows DeliverySkipped.
	Reason liadesk.SkipReason
	// Query narrows to those whose name, e-mail or number begins like this. The
	// list is then one page, of the first who are found.
	Query string
}

// Deliveries lists the recipients of a campaign, those who wait, were skipped
// or not reached in time too, in an order that stays the same. It returns the
// cursor of the next page, "" at the end.
func (s *Service) Deliveries(ctx context.Context, actor liadesk.Actor, id liadesk.ID, f RecipientFilter, page db.Page) (list []Recipient, next string, err error) {
	if err := actor.Campaigns(); err != nil {
		return nil, "", err
	}
	err = s.Store.View(ctx, func(tx *db.Tx) error {
		list, next = nil, ""
		c, err := s.find(tx, actor, id)
		if err != nil || !c.Frozen {
			return err
		}
		account, _, err := tx.Account(actor.Account)
		if err != nil {
			return err
		}
		l := recipientLister{s: s, tx: tx, account: account, c: c, limit: page.Size()}
		if f.Query != "" {
			list, err = l.sought(f)
			return err
		}
		list, next, err = l.list(f, page.After)
		return err
	})
	return list, next, err
}

// recipientLister walks over the sections of a campaign's recipients: "row" or
// a frozen set. A cursor is the section and the last place seen in it.
type recipientLister struct {
	s       *Service
	tx      *db.Tx
	account liadesk.Account
	c       liadesk.SMSCampaign
	limit   int
}

const rowSection = "row"

func (l *recipientLister) list(f RecipientFilter, cursor string) ([]Recipient, string, error) {
	sections, err := l.sections(f)
	if err != nil {
		return nil, "", err
	}
	section, place, err := readPlace(cursor)
	if err != nil {
		return nil, "", err
	}
	if cursor != "" {
		i := slices.Index(sections, section)
		if i < 0 { // it is empty by now, such as a class whose people were texted
			i, _ = slices.BinarySearch(sections, section)
			place = ""
		}
		sections = sections[min(i, len(sections)):]
	}
	var out []Recipient
	for _, section := range sections {
		more, last, err := l.section(section, f.Status, place, l.limit-len(out))
		if err != nil {
			return nil, "", err
		}
		place = ""
		out = append(out, more...)
		if len(out) >= l.limit {
			return out, writePlace(section, last), nil
		}
	}
	return out, "", nil
}

// writePlace makes a cursor that may stand in an address as it is.
func writePlace(section, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(section + "\x1f" + place))
}

// readPlace reads what writePlace wrote; anything else is the asker's mistake.
func readPlace(cursor string) (section, place string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	section, place, whole := strings.Cut(string(text), "\x1f")
	if err != nil || cursor != "" && !whole {
		var v liadesk.Invalid
		v.Add("after", "bad_cursor")
		return "", "", v.Err()
	}
	return section, place, nil
}

// sections lists where the wanted recipients are, in a fixed order.
func (l *recipientLister) sections(f RecipientFilter) ([]string, error) {
	t, err := figures(l.tx, l.c.AccountID, l.c.ID)
	if err != nil {
		return nil, err
	}
	now := l.s.now()
	var sections []string
	if f.Reason != "" && f.Status == "" {
		f.Status = liadesk.DeliverySkipped // nobody else has one
	}
	all := f.Status == ""
	if all || f.Status == liadesk.DeliveryPending || f.Status == liadesk.DeliveryDeferred {
		for class := range t.pending {
			open := mayText(l.account, l.c, class, now)
			if all || open == (f.Status == liadesk.DeliveryPending) {
				sections = append(sections, pendingSet+class)
			}
		}
	}
	if all || f.Status == liadesk.DeliveryExpired {
		sections = append(sections, expiredSet)
	}
	if all || f.Status == liadesk.DeliverySkipped {
		for reason := range t.skipped {
			if f.Reason == "" || f.Reason == reason {
				sections = append(sections, skippedSet+string(reason))
			}
		}
	}
	switch f.Status {
	case liadesk.DeliveryPending, liadesk.DeliveryDeferred, liadesk.DeliveryExpired, liadesk.DeliverySkipped:
	default:
		sections = append(sections, rowSection)
	}
	slices.Sort(sections) // any order will do, as long as it is the same each time
	return sections, nil
}

// section reads at most limit recipients of one section, after place.
func (l *recipientLister) section(section string, status liadesk.DeliveryStatus, place string, limit int) ([]Recipient, string, error) {
	if section == rowSection {
		rows, err := l.rows(status, place, limit)
		if err != nil || len(rows) == 0 {
			return nil, place, err
		}
		out, err := l.named(rows)
		return out, rows[len(rows)-1].Phone, err
	}
	next := uint32(0)
	if place != "" {
		n, err := strconv.ParseUint(place, 10, 32)
		if err != nil {
			return nil, "", liadesk.ErrNotFound
		}
		next = uint32(n) + 1
	}
	var dense []uint32
	for len(dense) < limit {
		parts, err := l.tx.FrozenFrom(l.c.AccountID, l.c.ID, section, db.ChunkOf(next), 1)
		if err != nil {
			return nil, "", err
		}
		if len(parts) == 0 {
			break
		}
		it := parts[0].Bits.Iterator()
		it.AdvanceIfNeeded(next)
		for it.HasNext() && len(dense) < limit {
			dense = append(dense, it.Next())
		}
		next = (parts[0].Chunk + 1) << 16
	}
	if len(dense) == 0 {
		return nil, place, nil
	}
	out, err := l.waiting(section, dense)
	return out, strconv.FormatUint(uint64(dense[len(dense)-1]), 10), err
}

// rows reads at most limit rows of the ledger by number, after place.
func (l *recipientLister) rows(status liadesk.DeliveryStatus, place string, limit int) ([]liadesk.Delivery, error) {
	if status != liadesk.DeliverySending {
		return l.tx.CampaignDeliveries(l.c.AccountID, l.c.ID, status, place, limit)
	}
	flying, err := l.tx.Flying(l.c.AccountID, l.c.InboxID)
	if err != nil {
		return nil, err
	}
	var numbers []string
	for _, a := range flying {
		if a.CampaignID == l.c.ID && a.Phone > place {
			numbers = append(numbers, a.Phone)
		}
	}
	byNumber, err := l.tx.Deliveries(l.c.AccountID, l.c.ID, numbers)
	if err != nil {
		return nil, err
	}
	rows := slices.SortedFunc(maps.Values(byNumber), func(a, b liadesk.Delivery) int { return strings.Compare(a.Phone, b.Phone) })
	return rows[:min(limit, len(rows))], nil
}

// named adds the names of the contacts.
func (l *recipientLister) named(rows []liadesk.Delivery) ([]Recipient, error) {
	ids := make([]liadesk.ID, len(rows))
	for i, d := range rows {
		ids[i] = d.ContactID
	}
	people, err := l.tx.ContactsByID(l.c.AccountID, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Recipient, len(rows))
	for i, d := range rows {
		out[i] = Recipient{Delivery: d, Name: people[d.ContactID].Name}
	}
	return out, nil
}

// waiting makes recipients of the members of a frozen set. A contact that was
// deleted since is listed without name and number.
func (l *recipientLister) waiting(set string, dense []uint32) ([]Recipient, error) {
	people, err := l.tx.ContactsByDense(l.c.AccountID, dense)
	if err != nil {
		return nil, err
	}
	byDense := make(map[uint32]liadesk.Contact, len(people))
	for _, p := range people {
		byDense[p.Dense] = p
	}
	class, _ := strings.CutPrefix(set, pendingSet)
	opens, _ := opening(l.account, l.c, class, l.s.now())
	out := make([]Recipient, len(dense))
	for i, n := range dense {
		p := byDense[n]
		d := liadesk.Delivery{ID: p.ID, CampaignID: l.c.ID, ContactID: p.ID, Dense: n, Phone: p.Phone, UpdatedAt: l.c.StartedAt}
		if class, ok := strings.CutPrefix(set, pendingSet); ok {
			d.Status, d.Class = liadesk.DeliveryDeferred, class
			if mayText(l.account, l.c, class, l.s.now()) {
				d.Status = liadesk.DeliveryPending
			}
		} else if reason, ok := strings.CutPrefix(set, skippedSet); ok {
			d.Status, d.SkipReason = liadesk.DeliverySkipped, liadesk.SkipReason(reason)
		} else {
			d.Status = liadesk.DeliveryExpired
		}
		out[i] = Recipient{Delivery: d, Name: p.Name}
		if d.Status == liadesk.DeliveryDeferred && !isOver(l.c, opens) {
			out[i].NextAt = opens
		}
	}
	return out, nil
}
