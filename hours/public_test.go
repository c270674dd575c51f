package hours

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPublicHolidaysFallWhereTheCalendarsOfTheirCountriesSay(t *testing.T) {
	for of, want := range map[string]string{
		"BR 2023": "01-01 04-07 04-21 05-01 09-07 10-12 11-02 11-15 12-25",
		"BR 2026": "01-01 04-03 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25",
		"CA 2026": "01-01 04-03 05-18 07-01 09-07 09-30 10-12 11-11 12-25 12-26",
		"CO 2026": "01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-13 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25",
		"CO 2025": "01-01 01-06 03-24 04-17 04-18 05-01 06-02 06-23 06-30 07-20 08-07 08-18 10-13 11-03 11-17 12-08 12-25",
		"FR 2026": "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
		"IT 2025": "01-01 01-06 04-20 04-21 04-25 05-01 06-02 08-15 11-01 12-08 12-25 12-26",
		"IT 2026": "01-01 01-06 04-05 04-06 04-25 05-01 06-02 08-15 10-04 11-01 12-08 12-25 12-26",
		"US 2020": "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25",
		"US 2026": "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25",
		// Christmas of 2027 and New Year of 2028 are Saturdays.
		"US 2027": "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31",
		"AT 2026": "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26",
		"BE 2026": "01-01 04-06 05-01 05-14 05-25 07-21 08-15 11-01 11-11 12-25",
		"CH 2026": "01-01 04-03 04-06 05-14 05-25 08-01 12-25 12-26",
		"CZ 2026": "01-01 04-03 04-06 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26",
		"DK 2026": "01-01 04-02 04-03 04-05 04-06 05-14 05-24 05-25 12-25 12-26",
		"ES 2026": "01-01 01-06 04-03 05-01 08-15 10-12 11-01 12-06 12-08 12-25",
		"FI 2026": "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-20 10-31 12-06 12-25 12-26",
		"NO 2026": "01-01 04-02 04-03 04-05 04-06 05-01 05-14 05-17 05-24 05-25 12-25 12-26",
		"PE 2026": "01-01 04-02 04-03 05-01 06-07 06-29 07-23 07-28 07-29 08-06 08-30 10-08 11-01 12-08 12-09 12-25",
		"PL 2024": "01-01 01-06 03-31 04-01 05-01 05-03 05-19 05-30 08-15 11-01 11-11 12-25 12-26",
		"PL 2026": "01-01 01-06 04-05 04-06 05-01 05-03 05-24 06-04 08-15 11-01 11-11 12-24 12-25 12-26",
		"PT 2026": "01-01 04-03 04-05 04-25 05-01 06-04 06-10 08-15 10-05 11-01 12-01 12-08 12-25",
		"SE 2025": "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-06 06-08 06-21 11-01 12-25 12-26",
		"SE 2026": "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-20 10-31 12-25 12-26",
		"EE 2026": "01-01 02-24 04-03 04-05 05-01 05-24 06-23 06-24 08-20 12-24 12-25 12-26",
		"HR 2026": "01-01 01-06 04-05 04-06 05-01 05-30 06-04 06-22 08-05 08-15 11-01 11-18 12-25 12-26",
		"HU 2026": "01-01 03-15 04-03 04-05 04-06 05-01 05-24 05-25 08-20 10-23 11-01 12-25 12-26",
		"IS 2026": "01-01 04-02 04-03 04-05 04-06 04-23 05-01 05-14 05-24 05-25 06-17 08-03 12-24 12-25 12-26 12-31",
		"LT 2026": "01-01 02-16 03-11 04-05 04-06 05-01 06-24 07-06 08-15 11-01 11-02 12-24 12-25 12-26",
		"LU 2026": "01-01 04-06 05-01 05-09 05-14 05-25 06-23 08-15 11-01 12-25 12-26",
		"SI 2026": "01-01 01-02 02-08 04-05 04-06 04-27 05-01 05-02 05-24 06-25 08-15 10-31 11-01 12-25 12-26",
		"SK 2026": "01-01 01-06 04-03 04-06 05-01 07-05 08-29 11-01 12-24 12-25 12-26",
		// The first day of summer is the first Thursday after 18 April, which was one.
		"IS 2030": "01-01 04-18 04-19 04-21 04-22 04-25 05-01 05-30 06-09 06-10 06-17 08-05 12-24 12-25 12-26 12-31",
		"JP 2026": "",
	} {
		country, year, _ := strings.Cut(of, " ")
		var n int
		fmt.Sscan(year, &n)
		var got []string
		for _, d := range PublicHolidays(country, n) {
			got = append(got, d.Format("01-02"))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s:\n%s, want\n%s", of, text, want)
		}
	}
	for year, want := range map[int]string{1961: "1961-04-02", 2000: "2000-04-23", 2008: "2008-03-23", 2038: "2038-04-25", 2049: "2049-04-18", 2285: "2285-03-22"} {
		if got := easter(year).Format(time.DateOnly); got != want {
			t.Errorf("Easter of %d: %s, want %s", year, got, want)
		}
	}
	for _, text := range []string{"", "13-01", "easter", "easter+x", "1/3", "01/0mon", "01/3xxx", "01-06>xxx", "01-06>", "01-01@x"} {
		if _, err := parsePublic(text); !errors.Is(err, errPublic) {
			t.Errorf("%q is taken for a rule", text)
		}
	}
}

func TestAWindowKeepsThePublicHolidaysOfItsPlace(t *testing.T) {
	rules := BuiltIn()
	at := func(zone, text string) time.Time {
		loc, err := Location(zone)
		if err != nil {
			t.Fatal(err)
		}
		when, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	const paris, chicago, toronto, newYork = "Europe/Paris", "America/Chicago", "America/Toronto", "America/New_York"
	for _, tt := range []struct{ place, zone, from, opens string }{
		{"FR/", paris, "2026-05-14 09:00", "2026-05-15 08:00"},            // Ascension, a Thursday
		{"FR/", paris, "2026-05-15 09:00", "2026-05-15 09:00"},            // the day after
		{"US/AL", chicago, "2026-07-03 10:00", "2026-07-06 08:00"},        // the Friday before, the 4th, a Sunday
		{"US/NY", newYork, "2026-07-03 10:00", "2026-07-03 10:00"},        // no holidays there
		{"US/TX", chicago, "2026-12-25 10:00", "2026-12-25 12:00"},        // as on Sundays
		{"CA/", toronto, "2026-07-01 09:30", "2026-07-01 10:00"},          // as at weekends
		{"CA/", toronto, "2026-07-01 18:00", "2026-07-02 09:00"},          // Canada Day is over
		{"CO/", "America/Bogota", "2026-04-02 08:00", "2026-04-04 08:00"}, // Thursday and Friday of Holy Week
	} {
		country, state, _ := strings.Cut(tt.place, "/")
		w := rules.For(country, state)
		from, want := at(tt.zone, tt.from), at(tt.zone, tt.opens)
		got, ok := Next([]string{tt.zone}, w, from)
		if !ok || !got.Equal(want) {
			t.Errorf("%s from %s: %v, want %v", tt.place, tt.from, got, want)
		}
		if Allowed([]string{tt.zone}, w, from) != from.Equal(want) {
			t.Errorf("%s at %s: allowed is wrong", tt.place, tt.from)
		}
	}
	if closes, ok := Closes([]string{toronto}, rules.For("CA", ""), at(toronto, "2026-07-01 11:00")); !ok || !closes.Equal(at(toronto, "2026-07-01 18:00")) {
		t.Errorf("Canada Day closes at %v", closes)
	}
	// Where no rule is known, the holidays of the country are, for some.
	const stockholm, tokyo = "Europe/Stockholm", "Asia/Tokyo"
	midsummer := at(stockholm, "2026-06-20 12:00")
	if w := rules.For("SE", ""); w.Public != "SE" || Allowed([]string{stockholm}, w, midsummer) {
		t.Errorf("on Midsummer Day in Sweden: %+v", w)
	}
	if w := rules.For("JP", ""); w.Public != "" || !Allowed([]string{tokyo}, w, at(tokyo, "2026-06-20 12:00")) {
		t.Errorf("nothing is known of Japan: %+v", w)
	}
	anywhere := map[string]Window{Anywhere: {Week: EveryDay(WholeDay), Public: Anywhere}}
	if w := rules.ForWith(anywhere, "SE", ""); w.Public != "SE" || Allowed([]string{stockholm}, w, midsummer) {
		t.Errorf("an account's own hours everywhere, with holidays: %+v", w)
	}
	anywhere[Anywhere] = Window{Week: EveryDay(WholeDay)}
	if w := rules.ForWith(anywhere, "SE", ""); !Allowed([]string{stockholm}, w, midsummer) {
		t.Errorf("an account's own hours everywhere, without holidays: %+v", w)
	}
	// An own date goes before the table.
	own := rules.For("FR", "")
	own.Holidays = []Holiday{{Date: "2026-05-14", Shifts: []Shift{{From: 600, To: 660}}}}
	if !Allowed([]string{paris}, own, at(paris, "2026-05-14 10:30")) {
		t.Error("an account's own holiday is not heard")
	}
	whole := RoundTheClock()
	whole.Public = "FR"
	if whole.AlwaysOpen() || Allowed([]string{paris}, whole, at(paris, "2026-05-14 10:30")) {
		t.Error("a window with holidays is taken for one that never closes")
	}
	whole.Public, whole.PublicShifts = "JP", []Shift{{From: 5, To: 5}}
	var errs Errors
	if err := whole.Validate(); !errors.As(err, &errs) || !slices.Contains(errs, FieldError{"public_holidays", CodePublic}) ||
		!slices.Contains(errs, FieldError{"public_holiday_hours.0", CodeShift}) {
		t.Errorf("%v", err)
	}
}
