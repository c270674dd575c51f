package handlers

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// handsetRoutes are the phones of the built-in carrier: one reads what arrived
// on them, answers, and says how a number behaves. What is written on them goes
// the way of every answer, over HTTP and signed, to the webhook.
func (s *Server) handsetRoutes(desk fiber.Router) {
	g := desk.Group("/sandbox", s.requireSandbox)
	g.Get("/", s.showHandset)
	g.Get("/phones", s.listHandsets)
	g.Get("/screen", s.lookAtHandset)
	g.Post("/reply", s.replyFromHandset)
	g.Post("/behaviour", s.setBehaviour)
}

// requireSandbox answers only where texts go to the built-in carrier. What one
// sees there are the texts of the inboxes that one serves.
func (s *Server) requireSandbox(c *fiber.Ctx) error {
	if s.Handset == nil {
		return liadesk.ErrNotFound
	}
	return c.Next()
}

// handsetView is the page: the phones, and one of them in the hand.
type handsetView struct {
	Phones   []handsetPhone
	Number   string // of the phone in the hand, E.164
	Name     string // its contact's, if there is one
	Inboxes  []Option
	Inbox    string // the number that is written to
	Screen   []handsetText
	Settings Settings
	Outcomes []Option
	Codes    []Option
	Wrong    string // why what was typed could not be sent
	Typed    string
}

// handsetPhone is one phone in the list.
type handsetPhone struct {
	Number, Text string
	At           time.Time
	Current      bool
	Count        int
}

// handsetText is a text on a phone's screen.
type handsetText struct {
	sandbox.Message
	Other string // the other number
	Day   bool   // the first of its day
}

// textPart is a piece of a text: an address that a phone lets one tap, or words
// before, between and after those.
type textPart struct {
	Text string
	Link bool
}

// Parts are the pieces of what the phone shows.
func (t handsetText) Parts() []textPart {
	var parts []textPart
	at := 0
	for _, m := range sms.WebAddresses(t.Text) {
		parts = append(parts, textPart{Text: t.Text[at:m[0]]}, textPart{Text: t.Text[m[0]:m[1]], Link: true})
		at = m[1]
	}
	return append(parts, textPart{Text: t.Text[at:]})
}

// Settings is how a number behaves, as the form has it.
type Settings struct {
	Outcome string // delivered, undelivered, failed, sent, silent, lost, refused
	Code    string // the carrier's, of undelivered and failed
	Delay   int    // seconds before the last state
	Reply   string // what is answered at once
}

// Lists of the form.
var (
	outcomes     = []string{"delivered", "undelivered", "failed", "sent", "silent", "lost", "refused"}
	outcomeCodes = []string{"80", "20", "30", "50", "70", "90", "200", "300", "420", "450"}
)

// longestDelay bounds how late a text may come, in seconds.
const longestDelay = 3600

// myNumbers are the account's own sender ids and numbers, and the carrier
// accounts they belong to. Only what was said with them is ever shown.
type myNumbers struct {
	authIDs []string
	numbers map[string]bool
	inboxes smsInboxes
}

func (s *Server) myNumbers(c *fiber.Ctx) (myNumbers, error) {
	inboxes, err := s.smsInboxes(c)
	if err != nil {
		return myNumbers{}, err
	}
	mine := myNumbers{numbers: map[string]bool{}, inboxes: inboxes}
	for _, in := range inboxes.list {
		mine.numbers[in.SMS.Number] = true
		if !slices.Contains(mine.authIDs, in.SMS.AuthID) {
			mine.authIDs = append(mine.authIDs, in.SMS.AuthID)
		}
	}
	return mine, nil
}

// shownPhones is how many phones the list has, the last used first.
const shownPhones = 200

func (s *Server) handset(c *fiber.Ctx, mine myNumbers, number string) (handsetView, error) {
	v := handsetView{Number: number}
	for _, t := range s.Handset.Threads(mine.authIDs) {
		if !mine.numbers[t.Number] || len(v.Phones) == shownPhones {
			continue
		}
		if slices.ContainsFunc(v.Phones, func(p handsetPhone) bool { return p.Number == t.Handset }) {
			continue // it spoke with two of our numbers
		}
		if v.Number == "" {
			v.Number = t.Handset
		}
		v.Phones = append(v.Phones, handsetPhone{Number: t.Handset, Text: shorten(t.Last.Text, 60), At: t.Last.At, Current: t.Handset == v.Number, Count: t.Count})
	}
	if v.Number == "" {
		return v, nil
	}
	day := ""
	for _, m := range s.Handset.Messages(mine.authIDs, v.Number) {
		other := m.From
		if m.Inbound {
			other = m.To
		}
		if !mine.numbers[other] {
			continue
		}
		today := m.At.In(zone(c)).Format(time.DateOnly)
		v.Screen = append(v.Screen, handsetText{m, other, today != day})
		day, v.Inbox = today, other
	}
	for _, in := range mine.inboxes.list {
		if in.SMS.CanReceive() {
			v.Inboxes = append(v.Inboxes, Option{Value: in.SMS.Number, Label: in.Name + " · " + in.SMS.Number})
			if v.Inbox == "" {
				v.Inbox = in.SMS.Number
			}
		}
	}
	v.Settings = settingsOf(s.Handset.BehaviourOf(v.Number))
	for _, o := range outcomes {
		v.Outcomes = append(v.Outcomes, Option{Value: o, Label: s.t(c, fmt.Sprintf("sandbox.outcome.%s", o))})
	}
	for _, code := range outcomeCodes {
		v.Codes = append(v.Codes, Option{Value: code, Label: code + " · " + s.carrierCode(s.localizer(c), code)})
	}
	page, err := s.Contacts.List(c.UserContext(), actor(c), contacts.Query{Text: v.Number, Page: db.Page{Limit: 5}})
	if err != nil {
		return v, err
	}
	for _, p := range page.Items {
		if p.Phone == v.Number {
			v.Name = p.Name
		}
	}
	return v, nil
}

// handsetNumber is the phone that the request is about. Any valid number is a
// phone; one that nobody has texted is silent.
func (s *Server) handsetNumber(c *fiber.Ctx, typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	n, err := phone.Parse(typed, viewer(c).Account.Settings.Region)
	if err != nil {
		var v liadesk.Invalid
		v.Add("number", string(phone.ReasonOf(err)))
		return "", v.Err()
	}
	return n.E164, nil
}

func (s *Server) showHandset(c *fiber.Ctx) error {
	mine, err := s.myNumbers(c)
	if err != nil {
		return err
	}
	number, wrong := s.handsetNumber(c, c.Query("number"))
	v, err := s.handset(c, mine, number)
	if err != nil {
		return err
	}
	p := Page{Title: s.t(c, "nav.handset"), Nav: "sandbox", Data: v}
	if wrong != nil {
		p.Errors = s.problems(c, wrong)
		c.Status(fiber.StatusUnprocessableEntity)
	}
	return s.page(c, "sandbox/handset", p)
}

// listHandsets and lookAtHandset are what the page asks every two seconds.
func (s *Server) listHandsets(c *fiber.Ctx) error { return s.handsetPart(c, "sandbox/phones") }

func (s *Server) lookAtHandset(c *fiber.Ctx) error { return s.handsetPart(c, "sandbox/screen") }

func (s *Server) handsetPart(c *fiber.Ctx, name string) error {
	mine, err := s.myNumbers(c)
	if err != nil {
		return err
	}
	number, err := s.handsetNumber(c, c.Query("number"))
	if err != nil {
		return err
	}
	v, err := s.handset(c, mine, number)
	if err != nil {
		return err
	}
	return s.fragment(c, name, Page{Nav: "sandbox", Data: v})
}

// replyFromHandset sends what a person writes on a phone. It is done once the
// webhook has been offered it.
func (s *Server) replyFromHandset(c *fiber.Ctx) error {
	mine, err := s.myNumbers(c)
	if err != nil {
		return err
	}
	number, err := s.handsetNumber(c, c.FormValue("number"))
	if err != nil {
		return err
	}
	text, to := c.FormValue("text"), c.FormValue("to")
	if quick := c.FormValue("quick"); quick != "" {
		text = quick
	}
	if number == "" || !mine.numbers[to] {
		return liadesk.ErrNotFound
	}
	_, wrong := s.Handset.Reply(mine.authIDs, number, to, text)
	switch tooLong := (*sms.TooLongError)(nil); {
	case errors.Is(wrong, sandbox.ErrNoInbox):
		return liadesk.ErrNotFound
	case errors.Is(wrong, sms.ErrEmptyText), errors.As(wrong, &tooLong):
	case wrong != nil:
		return wrong
	}
	if wrong == nil && !wantsFragment(c) {
		link, err := query("/sandbox", "number", number)
		if err != nil {
			return err
		}
		return s.redirect(c, link)
	}
	v, err := s.handset(c, mine, number)
	if err != nil {
		return err
	}
	v.Inbox = to
	if wrong != nil {
		v.Typed, v.Wrong = text, s.t(c, "sandbox.too_long")
		if errors.Is(wrong, sms.ErrEmptyText) {
			v.Wrong = s.t(c, "sandbox.empty_text")
		}
	}
	return s.respond(c, "sandbox/handset", "sandbox/phone", Page{Title: s.t(c, "nav.handset"), Nav: "sandbox", Data: v})
}

// setBehaviour says what happens to texts to a number from now on.
func (s *Server) setBehaviour(c *fiber.Ctx) error {
	if err := actor(c).Administrator(); err != nil {
		return err
	}
	number, err := s.handsetNumber(c, c.FormValue("number"))
	if err != nil {
		return err
	}
	if number == "" {
		return liadesk.ErrNotFound
	}
	b, err := readSettings(c).behaviour()
	if err != nil {
		return err
	}
	s.Handset.SetBehaviour(number, b)
	s.toast(c, ToneSuccess, s.t(c, "sandbox.kept", "Number", phone.Format(number)))
	link, err := query("/sandbox", "number", number)
	if err != nil {
		return err
	}
	return s.redirect(c, link)
}

func readSettings(c *fiber.Ctx) Settings {
	set := Settings{Outcome: c.FormValue("outcome"), Code: c.FormValue("code"), Reply: c.FormValue("reply")}
	if text := c.FormValue("delay"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = -1 // out of range: behaviour says so
		}
		set.Delay = n
	}
	return set
}

// behaviour is the setting as the carrier takes it.
func (set Settings) behaviour() (sandbox.Behaviour, error) {
	b := sandbox.Behaviour{Delay: time.Duration(set.Delay) * time.Second, Reply: strings.TrimSpace(set.Reply)}
	var v liadesk.Invalid
	if set.Delay < 0 || set.Delay > longestDelay {
		v.Add("delay", "out_of_range", "Min", 0, "Max", longestDelay)
	}
	if !slices.Contains(outcomeCodes, set.Code) {
		set.Code = outcomeCodes[0]
	}
	switch set.Outcome {
	case "delivered":
	case "undelivered":
		b.Outcome, b.Code = sandbox.Undelivered, set.Code
	case "failed":
		b.Outcome, b.Code = sandbox.Failed, set.Code
	case "sent":
		b.Outcome = sandbox.Sent
	case "silent":
		b.Silent = true
	case "lost":
		b.Answer, b.Silent = new(sandbox.AcceptThenDrop), true
	case "refused":
		b.Answer = new(sandbox.InvalidNumber)
	default:
		v.Add("outcome", "required")
	}
	return b, v.Err()
}

// settingsOf shows a behaviour in the form.
func settingsOf(b sandbox.Behaviour) Settings {
	set := Settings{Outcome: "delivered", Code: b.Code, Delay: int(b.Delay / time.Second), Reply: b.Reply}
	switch {
	case b.Answer != nil && b.Answer.Drop:
		set.Outcome = "lost"
	case b.Answer != nil:
		set.Outcome = "refused"
	case b.Silent:
		set.Outcome = "silent"
	case b.Outcome == sandbox.Undelivered:
		set.Outcome = "undelivered"
	case b.Outcome == sandbox.Failed:
		set.Outcome = "failed"
	case b.Outcome == sandbox.Sent:
		set.Outcome = "sent"
	}
	return set
}
