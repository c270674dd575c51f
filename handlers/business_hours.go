package handlers

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// hoursForm is the form of business hours: two or more shifts a day, from
// Monday, and holidays one a line.
type hoursForm struct {
	Zone     string
	Zones    []Option
	Days     []dayForm
	Holidays string
}

// dayForm is a day with its shifts as typed.
type dayForm struct {
	Key    string // mon
	Shifts [][2]string
}

// dayKeys are the days by time.Weekday, as hours and the API write them.
var dayKeys = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// shownShifts is how many shifts a day's row offers at least.
const shownShifts = 2

// midnight is how the end of a day is shown and typed: a browser's field for
// times cannot say 24:00.
const midnight = "00:00"

func hoursFormOf(h hours.Schedule) hoursForm {
	f := hoursForm{Zone: h.Zone}
	for i := range h.Week {
		weekday := (i + 1) % 7
		day := dayForm{Key: dayKeys[weekday]}
		for _, shift := range h.Week[weekday] {
			end := shift.End()
			if end == "24:00" {
				end = midnight
			}
			day.Shifts = append(day.Shifts, [2]string{shift.Start(), end})
		}
		f.Days = append(f.Days, day)
	}
	var lines []string
	for _, day := range h.Holidays {
		line := day.Date
		for _, shift := range day.Shifts {
			line += " " + shift.String()
		}
		lines = append(lines, strings.TrimSpace(line+" "+day.Name))
	}
	f.Holidays = strings.Join(lines, "\n")
	return f
}

// complete adds empty shifts to type into, and the zones to choose from.
func (f *hoursForm) complete() {
	f.Zones = zoneOptions(f.Zone)
	for i := range f.Days {
		day := &f.Days[i]
		day.Shifts = append(day.Shifts, make([][2]string, max(shownShifts-len(day.Shifts), 0))...)
		if last := day.Shifts[len(day.Shifts)-1]; last[0] != "" && len(day.Shifts) < hours.MaxShifts {
			day.Shifts = append(day.Shifts, [2]string{})
		}
	}
}

// typedHours reads the form; without days when there was none.
func typedHours(c *fiber.Ctx) hoursForm {
	f := hoursForm{Zone: c.FormValue("time_zone"), Holidays: c.FormValue("holidays")}
	if f.Zone == "" {
		return f
	}
	for i := range dayKeys {
		day := dayForm{Key: dayKeys[(i+1)%7]}
		from, to := formValues(c, day.Key+"_from"), formValues(c, day.Key+"_to")
		for n := range min(len(from), len(to)) {
			if from[n] != "" || to[n] != "" {
				day.Shifts = append(day.Shifts, [2]string{from[n], to[n]})
			}
		}
		f.Days = append(f.Days, day)
	}
	return f
}

// schedule reads what was typed and notes what cannot be read.
func (f hoursForm) schedule(wrong *liadesk.Invalid) hours.Schedule {
	s := hours.Schedule{Zone: f.Zone}
	for i, day := range f.Days {
		for n, typed := range day.Shifts {
			end := typed[1]
			if end == midnight || end == "23:59" {
				end = "24:00"
			}
			shift, err := hours.ParseShift(typed[0], end)
			if err != nil {
				wrong.Add(fmt.Sprintf("business_hours.week.%s.%d", day.Key, n), "hours_shift")
				continue
			}
			s.Week[(i+1)%7] = append(s.Week[(i+1)%7], shift)
		}
	}
	for n, line := range strings.FieldsFunc(f.Holidays, func(r rune) bool { return r == '\n' || r == '\r' }) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		day := hours.Holiday{Date: words[0]}
		if _, err := time.Parse(time.DateOnly, day.Date); err != nil {
			wrong.Add("holidays", "holiday_line", "Line", n+1)
			break
		}
		words = words[1:]
		for len(words) > 0 {
			from, to, _ := strings.Cut(words[0], "-")
			shift, err := hours.ParseShift(from, to)
			if err != nil {
				break // the name begins
			}
			day.Shifts = append(day.Shifts, shift)
			words = words[1:]
		}
		day.Name = strings.Join(words, " ")
		s.Holidays = append(s.Holidays, day)
	}
	return s
}

// hoursText is a week in words: "Mon–Fri 09:00–18:00, Sat 10:00–14:00".
func (s *Server) hoursText(c *fiber.Ctx, h hours.Schedule) string {
	write := func(weekday int) string {
		var parts []string
		for _, shift := range h.Week[weekday] {
			parts = append(parts, shift.Start()+"–"+shift.End())
		}
		return strings.Join(parts, " ")
	}
	var parts []string
	for i := 0; i < 7; {
		text := write((i + 1) % 7)
		end := i
		for end+1 < 7 && write((end+2)%7) == text {
			end++
		}
		if text != "" {
			days := s.t(c, "day.short_"+dayKeys[(i+1)%7])
			if end > i {
				days += "–" + s.t(c, "day.short_"+dayKeys[(end+1)%7])
			}
			parts = append(parts, days+" "+text)
		}
		i = end + 1
	}
	if len(parts) == 0 {
		return s.t(c, "inboxes.never_open")
	}
	return strings.Join(parts, ", ")
}
