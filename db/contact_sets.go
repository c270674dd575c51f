package db

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/liadesk/campaigns/liadesk"
)

// The fields whose values are sets of contacts.
const (
	fieldAll        = "all"
	fieldTag        = "tag"
	fieldPhone      = "phone"
	fieldConsent    = "consent"
	fieldOptOut     = "optout"
	fieldHeld       = "held"
	fieldCannotText = "cannot_text"
	fieldBadNumber  = "bad_number"
	fieldClass      = "class"
	fieldCountry    = "country"
	fieldLanguage   = "language"
	fieldTimeZone   = "time_zone"
	fieldPhoneType  = "phone_type"
	fieldEmail      = "email"
	fieldAttribute  = "attributes." // and its name
	// fieldKnown has the contacts of whom a field, its value here, is known.
	fieldKnown = "known"
	// The words of a contact, for the search: their beginnings of one to three
	// letters, and those of more than three letters whole.
	fieldBeginning = "\x01"
	fieldWord      = "\x02"
)

// The sets that decide who can be texted. Tags are SetTag.
var (
	SetAll        = SetRef{fieldAll, ""}
	SetPhone      = SetRef{fieldPhone, ""}
	SetConsent    = SetRef{fieldConsent, string(liadesk.ConsentGranted)}
	SetOptOut     = SetRef{fieldOptOut, ""}
	SetHeld       = SetRef{fieldHeld, ""}
	SetCannotText = SetRef{fieldCannotText, ""}
	SetBadNumber  = SetRef{fieldBadNumber, ""}
)

// SetTag is the set of the contacts that have a tag.
func SetTag(tag string) SetRef { return SetRef{fieldTag, tag} }

// SetClass is the set of the contacts of a window class.
func SetClass(class string) SetRef { return SetRef{fieldClass, class} }

// SetEmail is the set of the contacts that have an e-mail address.
var SetEmail = SetRef{fieldEmail, ""}

// MaxSetValue is the most bytes of a value, folded, that has a set of its own.
// A longer one counts as known and equals nothing that can be asked for.
const MaxSetValue = 200

// SetField is the set of the contacts with a value of a field: country,
// language, time_zone, phone_type or attributes.NAME. Small and large letters,
// and accents, make no difference. It is false for a value beyond MaxSetValue.
func SetField(field, value string) (SetRef, bool) {
	value = fold(value)
	return SetRef{field, value}, len(value) <= MaxSetValue
}

// SetKnown is the set of the contacts of whom a field is known at all.
func SetKnown(field string) SetRef { return SetRef{fieldKnown, field} }

// fieldSetsOf are the sets by which audiences ask for what is known about a
// contact. There is no bound on how many values an account has: an attribute
// that differs from person to person, such as a customer number, costs a small
// record for each of them and nothing for those who never ask for it.
func fieldSetsOf(sets []SetRef, c liadesk.Contact) []SetRef {
	add := func(field, value string) {
		if value == "" {
			return
		}
		sets = append(sets, SetKnown(field))
		if set, ok := SetField(field, value); ok {
			sets = append(sets, set)
		} else {
			sets = append(sets, SetRef{fieldLong + field, ""})
		}
	}
	add(fieldCountry, c.Country)
	add(fieldLanguage, c.Language)
	add(fieldTimeZone, c.TimeZone)
	if c.Phone != "" {
		add(fieldPhoneType, c.PhoneKind)
	}
	if c.Email != "" {
		sets = append(sets, SetEmail)
	}
	for name, value := range c.Attributes {
		add(fieldAttribute+name, value)
	}
	return rangeSetsOf(sets, c)
}

// key is where the chunks of a set are.
func (s SetRef) key(account liadesk.ID) key {
	switch s.Field {
	case fieldBeginning, fieldWord:
		return in(account, nContactText).raw([]byte(s.Field)).str(s.Value)
	}
	return fieldSet(account, s.Field, s.Value)
}

// setsOf are the sets that a contact belongs to. It is the one place that says
// so: what is written, changed and removed all follow from it.
func setsOf(c liadesk.Contact, optedOut bool) []SetRef {
	sets := make([]SetRef, 0, 32)
	sets = append(sets, SetAll)
	for _, t := range c.Tags {
		sets = append(sets, SetTag(t))
	}
	if c.Consent.State == liadesk.ConsentGranted {
		sets = append(sets, SetConsent)
	}
	if c.Phone != "" {
		sets = append(sets, SetPhone, SetClass(c.Class))
		if c.CannotText {
			sets = append(sets, SetCannotText)
		}
		if c.BadNumber != "" {
			sets = append(sets, SetBadNumber)
		}
		if optedOut {
			sets = append(sets, SetOptOut)
		}
		if c.IsHeld() {
			sets = append(sets, SetHeld)
		}
	}
	sets = fieldSetsOf(sets, c)
	for _, w := range wordsOf(c) {
		n := 0
		for i := range w {
			if n > 0 {
				sets = append(sets, SetRef{fieldBeginning, w[:i]})
			}
			if n++; n > longBeginning {
				break
			}
		}
		if n <= longBeginning {
			sets = append(sets, SetRef{fieldBeginning, w})
		} else {
			sets = append(sets, SetRef{fieldWord, w})
		}
	}
	slices.SortFunc(sets, compareSets)
	return slices.Compact(sets)
}

// compareSets orders sets by field, then value.
func compareSets(a, b SetRef) int {
	if n := strings.Compare(a.Field, b.Field); n != 0 {
		return n
	}
	return strings.Compare(a.Value, b.Value)
}

const (
	// longBeginning is how many letters a beginning may have that is kept as
	// a set of its own. Longer ones are found among the whole words, of which
	// few share four letters.
	longBeginning = 3
	// maxWords bounds what one contact may cost the index.
	maxWords = 12
	// maxWord is the most bytes of a word that count.
	maxWord = 40
)

// wordsOf are the words by which a contact is found: those of the name, then
// those of the e-mail without its last label, folded, each once.
func wordsOf(c liadesk.Contact) []string {
	words := splitWords(fold(c.Name))
	if c.Email != "" {
		email := fold(c.Email)
		if i := strings.LastIndexByte(email, '.'); i > strings.LastIndexByte(email, '@') {
			email = email[:i]
		}
		words = append(words, splitWords(email)...)
	}
	out := words[:0]
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
		if len(out) == maxWords {
			break
		}
	}
	return out
}

// splitWords cuts a folded text at everything that is neither letter nor digit.
func splitWords(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		for len(w) > maxWord {
			_, n := utf8.DecodeLastRuneInString(w)
			w = w[:len(w)-n]
		}
		words[i] = w
	}
	return words
}

// folds are letters that lose their mark although Unicode does not decompose
// them.
var folds = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "æ", "ae", "œ", "oe", "ı", "i", "ð", "d", "þ", "th")

// fold makes texts comparable as people search for them: small letters without
// accents, without space at the ends.
func fold(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == 0 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(strings.TrimSpace(s))
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == 0, r == utf8.RuneError:
			return -1
		}
		return r
	}, norm.NFKD.String(strings.ToLower(s)))
	return strings.TrimSpace(folds.Replace(norm.NFC.String(s)))
}

// digitsKey finds a number by its last digits: they are written backwards.
func digitsKey(account liadesk.ID, e164 string) key {
	return in(account, nContactText).raw([]byte{3}).str(backwards(e164[1:]))
}

func backwards(digits string) string {
	b := []byte(digits)
	slices.Reverse(b)
	return string(b)
}
