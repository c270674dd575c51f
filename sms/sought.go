package sms

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// soughtMost is how many contacts with a name or number like the one that is
// looked for are held against a campaign. Whoever is not among them is found by
// typing more.
const soughtMost = 50

// sought finds the recipients whose name, e-mail or number begins as the query
// does, newest contacts first. A number that belongs to no contact any more is
// found whole.
func (l *recipientLister) sought(f RecipientFilter) ([]Recipient, error) {
	page, err := l.tx.Contacts(l.c.AccountID, db.ContactQuery{Text: f.Query, CallingCode: phone.CallingCode(l.account.Settings.Region),
		Page: db.Page{Limit: soughtMost}})
	if err != nil {
		return nil, err
	}
	numbers := make([]string, 0, len(page.Items)+1)
	for _, p := range page.Items {
		if p.Phone != "" {
			numbers = append(numbers, p.Phone)
		}
	}
	if n, err := phone.Parse(f.Query, l.account.Settings.Region); err == nil && !slices.Contains(numbers, n.E164) {
		numbers = append(numbers, n.E164)
	}
	rows, err := l.tx.Deliveries(l.c.AccountID, l.c.ID, numbers)
	if err != nil {
		return nil, err
	}
	var found []liadesk.Delivery
	listed := map[uint32]bool{}
	for _, number := range numbers {
		if row, is := rows[number]; is && f.has(row) {
			found = append(found, row)
			listed[row.Dense] = true
		}
	}
	out, err := l.named(found)
	if err != nil {
		return nil, err
	}
	sections, err := l.sections(f)
	if err != nil {
		return nil, err
	}
	wanted := roaring.New()
	for _, p := range page.Items {
		if !listed[p.Dense] {
			wanted.Add(p.Dense)
		}
	}
	for _, section := range sections {
		if section == rowSection || wanted.IsEmpty() {
			continue
		}
		dense, err := l.within(section, wanted)
		if err != nil {
			return nil, err
		}
		more, err := l.waiting(section, dense)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// has tells whether a filter leaves a row. A reason alone asks for those left
// out.
func (f RecipientFilter) has(row liadesk.Delivery) bool {
	status := f.Status
	if f.Reason != "" && status == "" {
		status = liadesk.DeliverySkipped
	}
	return (status == "" || row.Status == status) && (f.Reason == "" || row.SkipReason == f.Reason)
}

// within are those of some people who are in a frozen set.
func (l *recipientLister) within(section string, some *roaring.Bitmap) ([]uint32, error) {
	var out []uint32
	read := map[uint32]bool{}
	for _, n := range some.ToArray() {
		chunk := db.ChunkOf(n)
		if read[chunk] {
			continue
		}
		read[chunk] = true
		parts, err := l.tx.FrozenFrom(l.c.AccountID, l.c.ID, section, chunk, 1)
		if err != nil {
			return nil, err
		}
		if len(parts) > 0 && parts[0].Chunk == chunk {
			out = append(out, roaring.And(parts[0].Bits, some).ToArray()...)
		}
	}
	return out, nil
}
