package contacts

import (
	"cmp"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// The bounds of a contact, in characters unless they count things.
const (
	MaxName           = 200
	MaxEmail          = 254 // bytes: RFC 5321 §4.5.3.1.3 less the angle brackets
	MaxTag            = 50
	MaxContactTags    = 50
	MaxAttributes     = 50
	MaxAttributeName  = 40
	MaxAttributeValue = 1000
	MaxSource         = 200
	maxSearch         = 200
)

// Input is a contact as a person or a program writes it.
type Input struct {
	Name       string
	Phone      string // any way of writing it; without a country code the account's region is meant
	Email      string
	Tags       []string
	Attributes map[string]string
	TimeZone   string // IANA
	Language   string // BCP 47
	Country    string // ISO 3166-1 alpha-2; "" takes the number's
	Consent    *ConsentInput
	Source     string // how the contact came to us: SourceTeam, SourceAPI, SourceWebsite
}

// ConsentInput records what a person allowed. It is never assumed and never
// pre-ticked: whoever grants it says where the person was asked.
type ConsentInput struct {
	Granted bool
	Source  string    // required when granted: "web form", "at the till"
	At      time.Time // when the person was asked; zero means now
	Text    string    // the wording, if known
}

// Patch changes a contact; nil leaves a field as it is.
type Patch struct {
	Name, Phone, Email          *string
	Tags                        *[]string
	TimeZone, Language, Country *string
	// Attributes replaces all of them, SetAttributes some: nil values go.
	Attributes    *map[string]string
	SetAttributes map[string]*string
	Consent       *ConsentInput
	// Version is the one that the change was made from; 0 saves over any.
	Version uint64
}

// fill checks the input and writes it into a contact.
func (in Input) fill(v *liadesk.Invalid, c *liadesk.Contact, region string) {
	c.Source = in.Source
	c.Name = cleanName(v, in.Name)
	c.Email = cleanEmail(v, in.Email)
	c.Tags = cleanTags(v, in.Tags)
	c.Attributes = cleanAttributes(v, in.Attributes)
	c.TimeZone = cleanZone(v, in.TimeZone)
	c.Language = cleanLanguage(v, in.Language)
	c.Country = cleanCountry(v, in.Country)
	cleanPhone(v, c, in.Phone, region)
}

// apply is the contact that a patch makes of an old one.
func (p Patch) apply(v *liadesk.Invalid, old liadesk.Contact, region string) liadesk.Contact {
	c := old
	if p.Name != nil {
		c.Name = cleanName(v, *p.Name)
	}
	if p.Email != nil {
		c.Email = cleanEmail(v, *p.Email)
	}
	if p.Tags != nil {
		c.Tags = cleanTags(v, *p.Tags)
	}
	if p.Attributes != nil {
		c.Attributes = cleanAttributes(v, *p.Attributes)
	}
	if p.SetAttributes != nil {
		merged := maps.Clone(c.Attributes)
		if merged == nil {
			merged = map[string]string{}
		}
		for name, value := range p.SetAttributes {
			if value == nil {
				delete(merged, liadesk.StoredAttribute(name))
			} else {
				merged[cmp.Or(liadesk.StoredAttribute(name), name)] = *value
			}
		}
		c.Attributes = cleanAttributes(v, merged)
	}
	if p.TimeZone != nil {
		c.TimeZone = cleanZone(v, *p.TimeZone)
	}
	if p.Language != nil {
		c.Language = cleanLanguage(v, *p.Language)
	}
	if p.Country != nil {
		c.Country = cleanCountry(v, *p.Country)
	}
	typed := old.Phone
	if p.Phone != nil {
		typed = *p.Phone
	}
	switch {
	case typed != old.Phone:
		cleanPhone(v, &c, typed, region)
	case c.Phone != "" && (c.TimeZone != old.TimeZone || c.Country == ""):
		// A number that the plans do not know (kept as the carrier gave it)
		// must not stop an edit of the name.
		n, err := phone.Parse(c.Phone, "")
		if err == nil && c.Country == "" {
			c.Country = n.Country
		}
		c.Class = phone.ClassOf(c.Phone, c.TimeZone).Key
	}
	return c
}

// touch marks a contact as changed, by an import or by anybody else.
func touch(c *liadesk.Contact, importID liadesk.ID, now time.Time) {
	c.Version++
	c.UpdatedAt = now
	c.ChangedBy = importID
}

// required refuses a contact of whom nothing is known.
func required(v *liadesk.Invalid, c liadesk.Contact) {
	if c.Name == "" && c.Phone == "" && c.Email == "" && !v.Has("phone") && !v.Has("email") && !v.Has("name") {
		v.Add("name", "contact_empty")
	}
}

// cleanPhone reads a number and what follows from it. Without a country of
// their own contacts get the number's.
func cleanPhone(v *liadesk.Invalid, c *liadesk.Contact, raw, region string) {
	old := c.Phone
	c.Phone, c.PhoneKind, c.CannotText, c.Class = "", "", false, ""
	if strings.TrimSpace(raw) == "" {
		c.BadNumber = ""
		return
	}
	n, err := phone.Parse(raw, region)
	if err != nil {
		args := []any{}
		if before, after, ok := phone.Suggest(raw, region); ok {
			args = append(args, "Before", phone.Format(before), "After", phone.Format(after))
		}
		v.Add("phone", string(phone.ReasonOf(err)), args...)
		return
	}
	setNumber(c, n)
	if c.Phone != old {
		c.BadNumber = ""
	}
}

func setNumber(c *liadesk.Contact, n phone.Number) {
	c.Phone, c.PhoneKind, c.CannotText = n.E164, n.Kind.String(), !n.CanText()
	c.Class = n.Class(c.TimeZone).Key
	if c.Country == "" {
		c.Country = n.Country
	}
}

// line makes one line of a text.
func line(s string) string { return liadesk.OneLine(s) }

func clip(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return string([]rune(s)[:max])
}

func tooLong(v *liadesk.Invalid, field, s string, max int) bool {
	if n := utf8.RuneCountInString(s); n > max {
		v.Add(field, "too_long", "Max", max, "Count", n)
		return true
	}
	return false
}

func cleanName(v *liadesk.Invalid, s string) string {
	s = line(s)
	tooLong(v, "name", s, MaxName)
	return s
}

func cleanEmail(v *liadesk.Invalid, s string) string {
	s = strings.TrimPrefix(line(s), "mailto:")
	if s == "" {
		return ""
	}
	if len(s) > MaxEmail {
		v.Add("email", "too_long", "Max", MaxEmail, "Count", len(s))
		return s
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		v.Add("email", "bad_email")
	}
	return s
}

// soughtTag is a tag to look for. What is longer than any tag stays so, but not
// too long for a key.
func soughtTag(s string) string { return clip(liadesk.FoldTag(s), MaxTag+1) }

func cleanTag(v *liadesk.Invalid, field, s string) string {
	tag := liadesk.FoldTag(s)
	switch {
	case tag == "":
		v.Add(field, "required")
	case strings.ContainsAny(tag, ",;"):
		v.Add(field, "bad_tag")
	default:
		tooLong(v, field, tag, MaxTag)
	}
	return tag
}

func cleanTags(v *liadesk.Invalid, list []string) []string {
	tags := make([]string, 0, len(list))
	for _, s := range list {
		if line(s) == "" {
			continue
		}
		tags = append(tags, cleanTag(v, "tags", s))
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	if len(tags) > MaxContactTags {
		v.Add("tags", "too_many", "Max", MaxContactTags)
	}
	if len(tags) == 0 {
		return nil
	}
	return tags
}

func cleanAttributes(v *liadesk.Invalid, in map[string]string) map[string]string {
	out := make(map[string]string, len(in))
	for _, raw := range sortedKeys(in) {
		name, value := liadesk.AttributeName(raw), strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(in[raw], ""), "\x00", ""))
		field := "attributes." + name
		switch {
		case name == "":
			v.Add("attributes", "bad_attribute", "Name", clip(raw, MaxAttributeName))
		case len(name) > MaxAttributeName:
			v.Add("attributes", "attribute_name_too_long", "Name", clip(raw, MaxAttributeName), "Max", MaxAttributeName)
		case value == "":
		default:
			tooLong(v, field, value, MaxAttributeValue)
			out[name] = value
		}
	}
	if len(out) > MaxAttributes {
		v.Add("attributes", "too_many", "Max", MaxAttributes)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func cleanZone(v *liadesk.Invalid, s string) string {
	if s = line(s); s == "" {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" || len(s) > 64 {
		v.Add("time_zone", "bad_time_zone")
	}
	return s
}

func cleanLanguage(v *liadesk.Invalid, s string) string {
	if s = line(s); s == "" {
		return ""
	}
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und {
		v.Add("language", "bad_language")
		return clip(s, 40)
	}
	return tag.String()
}

func cleanCountry(v *liadesk.Invalid, s string) string {
	if s = strings.ToUpper(line(s)); s == "" {
		return ""
	}
	r, err := language.ParseRegion(s)
	if err != nil || !r.IsCountry() || len(s) > 3 {
		v.Add("country", "bad_country")
		return clip(s, 40)
	}
	return r.Canonicalize().String() // UK is GB
}

// fill checks and records consent. A nil input changes nothing. What is
// recorded already, from the same source, is not recorded again.
func (in *ConsentInput) fill(v *liadesk.Invalid, c *liadesk.Contact, by liadesk.ID, now time.Time) {
	if in == nil {
		return
	}
	source := line(in.Source)
	if in.Granted && source == "" {
		v.Add("sms_consent.source", "required")
	}
	tooLong(v, "sms_consent.source", source, MaxSource)
	text := strings.TrimSpace(strings.ToValidUTF8(in.Text, ""))
	tooLong(v, "sms_consent.text", text, MaxAttributeValue)
	at := in.At.UTC()
	switch {
	case in.At.IsZero():
		at = now
	case at.After(now.Add(5 * time.Minute)):
		v.Add("sms_consent.at", "in_the_future")
	case at.After(now):
		at = now // a clock that runs a little ahead
	}
	state := liadesk.ConsentRefused
	if in.Granted {
		state = liadesk.ConsentGranted
	}
	if c.Consent.State == state && c.Consent.Source == source && (in.At.IsZero() || c.Consent.At.Equal(at)) {
		return
	}
	c.Consent = liadesk.Consent{State: state, Source: source, At: at, By: by, Text: text}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
