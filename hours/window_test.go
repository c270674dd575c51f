package hours

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTheBuiltInWindowKeepsSundayFree(t *testing.T) {
	rules := BuiltIn()
	if rules.AsOf == "" || rules.Default.Basis == "" {
		t.Error("rules need their date and their basis")
	}
	want := Week{}
	for d := time.Monday; d <= time.Saturday; d++ {
		want[d] = []Shift{{9 * 60, 20 * 60}}
	}
	if !slices.EqualFunc(rules.Default.Week[:], want[:], slices.Equal[[]Shift]) {
		t.Errorf("the default window is %v", rules.Default.Week)
	}
	if rules.Default.AlwaysOpen() || !RoundTheClock().AlwaysOpen() {
		t.Error("AlwaysOpen")
	}
}

func TestRulesGoFromTheStateToTheCountryToTheDefault(t *testing.T) {
	window := func(basis string) Window { return Window{Basis: basis} }
	r := Rules{Default: window("default"), ByPlace: map[string]Window{"US": window("federal"), "US/FL": window("Florida"), "": window("nowhere")}}
	for _, tt := range [][3]string{{"US", "FL", "Florida"}, {"US", "TX", "federal"}, {"US", "", "federal"}, {"BR", "", "default"}, {"BR", "FL", "default"}, {"", "", "default"}} {
		if got := r.For(tt[0], tt[1]).Basis; got != tt[2] {
			t.Errorf("For(%q, %q) = %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestATextWaitsUntilAllZonesAreOpen(t *testing.T) {
	w := BuiltIn().Default
	coasts := []string{"America/New_York", "America/Los_Angeles"}
	farApart := []string{"Pacific/Auckland", "Europe/London", "America/Los_Angeles"}
	for _, tt := range []struct {
		story               string
		zones               []string
		w                   Window
		now, opens, closing string // "" for never
	}{
		{"one zone, early", []string{"Europe/Madrid"}, w, "2026-12-01T08:00:00+01:00", "2026-12-01T09:00:00+01:00", "2026-12-01T08:00:00+01:00"},
		{"one zone, open", []string{"Europe/Madrid"}, w, "2026-12-01T10:00:00+01:00", "2026-12-01T10:00:00+01:00", "2026-12-01T20:00:00+01:00"},
		{"Saturday night", []string{"Europe/Madrid"}, w, "2026-12-05T20:00:00+01:00", "2026-12-07T09:00:00+01:00", "2026-12-05T20:00:00+01:00"},
		{"the east is up, the west sleeps", coasts, w, "2026-12-01T09:00:00-05:00", "2026-12-01T12:00:00-05:00", "2026-12-01T09:00:00-05:00"},
		{"both are up", coasts, w, "2026-12-01T12:00:00-05:00", "2026-12-01T12:00:00-05:00", "2026-12-01T20:00:00-05:00"},
		{"the east sleeps", coasts, w, "2026-12-01T20:00:00-05:00", "2026-12-02T12:00:00-05:00", "2026-12-01T20:00:00-05:00"},
		{"no common hour", farApart, w, "2026-12-01T12:00:00Z", "", "2026-12-01T12:00:00Z"},
		{"nobody knows the zone", nil, w, "2026-12-01T12:00:00Z", "", "2026-12-01T12:00:00Z"},
		{"a zone that does not exist", []string{"Europe/Madrid", "Mars/Olympus"}, w, "2026-12-01T12:00:00Z", "", "2026-12-01T12:00:00Z"},
		{"round the clock", farApart, RoundTheClock(), "2026-12-06T03:00:00Z", "2026-12-06T03:00:00Z", ""},
		{"round the clock, zone or not", nil, RoundTheClock(), "2026-12-06T03:00:00Z", "2026-12-06T03:00:00Z", ""},
		{"a window without hours", []string{"Europe/Madrid"}, Window{}, "2026-12-01T12:00:00Z", "", "2026-12-01T12:00:00Z"},
	} {
		now := at(t, tt.now)
		opens, ok := Next(tt.zones, tt.w, now)
		if ok != (tt.opens != "") || ok && !opens.Equal(at(t, tt.opens)) {
			t.Errorf("%s: next %v, %v; want %s", tt.story, opens, ok, tt.opens)
		}
		closes, ok := Closes(tt.zones, tt.w, now)
		if ok != (tt.closing != "") || ok && !closes.Equal(at(t, tt.closing)) {
			t.Errorf("%s: closes %v, %v; want %s", tt.story, closes, ok, tt.closing)
		}
		if got, want := Allowed(tt.zones, tt.w, now), tt.opens == tt.now; got != want {
			t.Errorf("%s: allowed %v", tt.story, got)
		}
	}
}

// Whatever the zones and the window: a text is allowed exactly when the window is
// open in every zone, and Next misses no such minute.
func TestATextIsAllowedExactlyWhileAllZonesAreOpen(t *testing.T) {
	names := []string{"America/New_York", "America/Sao_Paulo", "Europe/Madrid", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Auckland", "Pacific/Chatham", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		jump := rapid.SampledFrom(jumps).Draw(t, "jump")
		start, _ := time.Parse(time.DateOnly, jump.day)
		w := Window{Week: drawWeek(t), Holidays: drawHolidays(t, start)}
		zones := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 4, rapid.ID).Draw(t, "zones")
		var locs []*time.Location
		for _, zone := range zones {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			locs = append(locs, loc)
		}
		allOpen := func(m time.Time) bool {
			return !slices.ContainsFunc(locs, func(loc *time.Location) bool { return !plainlyOpen(w.Week, w.Holidays, loc, m) })
		}
		now := start.Add(time.Duration(rapid.IntRange(-3*Day, 2*Day).Draw(t, "minute")) * time.Minute)
		next, ok := Next(zones, w, now)
		until := next
		if !ok {
			until = now.AddDate(0, 0, 9)
		}
		for m := now; m.Before(until); m = m.Add(time.Minute) {
			if allOpen(m) {
				t.Fatalf("from %v: next %v (%v), overlooked %v", now, next, ok, m)
			}
		}
		if ok && !allOpen(next) {
			t.Fatalf("next %v is not open everywhere", next)
		}
		if Allowed(zones, w, now) != allOpen(now) {
			t.Fatalf("%v: allowed %v", now, Allowed(zones, w, now))
		}
		if closes, closing := Closes(zones, w, now); closing {
			if allOpen(closes) {
				t.Fatalf("%v is called closed", closes)
			}
			for m := now; m.Before(closes); m = m.Add(time.Minute) {
				if !allOpen(m) {
					t.Fatalf("from %v: closes %v, overlooked %v", now, closes, m)
				}
			}
		}
	})
}

// A holiday that an account sets for a country holds in its states, which have
// hours of their own, but where the state says something of that day.
func TestAnOwnHolidayOfACountryHoldsInItsStates(t *testing.T) {
	own := map[string]Window{
		"US":    {Week: EveryDay(WholeDay), Holidays: []Holiday{{Date: "2026-12-15"}, {Date: "2026-12-16"}}},
		"US/NY": {Week: EveryDay(WholeDay), Holidays: []Holiday{{Date: "2026-12-16", Shifts: []Shift{WholeDay}}}},
	}
	for _, c := range []struct {
		state string
		day   int
		open  bool
	}{{"FL", 14, true}, {"FL", 15, false}, {"FL", 16, false}, {"NY", 15, false}, {"NY", 16, true}, {"", 15, false}} {
		at := time.Date(2026, 12, c.day, 17, 0, 0, 0, time.UTC) // noon in New York
		if got := Allowed([]string{"America/New_York"}, BuiltIn().ForWith(own, "US", c.state), at); got != c.open {
			t.Errorf("US/%s on the %dth: open %v", c.state, c.day, got)
		}
	}
	if n := len(own["US/NY"].Holidays); n != 1 {
		t.Errorf("the account's own list has %d holidays now", n)
	}
}
