package liadesk

import "time"

// Contact is a person the company knows.
type Contact struct {
	ID        ID `cbor:"1,keyasint"`
	AccountID ID `cbor:"2,keyasint"`
	// Dense is a small number, unique in the account and never used again,
	// by which bitmaps name the contact.
	Dense uint32 `cbor:"3,keyasint"`
	Name  string `cbor:"4,keyasint,omitempty"`
	// Phone is E.164 or "". It is unique in the account.
	Phone string `cbor:"5,keyasint,omitempty"`
	// Email is stored as typed; it is compared folded, and is not unique.
	Email      string            `cbor:"6,keyasint,omitempty"`
	Tags       []string          `cbor:"7,keyasint,omitempty"` // folded, sorted, each once
	Attributes map[string]string `cbor:"8,keyasint,omitempty"`
	TimeZone   string            `cbor:"9,keyasint,omitempty"`  // IANA, "" when unknown
	Language   string            `cbor:"10,keyasint,omitempty"` // BCP 47, "" when unknown
	Country    string            `cbor:"11,keyasint,omitempty"` // ISO 3166, of the number unless told otherwise
	// Consent is the last entry of the consent history: may we send this
	// person marketing texts? The history itself is append-only.
	Consent   Consent   `cbor:"12,keyasint"`
	CreatedAt time.Time `cbor:"13,keyasint"`
	UpdatedAt time.Time `cbor:"14,keyasint"`
	Version   uint64    `cbor:"15,keyasint"`
	// ImportID is the import that created the contact, so that it can be undone.
	ImportID ID `cbor:"16,keyasint"`
	// BadNumber is the carrier's code (50, 70) that proved the number dead.
	BadNumber string `cbor:"17,keyasint,omitempty"`
}

// Consent is what a person allowed, or withdrew, for marketing texts.
type Consent struct {
	State  ConsentState `cbor:"1,keyasint" json:"state"`
	Source string       `cbor:"2,keyasint,omitempty" json:"source,omitempty"` // where it was asked: "web form", "import: fair.csv"
	At     time.Time    `cbor:"3,keyasint" json:"at"`
	By     ID           `cbor:"4,keyasint,omitempty" json:"by,omitzero"` // the user who recorded it
	Text   string       `cbor:"5,keyasint,omitempty" json:"text,omitempty"`
}

// ConsentState is never assumed: nobody who was not asked has consented.
type ConsentState string

// The states of consent.
const (
	ConsentUnknown ConsentState = ""
	ConsentGranted ConsentState = "granted"
	ConsentRefused ConsentState = "refused"
)

// OptOut says that a number must get no campaign texts, whoever's it is and
// whether or not it is a contact. It stays when the contact is deleted.
type OptOut struct {
	Number string    `cbor:"1,keyasint" json:"number"`
	At     time.Time `cbor:"2,keyasint" json:"at"`
	// Source is how it came: keyword, agent, import, carrier (code 200), api.
	Source string `cbor:"3,keyasint" json:"source"`
	// Text is the message or note that it came with.
	Text string `cbor:"4,keyasint,omitempty" json:"text,omitempty"`
	By   ID     `cbor:"5,keyasint,omitempty" json:"by,omitzero"`
	// CampaignID is the campaign it answered, if any.
	CampaignID ID `cbor:"6,keyasint,omitempty" json:"campaign_id,omitzero"`
}

// SkipReason is why a person in the audience gets no text.
type SkipReason string

// The reasons, in the order in which they are tested: each person left out
// counts under the first that holds.
const (
	SkipDeleted        SkipReason = "contact_deleted"
	SkipNoNumber       SkipReason = "no_number"
	SkipInvalidNumber  SkipReason = "invalid_number"
	SkipCannotText     SkipReason = "cannot_receive_texts"
	SkipOptedOut       SkipReason = "opted_out"
	SkipNoConsent      SkipReason = "no_consent"
	SkipBlockedCountry SkipReason = "blocked_country"
	SkipRecentlyTexted SkipReason = "texted_recently"
	SkipCancelled      SkipReason = "cancelled"
)

// SkipReasons lists every reason in order.
var SkipReasons = []SkipReason{SkipDeleted, SkipNoNumber, SkipInvalidNumber, SkipCannotText, SkipOptedOut,
	SkipNoConsent, SkipBlockedCountry, SkipRecentlyTexted, SkipCancelled}
