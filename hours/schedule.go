package hours

import (
	"slices"
	"time"
)

// A Schedule is the opening hours of one place.
type Schedule struct {
	Zone     string    `json:"time_zone" cbor:"1,keyasint"` // IANA name
	Week     Week      `json:"week" cbor:"2,keyasint"`
	Holidays []Holiday `json:"holidays,omitempty" cbor:"3,keyasint,omitempty"`
}

// Open reports whether the place is open at t. A zone that does not exist is
// never open.
func (s Schedule) Open(t time.Time) bool {
	loc, err := Location(s.Zone)
	return err == nil && s.calendar().openAt(t, loc)
}

// NextOpen is the first instant from t on at which the place is open, t itself
// if it is open then. ok is false if it never opens again; see NeverOpens.
func (s Schedule) NextOpen(t time.Time) (opens time.Time, ok bool) {
	loc, err := Location(s.Zone)
	if err != nil {
		return time.Time{}, false
	}
	return s.calendar().nextOpen(t, loc)
}

// NextClose is the first instant from t on at which the place is closed, t
// itself if it is closed then. ok is false if it is open round the clock.
func (s Schedule) NextClose(t time.Time) (closes time.Time, ok bool) {
	loc, err := Location(s.Zone)
	if err != nil {
		return t, true
	}
	return s.calendar().nextClose(t, loc)
}

// NeverOpens reports whether nothing of the schedule opens from t on: no shifts
// at all, or only those of holidays gone by.
func (s Schedule) NeverOpens(t time.Time) bool {
	_, ok := s.NextOpen(t)
	return !ok
}

func (s Schedule) calendar() calendar { return calendar{week: &s.Week, holidays: s.Holidays} }

// A calendar answers for wall clocks, whatever their zone. Its walls are what
// the clock shows, counted in seconds as if it stood in Greenwich.
type calendar struct {
	week     *Week
	holidays []Holiday
	// public are holidays beside those, nil for none, with their shifts.
	public       *publicTable
	publicShifts []Shift
}

// shifts are those that begin on a day, counted from 1970-01-01.
func (c calendar) shifts(days int64) []Shift {
	if len(c.holidays) > 0 {
		date := time.Unix(days*day, 0).UTC().Format(time.DateOnly)
		for i := range c.holidays {
			if c.holidays[i].Date == date {
				return c.holidays[i].Shifts
			}
		}
	}
	if c.public != nil && c.public.has(days) {
		return c.publicShifts
	}
	const thursday = int64(time.Thursday) // 1970-01-01
	return c.week[((days+thursday)%7+7)%7]
}

// until is the end of the shift that covers a wall, the latest if there are
// several; ok is false if none does.
func (c calendar) until(wall int64) (end int64, ok bool) {
	today := dayOf(wall)
	for days := today - 1; days <= today; days++ { // yesterday's may cross midnight
		for _, s := range c.shifts(days) {
			from, to := s.on(days)
			if wall >= from && wall < to {
				end, ok = max(end, to), true
			}
		}
	}
	return end, ok
}

// from is the first open wall in [wall, limit).
func (c calendar) from(wall, limit int64) (first int64, ok bool) {
	for days := dayOf(wall) - 1; days*day < limit; days++ {
		for _, s := range c.shifts(days) {
			from, to := s.on(days)
			from = max(from, wall)
			if from < min(to, limit) && (!ok || from < first) {
				first, ok = from, true
			}
		}
		if ok {
			return first, true // later days begin later
		}
	}
	return 0, false
}

// on is the shift's ends as walls, when it begins on a given day.
func (s Shift) on(days int64) (from, to int64) {
	return days*day + int64(s.From)*minute, days*day + int64(s.To)*minute
}

func (c calendar) openAt(t time.Time, loc *time.Location) bool {
	_, ok := c.until(wallOf(t, loc))
	return ok
}

// nextOpen walks the stretches of constant offset from UTC, so that within each
// the wall clock runs straight.
func (c calendar) nextOpen(t time.Time, loc *time.Location) (time.Time, bool) {
	limit := t.Add(c.horizon(t))
	for !t.After(limit) {
		offset, end := stretch(t, loc)
		wall, last := t.Unix()+offset, limit.Unix()+offset
		if !end.IsZero() {
			last = min(last, end.Unix()+offset)
		}
		if first, ok := c.from(wall, last); ok {
			if first == wall {
				return t, true
			}
			return time.Unix(first-offset, 0).In(loc), true
		}
		if end.IsZero() {
			break
		}
		t = end
	}
	return time.Time{}, false
}

func (c calendar) nextClose(t time.Time, loc *time.Location) (time.Time, bool) {
	limit := t.Add(c.horizon(t))
	for !t.After(limit) {
		offset, end := stretch(t, loc)
		closes, open := c.until(t.Unix() + offset)
		if !open {
			return t, true
		}
		next := time.Unix(closes-offset, 0).In(loc)
		if !end.IsZero() && end.Before(next) {
			next = end // the clock jumps before the shift is over: look again
		}
		t = next
	}
	return time.Time{}, false
}

// publicWeeks is more weeks than a weekday is ever a public holiday on end.
const publicWeeks = 8

// horizon bounds a search. A week without holidays shows all it has within
// eight days, and a shift that a change to summer time swallows comes again the
// week after; each holiday can put off a weekly shift by one more week. Shifts
// of holidays alone may lie years ahead; nobody waits longer than ten.
func (c calendar) horizon(t time.Time) time.Duration {
	const (
		days   = 24 * time.Hour
		margin = 2 * days // for zones, and the end of the last date
		most   = 3660 * days
	)
	var h time.Duration
	if !c.week.Empty() {
		h = time.Duration(len(c.holidays)+3) * 7 * days
		if c.public != nil {
			h += publicWeeks * 7 * days
		}
	}
	for _, holiday := range c.holidays {
		if len(holiday.Shifts) == 0 {
			continue
		}
		if date, err := time.Parse(time.DateOnly, holiday.Date); err == nil {
			h = max(h, date.Sub(t)+margin)
		}
	}
	return min(h, most)
}

// stretch is the offset from UTC at t, in seconds, and the instant until which
// it lasts; zero if for ever.
func stretch(t time.Time, loc *time.Location) (offset int64, end time.Time) {
	local := t.In(loc)
	_, seconds := local.Zone()
	_, end = local.ZoneBounds()
	return int64(seconds), end
}

// wallOf is what the clock shows at t.
func wallOf(t time.Time, loc *time.Location) int64 {
	_, offset := t.In(loc).Zone()
	return t.Unix() + int64(offset)
}

// dayOf is the day that a wall belongs to, also before 1970.
func dayOf(wall int64) int64 {
	if wall < 0 {
		return (wall+1)/day - 1
	}
	return wall / day
}

// roundTheClock reports whether the calendar plainly never closes.
func (c calendar) roundTheClock() bool {
	if len(c.holidays) > 0 || c.public != nil {
		return false
	}
	for _, shifts := range c.week {
		if !slices.Contains(shifts, WholeDay) {
			return false
		}
	}
	return true
}
