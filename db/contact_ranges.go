package db

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// Audiences ask for moments and numbers by range. Contacts stand in sets by the
// day and by the quarter of an hour of a moment, and by the size of a number,
// whose names sort as the moments and numbers do: a range is a scan over the
// sets within it. Where an end of it falls inside a set, the contacts of that
// one set are read and looked at.

// The fields with moments, and the beginnings of the names of their sets.
const (
	FieldCreatedAt     = "created_at"
	FieldLastSeenAt    = "last_seen_at"
	FieldLastRepliedAt = "last_replied_at"

	fieldDay     = "day."
	fieldQuarter = "quarter."
	fieldNumber  = "number."
	// fieldLong has the contacts with a value beyond MaxSetValue.
	fieldLong = "long."
)

const (
	dayName     = "2006-01-02"
	quarterName = "2006-01-02T15:04"
	quarter     = 15 * time.Minute
)

// momentsOf are the moments by which a contact is found.
func momentsOf(c liadesk.Contact) map[string]time.Time {
	return map[string]time.Time{FieldCreatedAt: c.CreatedAt, FieldLastSeenAt: c.LastSeenAt, FieldLastRepliedAt: c.LastRepliedAt}
}

// rangeSetsOf are the sets for ranges.
func rangeSetsOf(sets []SetRef, c liadesk.Contact) []SetRef {
	moment := func(field string, at time.Time) {
		if !inYears(at) {
			return
		}
		at = at.UTC()
		sets = append(sets, SetRef{fieldDay + field, at.Format(dayName)}, SetRef{fieldQuarter + field, at.Truncate(quarter).Format(quarterName)})
	}
	for field, at := range momentsOf(c) {
		if at.IsZero() {
			continue
		}
		if field != FieldCreatedAt {
			sets = append(sets, SetKnown(field))
		}
		moment(field, at)
	}
	for name, value := range c.Attributes {
		if at, ok := MomentOf(value); ok {
			moment(fieldAttribute+name, at)
		} else if n, ok := NumberOf(value); ok {
			sets = append(sets, SetRef{fieldNumber + fieldAttribute + name, sizeName(n)})
		}
	}
	return sets
}

// inYears tells whether a moment has a name that sorts.
func inYears(at time.Time) bool { return at.Year() > 0 && at.Year() < 10_000 }

// MomentOf reads an attribute as a moment: 2026-12-24, at midnight UTC, or RFC
// 3339.
func MomentOf(value string) (time.Time, bool) {
	value = strings.TrimSpace(value)
	for _, layout := range []string{dayName, time.RFC3339Nano} {
		if at, err := time.Parse(layout, value); err == nil && inYears(at) {
			return at, true
		}
	}
	return time.Time{}, false
}

// NumberOf reads an attribute as a number: 5, -2.50, 1e6.
func NumberOf(value string) (float64, bool) {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > 60 || strings.Trim(value, "0123456789.+-eE") != "" {
		return 0, false // neither NaN, Inf nor hexadecimal
	}
	n, err := strconv.ParseFloat(value, 64)
	return n + 0, err == nil // -0 is 0
}

// sizeBits are the bits of a number, made to sort, that name its set: sign,
// exponent and 8 bits of the fraction, so that numbers of a set differ by less
// than half a percent.
const sizeBits = 20

// sizeName is the name of the set of a number. The least number of a set has
// one of its own before it, so that small whole numbers, which many share, are
// never looked at one by one.
func sizeName(n float64) string {
	bits := math.Float64bits(n)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	const rest = 64 - sizeBits
	name := bits >> rest << rest
	key := hex.EncodeToString([]byte{byte(name >> 56), byte(name >> 48), byte(name >> 40)})
	if bits == name {
		return key + "="
	}
	return key + "~"
}

// Chunks are those of the contacts that are asked for, both ends included.
type Chunks struct{ From, To uint32 }

// AllChunks are those of all contacts of an account.
func (tx *Tx) AllChunks(account liadesk.ID) (Chunks, error) {
	last, err := tx.MaxDense(account)
	return Chunks{0, chunkOf(last)}, err
}

// ContactsAt are the contacts with a moment of a field in [from, to); a zero end
// is open.
func (tx *Tx) ContactsAt(account liadesk.ID, field string, from, to time.Time, within Chunks) (*roaring.Bitmap, error) {
	name := func(layout string, at time.Time, open string) string {
		if at.IsZero() {
			return open
		}
		if !inYears(at) {
			if at.Year() < 1 {
				return ""
			}
			return "~"
		}
		return at.UTC().Format(layout)
	}
	first, last := from, to // the quarters that lie within as a whole
	edges := roaring.New()
	for _, end := range []*time.Time{&first, &last} {
		cut := end.Truncate(quarter)
		if end.IsZero() || cut.Equal(*end) || !inYears(*end) {
			continue
		}
		set, err := tx.contactsIn(account, fieldQuarter+field, name(quarterName, cut, ""), name(quarterName, cut.Add(quarter), ""), within)
		if err != nil {
			return nil, err
		}
		edges.Or(set)
		if *end = cut; end == &first {
			*end = cut.Add(quarter)
		}
	}
	firstDay, lastDay := first, last
	if !first.IsZero() {
		if firstDay = first.UTC().Truncate(24 * time.Hour); firstDay.Before(first) {
			firstDay = firstDay.Add(24 * time.Hour)
		}
	}
	if !last.IsZero() {
		lastDay = last.UTC().Truncate(24 * time.Hour)
	}
	out := roaring.New()
	read := func(fields, from, to string) error {
		if from >= to {
			return nil
		}
		set, err := tx.contactsIn(account, fields+field, from, to, within)
		if err == nil {
			out.Or(set)
		}
		return err
	}
	var err error
	if !firstDay.IsZero() && !lastDay.IsZero() && !firstDay.Before(lastDay) {
		err = read(fieldQuarter, name(quarterName, first, ""), name(quarterName, last, "~"))
	} else if err = read(fieldDay, name(dayName, firstDay, ""), name(dayName, lastDay, "~")); err == nil {
		if !first.IsZero() {
			err = read(fieldQuarter, name(quarterName, first, ""), name(quarterName, firstDay, ""))
		}
		if err == nil && !last.IsZero() {
			err = read(fieldQuarter, name(quarterName, lastDay, ""), name(quarterName, last, ""))
		}
	}
	if err != nil {
		return nil, err
	}
	return out, tx.look(account, edges, out, func(c liadesk.Contact) bool {
		at, ok := momentsOf(c)[field]
		if attribute, is := strings.CutPrefix(field, fieldAttribute); is {
			at, ok = MomentOf(c.Attributes[attribute])
		}
		return ok && !at.Before(from) && (to.IsZero() || at.Before(to))
	})
}

// ContactsOfSize are the contacts whose attribute is a number that is more than
// n, or with less set less than it; with same, n itself counts too.
func (tx *Tx) ContactsOfSize(account liadesk.ID, field string, n float64, less, same bool, within Chunks) (*roaring.Bitmap, error) {
	fields, name := fieldNumber+field, sizeName(n)
	base, exact := name[:len(name)-1], strings.HasSuffix(name, "=")
	from, to := base+"~", "~"
	edge := base + "~" // the set with an end of the range inside it, unless n begins it
	switch {
	case exact && same && !less:
		from = base + "="
	case exact && less && same:
		from, to = "", base+"~"
	case exact && less:
		from, to = "", base+"="
	case less:
		from, to = "", base+"~"
	case !exact:
		from = base + "~\x01" // behind it
	}
	out, err := tx.contactsIn(account, fields, from, to, within)
	if err != nil || exact {
		return out, err
	}
	edges, err := tx.contactsIn(account, fields, edge, edge+"\x01", within)
	if err != nil {
		return nil, err
	}
	return out, tx.look(account, edges, out, func(c liadesk.Contact) bool {
		m, ok := NumberOf(c.Attributes[strings.TrimPrefix(field, fieldAttribute)])
		return ok && (m == n && same || m != n && m < n == less)
	})
}

// ContactsWith are the contacts in whose value of a field a text occurs. Small
// and large letters, and accents, make no difference.
func (tx *Tx) ContactsWith(account liadesk.ID, field, text string, within Chunks) (*roaring.Bitmap, error) {
	text = fold(text)
	out, err := tx.contactsWhere(account, field, "", "", within, func(value string) bool { return strings.Contains(value, text) })
	if err != nil {
		return nil, err
	}
	long, err := tx.contactsIn(account, fieldLong+field, "", "\xff", within)
	if err != nil {
		return nil, err
	}
	return out, tx.look(account, long, out, func(c liadesk.Contact) bool {
		return strings.Contains(fold(c.Attributes[strings.TrimPrefix(field, fieldAttribute)]), text)
	})
}

// rangePage is how many chunks of sets one scan reads.
const rangePage = 4096

// contactsIn joins the sets of a field whose names are in [from, to).
func (tx *Tx) contactsIn(account liadesk.ID, field, from, to string, within Chunks) (*roaring.Bitmap, error) {
	return tx.contactsWhere(account, field, from, to, within, nil)
}

// contactsWhere is contactsIn for the names that fit; an empty to is open.
func (tx *Tx) contactsWhere(account liadesk.ID, field, from, to string, within Chunks, fits func(name string) bool) (*roaring.Bitmap, error) {
	out := roaring.New()
	base := in(account, nBitmap).str(field)
	at, end := base.clone().raw([]byte(from)), base.end()
	if to != "" {
		end = base.clone().raw([]byte(to))
	}
	for {
		pairs, err := tx.kv.Scan(at, end, rangePage, false)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			if chunk := key(p.Key).tailU32(); chunk < within.From || chunk > within.To {
				continue
			}
			if fits != nil && !fits(string(p.Key[len(base):len(p.Key)-5])) {
				continue
			}
			set, err := readBitmap(p.Key, p.Value)
			if err != nil {
				return nil, err
			}
			out.Or(set)
		}
		if len(pairs) < rangePage {
			return out, nil
		}
		at = key(pairs[len(pairs)-1].Key).after()
	}
}

// look reads some contacts and adds those that fit to a set.
func (tx *Tx) look(account liadesk.ID, some, to *roaring.Bitmap, fits func(liadesk.Contact) bool) error {
	for page := range slices.Chunk(some.ToArray(), 1000) {
		people, err := tx.ContactsByDense(account, page)
		if err != nil {
			return err
		}
		for _, c := range people {
			if fits(c) {
				to.Add(c.Dense)
			}
		}
	}
	return nil
}
