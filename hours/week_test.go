package hours

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

func TestParseShiftReadsWhatFormsSend(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     Shift
		text     string
	}{
		{"09:00", "20:00", Shift{540, 1200}, "09:00-20:00"},
		{"9:00", "20:00:00", Shift{540, 1200}, "09:00-20:00"},
		{"00:00", "24:00", WholeDay, "00:00-24:00"},
		{"22:00", "02:00", Shift{1320, 1560}, "22:00-02:00"},
		{"22:00", "00:00", Shift{1320, 1440}, "22:00-24:00"},
		{" 10:30 ", "10:31", Shift{630, 631}, "10:30-10:31"},
	} {
		got, err := ParseShift(tt.from, tt.to)
		if err != nil || got != tt.want || got.String() != tt.text || !got.valid() {
			t.Errorf("ParseShift(%q, %q) = %v, %v; want %v", tt.from, tt.to, got, err, tt.text)
		}
		var back Shift
		if err := back.UnmarshalText([]byte(tt.text)); err != nil || back != got {
			t.Errorf("%q reads as %v, %v", tt.text, back, err)
		}
	}
	for _, bad := range [][2]string{{"", ""}, {"09:00", ""}, {"09:00", "09:00"}, {"24:00", "09:00"}, {"00:00", "00:00"}, {"25:00", "26:00"}, {"09:00", "24:01"}, {"9", "20"}, {"09:00:30", "20:00"}, {"9am", "8pm"}, {"-1:00", "20:00"}} {
		if s, err := ParseShift(bad[0], bad[1]); !errors.Is(err, ErrShift) {
			t.Errorf("ParseShift(%q, %q) = %v, %v; want ErrShift", bad[0], bad[1], s, err)
		}
	}
}

func TestSchedulesSurviveBeingStored(t *testing.T) {
	want := Schedule{
		Zone: "Europe/Madrid",
		Week: Week{1: {{540, 840}, {1020, 1200}}, 5: {{1320, 1560}}, 6: {WholeDay}},
		Holidays: []Holiday{
			{Date: "2026-12-25", Name: "Christmas"},
			{Date: "2026-12-24", Shifts: []Shift{{540, 720}}},
		},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const week = `"week":{"fri":["22:00-02:00"],"mon":["09:00-14:00","17:00-20:00"],"sat":["00:00-24:00"]}`
	if !strings.Contains(string(text), week) {
		t.Errorf("JSON %s lacks %s", text, week)
	}
	var fromJSON, fromCBOR Schedule
	if err := json.Unmarshal(text, &fromJSON); err != nil || !cmp.Equal(fromJSON, want) {
		t.Errorf("JSON: %v\n%s", err, cmp.Diff(want, fromJSON))
	}
	data, err := cbor.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := cbor.Unmarshal(data, &fromCBOR); err != nil || !cmp.Equal(fromCBOR, want) {
		t.Errorf("CBOR: %v\n%s", err, cmp.Diff(want, fromCBOR))
	}
	for _, bad := range []string{`{"week":{"monday":[]}}`, `{"week":{"mon":["9-20"]}}`, `{"week":{"mon":["0900"]}}`, `{"week":{"mon":"09:00-20:00"}}`, `{"week":[]}`} {
		var s Schedule
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s was read as %+v", bad, s)
		}
	}
}

func TestValidateNamesEveryFieldThatIsWrong(t *testing.T) {
	many := make([]Shift, MaxShifts+1)
	s := Schedule{
		Zone: "Mars/Olympus",
		Week: Week{
			0: many,
			1: {{540, 840}, {800, 1200}},
			2: {{600, 600}, {-1, 60}, {1440, 1500}, {1200, 540}, {600, 2041}},
			3: {{540, 840}, {840, 1200}}, // they touch
			4: {{1320, 1560}, {0, 120}},  // the first ends on the next day
		},
		Holidays: []Holiday{
			{Date: "2026-12-25"},
			{Date: "2026-12-25"},
			{Date: "25/12/2026"},
			{Date: "2026-02-29", Name: strings.Repeat("é", MaxName+1), Shifts: []Shift{{60, 30}}},
		},
	}
	want := Errors{
		{"time_zone", CodeZone},
		{"week.mon.1", CodeOverlap},
		{"week.tue.0", CodeShift}, {"week.tue.1", CodeShift}, {"week.tue.2", CodeShift}, {"week.tue.3", CodeShift}, {"week.tue.4", CodeShift},
		{"week.sun", CodeTooMany},
		{"holidays.1.date", CodeDuplicate},
		{"holidays.2.date", CodeDate},
		{"holidays.3.date", CodeDate}, {"holidays.3.name", CodeTooLong}, {"holidays.3.shifts.0", CodeShift},
	}
	got, ok := errors.AsType[Errors](s.Validate())
	if !ok || !cmp.Equal(got, want) {
		t.Errorf("Validate:\n%s", cmp.Diff(want, got))
	}
	for _, e := range got {
		if e.Message() == "" || !strings.HasPrefix(e.Error(), e.Field+": ") {
			t.Errorf("%+v has no sentence: %s", e, e.Error())
		}
	}
	if !strings.Contains(got.Error(), "; week.mon.1: ") {
		t.Errorf("Error: %s", got.Error())
	}
	crowded := Window{Holidays: make([]Holiday, MaxHolidays+1)}
	if err := crowded.Validate(); err == nil || err.Error() != "holidays: there are too many of these" {
		t.Errorf("%d holidays: %v", MaxHolidays+1, err)
	}
	rules := Rules{ByPlace: map[string]Window{"US/FL": {Week: EveryDay(Shift{9, 8})}}}
	if got, _ := errors.AsType[Errors](rules.Validate()); len(got) != 7 || got[0].Field != "by_place.US/FL.week.mon.0" {
		t.Errorf("rules: %v", got)
	}
}

func TestValidSchedulesPass(t *testing.T) {
	for _, s := range []Schedule{
		{Zone: "UTC"}, // closed for good is a choice
		{Zone: "Europe/Madrid", Week: EveryDay(WholeDay)},
		{Zone: "US/Eastern", Week: EveryDay(Shift{1320, 1560}), Holidays: []Holiday{{Date: "2028-02-29"}}},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if err := BuiltIn().Validate(); err != nil {
		t.Error(err)
	}
	if err := RoundTheClock().Validate(); err != nil {
		t.Error(err)
	}
}
