package phone

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"
)

// A Kind is what a number is for. Its numeric values are stored: only append.
type Kind uint8

// The kinds of number.
const (
	Unknown       Kind = iota // no Number has it; a record from elsewhere may
	Mobile                    // a mobile phone
	FixedOrMobile             // the plan does not tell them apart, as in North America
	Fixed                     // a landline
	TollFree                  // free to call
	Premium                   // dear to call
	SharedCost                // the cost of a call is shared
	VoIP                      // an Internet telephone
	Personal                  // a number that follows a person
	Pager                     // a pager
	Company                   // a company's universal access number
	Voicemail                 // a mailbox
)

var kindNames = [...]string{
	Unknown: "unknown", Mobile: "mobile", FixedOrMobile: "fixed_or_mobile", Fixed: "fixed",
	TollFree: "toll_free", Premium: "premium", SharedCost: "shared_cost", VoIP: "voip",
	Personal: "personal", Pager: "pager", Company: "company", Voicemail: "voicemail",
}

// CanText reports whether numbers of this kind are sent to without a question.
// The others may still take texts here and there; they are flagged and left out.
func (k Kind) CanText() bool { return k == Mobile || k == FixedOrMobile }

// String is the kind's stable name, such as "fixed_or_mobile".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Unknown]
}

// ParseKind reads what String wrote.
func ParseKind(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return Kind(k), true
		}
	}
	return Unknown, false
}

// Kinds lists every kind. The caller owns the slice.
func Kinds() []Kind {
	all := make([]Kind, len(kindNames))
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// MarshalText writes the stable name, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the stable name.
func (k *Kind) UnmarshalText(text []byte) error {
	parsed, ok := ParseKind(string(text))
	if !ok {
		return fmt.Errorf("phone: no kind of number is called %q", text)
	}
	*k = parsed
	return nil
}

func kindOf(t phonenumbers.PhoneNumberType) Kind {
	switch t {
	case phonenumbers.MOBILE:
		return Mobile
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return FixedOrMobile
	case phonenumbers.FIXED_LINE:
		return Fixed
	case phonenumbers.TOLL_FREE:
		return TollFree
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.SHARED_COST:
		return SharedCost
	case phonenumbers.VOIP:
		return VoIP
	case phonenumbers.PERSONAL_NUMBER:
		return Personal
	case phonenumbers.PAGER:
		return Pager
	case phonenumbers.UAN:
		return Company
	case phonenumbers.VOICEMAIL:
		return Voicemail
	default:
		return Unknown
	}
}
