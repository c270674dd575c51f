package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// contactRow is a contact as lists and pages show it.
type contactRow struct {
	contacts.View
	Number string // the phone as people write it
}

func contactRowOf(v contacts.View) contactRow {
	return contactRow{View: v, Number: phone.Format(v.Phone)}
}

// contactList is the list with what narrows it.
type contactList struct {
	Rows  []contactRow
	Total int64
	Any   bool // there are contacts at all
	Query string
	Tag   string
	Tags  []Option
	// Skip is the reason for which a campaign leaves these people out, and Who
	// the audience it speaks of; "" when the list is not narrowed so.
	Skip, Who string
	Clear     string   // the same list without that
	Next      string   // address of the next page
	Previous  string   // address of the first page, on later ones
	Hidden    []Option // what the search form carries along
}

// showContacts is the list, as a page and, while somebody types, as its rows.
// ?skip= and ?rule= narrow it to those whom an audience leaves out for a
// reason: the pages of SMS campaigns link here so that it can be mended.
func (s *Server) showContacts(c *fiber.Ctx) error {
	who := actor(c)
	list := contactList{Query: c.Query("q"), Tag: c.Query("tag")}
	q := contacts.Query{Text: list.Query, Tag: list.Tag, Page: db.Page{After: c.Query("after")}}
	if err := s.narrowByAudience(c, &list, &q); err != nil {
		return err
	}
	page, err := s.Contacts.List(c.UserContext(), who, q)
	if err != nil {
		return err
	}
	tags, err := s.Contacts.Tags(c.UserContext(), who)
	if err != nil {
		return err
	}
	list.Total, list.Any = int64(page.Total), page.Any
	for _, v := range page.Items {
		list.Rows = append(list.Rows, contactRowOf(v))
	}
	list.Tags = append(list.Tags, Option{Label: s.t(c, "contacts.all_tags")})
	for _, t := range tags {
		list.Tags = append(list.Tags, Option{Value: t.Name, Label: t.Name})
	}
	address := func(after string) string {
		values := url.Values{}
		for _, name := range []string{"q", "tag", "skip", "rule", "purpose"} {
			if v := c.Query(name); v != "" {
				values.Set(name, v)
			}
		}
		if after != "" {
			values.Set("after", after)
		}
		if len(values) == 0 {
			return "/contacts"
		}
		return "/contacts?" + values.Encode()
	}
	if page.Next != "" {
		list.Next = address(page.Next)
	}
	if c.Query("after") != "" {
		list.Previous = address("")
	}
	return s.respond(c, "contacts/list", "contacts/rows", Page{Title: s.t(c, "contacts.title"), Nav: "contacts", Data: list})
}

// narrowByAudience reads ?rule=, ?skip= and ?purpose=. The rule is JSON as in
// the API; without one everybody is meant.
func (s *Server) narrowByAudience(c *fiber.Ctx, list *contactList, q *contacts.Query) error {
	skip, text := c.Query("skip"), c.Query("rule")
	if skip == "" && text == "" {
		return nil
	}
	rule := liadesk.Rule{All: &[]liadesk.Rule{}}
	if text != "" {
		rule = liadesk.Rule{}
		if err := json.Unmarshal([]byte(text), &rule); err != nil {
			return liadesk.ErrNotFound
		}
	}
	if skip != "" && skip != string(audience.Reached) && !slices.Contains(liadesk.SkipReasons, liadesk.SkipReason(skip)) {
		return liadesk.ErrNotFound
	}
	within, err := s.Audience.Left(actor(c), rule, liadesk.Purpose(c.Query("purpose")), liadesk.SkipReason(skip))
	if err != nil {
		return err
	}
	q.Within = within
	list.Who, list.Clear = audience.Sentence(s.ruleSpeaker(c, s.localizer(c)), rule), "/contacts"
	if skip != "" {
		list.Skip = s.t(c, "audience.skip."+skip)
	}
	for _, name := range []string{"skip", "rule", "purpose"} {
		if v := c.Query(name); v != "" {
			list.Hidden = append(list.Hidden, Option{Value: v, Label: name})
		}
	}
	return nil
}

// contactForm is the form of a contact, new or known, as it was typed.
type contactForm struct {
	ID         liadesk.ID
	Version    uint64
	Name       string
	Phone      string
	Email      string
	Tags       string // separated by commas
	Attributes string // a line each: name: value
	TimeZone   string
	Language   string
	Country    string
	// Consent is asked for with a new contact only; later it has a form of its
	// own. It is never ticked beforehand.
	Consent       bool
	ConsentSource string

	Zones, Countries []Option
	KnownTags        []liadesk.Tag
	Conflict         []conflictLine
	Taken            liadesk.ID // who has the number
}

func readContactForm(c *fiber.Ctx) contactForm {
	return contactForm{Name: c.FormValue("name"), Phone: c.FormValue("phone"), Email: c.FormValue("email"), Tags: c.FormValue("tags"),
		Attributes: c.FormValue("attributes"), TimeZone: c.FormValue("time_zone"), Language: c.FormValue("language"),
		Country: c.FormValue("country"), Consent: c.FormValue("consent") != "", ConsentSource: c.FormValue("consent_source"),
		Version: formVersion(c)}
}

// attributes reads "name: value" lines; a line without a colon is a name that
// has no value yet, and is refused as a value without a name.
func (f contactForm) attributes() map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(f.Attributes, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			name, value = "?", line
		}
		out[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out
}

func contactFormOf(v contacts.View) contactForm {
	f := contactForm{ID: v.ID, Version: v.Version, Name: v.Name, Phone: phone.Format(v.Phone), Email: v.Email,
		Tags: strings.Join(v.Tags, ", "), TimeZone: v.TimeZone, Language: v.Language, Country: v.Country}
	lines := make([]string, 0, len(v.Attributes))
	for name, value := range v.Attributes {
		lines = append(lines, name+": "+strings.ReplaceAll(value, "\n", " "))
	}
	slices.Sort(lines)
	f.Attributes = strings.Join(lines, "\n")
	return f
}

// contactFormPage adds what the form offers to choose from.
func (s *Server) contactFormPage(c *fiber.Ctx, f contactForm) (Page, error) {
	tags, err := s.Contacts.Tags(c.UserContext(), actor(c))
	if err != nil {
		return Page{}, err
	}
	f.KnownTags = tags[:min(len(tags), 12)]
	f.Zones = append([]Option{{Label: s.t(c, "contacts.zone_unknown")}}, zoneOptions(f.TimeZone)...)
	f.Countries = append([]Option{{Label: s.t(c, "contacts.country_of_number")}}, s.regionOptions(c)[1:]...)
	title := s.t(c, "contacts.new")
	if !f.ID.IsZero() {
		title = s.t(c, "contacts.edit_title", "Name", f.Name)
	}
	return Page{Title: title, Nav: "contacts", Data: f}, nil
}

func (s *Server) newContact(c *fiber.Ctx) error {
	page, err := s.contactFormPage(c, contactForm{Tags: c.Query("tag"), Phone: c.Query("phone")})
	if err != nil {
		return err
	}
	return s.page(c, "contacts/new", page)
}

func (s *Server) createContact(c *fiber.Ctx) error {
	f := readContactForm(c)
	in := contacts.Input{Name: f.Name, Phone: f.Phone, Email: f.Email, Tags: splitTags(f.Tags), Attributes: f.attributes(),
		TimeZone: f.TimeZone, Language: f.Language, Country: f.Country, Source: contacts.SourceTeam}
	if f.Consent {
		in.Consent = &contacts.ConsentInput{Granted: true, Source: f.ConsentSource}
	}
	made, err := s.Contacts.Create(c.UserContext(), actor(c), in)
	if err != nil {
		return s.refuseContact(c, err, f, "contacts/new", "contacts/form")
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.created", "Name", made.Label()))
	return s.redirect(c, "/contacts/"+made.ID.String())
}

// refuseContact shows the form again: with what is wrong, with who has the
// number, or with what somebody else saved in the meantime.
func (s *Server) refuseContact(c *fiber.Ctx, err error, f contactForm, whole, part string) error {
	e, _ := errors.AsType[*liadesk.Error](err)
	switch {
	case e != nil && e.Code == contacts.CodePhoneTaken:
		f.Taken, _ = e.Args["contact_id"].(liadesk.ID)
		page, err := s.contactFormPage(c, f)
		if err != nil {
			return err
		}
		page.Errors = Problems{{"phone", s.localizer(c).Error("", e.Code, e.Args)}}
		return s.respond(c.Status(http.StatusConflict), whole, part, page)
	case e != nil && e.Code == liadesk.CodeChanged:
		var changes []liadesk.Change
		changes, f.Version = e.Changes()
		for _, ch := range changes {
			label := s.t(c, "contacts.field.attribute", "Name", strings.TrimPrefix(ch.Field, "attributes."))
			if !strings.HasPrefix(ch.Field, "attributes.") {
				label = s.t(c, "contacts.field."+ch.Field)
			}
			f.Conflict = append(f.Conflict, conflictLine{label, s.words(c, ch.Theirs), s.words(c, ch.Yours)})
		}
		page, err := s.contactFormPage(c, f)
		if err != nil {
			return err
		}
		return s.respond(c.Status(http.StatusConflict), whole, part, page)
	case liadesk.KindOf(err) != liadesk.KindInvalid:
		return err
	}
	page, err2 := s.contactFormPage(c, f)
	if err2 != nil {
		return err2
	}
	return s.invalid(c, err, whole, part, page)
}

// contactPage is one contact with its history.
type contactPage struct {
	contactRow
	CountryName string
	Timeline    timelinePart
	Form        consentForm
}

// timelinePart is a piece of the history; More is where the next one is.
type timelinePart struct {
	Events []contacts.Event
	More   string
}

// consentForm records consent, or a number's opt-out.
type consentForm struct {
	ID      liadesk.ID
	Granted string // "yes", "no", "" while nothing was chosen
	Source  string
	Text    string
}

func (s *Server) contactPage(c *fiber.Ctx, id liadesk.ID) (Page, error) {
	v, err := s.Contacts.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return Page{}, err
	}
	part, err := s.timeline(c, id, "")
	if err != nil {
		return Page{}, err
	}
	data := contactPage{contactRow: contactRowOf(v), Timeline: part, Form: consentForm{ID: id}}
	if r, err := language.ParseRegion(v.Country); err == nil {
		data.CountryName = display.Regions(language.Make(locale(c))).Name(r)
	}
	return Page{Title: v.Label(), Nav: "contacts", Data: data}, nil
}

func (s *Server) timeline(c *fiber.Ctx, id liadesk.ID, after string) (timelinePart, error) {
	events, next, err := s.Contacts.Timeline(c.UserContext(), actor(c), id, db.Page{After: after, Limit: 20})
	part := timelinePart{Events: events}
	if next != "" {
		part.More = "/contacts/" + id.String() + "/timeline?after=" + url.QueryEscape(next)
	}
	return part, err
}

func (s *Server) showContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	page, err := s.contactPage(c, id)
	if err != nil {
		return err
	}
	return s.respond(c, "contacts/show", "contacts/card", page)
}

// showTimeline is the next piece of a history. Without scripts the contact's
// page is as far as it goes.
func (s *Server) showTimeline(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	part, err := s.timeline(c, id, c.Query("after"))
	if err != nil {
		return err
	}
	if !wantsFragment(c) {
		return s.redirect(c, "/contacts/"+id.String())
	}
	return s.fragment(c, "contacts/events", Page{Data: part})
}

func (s *Server) showContactForm(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	v, err := s.Contacts.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	page, err := s.contactFormPage(c, contactFormOf(v))
	if err != nil {
		return err
	}
	return s.respond(c, "contacts/edit", "contacts/form", page)
}

func (s *Server) editContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f := readContactForm(c)
	f.ID = id
	tags, attributes := splitTags(f.Tags), f.attributes()
	_, err = s.Contacts.Update(c.UserContext(), actor(c), id, contacts.Patch{Name: &f.Name, Phone: &f.Phone, Email: &f.Email, Tags: &tags,
		TimeZone: &f.TimeZone, Language: &f.Language, Country: &f.Country, Attributes: &attributes, Version: f.Version})
	if err != nil {
		return s.refuseContact(c, err, f, "contacts/edit", "contacts/form")
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.saved"))
	if !wantsFragment(c) {
		return s.redirect(c, "/contacts/"+id.String())
	}
	return s.showContact(c)
}

func (s *Server) deleteContact(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Contacts.Delete(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.deleted"))
	return s.redirect(c, "/contacts")
}

// recordConsent writes what the person said into the consent history.
func (s *Server) recordConsent(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f := consentForm{ID: id, Granted: c.FormValue("granted"), Source: c.FormValue("source"), Text: c.FormValue("text")}
	err = func() error {
		if f.Granted != "yes" && f.Granted != "no" {
			var v liadesk.Invalid
			v.Add("granted", "consent_unsaid")
			return v.Err()
		}
		_, err := s.Contacts.Update(c.UserContext(), actor(c), id, contacts.Patch{Consent: &contacts.ConsentInput{
			Granted: f.Granted == "yes", Source: f.Source, Text: f.Text}})
		return err
	}()
	if err != nil {
		page, pageErr := s.contactPage(c, id)
		if pageErr != nil {
			return pageErr
		}
		data := page.Data.(contactPage)
		data.Form = f
		page.Data = data
		return s.invalid(c, err, "contacts/show", "contacts/card", page)
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.consent.saved"))
	if !wantsFragment(c) {
		return s.redirect(c, "/contacts/"+id.String())
	}
	return s.showContact(c)
}
