package handlers

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

// How conversations went: the page, and the same for programs.

// reportSpans are the times that the page offers, in days.
var reportSpans = []int{7, 30, 90}

// talkReport is the page.
type talkReport struct {
	conversations.Report
	Span   int
	Spans  []tabLink
	Charts []chart
	Empty  bool // nothing has happened in this time
	Median string
	P90    string

	People    []talkShare
	Campaigns []talkShare
}

// talkShare is a row of the page: a person's or a campaign's.
type talkShare struct {
	Name, Picture, Link string
	conversations.Figures
	Median, P90 string
}

// Stars writes a mean rating.
func (r talkReport) Stars(rating float64) string { return strconv.FormatFloat(rating, 'f', 1, 64) }

func (s *Server) showTalkReport(c *fiber.Ctx) error {
	days := reportSpans[1]
	if text := c.Query("days"); text != "" {
		days = whole(text)
	}
	report, err := s.Conversations.Report(c.UserContext(), actor(c), days)
	if err != nil {
		return err
	}
	v := talkReport{Report: report, Span: days, Median: s.waited(c, report.All.Median), P90: s.waited(c, report.All.P90)}
	for _, n := range reportSpans {
		v.Spans = append(v.Spans, tabLink{Link: "/conversations/report?days=" + strconv.Itoa(n), Label: s.t(c, "talkreport.days", "Count", n), Current: n == days})
	}
	a := report.All
	v.Empty = a.Begun+a.HandedOver+a.Replies+a.Resolved+a.Ratings == 0
	v.Charts = s.talkCharts(c, report.Days)
	for _, p := range report.People {
		v.People = append(v.People, talkShare{Name: p.User.Name, Picture: p.User.Picture, Figures: p.Figures, Median: s.waited(c, p.Median), P90: s.waited(c, p.P90)})
	}
	for _, k := range report.Campaigns {
		row := talkShare{Name: k.Campaign.Name, Link: "/campaigns/live-chat/" + k.Campaign.ID.String(), Figures: k.Figures, Median: s.waited(c, k.Median), P90: s.waited(c, k.P90)}
		if k.Campaign.Kind == "sms_campaign" {
			row.Link = "/campaigns/sms/" + k.Campaign.ID.String()
		}
		v.Campaigns = append(v.Campaigns, row)
	}
	return s.page(c, "conversations/report", Page{Title: s.t(c, "talkreport.title"), Nav: "conversations", Data: v})
}

// waited puts a time for which visitors waited into words, "–" for none.
func (s *Server) waited(c *fiber.Ctx, d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return s.span(c, d)
}

// talkCharts draw what happened day by day.
func (s *Server) talkCharts(c *fiber.Ctx, days []conversations.DayFigures) []chart {
	l := s.localizer(c)
	var list []chart
	for _, of := range []struct {
		kind  string
		tone  Tone
		value func(conversations.Figures) float64
		says  func(conversations.Figures) string
	}{
		{"begun", ToneInfo, func(f conversations.Figures) float64 { return float64(f.Begun) }, func(f conversations.Figures) string { return strconv.FormatInt(f.Begun, 10) }},
		{"solved", ToneSuccess, func(f conversations.Figures) float64 { return float64(f.Solved) }, func(f conversations.Figures) string { return strconv.FormatInt(f.Solved, 10) }},
		{"handed", ToneWarning, func(f conversations.Figures) float64 { return float64(f.HandedOver) }, func(f conversations.Figures) string { return strconv.FormatInt(f.HandedOver, 10) }},
		{"wait", "", func(f conversations.Figures) float64 { return f.Median.Seconds() }, func(f conversations.Figures) string { return s.waited(c, f.Median) }},
	} {
		values, best := make([]float64, len(days)), 0
		for i, d := range days {
			if values[i] = of.value(d.Figures); values[i] > values[best] {
				best = i
			}
		}
		if values[best] <= 0 {
			continue
		}
		day := func(i int) string { return l.Date(days[i].Day, time.UTC) }
		says := func(i int) string {
			return s.t(c, "talkreport.bar", "Value", of.says(days[i].Figures), "Day", day(i))
		}
		title := s.t(c, "talkreport.chart."+of.kind)
		list = append(list, chart{Title: title, Most: s.t(c, "talkreport.most", "Value", of.says(days[best].Figures)), Tone: of.tone,
			Label: title + ": " + s.t(c, "talkreport.most", "Value", says(best)), Bars: bars(values, len(days), says), First: day(0), Last: day(len(days) - 1)})
	}
	return list
}

// figuresJSON are figures as the API shows them; times are in seconds, null
// where nobody waited.
type figuresJSON struct {
	Begun        int64                           `json:"begun"`
	BotAnswered  int64                           `json:"bot_answered"`
	BotSolved    int64                           `json:"bot_solved"`
	HandedOver   int64                           `json:"handed_over"`
	Wrong        int64                           `json:"wrongly_handed_over"`
	Reasons      map[liadesk.HandoffReason]int64 `json:"reasons"`
	FirstAnswers int64                           `json:"first_answers"`
	Median       *int                            `json:"first_answer_median"`
	P90          *int                            `json:"first_answer_p90"`
	Abandoned    int64                           `json:"abandoned"`
	Resolved     int64                           `json:"resolved"`
	Replies      int64                           `json:"replies"`
	Missed       int64                           `json:"missed_offers"`
	Rating       *float64                        `json:"rating"`
	Ratings      int64                           `json:"ratings"`
}

func figuresToJSON(f conversations.Figures) figuresJSON {
	out := figuresJSON{Begun: f.Begun, BotAnswered: f.Bot, BotSolved: f.Solved, HandedOver: f.HandedOver, Wrong: f.Wrong, Reasons: map[liadesk.HandoffReason]int64{},
		FirstAnswers: f.Answered, Abandoned: f.Abandoned, Resolved: f.Resolved, Replies: f.Replies, Missed: f.Missed, Ratings: f.Ratings}
	for _, r := range f.Reasons {
		out.Reasons[r.Reason] = r.Count
	}
	if f.Median > 0 {
		out.Median, out.P90 = new(int(f.Median.Seconds())), new(int(f.P90.Seconds()))
	}
	if f.Ratings > 0 {
		out.Rating = &f.Rating
	}
	return out
}

func (s *Server) apiTalkReport(c *fiber.Ctx) error {
	days := reportSpans[1]
	if text := c.Query("days"); text != "" {
		days = whole(text)
	}
	r, err := s.Conversations.Report(c.UserContext(), actor(c), days)
	if err != nil {
		return err
	}
	type dayJSON struct {
		Day string `json:"day"`
		figuresJSON
	}
	type personJSON struct {
		UserID liadesk.ID `json:"user_id"`
		Name   string     `json:"name"`
		figuresJSON
	}
	type campaignJSON struct {
		CampaignID liadesk.ID `json:"campaign_id"`
		Title      string     `json:"title"`
		figuresJSON
	}
	out := struct {
		All       figuresJSON    `json:"all"`
		Days      []dayJSON      `json:"days"`
		Users     []personJSON   `json:"users"`
		Campaigns []campaignJSON `json:"campaigns,omitempty"`
	}{All: figuresToJSON(r.All), Users: []personJSON{}}
	for _, d := range r.Days {
		out.Days = append(out.Days, dayJSON{d.Day.Format(time.DateOnly), figuresToJSON(d.Figures)})
	}
	for _, p := range r.People {
		out.Users = append(out.Users, personJSON{p.User.ID, p.User.Name, figuresToJSON(p.Figures)})
	}
	for _, k := range r.Campaigns {
		out.Campaigns = append(out.Campaigns, campaignJSON{k.Campaign.ID, k.Campaign.Name, figuresToJSON(k.Figures)})
	}
	return c.JSON(out)
}
