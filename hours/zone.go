package hours

import (
	_ "embed" // zones.txt
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must load on machines without a zone database
)

// ErrZone is the error about a time zone that does not exist.
var ErrZone = errors.New("there is no time zone of this name")

// ErrLocal is the error about a local time that cannot be read.
var ErrLocal = errors.New("dates and times are written like 2026-12-01T10:00")

//go:embed zones.txt
var zonesTable string

var zoneNames = sync.OnceValue(func() []string {
	var names []string
	for line := range strings.Lines(zonesTable) {
		if name := strings.TrimSpace(line); name != "" && !strings.HasPrefix(name, "#") {
			names = append(names, name)
		}
	}
	return names
})

// ZoneNames lists the time zones to choose from, sorted. The caller owns the
// slice.
func ZoneNames() []string { return slices.Clone(zoneNames()) }

// ValidZone reports whether name is a time zone, offered or not.
func ValidZone(name string) bool {
	_, err := Location(name)
	return err == nil
}

// loaded remembers zones once loaded; only names that exist get in, and there
// are some 600.
var loaded sync.Map // name → *time.Location

// Location loads a time zone by its IANA name. Unlike time.LoadLocation it knows
// no zone "Local" or "", which would mean another place on another machine, and
// it is quick.
func Location(name string) (*time.Location, error) {
	if loc, ok := loaded.Load(name); ok {
		return loc.(*time.Location), nil
	}
	// right/ counts leap seconds and posix/ repeats all names, on some systems.
	if name == "" || name == "Local" || strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix/") {
		return nil, ErrZone
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, ErrZone
	}
	loaded.Store(name, loc)
	return loc, nil
}

// ParseLocal reads a local time as a form gives it ("2026-12-01T10:00", seconds
// allowed) in a zone. Where a change of the clock leaves that time out, the first
// instant after the gap is meant and adjusted is true. Where the change brings it
// twice, the first is meant.
func ParseLocal(local, zone string) (t time.Time, adjusted bool, err error) {
	loc, err := Location(zone)
	if err != nil {
		return time.Time{}, false, err
	}
	var wall time.Time
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if wall, err = time.Parse(layout, strings.TrimSpace(local)); err == nil {
			break
		}
	}
	if err != nil || wall.Year() < 1970 {
		return time.Time{}, false, ErrLocal
	}
	t, adjusted = resolve(wall.Unix(), loc)
	return t, adjusted, nil
}

// resolve finds the instant at which the clock shows a wall. time.Date does not
// do: in a gap it may go backwards, in a fold it may take either instance.
func resolve(wall int64, loc *time.Location) (t time.Time, adjusted bool) {
	const farthest = 16 * time.Hour // no clock is further from UTC
	t = time.Unix(wall, 0).Add(-farthest)
	for {
		offset, end := stretch(t, loc)
		found := time.Unix(wall-offset, 0).In(loc)
		switch {
		case found.Before(t):
			return t.In(loc), true // the clock jumped over it
		case end.IsZero() || found.Before(end):
			return found, false
		}
		t = end
	}
}

// Label writes an instant by the clock of a zone, which it names, in English:
// "Tue 1 Dec 2026, 10:00 (Europe/Madrid, UTC+1)". A zone that does not exist is
// replaced by UTC, and so says the label.
func Label(t time.Time, zone string) string {
	loc, err := Location(zone)
	if err != nil {
		zone, loc = "UTC", time.UTC
	}
	place := zone
	if offset := Offset(t, loc); offset != zone {
		place += ", " + offset
	}
	return t.In(loc).Format("Mon 2 Jan 2006, 15:04") + " (" + place + ")"
}

// Offset is a zone's distance from UTC at t, as in "UTC", "UTC-3", "UTC+5:30".
func Offset(t time.Time, loc *time.Location) string {
	_, seconds := t.In(loc).Zone()
	if seconds == 0 {
		return "UTC"
	}
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	if minutes := seconds / 60 % 60; minutes != 0 {
		return fmt.Sprintf("UTC%c%d:%02d", sign, seconds/3600, minutes)
	}
	return fmt.Sprintf("UTC%c%d", sign, seconds/3600)
}
