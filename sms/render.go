package sms

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/liadesk/campaigns/liadesk"
)

// templateCache keeps the compiled texts of the campaigns that send.
type templateCache struct {
	mu    sync.Mutex
	known map[string]*Template
}

// maxTemplates bounds the cache; past it, it starts anew.
const maxTemplates = 100

func (c *templateCache) get(message string) (*Template, error) {
	c.mu.Lock()
	t := c.known[message]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := ParseTemplate(message)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxTemplates || c.known == nil {
		c.known = make(map[string]*Template)
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
	if footerLink.MatchString(footer) {
		address, err := link()
		if err != nil {
			return "", err
		}
		footer = footerLink.ReplaceAllLiteralString(footer, address)
	}
	return text + "\n" + footer, nil
}

// Render is the text of a campaign for one person, as it is handed over.
func (s *Service) Render(account liadesk.Account, message string, purpose liadesk.Purpose, person liadesk.Contact) (string, error) {
	return s.render(account, message, purpose, person, func() (string, error) {
		return s.OptOutLink(account, person.Phone)
	})
}

func (s *Service) render(account liadesk.Account, message string, purpose liadesk.Purpose, person liadesk.Contact, link func() (string, error)) (string, error) {
	t, err := s.templates.get(message)
	if err != nil {
		return "", err
	}
	v := Vars{Contact: person, AccountName: account.Name}
	if slices.Contains(t.used, optOutLink) {
		if v.OptOutLink, err = link(); err != nil {
			return "", err
		}
	}
	text, err := t.Render(v)
	if err != nil {
		return "", err
	}
	if text, err = withFooter(account, text, purpose, link); err != nil {
		return "", err
	}
	return Normalise(text), nil
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
	t, err := ParseTemplate(message)
	if err != nil {
		return Measurement{}, err
	}
	person := Sample()
	person.Attributes = make(map[string]string)
	for _, name := range t.Variables() {
		if attribute, ok := strings.CutPrefix(name, attributes); ok {
			person.Attributes[attribute] = "Montgomery"
		}
	}
	text, err := t.Render(Vars{Contact: person, AccountName: account.Name, OptOutLink: s.sampleLink()})
	if err != nil {
		return Measurement{}, err
	}
	m := Measure(text)
	if m.Segments == 0 {
		return m, nil // a footer alone is no text
	}
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
	if errors.Is(err, ErrRenderedTooLong) {
		v.Add("message", "too_long", "Max", maxMessage)
		return
	}
	e, ok := errors.AsType[*TemplateError](err)
	if !ok {
		v.Add("message", "template")
		return
	}
	for _, p := range e.Problems {
		v.Add("message", "template_"+string(p.Kind), "Name", p.Name)
	}
}
