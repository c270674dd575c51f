package audience

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// More comparisons, of moments, numbers and parts of texts.
//
//   - gt, gte, lt, lte: an attribute that is a number is more or less than one;
//     a moment is after or before another.
//   - before, after: a moment is before or after another. A date is the whole
//     day: after it is from the next one on. Days of created_at and the like are
//     those of the account's time zone; an attribute that is a date is that date
//     everywhere.
//   - contains: a text occurs in the value.
//
// Whoever has no such value fulfils none of them.
const (
	opGt       = "gt"
	opGte      = "gte"
	opLt       = "lt"
	opLte      = "lte"
	opBefore   = "before"
	opAfter    = "after"
	opContains = "contains"
)

var (
	momentFields = []string{db.FieldCreatedAt, db.FieldLastSeenAt, db.FieldLastRepliedAt}
	sizeOps      = []string{opGt, opGte, opLt, opLte}
	rangeOps     = append([]string{opBefore, opAfter}, sizeOps...)
)

// isRange tells whether a part asks for a range, or a part of a text.
func isRange(r liadesk.Rule) bool { return r.Op == opContains || slices.Contains(rangeOps, r.Op) }

// checkRange refuses a comparison that the field does not have, or a value that
// it cannot be compared with.
func checkRange(v *liadesk.Invalid, at string, r liadesk.Rule) {
	moment, isAttribute := slices.Contains(momentFields, r.Field), strings.HasPrefix(r.Field, attribute)
	text, number := "", r.Value != nil && r.Value.Number != nil
	if r.Value != nil && r.Value.Text != nil {
		text = strings.TrimSpace(*r.Value.Text)
	}
	switch {
	case r.Op == opContains && moment, r.Op != opContains && !moment && !isAttribute:
		v.Add(at+".op", "op_unknown", "Name", clip(r.Op))
	case r.Op == opContains:
		// What is nothing once accents are left out would occur in everything.
		if set, ok := db.SetField(r.Field, text); set.Value == "" || !ok {
			v.Add(at+".value", "value_text")
		}
	case moment || r.Op == opBefore || r.Op == opAfter:
		if _, _, ok := day(text, "UTC"); !ok {
			v.Add(at+".value", "value_moment")
		}
	case !number:
		_, isNumber := db.NumberOf(text)
		if _, _, isMoment := day(text, "UTC"); !isNumber && !isMoment {
			v.Add(at+".value", "value_number")
		}
	}
}

// day reads a moment: a date is from its midnight in a zone to the next, any
// other moment only itself. Where the clocks skip midnight, the day begins with
// the first instant after it.
func day(text, zone string) (from, to time.Time, ok bool) {
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		midnight := func(d time.Time) time.Time {
			at, _, err := hours.ParseLocal(d.Format(time.DateOnly)+"T00:00", zone)
			if err != nil {
				return d // a zone that is gone, or a year that no clock shows
			}
			return at
		}
		return midnight(date), midnight(date.AddDate(0, 0, 1)), date.Year() > 0 && date.Year() < 9999
	}
	at, ok := db.MomentOf(text)
	return at, at.Add(1), ok
}

// asksRange is what a part asks for, to read each range once.
type asksRange struct{ field, op, value string }

func rangeOf(r liadesk.Rule) asksRange {
	field := r.Field
	if name, ok := strings.CutPrefix(field, attribute); ok {
		field = attribute + liadesk.StoredAttribute(name)
	}
	return asksRange{field, r.Op, valueOf(r)}
}

// valueOf writes the one value of a part as a text.
func valueOf(r liadesk.Rule) string {
	switch {
	case r.Value == nil:
	case r.Value.Number != nil:
		n := *r.Value.Number
		if n == 0 || math.Abs(n) >= 1e-6 && math.Abs(n) < 1e15 {
			return strconv.FormatFloat(n, 'f', -1, 64) // as people write it
		}
		return strconv.FormatFloat(n, 'g', -1, 64)
	case r.Value.Text != nil:
		return strings.TrimSpace(*r.Value.Text)
	}
	return ""
}

// readRanges reads the ranges that a rule asks for. A range is a scan over the
// sets within it, so it takes longer the more there are.
func readRanges(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, within db.Chunks) (map[asksRange]*roaring.Bitmap, error) {
	out := make(map[asksRange]*roaring.Bitmap)
	zone := ""
	var err error
	eachPart(rule, func(r liadesk.Rule) {
		a := rangeOf(r)
		if err != nil || !isRange(r) || out[a] != nil {
			return
		}
		if zone == "" {
			var of liadesk.Account
			if of, _, err = tx.SharedAccount(account); err != nil {
				return
			}
			zone = cmp.Or(of.Settings.TimeZone, "UTC")
		}
		out[a], err = readRange(tx, account, a, zone, within)
	})
	return out, err
}

func readRange(tx *db.Tx, account liadesk.ID, a asksRange, zone string, within db.Chunks) (*roaring.Bitmap, error) {
	if a.op == opContains {
		return tx.ContactsWith(account, a.field, a.value, within)
	}
	moment := slices.Contains(momentFields, a.field)
	if !moment {
		zone = "UTC"
		if n, ok := db.NumberOf(a.value); ok && slices.Contains(sizeOps, a.op) {
			return tx.ContactsOfSize(account, a.field, n, a.op == opLt || a.op == opLte, a.op == opGte || a.op == opLte, within)
		}
	}
	from, to, _ := day(a.value, zone)
	switch a.op {
	case opBefore, opLt:
		return tx.ContactsAt(account, a.field, time.Time{}, from, within)
	case opLte:
		return tx.ContactsAt(account, a.field, time.Time{}, to, within)
	case opGte:
		return tx.ContactsAt(account, a.field, from, time.Time{}, within)
	}
	return tx.ContactsAt(account, a.field, to, time.Time{}, within)
}

// eachPart calls f for every part of a rule that holds no others.
func eachPart(r liadesk.Rule, f func(liadesk.Rule)) {
	if r.Tag != "" || r.AsksField() {
		f(r)
	}
	for _, list := range []*[]liadesk.Rule{r.All, r.Any} {
		if list != nil {
			for _, part := range *list {
				eachPart(part, f)
			}
		}
	}
	if r.Not != nil {
		eachPart(*r.Not, f)
	}
}

// rangePhrase reads a part about a range, or its contrary.
func rangePhrase(l Speaker, r liadesk.Rule, name string, contrary bool) string {
	which := ""
	if contrary {
		which = "not_"
	}
	op := r.Op
	moment := slices.Contains(momentFields, r.Field)
	if _, isNumber := db.NumberOf(valueOf(r)); !isNumber || moment {
		switch op {
		case opGt:
			op = opAfter
		case opLt:
			op = opBefore
		case opGte:
			op = "from"
		case opLte:
			op = "until"
		}
	}
	value := valueOf(r)
	if r.Op == opContains {
		value = l.T("audience.quoted", "Tag", value)
	}
	if moment {
		return l.T("audience.moment."+op, "When", l.T("audience.moment."+which+r.Field), "Value", value)
	}
	return l.T("audience.range."+which+op, "Field", name, "Value", value)
}
