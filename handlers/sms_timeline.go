package handlers

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsTimeline is what happened in a campaign by time, as charts and as a table.
type smsTimeline struct {
	Charts      []smsChart
	Rows        []smsStep
	First, Last string // the times at the ends of the charts
	Each        string // how long a bar is, in words
}

// smsChart has a bar for each step.
type smsChart struct {
	Kind  string // delivered, replies
	Most  int64
	All   int64
	Tone  Tone
	Label string // the whole chart in words
	Bars  []smsChartBar
}

// smsChartBar is a bar, in thousandths of the chart's width and hundredths of its
// height, which count from the top.
type smsChartBar struct {
	X, Wide, Y, High float64
	Label            string
}

type smsStep struct {
	When string
	sms.Step
}

// fewestPlaces is how many bars a chart has room for at least.
const fewestPlaces = 12

// smsTimelineOf reads the timeline of a campaign; nil before anything happened.
func (s *Server) smsTimelineOf(c *fiber.Ctx, id liadesk.ID) (*smsTimeline, error) {
	steps, err := s.SMS.Timeline(c.UserContext(), actor(c), id)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	l, in := s.localizer(c), zone(c)
	v := &smsTimeline{First: l.DateTime(steps[0].At, in), Each: s.t(c, fmt.Sprintf("timeline.each_%d", steps[0].Seconds))}
	// A young campaign has its bars at the left of a chart that goes on.
	places := max(len(steps), fewestPlaces)
	v.Last = l.DateTime(steps[0].At.Add(time.Duration(places-1)*time.Duration(steps[0].Seconds)*time.Second), in)
	for _, step := range steps {
		if step.Taken+step.Delivered+step.Replies+step.OptOuts != 0 {
			v.Rows = append(v.Rows, smsStep{l.DateTime(step.At, in), step})
		}
	}
	for _, of := range []struct {
		kind  string
		tone  Tone
		count func(sms.Step) int64
	}{
		{"delivered", ToneSuccess, func(s sms.Step) int64 { return s.Delivered }},
		{"replies", ToneInfo, func(s sms.Step) int64 { return s.Replies }},
	} {
		chart := smsChart{Kind: of.kind, Tone: of.tone}
		best := steps[0].At
		for _, step := range steps {
			n := max(0, of.count(step))
			if chart.All += n; n > chart.Most {
				chart.Most, best = n, step.At
			}
		}
		if chart.Most == 0 {
			continue
		}
		wide := 1000 / float64(places)
		for i, step := range steps {
			n := of.count(step)
			if n <= 0 {
				continue
			}
			high := max(1, 100*float64(n)/float64(chart.Most))
			chart.Bars = append(chart.Bars, smsChartBar{X: float64(i) * wide, Wide: wide * 0.86, Y: 100 - high, High: high,
				Label: s.t(c, fmt.Sprintf("timeline.bar_%s", of.kind), "Count", n, "When", l.DateTime(step.At, in))})
		}
		chart.Label = s.t(c, fmt.Sprintf("timeline.%s_label", of.kind), "All", chart.All, "Most", chart.Most, "When", l.DateTime(best, in))
		v.Charts = append(v.Charts, chart)
	}
	return v, nil
}
