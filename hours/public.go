package hours

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Public holidays fall on other dates each year. A table of them is a list of
// rules, written by hand and dated like the windows:
//
//	05-01         each year on that day
//	easter-2      so many days from Easter Sunday
//	01/3mon       the third Monday of January; 05/-1mon the last of May
//	06-29>mon     on that day, or the Monday after (Colombia, Law 51 of 1983)
//	05-25<mon     the Monday before that day (Canada's Victoria Day)
//	07-04~        when it falls on a Saturday the Friday before is free too, on a
//	              Sunday the Monday after (5 U.S.C. 6103)
//	10-04@2026    since that year
//
// A day that is free in most of a country is in its table (Switzerland's cantons,
// Canada's provinces): an hour without a text costs less than a text on a feast.

// publicTable is the public holidays of one country.
type publicTable struct {
	rules []publicRule
	years sync.Map // by year: the days from 1970-01-01, sorted []int64
}

// publicRule gives the days of a year on which a holiday falls.
type publicRule func(year int) []time.Time

var publicTables = sync.OnceValue(func() map[string]*publicTable {
	var file struct {
		Public map[string][]string `json:"public_holidays"`
	}
	if err := json.Unmarshal(windowsFile, &file); err != nil {
		panic("hours: windows.json: " + err.Error()) // part of the program, read by its tests
	}
	tables := make(map[string]*publicTable, len(file.Public))
	for name, list := range file.Public {
		t := &publicTable{}
		for _, text := range list {
			rule, err := parsePublic(text)
			if err != nil {
				panic("hours: windows.json: " + err.Error())
			}
			t.rules = append(t.rules, rule)
		}
		tables[name] = t
	}
	return tables
})

// PublicHolidays are the dates of the public holidays of a country in a year, in
// order, at midnight UTC; none where there is no table.
func PublicHolidays(country string, year int) []time.Time {
	t := publicTables()[country]
	if t == nil {
		return nil
	}
	days := t.year(year)
	dates := make([]time.Time, len(days))
	for i, d := range days {
		dates[i] = time.Unix(d*day, 0).UTC()
	}
	return dates
}

// PublicCountries are the countries whose public holidays are known, sorted.
func PublicCountries() []string { return slices.Sorted(maps.Keys(publicTables())) }

// has tells whether a day, counted from 1970-01-01, is a public holiday.
func (t *publicTable) has(days int64) bool {
	year := time.Unix(days*day, 0).UTC().Year()
	_, is := slices.BinarySearch(t.year(year), days)
	return is
}

// year are the holidays of a year. What is observed at the end of December may
// belong to the next year's first of January.
func (t *publicTable) year(year int) []int64 {
	if known, ok := t.years.Load(year); ok {
		return known.([]int64)
	}
	var days []int64
	for _, of := range []int{year, year + 1} {
		for _, rule := range t.rules {
			for _, date := range rule(of) {
				if date.Year() == year {
					days = append(days, date.Unix()/day)
				}
			}
		}
	}
	slices.Sort(days)
	days = slices.Compact(days)
	t.years.Store(year, days)
	return days
}

// errPublic is wrapped by the errors of parsePublic.
var errPublic = errors.New("this is no rule of a public holiday")

func parsePublic(text string) (publicRule, error) {
	wrong := fmt.Errorf("%w: %q", errPublic, text)
	body, since, dated := strings.Cut(text, "@")
	first := 0
	if dated {
		var err error
		if first, err = strconv.Atoi(since); err != nil {
			return nil, wrong
		}
	}
	body, observed := strings.CutSuffix(body, "~")
	find, ok := parsePublicDay(body)
	if !ok {
		return nil, wrong
	}
	return func(year int) []time.Time {
		if year < first {
			return nil
		}
		date := find(year)
		switch {
		case observed && date.Weekday() == time.Saturday:
			return []time.Time{date, date.AddDate(0, 0, -1)}
		case observed && date.Weekday() == time.Sunday:
			return []time.Time{date, date.AddDate(0, 0, 1)}
		}
		return []time.Time{date}
	}, nil
}

// parsePublicDay reads how the day of a year is found.
func parsePublicDay(text string) (func(year int) time.Time, bool) {
	if offset, is := strings.CutPrefix(text, "easter"); is {
		n, err := strconv.Atoi(offset)
		return func(year int) time.Time { return easter(year).AddDate(0, 0, n) }, err == nil
	}
	if month, nth, is := strings.Cut(text, "/"); is && len(nth) > 3 {
		m, err := strconv.Atoi(month)
		n, nthErr := strconv.Atoi(nth[:len(nth)-3])
		weekday := slices.Index(dayNames[:], nth[len(nth)-3:])
		ok := err == nil && nthErr == nil && weekday >= 0 && n != 0
		return func(year int) time.Time { return nthWeekday(year, time.Month(m), n, time.Weekday(weekday)) }, ok
	}
	date, move := text, ""
	if i := strings.IndexAny(text, "<>"); i >= 0 {
		date, move = text[:i], text[i:]
	}
	fixed, err := time.Parse("01-02", date)
	ok := err == nil && (move == "" || slices.Contains(dayNames[:], move[1:]))
	return func(year int) time.Time {
		at := time.Date(year, fixed.Month(), fixed.Day(), 0, 0, 0, 0, time.UTC)
		if move == "" {
			return at
		}
		weekday := time.Weekday(slices.Index(dayNames[:], move[1:]))
		if move[0] == '>' {
			return at.AddDate(0, 0, int(weekday-at.Weekday()+7)%7)
		}
		return at.AddDate(0, 0, -1-int(at.Weekday()-weekday+6)%7)
	}, ok
}

// nthWeekday is the n-th weekday of a month, from its end where n is negative.
func nthWeekday(year int, month time.Month, n int, weekday time.Weekday) time.Time {
	if n < 0 {
		last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		return last.AddDate(0, 0, -int(last.Weekday()-weekday+7)%7+7*(n+1))
	}
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, int(weekday-first.Weekday()+7)%7+7*(n-1))
}

// easter is Easter Sunday of a year of the Gregorian calendar, at midnight UTC
// (Meeus, Astronomical Algorithms, chapter 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return time.Date(year, time.Month(month), (h+l-7*m+33*month+19)%32, 0, 0, 0, 0, time.UTC)
}
