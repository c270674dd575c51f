package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// What the form shows while somebody types: what is wrong with a field, what a
// text costs and looks like, whom it reaches.

// smsChecked is the answer about one field.
type smsChecked struct {
	Field string
	Form  smsForm
}

// checkedFields are those that may be asked about.
var checkedFields = []string{"title", "message", "inbox_id", "purpose", "when"}

// checkSMSCampaign answers about the field that was just typed into, and about
// what depends on it. The fields that nobody has come to yet stay unremarked.
func (s *Server) checkSMSCampaign(c *fiber.Ctx) error {
	if err := requireManager(c); err != nil {
		return err
	}
	field := c.Query("field")
	if !slices.Contains(checkedFields, field) {
		return fiber.ErrNotFound
	}
	f := readSMSForm(c)
	in, err := f.input()
	if err == nil {
		err = s.SMS.Check(c.UserContext(), actor(c), in)
	}
	if err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	if ferr := s.fillSMSForm(c, &f); ferr != nil {
		return ferr
	}
	p := Page{Nav: "sms", Data: smsChecked{field, f}}
	if err != nil {
		p.Errors = s.smsProblems(c, err)
	}
	return s.fragment(c, "sms/checked", p)
}

// chooseSMSAudience answers with the part of the form that chooses tags, after
// one was added or taken away, or the purpose changed who is left out.
func (s *Server) chooseSMSAudience(c *fiber.Ctx) error {
	if err := requireManager(c); err != nil {
		return err
	}
	f := readSMSForm(c)
	if f.Audience == "" {
		f.Audience = "tags"
	}
	if err := s.doSegments(c, &f); err != nil {
		return err
	}
	if err := s.fillSMSAudience(c, &f); err != nil {
		return err
	}
	if c.Query("part") == "reach" {
		return s.fragment(c, "sms/reached", Page{Nav: "sms", Data: f.Reach})
	}
	return s.fragment(c, "sms/audience", Page{Nav: "sms", Data: f})
}

// smsReach is how many people an audience means, and who of them is left out.
type smsReach struct {
	Known    bool // the rule means something
	Count    audience.Count
	LeftOut  int64
	Sentence string
	Skipped  []smsLeftOut
	Sample   []Option // a few of those who are reached, with their pages
}

// smsLeftOut is a reason for which people are left out, and where it is mended.
type smsLeftOut struct {
	Label string
	Count int64
	Link  string
	Mend  string
}

// fillSMSAudience adds the tags to choose from and whom the choice reaches.
func (s *Server) fillSMSAudience(c *fiber.Ctx, f *smsForm) error {
	if err := s.fillSegments(c, f); err != nil {
		return err
	}
	tags, err := s.Contacts.Tags(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	f.Tags = tags
	f.Audiences = []Option{
		{Value: "tags", Label: s.t(c, "sms.field.by_tags"), Hint: s.t(c, "sms.field.by_tags_hint"), Icon: "tag"},
		{Value: "rule", Label: s.t(c, "builder.choice"), Hint: s.t(c, "builder.choice_hint"), Icon: "list-filter"},
		{Value: "everyone", Label: s.t(c, "sms.field.everyone"), Hint: s.t(c, "sms.field.everyone_hint"), Icon: "users"},
	}
	if f.Rule != "" {
		custom := Option{Value: "custom", Label: s.t(c, "sms.field.custom"), Icon: "filter"}
		var rule liadesk.Rule
		if json.Unmarshal([]byte(f.Rule), &rule) == nil && audience.Validate(rule) == nil {
			custom.Hint = audience.Sentence(s.ruleSpeaker(c, s.localizer(c)), rule)
		}
		f.Audiences = append(f.Audiences, custom)
	}
	if f.Audience == "rule" {
		if err := s.fillBuilder(c, &f.Builder, tags); err != nil {
			return err
		}
	} else {
		number(f.Builder.Parts, "")
	}
	rule := f.rule()
	if audience.Validate(rule) != nil {
		return nil
	}
	purpose := liadesk.Purpose(f.Purpose)
	if purpose != liadesk.PurposeTransactional {
		purpose = liadesk.PurposeMarketing
	}
	count, err := s.Audience.Count(c.UserContext(), actor(c), rule, purpose)
	if err != nil {
		return err
	}
	f.Reach = s.smsReach(c, count, rule, purpose)
	f.Reach.Sample, err = s.sampleOf(c, rule, purpose)
	return err
}

// sampleSize is how many people are named as an example of an audience.
const sampleSize = 5

// sampleOf are a few of those whom a text would reach, the newest, by whom one
// sees at a glance whether the audience is the one that was meant.
func (s *Server) sampleOf(c *fiber.Ctx, rule liadesk.Rule, purpose liadesk.Purpose) ([]Option, error) {
	within, err := s.Audience.Left(actor(c), rule, purpose, audience.Reached)
	if err != nil {
		return nil, err
	}
	page, err := s.Contacts.List(c.UserContext(), actor(c), contacts.Query{Within: within, Page: db.Page{Limit: sampleSize}})
	if err != nil {
		return nil, err
	}
	var list []Option
	for _, v := range page.Items {
		list = append(list, Option{Value: "/contacts/" + v.ID.String(), Label: cmp.Or(v.Name, v.Phone)})
	}
	return list, nil
}

func (s *Server) smsReach(c *fiber.Ctx, count audience.Count, rule liadesk.Rule, purpose liadesk.Purpose) smsReach {
	r := smsReach{Known: true, Count: count, LeftOut: count.Matched - count.Reachable, Sentence: audience.Sentence(s.ruleSpeaker(c, s.localizer(c)), rule)}
	for _, reason := range count.Reasons() {
		l := smsLeftOut{Label: s.t(c, fmt.Sprintf("audience.skip.%s", reason)), Count: count.Skipped[reason], Link: leftOutLink(rule, purpose, reason)}
		if id := fmt.Sprintf("audience.mend.%s", reason); s.texts.Has(id) {
			l.Mend = s.t(c, id)
		}
		r.Skipped = append(r.Skipped, l)
	}
	return r
}

// leftOutLink is the list of the contacts who are left out for a reason.
func leftOutLink(rule liadesk.Rule, purpose liadesk.Purpose, reason liadesk.SkipReason) string {
	raw, err := json.Marshal(rule)
	if err != nil {
		return "/contacts"
	}
	link, err := query("/contacts", "rule", string(raw), "purpose", purpose, "skip", reason)
	if err != nil {
		return "/contacts"
	}
	return link
}

// TagsFor are the tags that can still be added to one of the form's lists.
func (f smsForm) TagsFor(list string) []liadesk.Tag {
	chosen := f.Chosen(list)
	var rest []liadesk.Tag
	for _, t := range f.Tags {
		if !slices.Contains(chosen, t.Name) {
			rest = append(rest, t)
		}
	}
	return rest
}

// Chosen are the tags of one of the form's lists.
func (f smsForm) Chosen(list string) []string {
	switch list {
	case "any":
		return f.Any
	case "all":
		return f.All
	}
	return f.None
}

// smsCounter is what a text costs, in the form's own words.
type smsCounter struct {
	sms.Measurement
	GSM    bool
	Size   int // units of the segment that is being filled
	Used   int
	Over   bool // beyond what may be sent
	Costly []smsCostly
	Action string // where the form is sent, to take the cheaper text
}

// smsCostly is a character that makes a text dear; Shown tells whether one can
// see it, and else its code point is shown.
type smsCostly struct {
	sms.Costly
	Shown bool
}

func (s *Server) fillSMSCounter(c *fiber.Ctx, f *smsForm) error {
	m, err := s.SMS.Measure(c.UserContext(), actor(c), f.wording())
	if err != nil {
		return err
	}
	n := smsCounter{Measurement: m, GSM: m.Encoding == sms.GSM7, Action: f.Action()}
	if len(m.Parts) > 0 {
		n.Used = m.Parts[len(m.Parts)-1]
	}
	n.Size = n.Used + m.Remaining
	n.Over = m.Segments > 0 && sms.CheckLength(m, viewer(c).Account.Settings.MaxSegments) != nil
	for _, costly := range m.Costly {
		r, _ := utf8.DecodeRuneInString(costly.Char)
		n.Costly = append(n.Costly, smsCostly{costly, unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r)})
	}
	f.Counter = n
	return nil
}

// smsPreview is the text in the hand.
type smsPreview struct {
	From   string
	Text   string
	Broken bool // variables that cannot be filled in are shown as they stand
}

func (s *Server) fillSMSPreview(c *fiber.Ctx, f *smsForm, inboxes smsInboxes) {
	f.Preview.From = viewer(c).Account.Name
	if id, err := liadesk.ParseID(f.InboxID); err == nil {
		if in, ok := inboxes.byID[id]; ok {
			f.Preview.From = in.SMS.Number
		}
	} else if len(inboxes.list) == 1 {
		f.Preview.From = inboxes.list[0].SMS.Number
	}
	if f.Counter.Segments == 0 {
		return
	}
	text, err := s.SMS.Render(viewer(c).Account, f.wording(), sms.Sample())
	if err != nil {
		text, f.Preview.Broken = f.Message, true
	}
	f.Preview.Text = text
}

// jsonNumber writes a version for a form.
func jsonNumber(n uint64) string { return strconv.FormatUint(n, 10) }

// parseVersion reads the version that a form carried; none means whatever is
// there.
func parseVersion(s string) (uint64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fiber.NewError(fiber.StatusBadRequest, "bad_request")
	}
	return n, nil
}
