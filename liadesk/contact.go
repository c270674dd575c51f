package liadesk

import (
	"strings"
	"time"
)

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
	// PhoneKind is the kind of the number ("mobile", "fixed"), and CannotText
	// says that numbers of this kind are not texted without a question.
	PhoneKind  string `cbor:"18,keyasint,omitempty"`
	CannotText bool   `cbor:"19,keyasint,omitempty"`
	// Class is the key of the window class: all that decides at which hours a
	// marketing text may reach the number. "" without a number.
	Class string `cbor:"20,keyasint,omitempty"`
	// ChangedBy is the import that wrote the contact last, and zero as soon as
	// anybody else did: an import is undone only where nobody has worked since.
	ChangedBy ID `cbor:"21,keyasint,omitempty"`
	// Source is how the contact came to us: agent, api, import, sms, website.
	Source string `cbor:"22,keyasint,omitempty"`
	// Held is set while the contact's number waits for a person to decide
	// whether a text from it was an opt-out; see IsHeld.
	Held *Hold `cbor:"26,keyasint,omitempty"`
	// LastSeenAt is the last sign of the person that we know of, and LastRepliedAt
	// when they last wrote to us, on any channel.
	LastSeenAt    time.Time `cbor:"27,keyasint,omitzero"`
	LastRepliedAt time.Time `cbor:"28,keyasint,omitzero"`
}

// IsHeld tells whether marketing texts to the contact are held back. A hold is
// of the number: who gets another one is not held.
func (c Contact) IsHeld() bool { return c.Held != nil && c.Phone != "" && c.Held.Number == c.Phone }

// FirstName is the first word of the name.
func (c Contact) FirstName() string {
	first, _, _ := strings.Cut(strings.TrimSpace(c.Name), " ")
	return first
}

// Label names the contact for people: by name, else e-mail, else number.
func (c Contact) Label() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Email != "":
		return c.Email
	}
	return c.Phone
}

// ConsentEntry is one line of the consent history, which is only ever added
// to. It names the number that the person had at the time, for a number moves
// on to other people.
type ConsentEntry struct {
	ID        ID      `cbor:"1,keyasint"`
	ContactID ID      `cbor:"2,keyasint"`
	Number    string  `cbor:"3,keyasint,omitempty"`
	Consent   Consent `cbor:"4,keyasint"`
}

// OptOutEntry is one line of the history of a number's opt-outs and opt-ins.
type OptOutEntry struct {
	ID ID `cbor:"1,keyasint"`
	// Out is true for an opt-out and false for an opt-in.
	Out    bool   `cbor:"2,keyasint"`
	OptOut OptOut `cbor:"3,keyasint"`
	// Review says that it is neither: the number was held back for a person to
	// decide (Out), or let go again.
	Review bool `cbor:"4,keyasint,omitempty"`
}

// HoldKind is what a text that was held for review may mean.
type HoldKind string

// The kinds of a hold.
const (
	HoldOptOut      HoldKind = "opt_out"      // possibly wants no more texts
	HoldWrongNumber HoldKind = "wrong_number" // possibly somebody else
)

// Hold keeps marketing texts from a number until a person has decided what a
// text from it meant.
type Hold struct {
	Number string    `cbor:"1,keyasint" json:"number"`
	Kind   HoldKind  `cbor:"2,keyasint" json:"kind"`
	At     time.Time `cbor:"3,keyasint" json:"at"`
	Text   string    `cbor:"4,keyasint" json:"text"` // what the person wrote
	// CampaignID is the campaign that it answered, if any.
	CampaignID ID `cbor:"5,keyasint,omitempty" json:"campaign_id,omitzero"`
}

// Verdict is what a person decides about a Hold.
type Verdict string

// The verdicts.
const (
	VerdictOptOut      Verdict = "opt_out"      // no more campaign texts to the number
	VerdictKeep        Verdict = "keep"         // it meant something else
	VerdictWrongNumber Verdict = "wrong_number" // no more campaign texts, and the contact has another number
)

// Tag is a word that groups contacts.
type Tag struct {
	Name string `cbor:"1,keyasint" json:"name"`
	// Count is how many contacts have it.
	Count int64 `cbor:"2,keyasint" json:"count"`
	// MovedTo is the tag that this one was renamed to. The old name goes on to
	// mean the new one, so that campaigns and files that say it keep working.
	MovedTo string `cbor:"3,keyasint,omitempty" json:"-"`
	// From are the names that were given up for this one and that contacts still
	// have, until all of them are moved.
	From []string `cbor:"5,keyasint,omitempty" json:"-"`
	// Deleting is set while the tag is taken off its contacts.
	Deleting bool `cbor:"4,keyasint,omitempty" json:"-"`
}

// Consent is what a person allowed, or withdrew, for marketing texts.
type Consent struct {
	State  ConsentState `cbor:"1,keyasint" json:"state"`
	Source string       `cbor:"2,keyasint,omitempty" json:"source,omitempty"` // where it was asked: "web form", "import: fair.csv"
	At     time.Time    `cbor:"3,keyasint" json:"at"`
	By     ID           `cbor:"4,keyasint,omitempty" json:"by,omitzero"` // the user who recorded it
	Text   string       `cbor:"5,keyasint,omitempty" json:"text,omitempty"`
}

// MayLose tells whether a text that was right for the contact as it was may be
// wrong for it as it is now.
func (c Contact) MayLose(now Contact) bool {
	return c.Phone != now.Phone || c.Class != now.Class || c.BadNumber != now.BadNumber || c.CannotText != now.CannotText ||
		c.Consent.State == ConsentGranted && now.Consent.State != ConsentGranted
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
	SkipHeld           SkipReason = "held_for_review"
	SkipNoConsent      SkipReason = "no_consent"
	SkipBlockedCountry SkipReason = "blocked_country"
	SkipRecentlyTexted SkipReason = "texted_recently"
	SkipCancelled      SkipReason = "cancelled"
)

// SkipReasons lists every reason in order.
var SkipReasons = []SkipReason{SkipDeleted, SkipNoNumber, SkipInvalidNumber, SkipCannotText, SkipOptedOut,
	SkipHeld, SkipNoConsent, SkipBlockedCountry, SkipRecentlyTexted, SkipCancelled}
