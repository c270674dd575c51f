package hours

import (
	"cmp"
	_ "embed" // windows.json
	"encoding/json"
	"slices"
	"time"
)

// A Window is when marketing texts may reach people, by their own clocks.
type Window struct {
	Week     Week      `json:"week" cbor:"1,keyasint"`
	Holidays []Holiday `json:"holidays,omitempty" cbor:"2,keyasint,omitempty"`
	Basis    string    `json:"basis,omitempty" cbor:"3,keyasint,omitempty"` // the law or norm it stands on
	// MostPerDay is how many texts one person there may get in 24 hours, by law
	// or by the account's own word, at most MaxPerDay; 0 if it says nothing of
	// that. Read it by Rules.MostPerDay, for a nearer or farther place may.
	MostPerDay int `json:"most_per_day,omitempty" cbor:"4,keyasint,omitempty"`
	// Public is the country whose public holidays the window keeps, "" for none,
	// Anywhere in a window for many countries for those of each that are known:
	// on them PublicShifts stand for those of the week. Holidays go before them.
	Public       string  `json:"public_holidays,omitempty" cbor:"5,keyasint,omitempty"`
	PublicShifts []Shift `json:"public_holiday_hours,omitempty" cbor:"6,keyasint,omitempty"`
}

// RoundTheClock is the window that never closes. It is for demonstrations: real
// people sleep.
func RoundTheClock() Window { return Window{Week: EveryDay(WholeDay), Basis: "round the clock"} }

// AlwaysOpen reports whether the window plainly never closes.
func (w Window) AlwaysOpen() bool { return w.calendar().roundTheClock() }

// NeverOpen reports whether the window has no hours at all: marketing texts to
// that place are not to be sent.
func (w Window) NeverOpen() bool {
	for _, shifts := range w.Week {
		if len(shifts) > 0 {
			return false
		}
	}
	for _, h := range w.Holidays {
		if len(h.Shifts) > 0 {
			return false
		}
	}
	return true
}

// Rules say which window holds where. They are an account's data and carry their
// date, because laws change.
type Rules struct {
	AsOf    string            `json:"as_of,omitempty" cbor:"1,keyasint,omitempty"` // month of the knowledge behind them, as in 2026-11
	Default Window            `json:"default" cbor:"2,keyasint"`
	ByPlace map[string]Window `json:"by_place,omitempty" cbor:"3,keyasint,omitempty"` // by country ("BR") or country and state ("US/FL")
}

//go:embed windows.json
var windowsFile []byte

// BuiltIn are the rules of texting by country, and in the USA by state, as of
// their date, each with the law or norm that it stands on, and with the public
// holidays where those have other hours. Where none is known, Monday to Saturday
// from 09:00 to 20:00 is a careful norm. They are no legal advice.
func BuiltIn() Rules {
	var r Rules
	if err := json.Unmarshal(windowsFile, &r); err != nil {
		panic("hours: windows.json: " + err.Error()) // part of the program, read by its tests
	}
	return r
}

// For is the window of a place, by ISO 3166-1 country and, for the USA, two
// letters of the state: the state's, else the country's, else the default.
func (r Rules) For(country, state string) Window {
	if state != "" {
		if w, ok := r.ByPlace[country+"/"+state]; ok {
			return w
		}
	}
	if w, ok := r.ByPlace[country]; ok && country != "" {
		return w
	}
	return r.Default.in(country)
}

// in is a window for many countries as it is for one of them.
func (w Window) in(country string) Window {
	if w.Public == Anywhere && country != Anywhere {
		w.Public = ""
		if publicTables()[country] != nil {
			w.Public = country
		}
	}
	return w
}

// Anywhere stands in an account's own windows for every place without one.
const Anywhere = "*"

// ForWith is For where an account has windows of its own, by place. Its own
// window of a place replaces the one of the rules; the nearer place goes first,
// whoever's it is. The holidays that it has for a country hold in the states of
// the country too, but for the days of which the state says something.
func (r Rules) ForWith(own map[string]Window, country, state string) Window {
	if len(own) == 0 {
		return r.For(country, state)
	}
	places := []string{country}
	if state != "" {
		places = []string{country + "/" + state, country}
	}
	for _, place := range places {
		w, ok := own[place]
		if !ok {
			w, ok = r.ByPlace[place]
		}
		if ok && country != "" {
			if place != country {
				w.Holidays = withHolidays(w.Holidays, own[country].Holidays)
			}
			return w
		}
	}
	if w, ok := own[Anywhere]; ok {
		return w.in(country)
	}
	return r.Default.in(country)
}

// withHolidays adds those of a larger place to the holidays of a smaller one.
func withHolidays(list, of []Holiday) []Holiday {
	list = slices.Clip(list)
	for _, h := range of {
		if !slices.ContainsFunc(list, func(own Holiday) bool { return own.Date == h.Date }) {
			list = append(list, h)
		}
	}
	return list
}

// MostPerDay is how many texts one person in a place may get in 24 hours, 0
// where nothing is said of that. The nearest place that says something holds,
// and of one place what the account says. So an account's own hours of a place
// leave the limit of a law there alone, until it sets one too.
func (r Rules) MostPerDay(own map[string]Window, country, state string) int {
	places := []string{country + "/" + state, country}
	if state == "" {
		places = places[1:]
	}
	if country == "" {
		places = nil
	}
	for _, place := range places {
		if n := cmp.Or(own[place].MostPerDay, r.ByPlace[place].MostPerDay); n > 0 {
			return n
		}
	}
	return cmp.Or(own[Anywhere].MostPerDay, r.Default.MostPerDay)
}

// Allowed reports whether a text may go at t to someone who may be in any of the
// zones: it may only while the window is open in all of them. Where nobody knows
// the zone, or one of them does not exist, no window is known to be open, except
// one that never closes.
func Allowed(zones []string, w Window, t time.Time) bool {
	if w.AlwaysOpen() {
		return true
	}
	locations, ok := locate(zones)
	for _, loc := range locations {
		ok = ok && w.calendar().openAt(t, loc)
	}
	return ok
}

// Next is the first instant from t on at which a text is allowed; see Allowed.
// ok is false if there is none: zones too far apart share no hour of a short
// window.
func Next(zones []string, w Window, t time.Time) (opens time.Time, ok bool) {
	if w.AlwaysOpen() {
		return t, true
	}
	locations, ok := locate(zones)
	if !ok {
		return time.Time{}, false
	}
	c := w.calendar()
	limit := t.Add(c.horizon(t))
	// An instant at which all are open is not before any zone's next opening.
	for !t.After(limit) {
		latest := t
		for _, loc := range locations {
			next, ok := c.nextOpen(latest, loc)
			if !ok {
				return time.Time{}, false
			}
			latest = next
		}
		if latest.Equal(t) {
			return t, true
		}
		t = latest
	}
	return time.Time{}, false
}

// Closes is the first instant from t on at which a text is no longer allowed, t
// itself if it is not allowed then. ok is false if the window never closes.
func Closes(zones []string, w Window, t time.Time) (closes time.Time, ok bool) {
	if w.AlwaysOpen() {
		return time.Time{}, false
	}
	locations, known := locate(zones)
	if !known {
		return t, true
	}
	for _, loc := range locations {
		if next, closing := w.calendar().nextClose(t, loc); closing && (!ok || next.Before(closes)) {
			closes, ok = next, true
		}
	}
	return closes, ok
}

// locate loads the zones; false if there are none or one does not exist.
func locate(zones []string) ([]*time.Location, bool) {
	locations := make([]*time.Location, 0, len(zones))
	for _, zone := range zones {
		loc, err := Location(zone)
		if err != nil {
			return nil, false
		}
		locations = append(locations, loc)
	}
	return locations, len(locations) > 0
}

func (w Window) calendar() calendar {
	c := calendar{week: &w.Week, holidays: w.Holidays}
	if w.Public != "" {
		c.public, c.publicShifts = publicTables()[w.Public], w.PublicShifts
	}
	return c
}
