package sms

import (
	"errors"
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
// text.
func withFooter(account liadesk.Account, text string, purpose liadesk.Purpose) string {
	if purpose == liadesk.PurposeTransactional || account.Settings.Footer == "" {
		return text
	}
	return text + "\n" + account.Settings.Footer
}

// Render is the text of a campaign for one person, as it is handed over.
func (s *Service) Render(account liadesk.Account, message string, purpose liadesk.Purpose, person liadesk.Contact) (string, error) {
	t, err := s.templates.get(message)
	if err != nil {
		return "", err
	}
	text, err := t.Render(Vars{Contact: person, AccountName: account.Name})
	if err != nil {
		return "", err
	}
	return Normalise(withFooter(account, text, purpose)), nil
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
func measureTemplate(account liadesk.Account, message string, purpose liadesk.Purpose) (Measurement, error) {
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
	text, err := t.Render(Vars{Contact: person, AccountName: account.Name})
	if err != nil {
		return Measurement{}, err
	}
	m := Measure(text)
	if m.Segments == 0 {
		return m, nil // a footer alone is no text
	}
	return Measure(withFooter(account, text, purpose)), nil
}

// measureTemplateOffering is measureTemplate, with a cheaper way to write the
// template if there is one.
func measureTemplateOffering(account liadesk.Account, message string, purpose liadesk.Purpose) (Measurement, error) {
	m, err := measureTemplate(account, message, purpose)
	if err != nil {
		return m, err
	}
	m.Safe = saferText(message, m, func(s string) (Measurement, error) { return measureTemplate(account, s, purpose) })
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
