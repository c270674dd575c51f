package hours

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// at reads an instant; local times are followed by their offset.
func at(t *testing.T, s string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestOpenAndTheNextChange(t *testing.T) {
	split := Week{1: {{540, 840}, {1020, 1200}}, 2: {{540, 840}}}
	night := Week{5: {{1320, 1560}}}
	for _, tt := range []struct {
		story        string
		s            Schedule
		now          string
		opens, close string // "" for never
	}{
		{"before opening", Schedule{Zone: "Europe/Madrid", Week: split}, "2026-11-30T08:59:59+01:00", "2026-11-30T09:00:00+01:00", "2026-11-30T08:59:59+01:00"},
		{"at the first second", Schedule{Zone: "Europe/Madrid", Week: split}, "2026-11-30T09:00:00+01:00", "2026-11-30T09:00:00+01:00", "2026-11-30T14:00:00+01:00"},
		{"the end is exclusive", Schedule{Zone: "Europe/Madrid", Week: split}, "2026-11-30T14:00:00+01:00", "2026-11-30T17:00:00+01:00", "2026-11-30T14:00:00+01:00"},
		{"within the last second", Schedule{Zone: "Europe/Madrid", Week: split}, "2026-11-30T13:59:59.999+01:00", "2026-11-30T13:59:59.999+01:00", "2026-11-30T14:00:00+01:00"},
		{"over the week's end", Schedule{Zone: "Europe/Madrid", Week: split}, "2026-12-01T15:00:00+01:00", "2026-12-07T09:00:00+01:00", "2026-12-01T15:00:00+01:00"},
		{"a night shift before midnight", Schedule{Zone: "UTC", Week: night}, "2026-12-04T23:00:00Z", "2026-12-04T23:00:00Z", "2026-12-05T02:00:00Z"},
		{"a night shift after midnight", Schedule{Zone: "UTC", Week: night}, "2026-12-05T01:00:00Z", "2026-12-05T01:00:00Z", "2026-12-05T02:00:00Z"},
		{"shifts that touch are one stretch", Schedule{Zone: "UTC", Week: EveryDay(Shift{0, 720}, Shift{720, 1440})}, "2026-12-05T01:00:00Z", "2026-12-05T01:00:00Z", ""},
		{"round the clock", Schedule{Zone: "America/New_York", Week: EveryDay(WholeDay)}, "2026-12-05T01:00:00Z", "2026-12-05T01:00:00Z", ""},
		{"round the clock but for Christmas", Schedule{Zone: "UTC", Week: EveryDay(WholeDay), Holidays: []Holiday{{Date: "2026-12-25"}}}, "2026-12-05T01:00:00Z", "2026-12-05T01:00:00Z", "2026-12-25T00:00:00Z"},
		{"on Christmas", Schedule{Zone: "UTC", Week: EveryDay(WholeDay), Holidays: []Holiday{{Date: "2026-12-25"}}}, "2026-12-25T12:00:00Z", "2026-12-26T00:00:00Z", "2026-12-25T12:00:00Z"},
		{"a holiday does not cut the night before", Schedule{Zone: "UTC", Week: night, Holidays: []Holiday{{Date: "2026-12-05"}}}, "2026-12-05T01:00:00Z", "2026-12-05T01:00:00Z", "2026-12-05T02:00:00Z"},
		{"a holiday with shifts of its own", Schedule{Zone: "UTC", Week: split, Holidays: []Holiday{{Date: "2026-11-30", Shifts: []Shift{{600, 660}}}}}, "2026-11-30T09:30:00Z", "2026-11-30T10:00:00Z", "2026-11-30T09:30:00Z"},
		{"open on one day of next year only", Schedule{Zone: "UTC", Holidays: []Holiday{{Date: "2027-12-05", Shifts: []Shift{{600, 660}}}}}, "2026-11-30T09:30:00Z", "2027-12-05T10:00:00Z", "2026-11-30T09:30:00Z"},
		{"no shifts", Schedule{Zone: "UTC"}, "2026-11-30T09:30:00Z", "", "2026-11-30T09:30:00Z"},
		{"only a holiday gone by", Schedule{Zone: "UTC", Holidays: []Holiday{{Date: "2026-11-29", Shifts: []Shift{WholeDay}}}}, "2026-11-30T09:30:00Z", "", "2026-11-30T09:30:00Z"},
		{"no zone", Schedule{Week: EveryDay(WholeDay)}, "2026-11-30T09:30:00Z", "", "2026-11-30T09:30:00Z"},
		{"the hour that spring leaves out", Schedule{Zone: "America/New_York", Week: Week{0: {{120, 180}}}}, "2026-03-08T00:00:00-05:00", "2026-03-15T02:00:00-04:00", "2026-03-08T00:00:00-05:00"},
		{"a shift that begins in the gap", Schedule{Zone: "America/New_York", Week: Week{0: {{150, 300}}}}, "2026-03-08T00:00:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T00:00:00-05:00"},
		{"a shift that ends in the gap", Schedule{Zone: "America/New_York", Week: Week{0: {{60, 150}}}}, "2026-03-08T01:30:00-05:00", "2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00"},
		{"the hour that autumn repeats", Schedule{Zone: "America/New_York", Week: Week{0: {{60, 120}}}}, "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-01T02:00:00-05:00"},
		{"a shift that ends within the repeated hour", Schedule{Zone: "America/New_York", Week: Week{0: {{0, 90}}}}, "2026-11-01T01:30:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-04:00"},
		{"a midnight that does not exist", Schedule{Zone: "America/Sao_Paulo", Week: EveryDay(Shift{0, 120})}, "2018-11-03T12:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-03T12:00:00-03:00"},
		{"a day that does not exist", Schedule{Zone: "Pacific/Apia", Week: Week{5: {WholeDay}}}, "2011-12-29T12:00:00-10:00", "2012-01-06T00:00:00+14:00", "2011-12-29T12:00:00-10:00"},
		{"before 1970", Schedule{Zone: "UTC", Week: split}, "1969-12-01T08:00:00Z", "1969-12-01T09:00:00Z", "1969-12-01T08:00:00Z"},
	} {
		now := at(t, tt.now)
		opens, ok := tt.s.NextOpen(now)
		if ok != (tt.opens != "") || ok && !opens.Equal(at(t, tt.opens)) {
			t.Errorf("%s: opens %v, %v; want %s", tt.story, opens, ok, tt.opens)
		}
		closes, ok := tt.s.NextClose(now)
		if ok != (tt.close != "") || ok && !closes.Equal(at(t, tt.close)) {
			t.Errorf("%s: closes %v, %v; want %s", tt.story, closes, ok, tt.close)
		}
		if got, want := tt.s.Open(now), tt.opens == tt.now; got != want {
			t.Errorf("%s: open %v", tt.story, got)
		}
		if got, want := tt.s.NeverOpens(now), tt.opens == ""; got != want {
			t.Errorf("%s: never opens %v", tt.story, got)
		}
	}
}

// Closed for most of a year, then open: the search must not give up.
func TestALongRowOfHolidaysIsOutlived(t *testing.T) {
	s := Schedule{Zone: "UTC", Week: Week{0: {{540, 600}}}}
	first := at(t, "2026-12-06T00:00:00Z") // a Sunday
	for i := range 60 {
		s.Holidays = append(s.Holidays, Holiday{Date: first.AddDate(0, 0, 7*i).Format(time.DateOnly)})
	}
	opens, ok := s.NextOpen(first)
	if want := first.AddDate(0, 0, 7*60).Add(9 * time.Hour); !ok || !opens.Equal(want) {
		t.Errorf("opens %v, %v; want %v", opens, ok, want)
	}
}

// The zones and days on which clocks jump, of different sizes and directions.
var jumps = []struct{ zone, day string }{
	{"America/New_York", "2026-03-08"}, {"America/New_York", "2026-11-01"},
	{"America/Sao_Paulo", "2018-11-04"}, {"America/Sao_Paulo", "2018-02-18"},
	{"Europe/Madrid", "2026-03-29"}, {"Europe/Madrid", "2026-10-25"},
	{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"}, // half an hour
	{"Asia/Kolkata", "2026-05-05"},
	{"Africa/Casablanca", "2026-02-15"}, {"Africa/Casablanca", "2026-03-22"}, // Ramadan
	{"Pacific/Apia", "2011-12-30"}, // a whole day
	{"Asia/Kathmandu", "2026-07-07"},
}

// drawWeek draws shifts of all kinds, sparse and dense, across midnight too.
func drawWeek(t *rapid.T) Week {
	var w Week
	for i := range w {
		for range rapid.IntRange(0, 3).Draw(t, "shifts") {
			from := rapid.IntRange(0, Day-1).Draw(t, "from")
			w[i] = append(w[i], Shift{from, from + rapid.IntRange(1, Day-1).Draw(t, "length")})
		}
	}
	return w
}

func drawHolidays(t *rapid.T, around time.Time) []Holiday {
	var all []Holiday
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		h := Holiday{Date: around.AddDate(0, 0, rapid.IntRange(-3, 5).Draw(t, "holiday")).Format(time.DateOnly)}
		if rapid.Bool().Draw(t, "half day") {
			from := rapid.IntRange(0, Day-1).Draw(t, "from")
			h.Shifts = []Shift{{from, from + rapid.IntRange(1, 300).Draw(t, "length")}}
		}
		all = append(all, h)
	}
	return all
}

// plainlyOpen says the same as Open in the standard library's terms: it reads
// the date and the time off the clock.
func plainlyOpen(week Week, holidays []Holiday, loc *time.Location, t time.Time) bool {
	local := t.In(loc)
	minutes := local.Hour()*60 + local.Minute()
	shifts := func(date time.Time) []Shift {
		i := slices.IndexFunc(holidays, func(h Holiday) bool { return h.Date == date.Format(time.DateOnly) })
		if i >= 0 {
			return holidays[i].Shifts
		}
		return week[date.Weekday()]
	}
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	covers := func(s Shift, minute int) bool { return s.From <= minute && minute < s.To }
	return slices.ContainsFunc(shifts(today), func(s Shift) bool { return covers(s, minutes) }) ||
		slices.ContainsFunc(shifts(today.AddDate(0, 0, -1)), func(s Shift) bool { return covers(s, minutes+Day) })
}

// NextOpen and NextClose find the very first instant: a scan of every minute up
// to it, by another way of reading the clock, finds none before.
func TestNothingIsOverlooked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jump := rapid.SampledFrom(jumps).Draw(t, "jump")
		loc, err := time.LoadLocation(jump.zone)
		if err != nil {
			t.Fatal(err)
		}
		start, _ := time.Parse(time.DateOnly, jump.day)
		s := Schedule{Zone: jump.zone, Week: drawWeek(t), Holidays: drawHolidays(t, start)}
		now := start.Add(time.Duration(rapid.IntRange(-3*Day, 2*Day).Draw(t, "minute")) * time.Minute)

		scan := func(until time.Time, found, open bool) {
			if !found {
				until = now.AddDate(0, 0, 9)
			}
			for m := now; m.Before(until); m = m.Add(time.Minute) {
				if plainlyOpen(s.Week, s.Holidays, loc, m) == open {
					t.Fatalf("from %v: found %v (%v), overlooked %v", now.In(loc), until.In(loc), found, m.In(loc))
				}
			}
			if found && plainlyOpen(s.Week, s.Holidays, loc, until) != open {
				t.Fatalf("from %v: found %v, which is not it", now.In(loc), until.In(loc))
			}
		}
		opens, ok := s.NextOpen(now)
		scan(opens, ok, true)
		closes, ok := s.NextClose(now)
		scan(closes, ok, false)
		if s.Open(now) != plainlyOpen(s.Week, s.Holidays, loc, now) {
			t.Fatalf("%v: open %v", now.In(loc), s.Open(now))
		}
	})
}
