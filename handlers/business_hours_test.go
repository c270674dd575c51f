package handlers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// An inbox that was open round the clock showed empty ends, which a browser
// then sent back as no hours at all.
func TestHoursThatAreSavedAsTheyWereShownStayTheSame(t *testing.T) {
	for name, shifts := range map[string][]hours.Shift{
		"round the clock": {hours.WholeDay},
		"until midnight":  {{From: 9 * 60, To: 12 * 60}, {From: 18 * 60, To: 24 * 60}},
		"past midnight":   {{From: 22 * 60, To: 26 * 60}},
		"closed":          nil,
	} {
		s := hours.Schedule{Zone: "Europe/Madrid", Week: hours.EveryDay(shifts...)}
		form := hoursFormOf(s)
		for _, day := range form.Days {
			for _, shift := range day.Shifts {
				if shift[1] == "24:00" {
					t.Errorf("%s: no browser can show %q", name, shift)
				}
			}
		}
		var wrong liadesk.Invalid
		got := form.schedule(&wrong)
		if err := wrong.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(s, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
