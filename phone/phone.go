// Package phone reads telephone numbers as people and spreadsheets write them
// and says what can be known from a number alone: its E.164 form, its country,
// its kind, the time zones in which its owner may be, and the window class that
// decides when a marketing text may reach it.
//
// It is the only package that knows the phone number library. Everything here
// is pure: no clock, no I/O, safe for concurrent use.
//
// A valid number is not a reachable one: numbers are given back and handed to
// other people. Only a delivery report proves anything.
package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// A Number is a valid telephone number.
type Number struct {
	E164    string // "+", then the country code and the number, at most 15 digits
	Country string // ISO 3166-1 alpha-2; empty for satellite and other networks without a country
	Kind    Kind
}

// CanText reports whether the number can receive texts as far as its kind tells.
func (n Number) CanText() bool { return n.Kind.CanText() }

// international is the country code 001 which the library gives to numbers that
// belong to no country.
const international = "001"

// Parse reads one telephone number. region is the country (ISO 3166-1 alpha-2)
// in which a number without country code is read; without it, or with one that
// does not exist, such a number is refused with NoRegion.
//
// Everything that people write is accepted (spaces of any kind, brackets, dots,
// hyphens, the digits of any script, a spreadsheet's leading apostrophe, 00 or
// 011 for +, "+44 (0)…"). Whatever could hide another number than the one that
// was meant is refused: damaged spreadsheet cells, two numbers in one cell,
// letters, extensions (E.164 has no room for them). The number must be valid in
// the numbering plan, not merely of a possible length.
//
// The error is always an *Error. Parsing an accepted number's E164 again gives
// the same Number, in every region.
func Parse(raw, region string) (Number, error) {
	in, err := read(raw)
	if err != nil {
		return Number{}, err
	}
	if in.plus {
		return in.first(func(digits string) (Number, error) {
			return lookup("+"+strings.TrimPrefix(digits, "00"), "")
		})
	}
	region = strings.ToUpper(strings.TrimSpace(region))
	if !ValidRegion(region) {
		region = ""
	}
	nationalErr := error(refuse(NoRegion))
	if region != "" {
		// First as the phones of that region would dial it: 00 and 011 may
		// begin a national number (011 is São Paulo with its trunk zero).
		var n Number
		if n, nationalErr = lookup(in.digits, region); nationalErr == nil {
			return n, nil
		}
	}
	if isShort(in.digits) {
		return Number{}, shortNumber(in.digits, region)
	}
	n, err := in.first(func(digits string) (Number, error) {
		abroad, ok := cutExitCode(digits)
		if !ok {
			return Number{}, nationalErr
		}
		return lookup("+"+abroad, "")
	})
	return n, err
}

// cutExitCode removes the prefix by which one dials abroad: 00 in most of the
// world, 011 in North America. What follows must be long enough that a national
// number of another country is not taken for one.
func cutExitCode(digits string) (string, bool) {
	if rest, ok := strings.CutPrefix(digits, "00"); ok && len(rest) >= 8 {
		return rest, true
	}
	if rest, ok := strings.CutPrefix(digits, "011"); ok && len(rest) >= 10 {
		return rest, true
	}
	return "", false
}

// lookup asks the numbering plans.
func lookup(s, region string) (Number, error) {
	p, err := phonenumbers.Parse(s, region)
	if err != nil {
		return Number{}, refuse(reasonOfLibrary(err))
	}
	withoutMexicanOne(p)
	if old := ninthDigit(p); old != nil {
		return Number{}, old
	}
	kind := kindOf(phonenumbers.GetNumberType(p))
	if kind == Unknown {
		return Number{}, refuse(reasonOfNumber(p))
	}
	n := Number{
		E164:    phonenumbers.Format(p, phonenumbers.E164),
		Country: phonenumbers.GetRegionCodeForNumber(p),
		Kind:    kind,
	}
	if n.Country == international {
		n.Country = ""
	}
	if !IsE164(n.E164) {
		return Number{}, refuse(NotValid)
	}
	return n, nil
}

// withoutMexicanOne drops the 1 that mobiles of Mexico carried after +52 until
// August 2019; the number behind it is the same.
func withoutMexicanOne(p *phonenumbers.PhoneNumber) {
	const one = 10_000_000_000
	if n := p.GetNationalNumber(); p.GetCountryCode() == 52 && n >= one && n < 2*one {
		n -= one
		p.NationalNumber = &n
	}
}

// IsE164 reports whether s has the form of an E.164 number: a plus, then 2 to 15
// digits of which the first is not 0 (ITU-T E.164 §6). The form alone does not
// make a number valid; see Parse.
func IsE164(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	return ok && len(digits) >= 2 && len(digits) <= 15 && digits[0] != '0' && allDigits(digits)
}

// Digits is an E.164 number without its plus, as carriers write it and as people
// search for it.
func Digits(e164 string) string { return strings.TrimPrefix(e164, "+") }

// FromCarrier gives the E.164 form of a number as a carrier reports it, with or
// without the plus. An old form of a number (Brazil without the ninth digit,
// Mexico with the 1) becomes the present one, so that a STOP finds the person it
// comes from. A number that the plans do not know is kept as it came rather than
// lost; ok is false for short codes and names, which are nobody's number.
func FromCarrier(s string) (e164 string, ok bool) {
	s = "+" + strings.TrimPrefix(strings.TrimSpace(s), "+")
	if !IsE164(s) || isShort(s[1:]) {
		return "", false
	}
	if n, err := Parse(s, ""); err == nil {
		return n.E164, true
	}
	if _, after, ok := Suggest(s, ""); ok {
		return after, true
	}
	return s, true
}

// Format writes an E.164 number for people, in the international form of its
// country ("+1 212-555-0100"), which reads the same everywhere. What is not a
// number is returned as it is.
func Format(e164 string) string {
	if !IsE164(e164) {
		return e164
	}
	p, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return e164
	}
	return phonenumbers.Format(p, phonenumbers.INTERNATIONAL)
}

var regions = func() []string {
	var all []string
	for r := range phonenumbers.GetSupportedRegions() {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}()

// Regions lists the countries that have a numbering plan, sorted by their ISO
// 3166-1 alpha-2 code. The caller owns the slice.
func Regions() []string { return slices.Clone(regions) }

// ValidRegion reports whether a country, by its upper-case ISO 3166-1 alpha-2
// code, has a numbering plan.
func ValidRegion(region string) bool {
	_, ok := slices.BinarySearch(regions, region)
	return ok
}

// CallingCode is the country code of a region, such as 55 for BR, or 0 if there
// is none.
func CallingCode(region string) int { return phonenumbers.GetCountryCodeForRegion(region) }
