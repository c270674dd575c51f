package db

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// ContactQuery chooses contacts for a list, newest first. What is empty does
// not narrow.
type ContactQuery struct {
	Tag string
	// Text is what a person typed: beginnings of words of name and e-mail, an
	// e-mail's beginning, or the first or last digits of a number.
	Text string
	// CallingCode is the account's country code: digits may be typed as at home.
	CallingCode int
	// Within narrows to a set, such as the people an audience leaves out.
	Within *roaring.Bitmap
	Page
}

// ContactPage is a part of a list.
type ContactPage struct {
	Items []liadesk.Contact
	Next  string // cursor of the next page, "" at the end
	Total uint64 // all that match, on every page
}

// A search stops looking at so many index rows. Whoever typed so little that
// more match sees some of them, and types on.
const searchRows = 10_000

// Contacts lists contacts. It takes at most a few round trips however many
// match: sets are bitmaps, and only the page's records are read.
func (tx *Tx) Contacts(account liadesk.ID, q ContactQuery) (ContactPage, error) {
	var page ContactPage
	set, err := tx.contactsMatching(account, q)
	if err != nil {
		return page, err
	}
	page.Total = set.GetCardinality()
	if q.After != "" {
		after, err := strconv.ParseUint(q.After, 10, 32)
		if err != nil {
			var v liadesk.Invalid
			v.Add("after", "bad_cursor")
			return page, v.Err()
		}
		set.RemoveRange(after, 1<<32)
	}
	size := q.Size()
	dense := make([]uint32, 0, size)
	for it := set.ReverseIterator(); it.HasNext() && len(dense) <= size; {
		dense = append(dense, it.Next())
	}
	if len(dense) > size {
		dense = dense[:size]
		page.Next = strconv.FormatUint(uint64(dense[size-1]), 10)
	}
	page.Items, err = tx.ContactsByDense(account, dense)
	return page, err
}

func (tx *Tx) contactsMatching(account liadesk.ID, q ContactQuery) (*roaring.Bitmap, error) {
	refs := []SetRef{SetAll}
	if q.Tag != "" {
		names, err := tx.TagNames(account, []string{q.Tag})
		if err != nil {
			return nil, err
		}
		for _, name := range names[q.Tag] {
			refs = append(refs, SetTag(name))
		}
	}
	sets, err := tx.ReadSets(account, refs)
	if err != nil {
		return nil, err
	}
	set := sets[0]
	if q.Tag != "" {
		set.And(roaring.FastOr(sets[1:]...))
	}
	if q.Within != nil {
		set.And(q.Within)
	}
	return set, tx.narrow(set, account, q.Text, q.CallingCode)
}

// maxSearchWords is how many words of a search count.
const maxSearchWords = 6

// narrow leaves in a set what a typed text finds.
func (tx *Tx) narrow(set *roaring.Bitmap, account liadesk.ID, text string, callingCode int) error {
	if digits, ok := looksLikeNumber(text); ok {
		found, err := tx.contactsByDigits(account, digits, callingCode)
		if err != nil {
			return err
		}
		set.And(found)
		return nil
	}
	n := 0
	for _, token := range strings.Fields(text) {
		if strings.Contains(token, "@") && !strings.HasPrefix(token, "@") {
			found, err := tx.contactsByEmail(account, fold(token))
			if err != nil {
				return err
			}
			set.And(found)
			continue
		}
		for _, w := range splitWords(fold(token)) {
			if n++; n > maxSearchWords {
				return nil
			}
			found, err := tx.contactsByWord(account, w)
			if err != nil {
				return err
			}
			if digits, ok := looksLikeNumber(w); ok {
				byNumber, err := tx.contactsByDigits(account, digits, callingCode)
				if err != nil {
					return err
				}
				found.Or(byNumber)
			}
			set.And(found)
		}
	}
	return nil
}

// looksLikeNumber tells whether a text is at least three digits of a phone
// number, and gives them with the plus if there was one.
func looksLikeNumber(s string) (digits string, ok bool) {
	var b strings.Builder
	for i, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case unicode.IsSpace(r), strings.ContainsRune("()-./", r):
		default:
			return "", false
		}
	}
	digits = b.String()
	return digits, len(strings.TrimPrefix(digits, "+")) >= 3
}

func (tx *Tx) contactsByDigits(account liadesk.ID, typed string, callingCode int) (*roaring.Bitmap, error) {
	digits, plus := strings.CutPrefix(typed, "+")
	phones := in(account, nContactPhone)
	ranges := []key{phones.clone().raw([]byte("+" + digits))}
	if !plus {
		if abroad, ok := strings.CutPrefix(digits, "00"); ok && abroad != "" {
			ranges = append(ranges, phones.clone().raw([]byte("+"+abroad)))
		}
		if home := strings.TrimLeft(digits, "0"); len(home) >= 3 {
			if callingCode > 0 {
				ranges = append(ranges, phones.clone().raw([]byte("+"+strconv.Itoa(callingCode)+home)))
			}
			ranges = append(ranges, in(account, nContactText).raw([]byte{3}).raw([]byte(backwards(home))))
		}
	}
	found := roaring.New()
	for _, from := range ranges {
		refs, _, err := scan[contactRef](tx, from, from.end(), searchRows, false)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			found.Add(ref.Dense)
		}
	}
	return found, nil
}

func (tx *Tx) contactsByEmail(account liadesk.ID, beginning string) (*roaring.Bitmap, error) {
	from := in(account, nContactEmail).raw([]byte(beginning))
	shared, _, err := scan[[]contactRef](tx, from, from.end(), searchRows, false)
	if err != nil {
		return nil, err
	}
	found := roaring.New()
	for _, refs := range shared {
		for _, ref := range refs {
			found.Add(ref.Dense)
		}
	}
	return found, nil
}

func (tx *Tx) contactsByWord(account liadesk.ID, beginning string) (*roaring.Bitmap, error) {
	if utf8.RuneCountInString(beginning) <= longBeginning {
		return wholeSet(tx, SetRef{fieldBeginning, beginning}.key(account))
	}
	from := in(account, nContactText).raw([]byte(fieldWord)).raw([]byte(beginning))
	pairs, err := tx.kv.Scan(from, from.end(), searchRows, false)
	if err != nil {
		return nil, err
	}
	found := roaring.New()
	for _, p := range pairs {
		bm, err := readBitmap(p.Key, p.Value)
		if err != nil {
			return nil, err
		}
		found.Or(bm)
	}
	return found, nil
}
