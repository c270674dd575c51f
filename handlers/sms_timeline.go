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
	Charts []chart
	Rows   []smsStep
	Each   string // how long a bar is, in words
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
	v := &smsTimeline{Each: s.t(c, fmt.Sprintf("timeline.each_%d", steps[0].Seconds))}
	// A young campaign has its bars at the left of a chart that goes on.
	places := max(len(steps), fewestPlaces)
	first, last := l.DateTime(steps[0].At, in), l.DateTime(steps[0].At.Add(time.Duration(places-1)*time.Duration(steps[0].Seconds)*time.Second), in)
	for _, step := range steps {
		if step.Taken+step.Delivered+step.Replies+step.OptOuts+step.Clickers != 0 {
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
		{"clicks", ToneInfo, func(s sms.Step) int64 { return s.Clickers }},
	} {
		values := make([]float64, len(steps))
		var all, most int64
		best := steps[0].At
		for i, step := range steps {
			n := max(0, of.count(step))
			values[i] = float64(n)
			if all += n; n > most {
				most, best = n, step.At
			}
		}
		if most == 0 {
			continue
		}
		v.Charts = append(v.Charts, chart{Title: s.t(c, fmt.Sprintf("timeline.%s", of.kind)), Most: s.t(c, "timeline.most", "Count", most), Tone: of.tone, First: first, Last: last,
			Label: s.t(c, fmt.Sprintf("timeline.%s_label", of.kind), "All", all, "Most", most, "When", l.DateTime(best, in)),
			Bars: bars(values, places, func(i int) string {
				return s.t(c, fmt.Sprintf("timeline.bar_%s", of.kind), "Count", of.count(steps[i]), "When", l.DateTime(steps[i].At, in))
			})})
	}
	return v, nil
}

// smsTook is how long something usually took, in words.
type smsTook struct {
	Median, P95 string
	Count       int64
}

func (s *Server) smsTook(c *fiber.Ctx, t *sms.Took) *smsTook {
	if t == nil {
		return nil
	}
	words := func(d time.Duration) string {
		if d < time.Second {
			return s.t(c, "reports.under_a_second")
		}
		return s.span(c, d)
	}
	return &smsTook{words(t.Median), words(t.P95), t.Count}
}
