package sms

import (
	"fmt"
	"testing"

	"github.com/liadesk/campaigns/liadesk"
)

func TestWhatIsTooHighInAReport(t *testing.T) {
	codes := func(n int64, list ...string) (f []Failure) {
		for _, code := range list {
			f = append(f, Failure{code, n})
		}
		return f
	}
	clicked := func(delivered, people int64, settled, counted bool) Report {
		r := Report{Progress: Progress{Delivered: delivered, Clicks: Clicks{People: people}}, settled: settled}
		r.Campaign.TrackClicks = counted
		return r
	}
	for name, c := range map[string]struct {
		status liadesk.SMSStatus
		r      Report
		want   string
	}{
		"nothing":              {liadesk.SMSCompleted, Report{Accepted: 1000, Progress: Progress{Delivered: 1000}}, "[]"},
		"nobody":               {liadesk.SMSCompleted, Report{}, "[]"},
		"opt-outs at the edge": {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 1000, OptOuts: 13}}, "[]"},
		"opt-outs above it":    {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 1000, OptOuts: 14}}, "[{opt_outs  14 1000 0.013}]"},
		"opt-outs of accepted": {liadesk.SMSCompleted, Report{OfAccepted: true, Accepted: 100, Progress: Progress{Sent: 100, OptOuts: 2}}, "[{opt_outs  2 100 0.013}]"},
		"codes of one class":   {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 94, Failed: 6, Failures: codes(3, "50", "70")}}, "[{failed numbers 6 100 0.05}]"},
		"codes of two classes": {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 94, Failed: 6, Failures: codes(3, "30", "80")}}, "[]"},
		"a filter at the edge": {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 90, Failed: 10, Failures: codes(10, "30")}}, "[]"},
		"a filter above it":    {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 89, Failed: 11, Failures: codes(11, "30")}}, "[{failed content 11 100 0.1}]"},
		"our own reasons":      {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 90, Failed: 10, Failures: codes(5, "given_up", "not_sendable")}}, "[{failed here 10 100 0.05}]"},
		"codes at the edge":    {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 95, Failed: 5, Failures: codes(5, "900")}}, "[]"},
		"a code nobody knows":  {liadesk.SMSCompleted, Report{Progress: Progress{Delivered: 9, Failed: 1, Failures: codes(1, "777")}}, "[{failed unknown 1 10 0.05}]"},
		"too few while it runs": {liadesk.SMSSending, Report{Progress: Progress{Delivered: 9, Failed: 10, Failures: codes(10, "50")}},
			"[]"},
		"enough while it runs": {liadesk.SMSSending, Report{Progress: Progress{Delivered: 10, Failed: 10, Failures: codes(10, "40")}},
			"[{failed account 10 20 0.05}]"},
		"nothing heard":             {liadesk.SMSCompleted, Report{Unknown: 12, Accepted: 98, Progress: Progress{Delivered: 88, Accepted: 10, Unconfirmed: 2}}, "[{unknown  12 100 0.1}]"},
		"few clicks":                {liadesk.SMSCompleted, clicked(100, 5, true, true), "[{clicks  5 100 0.06}]"},
		"clicks at the edge":        {liadesk.SMSCompleted, clicked(100, 6, true, true), "[]"},
		"few clicks so far":         {liadesk.SMSCompleted, clicked(100, 5, false, true), "[]"},
		"clicks that nobody counts": {liadesk.SMSCompleted, clicked(100, 0, true, false), "[]"},
		"no clicks of a few":        {liadesk.SMSCompleted, clicked(19, 0, true, true), "[]"},
	} {
		c.r.Campaign.Status = c.status
		if got := fmt.Sprint(c.r.alarms()); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
