package hours

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The most that a schedule may hold, and the longest name of a holiday in
// characters. They keep a record small and a search short.
const (
	MaxShifts   = 12 // a day
	MaxHolidays = 400
	MaxName     = 80
	MaxPerDay   = 10 // Window.MostPerDay
)

// A Code says what is wrong with a field; it is stable.
type Code string

// The codes of field errors.
const (
	CodeZone      Code = "zone"      // no such time zone
	CodeShift     Code = "shift"     // does not end after it begins, or lasts longer than a day
	CodeOverlap   Code = "overlap"   // two shifts of one day overlap
	CodeDate      Code = "date"      // not a date
	CodeDuplicate Code = "duplicate" // the date is there already
	CodeTooMany   Code = "too_many"
	CodeTooLong   Code = "too_long"
	CodePublic    Code = "public_holidays" // no table of that country's
	CodeMost      Code = "most_per_day"    // not from 0 to MaxPerDay
)

var codeSentences = map[Code]string{
	CodeZone:      "there is no time zone of this name",
	CodeShift:     "hours must end later than they begin, within a day",
	CodeOverlap:   "these hours overlap others of the same day",
	CodeDate:      "dates are written like 2026-12-25",
	CodeDuplicate: "this date is there already",
	CodeTooMany:   "there are too many of these",
	CodeTooLong:   "the name is too long",
	CodeMost:      "this is a number from 1 to 10, or 0 for what the law says",
	CodePublic:    "the public holidays of this country are not known",
}

// A FieldError is one thing that is wrong, with its place: "time_zone",
// "week.mon.0" (the first shift of Monday), "holidays.2.date".
type FieldError struct {
	Field string
	Code  Code
}

// Error is the field and a plain English sentence.
func (e FieldError) Error() string { return e.Field + ": " + codeSentences[e.Code] }

// Message is the sentence alone.
func (e FieldError) Message() string { return codeSentences[e.Code] }

// Errors are all the things that are wrong, in the order of the fields.
type Errors []FieldError

// Error joins the sentences.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, field := range e {
		texts[i] = field.Error()
	}
	return strings.Join(texts, "; ")
}

// Validate checks a schedule that somebody entered. The error, if any, is an
// Errors. A schedule that never opens is valid: a place may be closed.
func (s Schedule) Validate() error {
	var errs Errors
	if !ValidZone(s.Zone) {
		errs.add("time_zone", CodeZone)
	}
	errs.calendar("", s.Week, s.Holidays)
	return errs.orNil()
}

// Validate checks a window; see Schedule.Validate.
func (w Window) Validate() error {
	var errs Errors
	errs.window("", w)
	return errs.orNil()
}

// Validate checks rules; the fields of their windows are under "default." and,
// for example, "by_place.US/FL.".
func (r Rules) Validate() error {
	var errs Errors
	errs.window("default.", r.Default)
	for _, place := range slices.Sorted(maps.Keys(r.ByPlace)) {
		errs.window("by_place."+place+".", r.ByPlace[place])
	}
	return errs.orNil()
}

func (e *Errors) add(field string, code Code) { *e = append(*e, FieldError{Field: field, Code: code}) }

func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

func (e *Errors) window(prefix string, w Window) {
	e.calendar(prefix, w.Week, w.Holidays)
	if w.Public != "" && w.Public != Anywhere && publicTables()[w.Public] == nil {
		e.add(prefix+"public_holidays", CodePublic)
	}
	e.shifts(prefix+"public_holiday_hours", w.PublicShifts)
	if w.MostPerDay < 0 || w.MostPerDay > MaxPerDay {
		e.add(prefix+"most_per_day", CodeMost)
	}
}

func (e *Errors) calendar(prefix string, week Week, holidays []Holiday) {
	for i := range week {
		weekday := (i + 1) % 7 // from Monday, as the forms show it
		e.shifts(prefix+"week."+dayNames[weekday], week[weekday])
	}
	if len(holidays) > MaxHolidays {
		e.add(prefix+"holidays", CodeTooMany)
		return
	}
	seen := make(map[string]bool, len(holidays))
	for i, h := range holidays {
		field := fmt.Sprintf("%sholidays.%d.", prefix, i)
		if _, err := time.Parse(time.DateOnly, h.Date); err != nil {
			e.add(field+"date", CodeDate)
		} else if seen[h.Date] {
			e.add(field+"date", CodeDuplicate)
		}
		seen[h.Date] = true
		if utf8.RuneCountInString(h.Name) > MaxName {
			e.add(field+"name", CodeTooLong)
		}
		e.shifts(field+"shifts", h.Shifts)
	}
}

func (e *Errors) shifts(field string, shifts []Shift) {
	if len(shifts) > MaxShifts {
		e.add(field, CodeTooMany)
		return
	}
	for i, s := range shifts {
		place := fmt.Sprintf("%s.%d", field, i)
		if !s.valid() {
			e.add(place, CodeShift)
			continue
		}
		for _, before := range shifts[:i] {
			if before.valid() && s.From < before.To && before.From < s.To {
				e.add(place, CodeOverlap)
				break
			}
		}
	}
}
