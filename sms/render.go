package sms

import (
	"errors"
	"strings"
	"sync"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

// templateCache keeps the compiled texts of the campaigns that send.
type templateCache struct {
	mu    sync.Mutex
	known map[string]*wording.Template
}

// maxTemplates bounds the cache; past it, it starts anew.
const maxTemplates = 100

func (c *templateCache) get(message string) (*wording.Template, error) {
	c.mu.Lock()
	t := c.known[message]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := parseTemplate(message)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxTemplates || c.known == nil {
		c.known = make(map[string]*wording.Template)
	}
	c.known[message] = t
	return t, nil
}

// withFooter appends the account's footer, on a line of its own, to a marketing
// text. Link gives the address of the opt-out page, if the footer has it.
func withFooter(account liadesk.Account, text string, purpose liadesk.Purpose, link func() (string, error)) (string, error) {
	footer := account.Settings.Footer
	if purpose == liadesk.PurposeTransactional || footer == "" {
		return text, nil
	}
	if liadesk.FooterLink.MatchString(footer) {
		address, err := link()
		if err != nil {
			return "", err
		}
		footer = liadesk.FooterLink.ReplaceAllLiteralString(footer, address)
	}
	return text + "\n" + footer, nil
}

// Wording is what a campaign says, before it is filled in.
type Wording struct {
	Message string
	Purpose liadesk.Purpose
	Fold    bool // see liadesk.SMSCampaign
	First   bool // no campaign of the account has texted the number before
}

// WordingOf is what a campaign says to somebody whom none has texted before, or
// to anybody else.
func WordingOf(c liadesk.SMSCampaign, first bool) Wording {
	return Wording{Message: c.Message, Purpose: c.Purpose, Fold: c.Fold, First: first}
}

// Render is the text of a campaign for one person, as it is handed over.
func (s *Service) Render(account liadesk.Account, w Wording, person liadesk.Contact) (string, error) {
	return s.render(account, w, person, func() (string, error) { return s.OptOutLink(account, person.Phone) })
}

func (s *Service) render(account liadesk.Account, w Wording, person liadesk.Contact, link func() (string, error)) (string, error) {
	t, err := s.templates.get(w.Message)
	if err != nil {
		return "", err
	}
	v := wording.Vars{Contact: person, AccountName: account.Name}
	if t.Uses(optOutLink) {
		address, err := link()
		if err != nil {
			return "", err
		}
		v.Also = map[string]string{optOutLink: address}
	}
	text, err := render(t, v)
	if err != nil {
		return "", err
	}
	if w.First {
		text = introduced(account, text, w.Purpose)
	}
	if text, err = withFooter(account, text, w.Purpose, link); err != nil {
		return "", err
	}
	text = Normalise(text)
	if w.Fold {
		text = folded(text)
	}
	return text, nil
}

// introduced begins a text with the account's name, if the account wants that
// and neither the text nor the footer says it.
func introduced(account liadesk.Account, text string, purpose liadesk.Purpose) string {
	name := strings.TrimSpace(account.Name)
	said := strings.ToLower(text)
	if purpose != liadesk.PurposeTransactional {
		said += "\n" + strings.ToLower(account.Settings.Footer)
	}
	if !account.Settings.Introduce || name == "" || strings.Contains(said, strings.ToLower(name)) {
		return text
	}
	return name + ": " + text
}

// folded is a text without accents and typographic signs, if that makes it fewer
// segments.
func folded(text string) string {
	m := Measure(text)
	if m.Encoding == GSM7 || m.Segments < 2 {
		return text // as short as a text can be
	}
	plain, _ := GSMSafe(text, true)
	if Measure(plain).Segments < m.Segments {
		return plain
	}
	return text
}

// Sample is the person that stands for all while a text is written: the name is
// as long as names mostly are at most, and in an alphabet of its own only where
// the text is too.
func Sample() liadesk.Contact {
	return liadesk.Contact{
		Name: "Alexandrina Montgomery", Email: "alexandrina@example.com", Phone: "+12025550123",
		Country: "US", Language: "en",
	}
}

// measureTemplate measures a text with its variables filled in by the sample.
// Whatever a real person makes of it is measured again before it is sent.
func (s *Service) measureTemplate(account liadesk.Account, message string, purpose liadesk.Purpose) (Measurement, error) {
	t, err := parseTemplate(message)
	if err != nil {
		return Measurement{}, err
	}
	person := Sample()
	person.Attributes = make(map[string]string)
	for _, name := range t.Variables() {
		if attribute, ok := strings.CutPrefix(name, wording.Attributes); ok {
			person.Attributes[attribute] = "Montgomery"
		}
	}
	text, err := render(t, wording.Vars{Contact: person, AccountName: account.Name, Also: map[string]string{optOutLink: s.sampleLink()}})
	if err != nil {
		return Measurement{}, err
	}
	m := Measure(text)
	if m.Segments == 0 {
		return m, nil // a footer alone is no text
	}
	text = introduced(account, text, purpose) // the longest that it may be
	text, err = withFooter(account, text, purpose, func() (string, error) { return s.sampleLink(), nil })
	return Measure(text), err
}

// measureTemplateOffering is measureTemplate, with a cheaper way to write the
// template if there is one.
func (s *Service) measureTemplateOffering(account liadesk.Account, message string, purpose liadesk.Purpose) (Measurement, error) {
	m, err := s.measureTemplate(account, message, purpose)
	if err != nil {
		return m, err
	}
	m.Safe = saferText(message, m, func(text string) (Measurement, error) { return s.measureTemplate(account, text, purpose) })
	return m, nil
}

// addTemplate says in fields what is wrong with a template.
func addTemplate(v *liadesk.Invalid, err error) {
	if errors.Is(err, wording.ErrRenderedTooLong) {
		v.Add("message", "too_long", "Max", maxMessage)
		return
	}
	e, ok := errors.AsType[*wording.Error](err)
	if !ok {
		v.Add("message", "template")
		return
	}
	for _, p := range e.Problems {
		v.Add("message", "template_"+string(p.Kind), "Name", p.Name)
	}
}
