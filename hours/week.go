// Package hours knows when a place is open: the business hours of an inbox and
// the windows in which a marketing text is proper are the same thing, shifts on
// the days of a week, holidays, and a time zone.
//
// Shifts are readings of the wall clock. An instant is open when the clock on
// the wall of that zone shows a time within a shift. So an hour that a change to
// summer time leaves out never comes, and one that the change back repeats is
// open both times.
//
// The package is pure: callers bring the time.
package hours

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	minute = 60     // seconds
	day    = 86_400 // seconds that a wall clock shows in a day
	// Day is the last minute at which a shift within one day may end.
	Day = 24 * 60
)

// A Shift is a stretch of opening hours, in minutes since midnight of the day on
// which it begins. To is exclusive: at 20:00 a shift to 20:00 is over. A shift
// that crosses midnight has a To above Day and belongs to the day on which it
// begins: a holiday does not cut off the end of the night before.
type Shift struct {
	From int `cbor:"1,keyasint"`
	To   int `cbor:"2,keyasint"`
}

// WholeDay is the shift from midnight to midnight.
var WholeDay = Shift{From: 0, To: Day}

// ErrShift is wrapped by the errors of ParseShift and ParseClock.
var ErrShift = errors.New("hours are written like 09:00")

// ParseShift reads the two ends of a shift as a form gives them ("09:00",
// "20:00"). An end at or before the beginning lies on the next day, "24:00" is
// the end of the day. The same time twice is refused: it could mean no time at
// all or a whole day.
func ParseShift(from, to string) (Shift, error) {
	start, err := ParseClock(from)
	if err != nil {
		return Shift{}, err
	}
	end, err := ParseClock(to)
	if err != nil {
		return Shift{}, err
	}
	if start == Day || start == end {
		return Shift{}, fmt.Errorf("%w, and end later than they begin", ErrShift)
	}
	if end < start {
		end += Day
	}
	return Shift{From: start, To: end}, nil
}

// ParseClock reads a time of day in minutes since midnight, 0 to Day ("24:00").
// Browsers may add seconds, which must be zero.
func ParseClock(s string) (int, error) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return Day, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && t.Second() == 0 && t.Nanosecond() == 0 {
			return t.Hour()*60 + t.Minute(), nil
		}
	}
	return 0, ErrShift
}

// FormatClock writes minutes since midnight as a time of day; the next day's
// times start again at 00:00.
func FormatClock(minutes int) string {
	if minutes != Day {
		minutes %= Day
	}
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

// Start and End are the shift's ends for people and for forms.
func (s Shift) Start() string { return FormatClock(s.From) }

// End is the end of the shift; see Start.
func (s Shift) End() string { return FormatClock(s.To) }

// String is the shift as in "09:00-20:00" or, across midnight, "22:00-02:00".
func (s Shift) String() string { return s.Start() + "-" + s.End() }

// valid reports whether the shift begins on its day, ends after it began and
// lasts less than a day, or the whole of one.
func (s Shift) valid() bool {
	return s.From >= 0 && s.From < Day && s.To > s.From && (s.To <= Day || s.To-Day < s.From)
}

// MarshalText writes the shift for JSON as String does.
func (s Shift) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Shift) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "-")
	if !ok {
		return ErrShift
	}
	shift, err := ParseShift(from, to)
	if err != nil {
		return err
	}
	*s = shift
	return nil
}

// A Week has the shifts of each day, by time.Weekday. A day without shifts is
// closed.
type Week [7][]Shift

// dayNames are the days in JSON and in the fields of errors.
var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// EveryDay is a week with the same shifts on all days.
func EveryDay(shifts ...Shift) Week {
	var w Week
	for i := range w {
		w[i] = slices.Clone(shifts)
	}
	return w
}

// Empty reports whether no day has a shift.
func (w Week) Empty() bool {
	for _, shifts := range w {
		if len(shifts) > 0 {
			return false
		}
	}
	return true
}

// MarshalJSON writes {"mon":["09:00-20:00"],…}, without the closed days.
func (w Week) MarshalJSON() ([]byte, error) {
	days := make(map[string][]Shift)
	for i, shifts := range w {
		if len(shifts) > 0 {
			days[dayNames[i]] = shifts
		}
	}
	return json.Marshal(days)
}

// UnmarshalJSON reads what MarshalJSON writes; other names of days are refused.
func (w *Week) UnmarshalJSON(text []byte) error {
	var days map[string][]Shift
	if err := json.Unmarshal(text, &days); err != nil {
		return err
	}
	var week Week
	for name, shifts := range days {
		i := slices.Index(dayNames[:], name)
		if i < 0 {
			return fmt.Errorf("hours: no day is called %q; days are sun, mon, tue, wed, thu, fri and sat", name)
		}
		week[i] = shifts
	}
	*w = week
	return nil
}

// A Holiday replaces the shifts of one date.
type Holiday struct {
	Date   string  `json:"date" cbor:"1,keyasint"` // as in 2026-12-25
	Name   string  `json:"name,omitempty" cbor:"2,keyasint,omitempty"`
	Shifts []Shift `json:"shifts,omitempty" cbor:"3,keyasint,omitempty"` // none: closed
}
