package phone

import (
	"errors"
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// A Reason says why a number was refused. It is a stable code for error files,
// the API and the catalogue of sentences.
type Reason string

// The reasons for which Parse refuses a number.
const (
	Empty               Reason = "empty"
	NoRegion            Reason = "no_region"
	SpreadsheetExponent Reason = "spreadsheet_exponent"
	SpreadsheetDecimal  Reason = "spreadsheet_decimal"
	SeveralNumbers      Reason = "several_numbers"
	Letters             Reason = "letters"
	Symbols             Reason = "symbols"
	Extension           Reason = "extension"
	TooShort            Reason = "too_short"
	TooLong             Reason = "too_long"
	NoAreaCode          Reason = "no_area_code"
	BadCountryCode      Reason = "bad_country_code"
	NinthDigit          Reason = "ninth_digit"
	ShortCode           Reason = "short_code"
	Emergency           Reason = "emergency"
	NotValid            Reason = "not_valid"
)

var sentences = map[Reason]string{
	Empty:               "there is no phone number",
	NoRegion:            "the number has no country code and no default country is set",
	SpreadsheetExponent: "a spreadsheet shortened the number and its last digits are lost; format the column as text and export it again",
	SpreadsheetDecimal:  "a spreadsheet turned the number into a decimal; format the column as text and export it again",
	SeveralNumbers:      "there is more than one phone number",
	Letters:             "the number has letters in it; a letter O or l may stand for a digit",
	Symbols:             "the number has signs in it that no phone number has",
	Extension:           "the number has an extension, which cannot receive texts",
	TooShort:            "the number is too short",
	TooLong:             "the number is too long",
	NoAreaCode:          "the number has no area code",
	BadCountryCode:      "no country has this country code",
	NinthDigit:          "mobile numbers in Brazil have nine digits after the area code, the first of them a 9",
	ShortCode:           "this is a short code, not a person's phone number",
	Emergency:           "this is an emergency number",
	NotValid:            "the country has no such number",
}

// Reasons lists every reason, sorted. The caller owns the slice.
func Reasons() []Reason {
	all := make([]Reason, 0, len(sentences))
	for r := range sentences {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}

// An Error tells why a number was refused. Its text does not show the number:
// errors end up in logs, where people's numbers have no business.
type Error struct {
	Reason Reason

	before, after string // what Suggest offers
}

// Error is a plain English sentence without a full stop.
func (e *Error) Error() string { return sentences[e.Reason] }

// ReasonOf is the reason in err's chain, or "" if no number was refused there.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

func refuse(r Reason) *Error { return &Error{Reason: r} }

// reasonOfLibrary translates an error of the library's parser. What reaches it
// is digits only, so that "not a number" means too few of them.
func reasonOfLibrary(err error) Reason {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return BadCountryCode
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return TooLong
	default:
		return TooShort
	}
}

// reasonOfNumber tells why a number that could be read is not valid.
func reasonOfNumber(p *phonenumbers.PhoneNumber) Reason {
	national := phonenumbers.GetNationalSignificantNumber(p)
	if isShort(national) {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(int(p.GetCountryCode())) {
			if phonenumbers.IsEmergencyNumber(national, region) {
				return Emergency
			}
		}
	}
	switch phonenumbers.IsPossibleNumberWithReason(p) {
	case phonenumbers.INVALID_COUNTRY_CODE:
		return BadCountryCode
	case phonenumbers.TOO_SHORT:
		return TooShort
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return NoAreaCode
	case phonenumbers.TOO_LONG:
		return TooLong
	default:
		return NotValid
	}
}

// isShort reports whether digits are few enough to be a short code or an
// emergency number.
func isShort(digits string) bool { return len(digits) <= 6 }

// shortNumber tells emergency numbers from short codes. 112, 911 and 999 reach
// help in so many countries that no region is needed to know them.
func shortNumber(digits, region string) *Error {
	switch {
	case digits == "112" || digits == "911" || digits == "999" || phonenumbers.IsEmergencyNumber(digits, region):
		return refuse(Emergency)
	case len(digits) < 3:
		return refuse(TooShort)
	default:
		return refuse(ShortCode)
	}
}
