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

func (c *templateCache) get(w Wording) (*wording.Template, error) {
	message := w.Message
	switch { // a message has none of these characters
	case w.TrackClicks && w.LinkSource != "":
		message = "\x01" + w.LinkSource
	case w.TrackClicks:
		message = "\x00" + message
	}
	c.mu.Lock()
	t := c.known[message]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := parseWording(w)
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
	// TrackClicks makes the links short; those of ClickCode 0 are samples.
	TrackClicks bool
	ClickCode   uint32
	LinkSource  string // the campaign's, "" for what was not scheduled yet
	sample      bool   // see AsSample
}

// AsSample is the wording with links that count for nobody and opt nobody out:
// as long as those that go out, and leading nowhere. What is shown to the team is
// a sample, for they may well tap it.
func (w Wording) AsSample() Wording {
	w.ClickCode, w.sample = 0, true
	return w
}

// AsWritten is the wording with its links as they were written.
func (w Wording) AsWritten() Wording {
	w.TrackClicks = false
	return w
}

// WordingOf is what a campaign says to somebody whom none has texted before, or
// to anybody else.
func WordingOf(c liadesk.SMSCampaign, first bool) Wording {
	return Wording{Message: c.Message, Purpose: c.Purpose, Fold: c.Fold, First: first, TrackClicks: c.TrackClicks, ClickCode: c.ClickCode, LinkSource: c.LinkSource}
}

// Render is the text of a campaign for one person, as it is handed over.
func (s *Service) Render(account liadesk.Account, w Wording, person liadesk.Contact) (string, error) {
	return s.render(account, w, person, func() (string, error) {
		if w.sample {
			return s.sampleLink(), nil
		}
		return s.OptOutLink(account, person.Phone)
	})
}

func (s *Service) render(account liadesk.Account, w Wording, person liadesk.Contact, link func() (string, error)) (string, error) {
	t, err := s.templates.get(w)
	if err != nil {
		return "", err
	}
	v := wording.Vars{Contact: person, AccountName: account.Name}
	if v.Also, err = s.addresses(t, w, person.Phone, link); err != nil {
		return "", err
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

// addresses are the values of those variables of a text that are addresses of
// ours, nil when it has none.
func (s *Service) addresses(t *wording.Template, w Wording, number string, link func() (string, error)) (map[string]string, error) {
	var also map[string]string
	add := func(name string, make func() (string, error)) error {
		if !t.Uses(name) {
			return nil
		}
		address, err := make()
		if also == nil {
			also = map[string]string{}
		}
		also[name] = address
		return err
	}
	if err := add(optOutLink, link); err != nil || !w.TrackClicks {
		return also, err
	}
	for i, name := range trackedLinks {
		if err := add(name, func() (string, error) { return s.trackedAddress(w.ClickCode, number, i) }); err != nil {
			return nil, err
		}
	}
	return also, nil
}

// isFirst tells whether a text of a campaign is the first of any that a number
// gets to read, by what it was texted: one that certainly did not reach it is
// none. Campaigns that texted it after this one do not matter.
func isFirst(texted []liadesk.Texted, campaign liadesk.ID) bool {
	for _, t := range texted {
		if t.CampaignID == campaign {
			break
		}
		if !t.Missed {
			return false
		}
	}
	return true
}

// folded is a text without accents and typographic signs, if that makes it fewer
// segments.
func folded(text string) string {
	m := Measure(text)
	if m.Encoding == GSM7 || m.Segments < 2 {
		return text // as short as a text can be
	}
	plain, _ := GSMSafe(text, true)
	if n := Measure(plain); n.Encoding == GSM7 && n.Segments < m.Segments {
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
func (s *Service) measureTemplate(account liadesk.Account, w Wording) (Measurement, error) {
	t, err := parseTemplate(w.Message)
	if err != nil {
		return Measurement{}, err
	}
	person := Sample()
	person.Attributes = make(map[string]string)
	for _, name := range t.Variables() {
		if attribute, ok := strings.CutPrefix(name, wording.Attributes); ok {
			person.Attributes[liadesk.AttributeName(attribute)] = "Montgomery"
		}
	}
	if t, err = parseWording(w); err != nil {
		return Measurement{}, err
	}
	sample := func() (string, error) { return s.sampleLink(), nil }
	v := wording.Vars{Contact: person, AccountName: account.Name}
	if v.Also, err = s.addresses(t, w.AsSample(), person.Phone, sample); err != nil {
		return Measurement{}, err
	}
	text, err := render(t, v)
	if err != nil {
		return Measurement{}, err
	}
	m := Measure(text)
	if m.Segments == 0 {
		return m, nil // a footer alone is no text
	}
	text = introduced(account, text, w.Purpose) // the longest that it may be
	if text, err = withFooter(account, text, w.Purpose, sample); w.Fold && err == nil {
		text = folded(Normalise(text))
	}
	return Measure(text), err
}

// measureTemplateOffering is measureTemplate, with a cheaper way to write the
// template if there is one.
func (s *Service) measureTemplateOffering(account liadesk.Account, w Wording) (Measurement, error) {
	m, err := s.measureTemplate(account, w)
	if err != nil {
		return m, err
	}
	m.Safe = saferText(w.Message, m, func(text string) (Measurement, error) {
		other := w
		other.Message = text
		return s.measureTemplate(account, other)
	})
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
