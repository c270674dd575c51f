package liadesk

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Trigger is when a live chat campaign is due on a page.
type Trigger struct {
	// URL is a pattern of the URLPattern standard (WHATWG), read forgivingly.
	URL string `cbor:"1,keyasint" json:"url"`
	// TimeOnPage is how many seconds the page must have been visible.
	TimeOnPage int `cbor:"2,keyasint" json:"time_on_page"`
	// URLs are further patterns: a page that matches URL or one of them will do.
	URLs []string `cbor:"3,keyasint,omitempty" json:"urls,omitempty"`
	// Except are patterns of pages that never get it, whatever else they match.
	Except []string `cbor:"4,keyasint,omitempty" json:"except,omitempty"`
	// Conditions is what must be true of the visit besides, nil for nothing. It
	// is written like an audience, over the fields of VisitFields.
	Conditions *Rule `cbor:"5,keyasint,omitempty" json:"conditions,omitempty"`
}

// Addresses are all patterns of pages that may get the campaign, the first one
// included.
func (t Trigger) Addresses() []string { return append([]string{t.URL}, t.URLs...) }

// Bounds of a trigger.
const (
	MaxTriggerURLs = 20
	// MaxConditions and MaxConditionDepth bound the tree: each page view is held
	// against it.
	MaxConditions     = 40
	MaxConditionDepth = 5
	// MaxConditionText is the longest text that is compared, in characters.
	MaxConditionText = 200
)

// VisitField is what a condition of a live chat campaign may ask about.
type VisitField struct {
	Name string
	// Ops are the comparisons that it knows, the usual one first.
	Ops []string
	// Number, Yes: the value is a number, or true; else it is a text.
	Number, Yes bool
	// Values are the only ones that it may have, none for any.
	Values []string
	// Most is the largest number.
	Most float64
	// Page is set for what only the page can judge, so that the widget waits
	// for it; all else the server knows when the page asks.
	Page bool
	// Counted needs a count of visits in the visitor's browser, which an inbox
	// has to be told to keep.
	Counted bool
}

// Names of the fields.
const (
	VisitTimeOnPage = "time_on_page"
	VisitTimeOnSite = "time_on_site"
	VisitPagesSeen  = "pages_seen"
	VisitVisitor    = "visitor"
	VisitScroll     = "scroll_depth"
	VisitExit       = "exit_intent"
	VisitElement    = "element"
	VisitEvent      = "event"
	VisitReferrer   = "referrer"
	VisitLanguage   = "language"
	VisitDevice     = "device"
	VisitTag        = "tag" // written {"tag":"vip"}
)

// VisitorNew and VisitorReturning are the values of VisitVisitor: the first
// visit of this browser, or a later one. A visit ends when the site was left
// for half an hour.
const (
	VisitorNew       = "new"
	VisitorReturning = "returning"
)

// UTMFields are the campaign parameters of an address (support.google.com/analytics/answer/1033863).
var UTMFields = []string{"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"}

// Devices are the values of VisitDevice.
var Devices = []string{"desktop", "mobile", "tablet"}

// VisitFields are all fields of conditions, in the order of lists.
var VisitFields = func() []VisitField {
	list := []VisitField{
		{Name: VisitTimeOnPage, Ops: []string{"gte"}, Number: true, Most: MaxTimeOnPage, Page: true},
		{Name: VisitTimeOnSite, Ops: []string{"gte"}, Number: true, Most: 86_400, Page: true, Counted: true},
		{Name: VisitPagesSeen, Ops: []string{"gte", "lte"}, Number: true, Most: 1000, Page: true, Counted: true},
		{Name: VisitVisitor, Ops: []string{"eq"}, Values: []string{VisitorNew, VisitorReturning}, Page: true, Counted: true},
		{Name: VisitScroll, Ops: []string{"gte"}, Number: true, Most: 100, Page: true},
		{Name: VisitExit, Ops: []string{"eq"}, Yes: true, Page: true},
		{Name: VisitElement, Ops: []string{"eq"}, Page: true},
		{Name: VisitEvent, Ops: []string{"eq"}, Page: true},
		{Name: VisitReferrer, Ops: []string{"eq", "ne", "contains", "exists"}},
		{Name: VisitLanguage, Ops: []string{"eq", "ne", "in"}},
		{Name: VisitDevice, Ops: []string{"eq", "ne", "in"}, Values: Devices},
	}
	for _, name := range UTMFields {
		list = append(list, VisitField{Name: name, Ops: []string{"eq", "ne", "in", "contains", "exists"}})
	}
	return list
}()

// eventProperty is a property of the event that a page reported last under a
// name: event.added_to_cart.value.
var eventProperty = regexp.MustCompile(`^event\.([A-Za-z0-9_-]{1,60})\.([A-Za-z0-9_-]{1,60})$`)

// EventName is how a page may call what happens on it.
var EventName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

// VisitFieldOf finds a field by its name; false for one that there is not.
func VisitFieldOf(name string) (VisitField, bool) {
	if eventProperty.MatchString(name) {
		return VisitField{Name: name, Ops: []string{"eq", "ne", "contains", "gte", "gt", "lte", "lt", "exists"}, Page: true}, true
	}
	i := slices.IndexFunc(VisitFields, func(f VisitField) bool { return f.Name == name })
	if i < 0 {
		return VisitField{}, false
	}
	return VisitFields[i], true
}

func (t Trigger) check(v *Invalid) {
	if t.TimeOnPage < 0 || t.TimeOnPage > MaxTimeOnPage {
		v.Add("trigger.time_on_page", "out_of_range", "Min", 0, "Max", MaxTimeOnPage)
	}
	if len(t.URLs) >= MaxTriggerURLs {
		v.Add("trigger.urls", "too_many", "Max", MaxTriggerURLs-1)
	}
	if len(t.Except) > MaxTriggerURLs {
		v.Add("trigger.except", "too_many", "Max", MaxTriggerURLs)
	}
	if t.Conditions != nil {
		n := 0
		checkConditions(v, *t.Conditions, 1, &n)
	}
}

// conditionsField is where the form and programs read about conditions.
const conditionsField = "trigger.conditions"

// checkConditions names the first thing that is wrong with conditions.
func checkConditions(v *Invalid, r Rule, depth int, n *int) {
	if v.Has(conditionsField) {
		return
	}
	if *n++; *n > MaxConditions {
		v.Add(conditionsField, "too_many", "Max", MaxConditions)
		return
	}
	if depth > MaxConditionDepth {
		v.Add(conditionsField, "too_deep", "Max", MaxConditionDepth)
		return
	}
	parts := 0
	for _, list := range []*[]Rule{r.All, r.Any} {
		if list == nil {
			continue
		}
		parts++
		for _, part := range *list {
			checkConditions(v, part, depth+1, n)
		}
	}
	if r.Not != nil {
		parts++
		checkConditions(v, *r.Not, depth+1, n)
	}
	if r.Tag != "" {
		parts++
	}
	if r.AsksField() {
		parts++
		checkCondition(v, r)
	}
	if parts != 1 {
		v.Add(conditionsField, "unfinished")
	}
}

func checkCondition(v *Invalid, r Rule) {
	f, known := VisitFieldOf(r.Field)
	wrong := func(code string, with ...any) {
		v.Add(conditionsField, code, append([]any{"Field", r.Field}, with...)...)
	}
	switch {
	case r.Field == "" || r.Op == "" || r.Value == nil:
		wrong("unfinished")
	case !known:
		wrong("unknown_field")
	case !slices.Contains(f.Ops, r.Op):
		wrong("unknown_op", "Op", r.Op)
	case r.Op == "exists" || f.Yes:
		if r.Value.Yes == nil {
			wrong("not_yes_no")
		}
	case r.Op == "in":
		if r.Value.List == nil || len(*r.Value.List) == 0 || len(*r.Value.List) > 50 {
			wrong("not_a_list")
			return
		}
		for _, text := range *r.Value.List {
			f.checkText(text, wrong)
		}
	case f.Number || slices.Contains([]string{"gte", "gt", "lte", "lt"}, r.Op):
		if r.Value.Number == nil {
			wrong("not_a_number")
		} else if x := *r.Value.Number; x < 0 || f.Most > 0 && x > f.Most {
			wrong("out_of_bounds", "Max", f.Most)
		}
	case r.Value.Text == nil:
		if r.Value.Number == nil || !eventProperty.MatchString(r.Field) {
			wrong("not_a_text")
		}
	default:
		f.checkText(*r.Value.Text, wrong)
	}
}

func (f VisitField) checkText(text string, wrong func(string, ...any)) {
	switch {
	case strings.TrimSpace(text) == "":
		wrong("unfinished")
	case utf8.RuneCountInString(text) > MaxConditionText:
		wrong("text_too_long", "Max", MaxConditionText)
	case f.Values != nil && !slices.Contains(f.Values, text):
		wrong("unknown_value", "Value", text)
	case f.Name == VisitEvent && !EventName.MatchString(text):
		wrong("bad_event")
	}
}

// Counts tells whether any part of the conditions needs a count of visits in
// the visitor's browser.
func (t Trigger) Counts() bool { return t.Conditions != nil && counts(*t.Conditions) }

func counts(r Rule) bool {
	for _, list := range []*[]Rule{r.All, r.Any} {
		if list != nil && slices.ContainsFunc(*list, counts) {
			return true
		}
	}
	f, _ := VisitFieldOf(r.Field)
	return f.Counted || r.Not != nil && counts(*r.Not)
}

// FrequencyKind is how often one visitor may be shown a campaign. What was
// dismissed or answered is never shown to that visitor again, whatever the
// frequency.
type FrequencyKind string

// The kinds. Stored campaigns without one are as old as the first version,
// which showed them again on another day.
const (
	FrequencyOnce     FrequencyKind = "once"           // ever
	FrequencySession  FrequencyKind = "session"        // again in another visit to the site
	FrequencyDays     FrequencyKind = "days"           // again after so many days
	FrequencyAnswered FrequencyKind = "until_answered" // on each page
)

// Frequency is how often one visitor may be shown a campaign.
type Frequency struct {
	Kind FrequencyKind `cbor:"1,keyasint" json:"kind"`
	// Days is for FrequencyDays, 1 to MaxFrequencyDays.
	Days int `cbor:"2,keyasint,omitempty" json:"days,omitempty"`
}

// MaxFrequencyDays is the longest pause between two times.
const MaxFrequencyDays = 365

// OrDefault is the frequency, where none was stored what held then.
func (f Frequency) OrDefault() Frequency {
	if f.Kind == "" {
		return Frequency{FrequencyDays, 1}
	}
	return f
}

func (f Frequency) check(v *Invalid) {
	switch f.Kind {
	case "", FrequencyOnce, FrequencySession, FrequencyAnswered:
	case FrequencyDays:
		if f.Days < 1 || f.Days > MaxFrequencyDays {
			v.Add("frequency.days", "out_of_range", "Min", 1, "Max", MaxFrequencyDays)
		}
	default:
		v.Add("frequency.kind", "unknown_frequency")
	}
}

// Priority says which of several campaigns that fit a page has its turn first.
type Priority string

// The priorities.
const (
	PriorityNormal Priority = ""
	PriorityHigh   Priority = "high"
	PriorityLow    Priority = "low"
)

// Rank is higher for what has its turn earlier.
func (p Priority) Rank() int {
	switch p {
	case PriorityHigh:
		return 1
	case PriorityLow:
		return -1
	}
	return 0
}

// Goal is what a campaign's message is for: a page that is reached, or an event
// that a page reports. Exactly one of URL and Event is set.
type Goal struct {
	URL   string `cbor:"1,keyasint,omitempty" json:"url,omitempty"`
	Event string `cbor:"2,keyasint,omitempty" json:"event,omitempty"`
	// Value is what reaching it is worth in Currency (ISO 4217), 0 for nothing.
	// An event may bring its own, as the properties value and currency.
	Value    float64 `cbor:"3,keyasint,omitempty" json:"value,omitempty"`
	Currency string  `cbor:"4,keyasint,omitempty" json:"currency,omitempty"`
	// Days is for how many days after the message it counts, today included.
	Days int `cbor:"5,keyasint" json:"days"`
}

// Bounds of a goal.
const (
	DefaultGoalDays = 7
	MaxGoalDays     = 30
	MaxGoalValue    = 1_000_000
)

// currency is the shape of a code of ISO 4217.
var currency = regexp.MustCompile(`^[A-Z]{3}$`)

// IsCurrency tells whether a text has the shape of a currency's code.
func IsCurrency(code string) bool { return currency.MatchString(code) }

func (g Goal) check(v *Invalid) {
	switch {
	case (g.URL == "") == (g.Event == ""):
		v.Add("goal", "one_of_both")
	case g.Event != "" && !EventName.MatchString(g.Event):
		v.Add("goal.event", "bad_event")
	}
	if g.Value < 0 || g.Value > MaxGoalValue {
		v.Add("goal.value", "out_of_range", "Min", 0, "Max", MaxGoalValue)
	}
	if g.Currency != "" && !currency.MatchString(g.Currency) || g.Currency == "" && g.Value > 0 {
		v.Add("goal.currency", "unknown_currency")
	}
	if g.Days < 1 || g.Days > MaxGoalDays {
		v.Add("goal.days", "out_of_range", "Min", 1, "Max", MaxGoalDays)
	}
}

// Runs tells whether an instant is within a campaign's dates.
func (c LiveChatCampaign) Runs(at time.Time) bool { return !c.Waits(at) && !c.Ended(at) }

// Waits tells whether a campaign's first day is still to come.
func (c LiveChatCampaign) Waits(at time.Time) bool {
	return !c.StartsAt.IsZero() && at.Before(c.StartsAt)
}

// Ended tells whether a campaign's last day is over.
func (c LiveChatCampaign) Ended(at time.Time) bool { return !c.EndsAt.IsZero() && !at.Before(c.EndsAt) }
