package handlers

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// contactJSON is a contact as the API shows it.
type contactJSON struct {
	ID         liadesk.ID        `json:"id"`
	Name       string            `json:"name"`
	Phone      string            `json:"phone"`
	Email      string            `json:"email"`
	Tags       []string          `json:"tags"`
	Attributes map[string]string `json:"attributes"`
	TimeZone   string            `json:"time_zone"`
	Language   string            `json:"language"`
	Country    string            `json:"country"`
	// PhoneKind is mobile, fixed_or_mobile, fixed …; "" without a number.
	PhoneKind  string `json:"phone_kind"`
	CannotText bool   `json:"cannot_receive_texts"`
	BadNumber  string `json:"bad_number,omitempty"` // the carrier's code
	// SMSConsent is null while nobody was asked.
	SMSConsent *consentJSON `json:"sms_consent"`
	OptedOut   bool         `json:"opted_out"`
	CreatedAt  time.Time    `json:"created_at"`
	// LastSeenAt is the last sign of the person, LastRepliedAt when they last
	// wrote; null if never.
	LastSeenAt    *time.Time `json:"last_seen_at"`
	LastRepliedAt *time.Time `json:"last_replied_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
	Version       uint64     `json:"version"`
}

type consentJSON struct {
	Granted bool      `json:"granted"`
	Source  string    `json:"source"`
	At      time.Time `json:"at"`
	Text    string    `json:"text,omitempty"`
}

func showContact(v contacts.View) contactJSON {
	out := contactJSON{ID: v.ID, Name: v.Name, Phone: v.Phone, Email: v.Email, Tags: v.Tags, Attributes: v.Attributes, TimeZone: v.TimeZone,
		Language: v.Language, Country: v.Country, PhoneKind: v.PhoneKind, CannotText: v.CannotText, BadNumber: v.BadNumber,
		OptedOut: v.OptOut != nil, LastSeenAt: moment(v.LastSeenAt), LastRepliedAt: moment(v.LastRepliedAt), CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Version: v.Version}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	if out.Attributes == nil {
		out.Attributes = map[string]string{}
	}
	if v.Consent.State != liadesk.ConsentUnknown {
		out.SMSConsent = &consentJSON{Granted: v.Consent.State == liadesk.ConsentGranted, Source: v.Consent.Source, At: v.Consent.At, Text: v.Consent.Text}
	}
	return out
}

// contactInput is what POST and PATCH take. Attributes are set one by one;
// null takes one away.
type contactInput struct {
	Name       *string                   `json:"name"`
	Phone      *string                   `json:"phone"`
	Email      *string                   `json:"email"`
	Tags       *[]string                 `json:"tags"`
	Attributes map[string]*attributeText `json:"attributes"`
	TimeZone   *string                   `json:"time_zone"`
	Language   *string                   `json:"language"`
	Country    *string                   `json:"country"`
	SMSConsent *struct {
		Granted bool            `json:"granted"`
		Source  string          `json:"source"`
		At      part[time.Time] `json:"at"`
		Text    string          `json:"text"`
	} `json:"sms_consent"`
	Version uint64 `json:"version"`
}

// attributeText is the value of an attribute: a text, or a number, or yes and no,
// which are kept as JSON writes them.
type attributeText string

// UnmarshalJSON reads a value.
func (t *attributeText) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	var is bool
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = attributeText(s)
	case json.Unmarshal(b, &n) == nil, json.Unmarshal(b, &is) == nil:
		*t = attributeText(b)
	default:
		return &json.UnmarshalTypeError{Value: "what is no single value", Type: reflect.TypeFor[string]()}
	}
	return nil
}

func (in contactInput) consent() *contacts.ConsentInput {
	if in.SMSConsent == nil {
		return nil
	}
	return &contacts.ConsentInput{Granted: in.SMSConsent.Granted, Source: in.SMSConsent.Source, At: in.SMSConsent.At.Value, Text: in.SMSConsent.Text}
}

func (in contactInput) patch() contacts.Patch {
	var set map[string]*string
	if in.Attributes != nil {
		set = make(map[string]*string, len(in.Attributes))
		for name, value := range in.Attributes {
			set[name] = (*string)(value)
		}
	}
	return contacts.Patch{Name: in.Name, Phone: in.Phone, Email: in.Email, Tags: in.Tags, TimeZone: in.TimeZone, Language: in.Language,
		Country: in.Country, SetAttributes: set, Consent: in.consent(), Version: in.Version}
}

func (in contactInput) whole() contacts.Input {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	out := contacts.Input{Name: text(in.Name), Phone: text(in.Phone), Email: text(in.Email), TimeZone: text(in.TimeZone),
		Language: text(in.Language), Country: text(in.Country), Consent: in.consent(), Attributes: map[string]string{}, Source: contacts.SourceAPI}
	if in.Tags != nil {
		out.Tags = *in.Tags
	}
	for name, value := range in.Attributes {
		if value != nil {
			out.Attributes[name] = string(*value)
		}
	}
	return out
}

func (s *Server) apiListContacts(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	list, err := s.Contacts.List(c.UserContext(), actor(c), contacts.Query{Tag: c.Query("tag"), Text: c.Query("q"), Page: db.Page{After: after, Limit: limit}})
	if err != nil {
		return err
	}
	items := make([]contactJSON, len(list.Items))
	for i, v := range list.Items {
		items[i] = showContact(v)
	}
	return sendList(c, items, list.Next)
}

func (s *Server) apiCreateContact(c *fiber.Ctx) error {
	var in contactInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	made, err := s.Contacts.Create(c.UserContext(), actor(c), in.whole())
	if err != nil {
		return err
	}
	v, err := s.Contacts.Get(c.UserContext(), actor(c), made.ID)
	if err != nil {
		return err
	}
	return created(c, showContact(v))
}

func (s *Server) apiGetContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	v, err := s.Contacts.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(showContact(v))
}

func (s *Server) apiEditContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in contactInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if _, err := s.Contacts.Update(c.UserContext(), actor(c), id, in.patch()); err != nil {
		return err
	}
	return s.apiGetContact(c)
}

func (s *Server) apiDeleteContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Contacts.Delete(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}

// consentEntryJSON is a line of the consent history.
type consentEntryJSON struct {
	ID      liadesk.ID           `json:"id"`
	Phone   string               `json:"phone"`
	State   liadesk.ConsentState `json:"state"`
	Source  string               `json:"source"`
	At      time.Time            `json:"at"`
	UserID  liadesk.ID           `json:"user_id,omitzero"`
	Wording string               `json:"text,omitempty"`
}

func (s *Server) apiContactConsent(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	list, err := s.Contacts.ConsentHistory(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return sendPage(c, list, func(e liadesk.ConsentEntry) liadesk.ID { return e.ID }, func(e liadesk.ConsentEntry) consentEntryJSON {
		return consentEntryJSON{ID: e.ID, Phone: e.Number, State: e.Consent.State, Source: e.Consent.Source, At: e.Consent.At, UserID: e.Consent.By, Wording: e.Consent.Text}
	})
}
