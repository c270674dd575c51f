package handlers

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// explainForm asks what campaigns would do on a page.
type explainForm struct {
	URL, At, Zone, Staffed, Device, Language, Referrer, Met string

	Devices, Staff, Mets []Option
	Asked                bool
	Wrong                string // why nothing can be said
	When                 string // the time once more, with its zone
	Items                []explainItem
}

// explainItem is one campaign with what it would do, in words.
type explainItem struct {
	chatCard
	Tone    Tone
	Verdict string
	Steps   []explainStep
	// Elsewhere is set for one that is not meant for the page at all.
	Elsewhere bool
}

// explainStep is one check or condition in words.
type explainStep struct {
	Verdict livechat.Verdict
	Text    string
	Inner   bool // one of the conditions
	rule    *liadesk.Rule
}

// Icon is the step's mark; its words are beside it.
func (s explainStep) Icon() string {
	switch s.Verdict {
	case livechat.Met:
		return "circle-check"
	case livechat.Unmet:
		return "circle-x"
	}
	return "hourglass"
}

// metBefore are the ways in which a visitor may have met a campaign.
var metBefore = []string{"", "shown", "dismissed", "answered", "talking"}

func (s *Server) explainLiveChat(c *fiber.Ctx) error {
	f := explainForm{URL: strings.TrimSpace(c.Query("url")), At: c.Query("at"), Zone: s.chatZone(c, liadesk.Inbox{}), Staffed: c.Query("staffed"),
		Device: c.Query("device"), Language: c.Query("language"), Referrer: c.Query("referrer"), Met: c.Query("met"), Asked: c.Query("url") != ""}
	f.Devices = []Option{{Label: s.t(c, "livechat.explain.any_device")}}
	for _, d := range liadesk.Devices {
		f.Devices = append(f.Devices, Option{Value: d, Label: s.t(c, "livechat.visit_device."+d)})
	}
	for _, v := range []string{"", "yes", "no"} {
		f.Staff = append(f.Staff, Option{Value: v, Label: s.t(c, "livechat.explain.staff_"+map[string]string{"": "now", "yes": "yes", "no": "no"}[v])})
	}
	for _, v := range metBefore {
		name := v
		if v == "" {
			name = "fresh"
		}
		f.Mets = append(f.Mets, Option{Value: v, Label: s.t(c, "livechat.explain.met_"+name)})
	}
	if f.Asked {
		if err := s.fillExplain(c, &f); err != nil {
			return err
		}
	}
	return s.page(c, "livechat/explain", Page{Title: s.t(c, "livechat.explain.title"), Nav: "live-chat", Data: f})
}

func (s *Server) fillExplain(c *fiber.Ctx, f *explainForm) error {
	q := livechat.Question{URL: f.URL, Referrer: f.Referrer, Language: f.Language, Device: f.Device}
	if slices.Contains(metBefore, f.Met) {
		q.Met, q.Talking = f.Met, f.Met == "talking"
		if q.Talking {
			q.Met = ""
		}
	}
	if f.Staffed != "" {
		q.Staffed = new(f.Staffed == "yes")
	}
	q.At = s.Clock.Now()
	if f.At != "" {
		at, _, err := hours.ParseLocal(f.At, f.Zone)
		if err != nil {
			f.Wrong = s.t(c, "error.starts_at.not_an_instant")
			return nil
		}
		q.At = at
	}
	f.When = s.localizer(c).DateTime(q.At, toZone(f.Zone))
	list, err := s.LiveChat.Explain(c.UserContext(), actor(c), liadesk.ID{}, q)
	if liadesk.KindOf(err) == liadesk.KindInvalid && err != nil {
		f.Wrong = s.t(c, "livechat.trial.not_an_address")
		return nil
	} else if err != nil {
		return err
	}
	for _, e := range list {
		f.Items = append(f.Items, s.explainItem(c, e, toZone(f.Zone)))
	}
	return nil
}

func (s *Server) explainItem(c *fiber.Ctx, e livechat.Explanation, in *time.Location) explainItem {
	it := explainItem{chatCard: s.chatCard(c, e.Item)}
	it.Tone, it.Verdict = s.verdict(c, e)
	it.Elsewhere = slices.Contains([]livechat.Blocked{livechat.BlockedPattern, livechat.BlockedDomain, livechat.BlockedDisabled}, e.Blocked)
	it.Steps = s.explainSteps(c, e, in)
	return it
}

// explainSteps puts the checks and conditions into words.
func (s *Server) explainSteps(c *fiber.Ctx, e livechat.Explanation, in *time.Location) (steps []explainStep) {
	l := s.localizer(c)
	for _, step := range e.Steps {
		text := s.t(c, "livechat.check."+string(step.Check))
		switch {
		case step.Check == livechat.BlockedConditions && step.Verdict == livechat.Open:
			text = s.t(c, "livechat.explain.conditions_open")
		case step.Verdict == livechat.Unmet:
			text = s.t(c, "livechat.blocked."+string(step.Check))
			if step.Why != "" {
				text = s.t(c, "livechat.trial."+string(step.Why))
			}
			if !step.At.IsZero() {
				text += " " + s.t(c, "livechat.explain.at_"+string(step.Check), "When", l.DateTime(step.At, in))
			}
		}
		steps = append(steps, explainStep{Verdict: step.Verdict, Text: text})
	}
	for _, cond := range e.Conditions {
		steps = append(steps, explainStep{Verdict: cond.Verdict, Text: s.saysCondition(c, cond.Rule, true), Inner: true, rule: &cond.Rule})
	}
	if t := e.Campaign.Trigger.TimeOnPage; t > 0 {
		rule := liadesk.Rule{Field: liadesk.VisitTimeOnPage, Op: "gte", Value: &liadesk.RuleValue{Number: new(float64(t))}}
		steps = append(steps, explainStep{Verdict: livechat.Open, Text: s.t(c, "livechat.says.time_on_page", "Value", t), rule: &rule})
	}
	return steps
}

// verdict is what an explanation comes to, in words.
func (s *Server) verdict(c *fiber.Ctx, e livechat.Explanation) (Tone, string) {
	switch {
	case e.Blocked != livechat.NotBlocked:
		return ToneWarning, s.t(c, "livechat.blocked."+string(e.Blocked))
	case e.Place == 0:
		return ToneWarning, s.t(c, "livechat.explain.too_late")
	case e.Place == 1:
		return ToneSuccess, s.t(c, "livechat.explain.first")
	}
	return ToneInfo, s.t(c, "livechat.explain.turn", "Count", e.Place)
}

// debugLiveChat sends a member of the team to a page of the company's site, where
// the widget shows why campaigns are shown or not.
func (s *Server) debugLiveChat(c *fiber.Ctx) error {
	address, pass, err := s.LiveChat.DebugPass(c.UserContext(), actor(c), c.Query("url"))
	if err != nil {
		return err
	}
	return c.Redirect(address+"#liadesk-debug="+pass, fiber.StatusSeeOther)
}

// widgetDebug answers the widget of somebody with a pass.
func (s *Server) widgetDebug(c *fiber.Ctx) error {
	var in struct {
		widgetView
		Pass string `json:"pass"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	list, err := s.LiveChat.ExplainVisit(c.UserContext(), in.Pass, in.visit(c))
	if err != nil {
		return err
	}
	type step struct {
		Verdict livechat.Verdict `json:"verdict"`
		Text    string           `json:"text"`
		// Rule is for the page to judge, as it goes.
		Rule *liadesk.Rule `json:"rule,omitempty"`
	}
	out := []fiber.Map{}
	for _, e := range list {
		tone, verdict := s.verdict(c, e)
		steps := []step{}
		for _, st := range s.explainSteps(c, e, time.UTC) {
			one := step{Verdict: st.Verdict, Text: st.Text}
			if st.Verdict == livechat.Open {
				one.Rule = st.rule
			}
			steps = append(steps, one)
		}
		out = append(out, fiber.Map{"campaign": e.Campaign.ID, "title": e.Campaign.Title, "tone": tone, "verdict": verdict, "steps": steps})
	}
	return c.JSON(fiber.Map{"campaigns": out})
}

// apiExplainLiveChat answers for one campaign, or for all without an id.
func (s *Server) apiExplainLiveChat(c *fiber.Ctx) error {
	var in struct {
		URL      string        `json:"url"`
		At       given[string] `json:"at"`
		Staffed  *bool         `json:"staffed"`
		Device   string        `json:"device"`
		Language string        `json:"language"`
		Referrer string        `json:"referrer"`
		Contact  string        `json:"contact_id"`
		Met      string        `json:"met"`
		Talking  bool          `json:"talking"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	var v liadesk.Invalid
	q := livechat.Question{URL: in.URL, At: instant(&v, "at", in.At), Staffed: in.Staffed, Device: in.Device, Language: in.Language, Referrer: in.Referrer,
		Met: in.Met, Talking: in.Talking}
	if in.Contact != "" {
		var err error
		if q.Contact, err = liadesk.ParseID(in.Contact); err != nil {
			v.Add("contact_id", "unknown_contact")
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	var id liadesk.ID
	if c.Params("id") != "" {
		var err error
		if id, err = pathID(c); err != nil {
			return err
		}
	}
	list, err := s.LiveChat.Explain(c.UserContext(), actor(c), id, q)
	if err != nil {
		return err
	}
	items := make([]explanationJSON, len(list))
	for i, e := range list {
		items[i] = explanationOut(e)
	}
	if id.IsZero() {
		return c.JSON(fiber.Map{"items": items})
	}
	if len(items) == 0 { // its inbox is gone: it can be shown nowhere
		return c.JSON(explanationJSON{ID: id, Blocked: livechat.BlockedEnded, Checks: []checkJSON{}, Conditions: []conditionJSON{}})
	}
	return c.JSON(items[0])
}

// explanationJSON is what a campaign would do, as programs read it.
type explanationJSON struct {
	ID liadesk.ID `json:"id"`
	// Shown tells whether it would be armed; Blocked is the first check that
	// failed.
	Shown      bool             `json:"shown"`
	Blocked    livechat.Blocked `json:"blocked,omitempty"`
	Place      int              `json:"place,omitempty"`
	TimeOnPage int              `json:"time_on_page"`
	Checks     []checkJSON      `json:"checks"`
	Conditions []conditionJSON  `json:"conditions"`
}

type checkJSON struct {
	Check   livechat.Blocked `json:"check"`
	Verdict livechat.Verdict `json:"verdict"`
	Why     livechat.Why     `json:"why,omitempty"`
	At      *time.Time       `json:"at,omitempty"`
}

type conditionJSON struct {
	Condition liadesk.Rule     `json:"condition"`
	Verdict   livechat.Verdict `json:"verdict"`
}

func explanationOut(e livechat.Explanation) explanationJSON {
	out := explanationJSON{ID: e.Campaign.ID, Shown: e.Blocked == livechat.NotBlocked, Blocked: e.Blocked, Place: e.Place,
		TimeOnPage: e.Campaign.Trigger.TimeOnPage, Checks: []checkJSON{}, Conditions: []conditionJSON{}}
	for _, step := range e.Steps {
		out.Checks = append(out.Checks, checkJSON{step.Check, step.Verdict, step.Why, timeOrNull(step.At)})
	}
	for _, cond := range e.Conditions {
		out.Conditions = append(out.Conditions, conditionJSON{cond.Rule, cond.Verdict})
	}
	return out
}
