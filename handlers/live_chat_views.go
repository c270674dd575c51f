package handlers

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// chatCard is a live chat campaign with what its card and its page say.
type chatCard struct {
	livechat.Item
	Path   string
	Quote  string // the message, shortened
	Inbox  string
	Speaks string // the sender's name
	Notes  []chatNote
}

// chatNote is a reason in words.
type chatNote struct {
	Tone       Tone
	Text       string
	Link, Mend string // where it is mended, if somewhere
}

// quoteLength is how much of a message a card shows, in characters.
const quoteLength = 140

func chatPath(id liadesk.ID) string { return "/campaigns/live-chat/" + id.String() }

func (s *Server) chatCard(c *fiber.Ctx, it livechat.Item) chatCard {
	card := chatCard{Item: it, Path: chatPath(it.Campaign.ID), Quote: livechat.Shorten(livechat.PlainText(it.Campaign.Message), quoteLength),
		Inbox: it.Inbox.Name, Speaks: it.Speaker.Name, Notes: s.chatNotes(c, it.Why, it.Inbox.ID)}
	if card.Quote == "" {
		card.Quote = s.t(c, "livechat.picture_only")
	}
	if card.Inbox == "" {
		card.Inbox = s.t(c, "livechat.inbox_gone")
	}
	return card
}

// chatNotes put what keeps a campaign from being shown into words.
func (s *Server) chatNotes(c *fiber.Ctx, why []livechat.Reason, inbox liadesk.ID) []chatNote {
	var list []chatNote
	for _, r := range why {
		n := chatNote{Tone: ToneInfo, Text: s.t(c, fmt.Sprintf("livechat.why.%s", r.Code), "Name", r.Name, "When", s.localizer(c).DateTime(r.At, zone(c)))}
		if r.Stops {
			n.Tone = ToneWarning
		}
		switch r.Code {
		case livechat.ReasonSnippet, livechat.ReasonNeverOpen, livechat.ReasonDomains, livechat.ReasonCounting:
			n.Link, n.Mend = "/inboxes/"+inbox.String(), s.t(c, fmt.Sprintf("livechat.mend.%s", r.Code))
		}
		list = append(list, n)
	}
	return list
}

// chatRemoved names what the sanitiser takes out of a message.
func (s *Server) chatRemoved(c *fiber.Ctx, removed []livechat.Removed) []string {
	var list []string
	for _, r := range removed {
		list = append(list, s.t(c, fmt.Sprintf("livechat.removed.%s", r.Kind), "Name", r.Name, "Example", r.Example,
			"Depth", livechat.MaxMessageDepth, "Max", livechat.MaxMessage))
	}
	return list
}

// chatPreview is the bubble as it will stand on the site.
type chatPreview struct {
	URL     string
	Seconds int
	Speaker livechat.Speaker
	Blocks  []livechat.Block
	Replies []string
}

func previewOf(d livechat.Draft) chatPreview {
	return chatPreview{URL: d.Campaign.Trigger.URL, Seconds: d.Campaign.Trigger.TimeOnPage, Speaker: d.Speaker, Blocks: d.Blocks,
		Replies: d.Campaign.QuickReplies}
}

// chatZone is the zone of a campaign's dates: its inbox's, else the account's.
func (s *Server) chatZone(c *fiber.Ctx, in liadesk.Inbox) string {
	if in.Website != nil && in.Website.Hours.Zone != "" {
		return in.Website.Hours.Zone
	}
	return cmp.Or(viewer(c).Account.Settings.TimeZone, "UTC")
}

// chatFacts say when, how often and what for, where somebody said so.
func (s *Server) chatFacts(c *fiber.Ctx, k liadesk.LiveChatCampaign, zone string) (list []chatFact) {
	add := func(key, value string) {
		if value != "" {
			list = append(list, chatFact{s.t(c, "livechat.fact."+key), value})
		}
	}
	add("urls", strings.Join(k.Trigger.URLs, ", "))
	add("except", strings.Join(k.Trigger.Except, ", "))
	add("conditions", s.saysConditions(c, k.Trigger.Conditions))
	add("often", s.saysFrequency(c, k.Frequency))
	l := s.localizer(c)
	if !k.StartsAt.IsZero() {
		add("starts", l.DateTime(k.StartsAt, toZone(zone)))
	}
	if !k.EndsAt.IsZero() {
		add("ends", l.DateTime(k.EndsAt, toZone(zone)))
	}
	if k.OnlineOnly {
		add("online", s.t(c, "common.yes"))
	}
	if k.Priority != liadesk.PriorityNormal {
		add("priority", s.t(c, "livechat.priority."+string(k.Priority)))
	}
	if k.Bot != liadesk.BotAsInbox {
		add("bot", s.t(c, "bot.policy."+string(k.Bot)))
	}
	add("replies", strings.Join(k.QuickReplies, ", "))
	if k.Goal != nil {
		add("goal", s.saysGoal(c, *k.Goal))
	}
	return list
}

// saysFrequency puts how often into words.
func (s *Server) saysFrequency(c *fiber.Ctx, f liadesk.Frequency) string {
	if f = f.OrDefault(); f.Kind == liadesk.FrequencyDays {
		return s.t(c, "livechat.every", "Count", f.Days)
	}
	return s.t(c, "livechat.often."+string(f.Kind))
}

// saysGoal puts what a campaign is for into words.
func (s *Server) saysGoal(c *fiber.Ctx, g liadesk.Goal) string {
	text := s.t(c, "livechat.goal_days", "What", cmp.Or(g.URL, g.Event), "Count", g.Days)
	if g.Value > 0 {
		text = s.t(c, "livechat.goal_worth", "Goal", text, "Value", s.localizer(c).Decimal(g.Value, 2), "Currency", g.Currency)
	}
	return text
}

// span puts a time that passed into words, in the unit that suits it.
func (s *Server) span(c *fiber.Ctx, d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return s.t(c, "common.span.seconds", "Count", int(d.Round(time.Second)/time.Second))
	case d < 90*time.Minute:
		return s.t(c, "common.span.minutes", "Count", int(d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour:
		return s.t(c, "common.span.hours", "Count", int(d.Round(time.Hour)/time.Hour))
	}
	return s.t(c, "common.span.days", "Count", int(d.Round(24*time.Hour)/(24*time.Hour)))
}

// onePage is an address that names a single page, "" for a pattern of several.
func onePage(url string) string {
	if strings.ContainsAny(url, "*{}()") {
		return ""
	}
	return url
}

// chatRate is a figure's share with the formula that made it.
type chatRate struct {
	Key     string
	Count   int64
	Rate    livechat.Rate
	Formula bool // false for the whole itself
}

// chatReport is the page of one campaign.
type chatReport struct {
	chatCard
	Preview chatPreview
	Facts   []chatFact
	Rates   []chatRate
	Bars    []chatBar
	Most    int64 // the highest bar
	// GoalBars are the goals by day.
	GoalBars  []chatBar
	MostGoals int64
	From      string // the first and last day
	To        string
	// Wait is the middle of the times until a person answered, in words.
	Wait         string
	HumanAnswers int64
	Worth        []string
	Quiet        []chatQuiet
	// Explain asks about the campaign\'s page, if it names one.
	Explain string
}

// chatQuiet is why a campaign was not shown, and on how many page views.
type chatQuiet struct {
	Text  string
	Count int64
}

// chatBar is one day in the chart, in its own units.
type chatBar struct {
	X, ShownY, ShownHigh, AnsweredY, AnsweredHigh float64
	Day                                           livechat.Day
	Label                                         string // the day in words
}

// Sizes of the chart, in units of its drawing.
const (
	chartStep = 20.0
	chartWide = 12.0
	chartHigh = 120.0
)

// chatBars draws two figures of the days of a report, the second in front of the
// first; write puts a day into words.
func chatBars(days []livechat.Day, figures func(livechat.Day) (behind, front int64), write func(time.Time) string) (bars []chatBar, most int64) {
	for _, d := range days {
		behind, front := figures(d)
		most = max(most, behind, front)
	}
	for i, d := range days {
		behind, front := figures(d)
		scale := chartHigh / float64(max(most, 1))
		b := chatBar{X: float64(i)*chartStep + (chartStep-chartWide)/2, ShownHigh: float64(behind) * scale, AnsweredHigh: float64(front) * scale, Day: d,
			Label: write(d.Date)}
		b.ShownY, b.AnsweredY = chartHigh-b.ShownHigh, chartHigh-b.AnsweredHigh
		bars = append(bars, b)
	}
	return bars, most
}

func (s *Server) chatReport(c *fiber.Ctx, r livechat.Report) (chatReport, error) {
	blocks, err := livechat.Blocks(r.Campaign.Message)
	if err != nil {
		return chatReport{}, err
	}
	f := r.Figures
	opened, answered, dismissed := f.Rates()
	shown, goals, handedOver := f.MoreRates()
	out := chatReport{chatCard: s.chatCard(c, r.Item), HumanAnswers: r.HumanAnswers,
		Preview: previewOf(livechat.Draft{Item: r.Item, Blocks: blocks}),
		Rates: []chatRate{{Key: "armed", Count: f.Armed}, {"shown", f.Shown, shown, f.Armed > 0}, {"opened", f.Opened, opened, true},
			{"answered", f.Answered, answered, true}, {"dismissed", f.Dismissed, dismissed, true}, {"handed_over", f.HandedOver, handedOver, true}},
	}
	if r.Campaign.Goal != nil || f.Goals > 0 {
		out.Rates = append(out.Rates, chatRate{"goals", f.Goals, goals, true})
	}
	if r.HumanAnswers > 0 {
		out.Wait = s.t(c, "livechat.report.about", "Time", s.span(c, r.HumanAnswer))
	}
	for _, w := range r.Worth {
		out.Worth = append(out.Worth, s.localizer(c).Decimal(w.Amount(), 2)+" "+w.Currency)
	}
	for _, q := range r.Quiet {
		out.Quiet = append(out.Quiet, chatQuiet{s.t(c, "livechat.blocked."+string(q.Reason)), q.Count})
	}
	if out.Explain, err = query("/campaigns/live-chat/explain", "url", onePage(r.Campaign.Trigger.URL)); err != nil {
		return chatReport{}, err
	}
	out.Facts = s.chatFacts(c, r.Campaign, s.chatZone(c, r.Inbox))
	l := s.localizer(c)
	write := func(day time.Time) string { return l.Date(day, time.UTC) }
	out.Bars, out.Most = chatBars(r.Days, func(d livechat.Day) (int64, int64) { return d.Shown, d.Answered }, write)
	out.GoalBars, out.MostGoals = chatBars(r.Days, func(d livechat.Day) (int64, int64) { return 0, d.Goals }, write)
	out.From, out.To = out.Bars[0].Label, out.Bars[len(out.Bars)-1].Label
	return out, nil
}
