package hours

import (
	"testing"
	"time"
)

// TestTheTableHoldsWhatTheRulesOfThePlacesSay looks at the places where rules
// differ most. The places of the table are written by hand, so that a slip of
// the keyboard in one of them is found here.
func TestTheTableHoldsWhatTheRulesOfThePlacesSay(t *testing.T) {
	rules := BuiltIn()
	for _, tt := range []struct {
		country, state string
		day            time.Weekday
		want           []Shift
	}{
		{"US", "", time.Monday, []Shift{{10 * 60, 20 * 60}}},
		{"US", "", time.Sunday, []Shift{{12 * 60, 20 * 60}}},
		{"US", "NY", time.Sunday, []Shift{{8 * 60, 21 * 60}}},
		{"US", "FL", time.Sunday, []Shift{{8 * 60, 20 * 60}}},
		{"US", "TX", time.Sunday, []Shift{{12 * 60, 21 * 60}}},
		{"US", "AL", time.Sunday, nil},
		{"US", "RI", time.Saturday, []Shift{{10 * 60, 17 * 60}}},
		{"CA", "", time.Friday, []Shift{{9 * 60, 21*60 + 30}}},
		{"CO", "", time.Saturday, []Shift{{8 * 60, 15 * 60}}},
		{"FR", "", time.Sunday, nil},
		{"GB", "", time.Sunday, []Shift{{8 * 60, 21 * 60}}},
		{"SE", "", time.Sunday, nil},
		{"SE", "", time.Saturday, []Shift{{9 * 60, 20 * 60}}},
	} {
		got := rules.For(tt.country, tt.state).Week[tt.day]
		if len(got) != len(tt.want) || len(got) == 1 && got[0] != tt.want[0] {
			t.Errorf("%s/%s on %s: %v, want %v", tt.country, tt.state, tt.day, got, tt.want)
		}
	}
	for place, w := range rules.ByPlace {
		if w.Basis == "" {
			t.Errorf("%s does not say what it stands on", place)
		}
		if never := place == "TR"; w.NeverOpen() != never {
			t.Errorf("%s: never open is %v", place, w.NeverOpen())
		}
		for day, shifts := range w.Week {
			for _, s := range shifts {
				if s.From < 7*60 || s.To > 22*60 {
					t.Errorf("%s on %s texts people at night: %v", place, time.Weekday(day), s)
				}
			}
		}
	}
}

func TestTheNearestPlaceThatSaysSomethingLimitsTexts(t *testing.T) {
	for _, tt := range []struct {
		own            map[string]Window
		country, state string
		want           int
	}{
		{nil, "US", "FL", 3},
		{nil, "US", "TX", 0},
		{nil, "SE", "", 0},
		{nil, "", "", 0},
		{map[string]Window{"US/FL": {}}, "US", "FL", 3},
		{map[string]Window{"US/FL": {MostPerDay: 5}}, "US", "FL", 5},
		{map[string]Window{"US": {MostPerDay: 2}}, "US", "FL", 3},
		{map[string]Window{"US": {MostPerDay: 2}}, "US", "TX", 2},
		{map[string]Window{"US/TX": {}, "US": {MostPerDay: 2}}, "US", "TX", 2},
		{map[string]Window{Anywhere: {MostPerDay: 4}}, "SE", "", 4},
		{map[string]Window{Anywhere: {MostPerDay: 4}}, "US", "OK", 3},
		{map[string]Window{Anywhere: {MostPerDay: 4}}, "", "", 4},
	} {
		if got := BuiltIn().MostPerDay(tt.own, tt.country, tt.state); got != tt.want {
			t.Errorf("with %v, %s/%s: %d, want %d", tt.own, tt.country, tt.state, got, tt.want)
		}
	}
}
