package hours

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestZonesToChooseFromExist(t *testing.T) {
	names := ZoneNames()
	if len(names) < 400 || !slices.IsSorted(names) || !slices.Contains(names, "UTC") || !slices.Contains(names, "America/Sao_Paulo") {
		t.Errorf("%d names", len(names))
	}
	for _, name := range names {
		if !ValidZone(name) {
			t.Errorf("%q does not load", name)
		}
	}
	names[0] = "changed"
	if ZoneNames()[0] == "changed" {
		t.Error("the caller got the list itself")
	}
}

func TestLocationKnowsPlacesOnly(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Madrid", "US/Eastern", "Asia/Calcutta", "Europe/Madrid"} {
		if loc, err := Location(name); err != nil || loc.String() != name {
			t.Errorf("Location(%q) = %v, %v", name, loc, err)
		}
	}
	for _, name := range []string{"", "Local", "Mars/Olympus", "right/Europe/Madrid", "posix/Europe/Madrid", "../etc/passwd", "/etc/localtime", "Europe", "UTC+1", "Europe/Madrid\x00"} {
		if loc, err := Location(name); !errors.Is(err, ErrZone) {
			t.Errorf("Location(%q) = %v, %v; want ErrZone", name, loc, err)
		}
	}
}

func TestParseLocalKeepsOutOfGapsAndTakesTheFirstOfTwo(t *testing.T) {
	for _, tt := range []struct {
		local, zone, want string
		adjusted          bool
	}{
		{"2026-12-01T10:00", "Europe/Madrid", "2026-12-01T10:00:00+01:00", false},
		{"2026-12-01T10:00:30", "Europe/Madrid", "2026-12-01T10:00:30+01:00", false},
		{" 2026-07-01T10:00 ", "Europe/Madrid", "2026-07-01T10:00:00+02:00", false},
		{"2026-12-01T10:00", "UTC", "2026-12-01T10:00:00Z", false},
		{"2026-12-01T10:00", "Asia/Kolkata", "2026-12-01T10:00:00+05:30", false},
		{"2026-03-08T01:59", "America/New_York", "2026-03-08T01:59:00-05:00", false},
		{"2026-03-08T02:00", "America/New_York", "2026-03-08T03:00:00-04:00", true},
		{"2026-03-08T02:30", "America/New_York", "2026-03-08T03:00:00-04:00", true},
		{"2026-03-08T03:00", "America/New_York", "2026-03-08T03:00:00-04:00", false},
		{"2018-11-04T00:00", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00", true},
		{"2018-11-04T00:59", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00", true},
		{"2018-11-03T23:59", "America/Sao_Paulo", "2018-11-03T23:59:00-03:00", false},
		{"2018-02-17T23:30", "America/Sao_Paulo", "2018-02-17T23:30:00-02:00", false}, // twice
		{"2026-11-01T01:30", "America/New_York", "2026-11-01T01:30:00-04:00", false},  // twice
		{"2026-11-01T02:00", "America/New_York", "2026-11-01T02:00:00-05:00", false},
		{"2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-04T02:30:00+11:00", true},
		{"2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-05T01:45:00+11:00", false},
		{"2011-12-30T12:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00", true},
		{"2026-03-22T02:30", "Africa/Casablanca", "2026-03-22T03:00:00+01:00", true},
		{"9999-12-31T23:59", "America/New_York", "9999-12-31T23:59:00-05:00", false},
		{"1970-01-01T00:00", "Africa/Monrovia", "1970-01-01T00:44:30Z", false},
	} {
		got, adjusted, err := ParseLocal(tt.local, tt.zone)
		if err != nil || !got.Equal(at(t, tt.want)) || adjusted != tt.adjusted {
			t.Errorf("ParseLocal(%q, %s) = %v, %v, %v; want %s, %v", tt.local, tt.zone, got, adjusted, err, tt.want, tt.adjusted)
		}
		if got.Location().String() != tt.zone {
			t.Errorf("ParseLocal(%q, %s) is told in %s", tt.local, tt.zone, got.Location())
		}
	}
	for _, bad := range []string{"", "2026-12-01", "2026-12-01 10:00", "2026-12-01T24:00", "2026-02-30T10:00", "2026-12-01T10:00Z", "0001-01-01T00:00", "tomorrow"} {
		if got, _, err := ParseLocal(bad, "UTC"); !errors.Is(err, ErrLocal) {
			t.Errorf("ParseLocal(%q) = %v, %v; want ErrLocal", bad, got, err)
		}
	}
	if _, _, err := ParseLocal("2026-12-01T10:00", "Local"); !errors.Is(err, ErrZone) {
		t.Errorf("in Local: %v", err)
	}
}

// Every minute around a change of the clock: the instant shows the time asked
// for, and no earlier one does; or the time does not exist, and the instant is
// the first after the gap.
func TestParseLocalAtEveryMinuteOfAChange(t *testing.T) {
	for _, jump := range jumps {
		loc, err := Location(jump.zone)
		if err != nil {
			t.Fatal(err)
		}
		const layout = "2006-01-02T15:04"
		start, _ := time.Parse(time.DateOnly, jump.day)
		shown := make(map[string]time.Time) // the first instant that shows a time
		for m := start.Add(-48 * time.Hour); m.Before(start.Add(72 * time.Hour)); m = m.Add(time.Minute) {
			if local := m.In(loc).Format(layout); shown[local].IsZero() {
				shown[local] = m
			}
		}
		for wall := start.Add(-6 * time.Hour); wall.Before(start.Add(30 * time.Hour)); wall = wall.Add(time.Minute) {
			got, adjusted, err := ParseLocal(wall.Format(layout), jump.zone)
			if err != nil {
				t.Fatal(err)
			}
			want, exists := shown[wall.Format(layout)]
			for next := wall; want.IsZero(); want = shown[next.Format(layout)] {
				next = next.Add(time.Minute)
			}
			if adjusted == exists || !got.Equal(want) {
				t.Fatalf("%s in %s is %v (adjusted %v), want %v", wall.Format(layout), jump.zone, got, adjusted, want.In(loc))
			}
		}
	}
}

func TestLabelNamesItsZone(t *testing.T) {
	instant := at(t, "2026-12-01T09:00:00Z")
	for zone, want := range map[string]string{
		"Europe/Madrid":     "Tue 1 Dec 2026, 10:00 (Europe/Madrid, UTC+1)",
		"Asia/Kolkata":      "Tue 1 Dec 2026, 14:30 (Asia/Kolkata, UTC+5:30)",
		"America/St_Johns":  "Tue 1 Dec 2026, 05:30 (America/St_Johns, UTC-3:30)",
		"America/Sao_Paulo": "Tue 1 Dec 2026, 06:00 (America/Sao_Paulo, UTC-3)",
		"Europe/London":     "Tue 1 Dec 2026, 09:00 (Europe/London, UTC)",
		"UTC":               "Tue 1 Dec 2026, 09:00 (UTC)",
		"Mars/Olympus":      "Tue 1 Dec 2026, 09:00 (UTC)",
	} {
		if got := Label(instant, zone); got != want {
			t.Errorf("Label in %s: %s, want %s", zone, got, want)
		}
	}
}
