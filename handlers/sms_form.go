package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsForm is what was typed, kept as it was typed.
type smsForm struct {
	ID       string // of the draft that is being changed, "" for a new one
	Version  string
	Replaces string // the title of the campaign that it stands in for
	Conflict []conflictLine
	// Lost says why what was typed is a new draft now.
	Lost string

	Title, Message, InboxID, Purpose string
	// Audience is "everyone", "tags", "rule" for what the builder has, or "custom"
	// for a rule that neither can say, which is then in Rule as JSON.
	Audience       string
	Any, All, None []string
	Builder        builder
	Rule           string
	Segments       smsSegments
	// Focus is the id of the control that has the focus in what is shown.
	Focus string

	Local, TimeZone, Expires string
	accountZone              string
	// OverrideReason is why people are texted again within a day.
	OverrideReason string
	// Fold leaves out accents where that saves segments.
	Fold bool
	// TrackClicks makes links short and counts who opens them.
	TrackClicks bool
	// Rewritten tells that the cheaper text was just taken.
	Rewritten bool

	// What the page shows beside it.
	Inboxes   []Option
	Zones     []Option
	Purposes  []Option
	Audiences []Option
	Variables []Option
	Tags      []liadesk.Tag
	Min       string // the earliest time to offer
	Reach     smsReach
	Counter   smsCounter
	Preview   smsPreview
	When      smsWhen
}

// Action is where the form is sent.
func (f smsForm) Action() string {
	if f.ID == "" {
		return "/campaigns/sms"
	}
	return "/campaigns/sms/" + f.ID
}

// BuilderPost, BuilderTarget and BuilderAction are where the builder's controls
// are answered.
func (f smsForm) BuilderPost() string   { return "/campaigns/sms/audience" }
func (f smsForm) BuilderTarget() string { return "sms-audience" }
func (f smsForm) BuilderAction() string { return f.Action() + "#sms-audience" }

// offeredVariables are the buttons above the message, those that people want
// most first.
var offeredVariables = []struct{ name, word string }{
	{"contact.first_name", "first_name"}, {"contact.last_name", "last_name"}, {"contact.name", "name"}, {"account.name", "account"},
	{"contact.email", "email"}, {"contact.phone", "phone"}, {"contact.opt_out_link", "opt_out_link"},
}

// again tells whether the form was sent only to be shown anew, as the small
// buttons do where there are no scripts.
func again(c *fiber.Ctx) bool {
	return c.FormValue("then") == "again" || c.FormValue("drop") != "" || c.FormValue("safe") != "" || c.FormValue("build") != "" ||
		c.FormValue("save_segment") != "" || c.FormValue("drop_segment") != "" || c.FormValue("segment") != ""
}

// localTime is how browsers write a date and time.
const localTime = "2006-01-02T15:04"

// mostTags bounds a list of tags in the form; a rule has its own bound.
const mostTags = 100

// readSMSForm reads what was typed, and does what the small buttons of the
// audience ask for: add_any adds a tag to a list, drop takes "any:vip" away;
// and of the message: safe ("plain" or "folded") takes the cheaper text.
func readSMSForm(c *fiber.Ctx) smsForm {
	list := func(name string) []string {
		var tags []string
		for _, raw := range c.Request().PostArgs().PeekMulti(name) {
			if tag := strings.TrimSpace(string(raw)); tag != "" && len(tags) < mostTags && !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
		return tags
	}
	f := smsForm{
		Version: c.FormValue("version"), Title: c.FormValue("title"), Message: c.FormValue("message"),
		InboxID: c.FormValue("inbox_id"), Purpose: c.FormValue("purpose"),
		Audience: c.FormValue("audience"), Any: list("any"), All: list("all"), None: list("none"), Rule: c.FormValue("rule"),
		Local: c.FormValue("schedule.local"), TimeZone: c.FormValue("schedule.time_zone"), Expires: c.FormValue("expires_at"),
		OverrideReason: c.FormValue("override_reason"), Fold: c.FormValue("fold_accents") != "", TrackClicks: c.FormValue("track_clicks") != "",
		accountZone: viewer(c).Account.Settings.TimeZone,
	}
	f.Builder, f.Focus = readBuilder(c, false)
	if how := c.FormValue("safe"); how != "" {
		f.Message, _ = sms.GSMSafe(f.Message, how == "folded")
		f.Rewritten = true
	}
	for name, tags := range map[string]*[]string{"any": &f.Any, "all": &f.All, "none": &f.None} {
		if tag := strings.TrimSpace(c.FormValue("add_" + name)); tag != "" && !slices.Contains(*tags, tag) {
			*tags = append(*tags, tag)
		}
	}
	if f.Audience == "rule" && len(f.Builder.Parts) == 0 && c.FormValue("build") == "" {
		f.startBuilder()
	}
	if name, tag, ok := strings.Cut(c.FormValue("drop"), ":"); ok {
		is := func(t string) bool { return t == tag }
		switch name {
		case "any":
			f.Any = slices.DeleteFunc(f.Any, is)
		case "all":
			f.All = slices.DeleteFunc(f.All, is)
		case "none":
			f.None = slices.DeleteFunc(f.None, is)
		}
	}
	return f
}

// startBuilder begins the builder with the tags that were chosen before, or with
// one condition to fill in.
func (f *smsForm) startBuilder() {
	tags := *f
	tags.Audience = "tags"
	var ok bool
	if f.Builder, ok = builderOf(tags.rule(), false); !ok {
		f.Builder = builder{Join: "all", Parts: []builderPart{{}}}
	}
}

// smsFormOf is a draft as a form.
func smsFormOf(k liadesk.SMSCampaign, accountZone string) smsForm {
	f := smsForm{
		ID: k.ID.String(), Version: jsonNumber(k.Version), Title: k.Title, Message: k.Message, InboxID: k.InboxID.String(), Purpose: string(k.Purpose),
		TimeZone: k.TimeZone, accountZone: accountZone,
	}
	if f.TimeZone == "" {
		f.TimeZone = accountZone
	}
	in := toZone(f.TimeZone)
	if f.TimeZone == liadesk.RecipientZone {
		in = toZone(accountZone)
	}
	switch {
	case k.Local != "":
		f.Local = k.Local
	case !k.ScheduledAt.IsZero():
		f.Local = k.ScheduledAt.In(in).Format(localTime)
	}
	if !k.ExpiresAt.IsZero() {
		f.Expires = k.ExpiresAt.In(in).Format(localTime)
	}
	f.Fold, f.TrackClicks = k.Fold, k.TrackClicks
	if k.Override != nil {
		f.OverrideReason = k.Override.Reason
	}
	f.setRule(k.Audience)
	return f
}

// readIn is the zone in which the form's other times are read: the chosen one,
// or the account's when the campaign goes by its recipients' clocks.
func (f smsForm) readIn(account string) string {
	if f.TimeZone == liadesk.RecipientZone || f.TimeZone == "" {
		return account
	}
	return f.TimeZone
}

// rule is the audience as the form says it. Tags with nothing chosen are the
// empty rule, which is refused: nobody means everybody by forgetting.
func (f smsForm) rule() liadesk.Rule {
	switch f.Audience {
	case "everyone":
		return liadesk.Rule{All: &[]liadesk.Rule{}}
	case "rule":
		return f.Builder.rule()
	case "custom":
		var r liadesk.Rule
		if json.Unmarshal([]byte(f.Rule), &r) != nil {
			return liadesk.Rule{}
		}
		return r
	}
	var parts []liadesk.Rule
	for _, t := range f.All {
		parts = append(parts, liadesk.Rule{Tag: t})
	}
	if len(f.Any) > 0 {
		any := tagRules(f.Any)
		parts = append(parts, liadesk.Rule{Any: &any})
	}
	if len(f.None) > 0 {
		none := tagRules(f.None)
		parts = append(parts, liadesk.Rule{Not: &liadesk.Rule{Any: &none}})
	}
	if len(parts) == 0 {
		return liadesk.Rule{}
	}
	return liadesk.Rule{All: &parts}
}

func tagRules(tags []string) []liadesk.Rule {
	list := make([]liadesk.Rule, len(tags))
	for i, t := range tags {
		list[i] = liadesk.Rule{Tag: t}
	}
	return list
}

// setRule shows a rule in the form: as three lists of tags, else in the builder.
// What neither can say stays as it is, whoever wrote it.
func (f *smsForm) setRule(r liadesk.Rule) {
	f.Audience, f.Any, f.All, f.None = "tags", nil, nil, nil
	switch {
	case r.All != nil && len(*r.All) == 0:
		f.Audience = "everyone"
		return
	case r.Empty():
		return
	}
	parts := []liadesk.Rule{r}
	if r.All != nil {
		parts = *r.All
	}
	for _, p := range parts {
		var list *[]string
		tags, ok := tagsOfAny(p)
		switch {
		case p.Tag != "":
			list, tags = &f.All, []string{p.Tag}
		case ok && f.Any == nil:
			list = &f.Any
		case p.Not != nil && f.None == nil:
			if tags, ok = tagsOfAny(*p.Not); !ok && p.Not.Tag != "" {
				tags, ok = []string{p.Not.Tag}, true
			}
			if ok {
				list = &f.None
			}
		}
		if list == nil {
			f.Any, f.All, f.None = nil, nil, nil
			if b, ok := builderOf(r, false); ok {
				f.Audience, f.Builder = "rule", b
				return
			}
			raw, err := json.Marshal(r)
			if err != nil {
				return // it has only text in it: this cannot be
			}
			f.Audience, f.Rule = "custom", string(raw)
			return
		}
		*list = append(*list, tags...)
	}
}

// tagsOfAny are the tags of {"any":[{"tag":…}…]}.
func tagsOfAny(r liadesk.Rule) ([]string, bool) {
	if r.Any == nil || len(*r.Any) == 0 {
		return nil, false
	}
	var tags []string
	for _, p := range *r.Any {
		if p.Tag == "" {
			return nil, false
		}
		tags = append(tags, p.Tag)
	}
	return tags, true
}

// wording is what the form says, to somebody who is texted for the first time.
func (f smsForm) wording() sms.Wording {
	return sms.Wording{Message: f.Message, Purpose: liadesk.Purpose(f.Purpose), Fold: f.Fold, First: true, TrackClicks: f.TrackClicks}
}

// input is the form as the verbs take it. It stays a draft: scheduling is the
// review's.
func (f smsForm) input() (sms.Input, error) {
	in := sms.Input{Title: f.Title, Message: f.Message, Purpose: liadesk.Purpose(f.Purpose), Audience: f.rule(), Draft: true,
		OverrideReason: f.OverrideReason, Fold: f.Fold, TrackClicks: f.TrackClicks}
	in.InboxID, _ = liadesk.ParseID(f.InboxID) // none: the verb says that it is missing
	if f.Local != "" {
		in.Schedule = &sms.LocalTime{Local: f.Local, TimeZone: f.TimeZone}
	}
	if f.Expires != "" {
		at, _, err := hours.ParseLocal(f.Expires, f.readIn(f.accountZone))
		if err != nil {
			var v liadesk.Invalid
			v.Add("expires_at", "not_a_time")
			return in, v.Err()
		}
		in.ExpiresAt = at
	}
	var err error
	in.Version, err = parseVersion(f.Version)
	return in, err
}

// fillSMSForm adds what the page shows beside the fields.
func (s *Server) fillSMSForm(c *fiber.Ctx, f *smsForm) error {
	inboxes, err := s.smsInboxes(c)
	if err != nil {
		return err
	}
	if len(inboxes.list) != 1 {
		f.Inboxes = append(f.Inboxes, Option{Label: s.t(c, "sms.field.inbox_choose")})
	}
	for _, in := range inboxes.list {
		f.Inboxes = append(f.Inboxes, Option{Value: in.ID.String(), Label: in.Name + " · " + in.SMS.Number})
	}
	if len(inboxes.list) == 0 {
		f.Inboxes = nil
	}
	account := viewer(c).Account.Settings.TimeZone
	if f.TimeZone == "" {
		f.TimeZone = account
	}
	f.Zones = []Option{{Value: account, Label: s.t(c, "sms.field.account_zone", "Zone", zoneLabel(account))},
		{Value: liadesk.RecipientZone, Label: s.t(c, "ownzone.option")}}
	for _, name := range hours.ZoneNames() {
		if name != account {
			f.Zones = append(f.Zones, Option{Value: name, Label: zoneLabel(name)})
		}
	}
	if f.Purpose == "" {
		f.Purpose = string(liadesk.PurposeMarketing)
	}
	f.Purposes = []Option{
		{Value: string(liadesk.PurposeMarketing), Label: s.t(c, "sms.field.marketing"), Hint: s.t(c, "sms.field.marketing_hint"), Icon: "megaphone"},
		{Value: string(liadesk.PurposeTransactional), Label: s.t(c, "sms.field.transactional"), Hint: s.t(c, "sms.field.transactional_hint"), Icon: "calendar"},
	}
	for _, v := range offeredVariables {
		f.Variables = append(f.Variables, Option{Value: "{{ " + v.name + " }}", Label: s.t(c, fmt.Sprintf("sms.variable.%s", v.word))})
	}
	if f.Audience == "" {
		f.Audience = "tags"
	}
	f.Min = s.Clock.Now().In(toZone(f.readIn(account))).Format(localTime)
	if err := s.fillSMSAudience(c, f); err != nil {
		return err
	}
	if err := s.fillSMSCounter(c, f); err != nil {
		return err
	}
	s.fillSMSPreview(c, f, inboxes)
	f.When = s.smsWhen(c, *f)
	return nil
}

// zoneLabel writes a zone's name for people.
func zoneLabel(name string) string { return strings.ReplaceAll(name, "_", " ") }

func (s *Server) newSMSCampaign(c *fiber.Ctx) error {
	if err := requireManager(c); err != nil {
		return err
	}
	f := smsForm{Any: nonEmpty(c.Query("tag"))}
	return s.smsFormPage(c, f, nil)
}

func nonEmpty(s string) []string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return []string{s}
}

// smsFormPage shows the form, with what is wrong when there is an error.
func (s *Server) smsFormPage(c *fiber.Ctx, f smsForm, err error) error {
	if e, ok := errors.AsType[*liadesk.Error](err); ok && e.Code == liadesk.CodeChanged {
		changes, version := e.Changes()
		if f.Conflict, err = s.smsConflict(c, changes); err != nil {
			return err
		}
		f.Version = jsonNumber(version)
		c.Status(http.StatusConflict)
	}
	if liadesk.KindOf(err) != liadesk.KindInvalid && err != nil {
		return err
	}
	if c.Method() == fiber.MethodPost { // nothing is saved or removed by an address
		if err := s.doSegments(c, &f); err != nil {
			return err
		}
	}
	if err := s.fillSMSForm(c, &f); err != nil {
		return err
	}
	title := s.t(c, "sms.form.new_title")
	if f.ID != "" {
		title = s.t(c, "sms.edit")
	}
	p := Page{Title: title, Nav: "sms", Data: f}
	if err != nil {
		p.Errors = s.smsProblems(c, err)
		c.Status(http.StatusUnprocessableEntity)
	}
	return s.page(c, "sms/form", p)
}

// smsProblems are sentences about fields; whatever is wrong within the rule is
// said about the audience as a whole, with the number of the condition, which
// of one in a group is that of the group and its own.
func (s *Server) smsProblems(c *fiber.Ctx, err error) Problems {
	list := s.problems(c, err)
	for i, p := range list {
		switch {
		case strings.HasPrefix(p.Field, "audience"):
			list[i].Field = "audience"
			if at := conditionIn(p.Field); at != "" {
				list[i].Message = s.t(c, "builder.condition_at", "At", at, "Problem", p.Message)
			}
		case p.Field == "scheduled_at" || p.Field == "schedule":
			list[i].Field = "schedule.local"
		}
	}
	return list
}

// conditionIn is the number of the condition that a path within a rule names, ""
// when it names none.
func conditionIn(path string) string {
	var at []string
	for part := range strings.SplitSeq(path, ".") {
		if n, err := strconv.Atoi(part); err == nil {
			at = append(at, strconv.Itoa(n+1))
		}
	}
	return strings.Join(at, ".")
}

func (s *Server) editSMSCampaign(c *fiber.Ctx) error {
	k, f, err := s.smsDraft(c)
	if err != nil {
		return err
	}
	if k.Status != liadesk.SMSDraft {
		return c.Redirect("/campaigns/sms/"+k.ID.String(), http.StatusSeeOther)
	}
	return s.smsFormPage(c, f, nil)
}

// smsDraft reads the draft of the path.
func (s *Server) smsDraft(c *fiber.Ctx) (liadesk.SMSCampaign, smsForm, error) {
	if err := requireManager(c); err != nil {
		return liadesk.SMSCampaign{}, smsForm{}, err
	}
	id, err := pathID(c)
	if err != nil {
		return liadesk.SMSCampaign{}, smsForm{}, err
	}
	k, err := s.SMS.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return k, smsForm{}, err
	}
	f := smsFormOf(k, viewer(c).Account.Settings.TimeZone)
	if !k.ReplacesID.IsZero() {
		old, err := s.SMS.Get(c.UserContext(), actor(c), k.ReplacesID)
		if err == nil && !old.Status.Ended() {
			f.Replaces = old.Title
		}
	}
	return k, f, nil
}
