package phone

import (
	"errors"

	"github.com/nyaruka/phonenumbers"
)

// Suggest offers the present form of a number that Parse refuses because it is
// out of date: a mobile of Brazil without the ninth digit that all of them got
// between 2012 and 2016 (Anatel, Resolução 553/2010). before is the number as it
// was read and after the repaired one, both in E.164 form, to be shown side by
// side; a person decides. ok is false when there is nothing to repair.
func Suggest(raw, region string) (before, after string, ok bool) {
	_, err := Parse(raw, region)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Reason != NinthDigit {
		return "", "", false
	}
	return e.before, e.after, true
}

// ninthDigit refuses a mobile of Brazil in its old form: an area code, then
// eight digits of which the first is 6 to 9 (landlines begin with 2 to 5), which
// a 9 before them makes a valid mobile. It returns nil for every other number.
func ninthDigit(p *phonenumbers.PhoneNumber) *Error {
	const subscriber = 100_000_000 // the eight digits after the area code
	n := p.GetNationalNumber()
	if p.GetCountryCode() != 55 || p.GetItalianLeadingZero() ||
		n/subscriber < 11 || n/subscriber > 99 || n%subscriber < 60_000_000 {
		return nil
	}
	repaired := (n/subscriber*10+9)*subscriber + n%subscriber
	q := &phonenumbers.PhoneNumber{CountryCode: p.CountryCode, NationalNumber: &repaired}
	if phonenumbers.GetNumberType(q) != phonenumbers.MOBILE {
		return nil
	}
	return &Error{
		Reason: NinthDigit,
		before: phonenumbers.Format(p, phonenumbers.E164),
		after:  phonenumbers.Format(q, phonenumbers.E164),
	}
}
