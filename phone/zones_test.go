package phone

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

func TestZonesAreASet(t *testing.T) {
	for number, want := range map[string]string{
		"+12125550100":   "America/New_York",
		"+13105550100":   "America/Los_Angeles", // missing in the library's table
		"+12085550100":   "America/Boise,America/Denver,America/Los_Angeles",
		"+19865550100":   "America/Boise,America/Denver,America/Los_Angeles",
		"+18505550100":   "America/Chicago,America/New_York", // both sides of Florida
		"+14485550100":   "America/Chicago,America/New_York",
		"+14805550100":   "America/Phoenix",
		"+18085550100":   "Pacific/Honolulu",
		"+14165550100":   "America/Toronto",
		"+18765550100":   "America/Jamaica",
		"+5511961234567": "America/Sao_Paulo",
		"+5581961234567": "America/Noronha,America/Recife",
		"+5591961234567": "America/Belem",
		"+5592961234567": "America/Manaus",
		"+526641234567":  "America/Tijuana",
		"+77710009998":   "Asia/Almaty,Asia/Aqtau,Asia/Aqtobe,Asia/Atyrau,Asia/Oral,Asia/Qostanay,Asia/Qyzylorda",
		"+34612345678":   "Africa/Ceuta,Atlantic/Canary,Europe/Madrid",
		"+351912345678":  "Atlantic/Azores,Atlantic/Madeira,Europe/Lisbon",
		"+447911123456":  "Europe/Guernsey",
		"+62812345678":   "Asia/Jakarta,Asia/Jayapura,Asia/Makassar,Asia/Pontianak",
		"+46701740605":   "Europe/Stockholm",
		"+61212345678":   "Australia/Sydney", // a landline has a place
		"+881612345678":  "",
		"+12":            "",
		"":               "",
	} {
		if got := strings.Join(Zones(number), ","); got != want {
			t.Errorf("Zones(%s) = %s, want %s", number, got, want)
		}
	}
}

// A mobile of a wide country tells nothing of the place, so all its zones count.
func TestMobilesOfWideCountriesHaveAllZones(t *testing.T) {
	for number, country := range map[string]string{"+61491570006": "AU", "+79123456789": "RU", "+5491123456789": "AR", "+18005550100": "US"} {
		got, want := Zones(number), CountryZones(country)
		if len(want) < 3 || !slices.Equal(got, want) {
			t.Errorf("%s: zones %v, want all of %s: %v", number, got, country, want)
		}
	}
}

func TestEveryZoneOfEveryExampleLoads(t *testing.T) {
	for _, region := range Regions() {
		n, err := Parse(phonenumbers.Format(phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE), phonenumbers.E164), "")
		if err != nil {
			continue
		}
		zones := Zones(n.E164)
		if len(zones) == 0 || !slices.IsSorted(zones) {
			t.Errorf("%s: a mobile has the zones %v", region, zones)
		}
		for _, zone := range zones {
			if _, err := time.LoadLocation(zone); err != nil {
				t.Errorf("%s: %v", region, err)
			}
		}
	}
}

func TestTheTableOfCountriesIsWhole(t *testing.T) {
	names := 0
	for country, zones := range rows(countryZonesTable) {
		names += len(zones)
		if len(country) != 2 {
			t.Errorf("country %q", country)
		}
		if got := CountryZones(country); len(got) != len(zones) {
			t.Errorf("%s: %d of %d zones load", country, len(got), len(zones))
		}
	}
	if names < 400 {
		t.Errorf("only %d zones", names)
	}
	zones := CountryZones("BR")
	zones[0] = "changed"
	if CountryZones("BR")[0] == "changed" {
		t.Error("the caller got the table itself")
	}
}

// Every area code of the USA that numbers may have belongs to one state and has
// zones, and few of them: an unknown code would never be sent to.
func TestEveryAreaCodeOfTheUSAHasStateAndZones(t *testing.T) {
	seen := make(map[string]bool)
	for code := 200; code < 1000; code++ {
		n, err := Parse(fmt.Sprintf("+1%d5550100", code), "")
		if err != nil || n.Kind != FixedOrMobile {
			continue
		}
		zones := Zones(n.E164)
		if len(zones) == 0 || len(zones) > 5 {
			t.Errorf("%d (%s): zones %v", code, n.Country, zones)
		}
		state := State(n.E164)
		if (state != "") != (n.Country == "US") {
			t.Errorf("%d is in %s and has the state %q", code, n.Country, state)
		}
		seen[state] = true
	}
	if len(seen) != 52 { // fifty states, the District of Columbia, and none
		t.Errorf("%d states", len(seen))
	}
	codes := make(map[string]string)
	for state, list := range rows(usAreaCodesTable) {
		for _, code := range list {
			if other, twice := codes[code]; twice || len(code) != 3 {
				t.Errorf("area code %s is in %s and %s", code, other, state)
			}
			codes[code] = state
		}
	}
}

func TestStateOfANumber(t *testing.T) {
	for number, want := range map[string]string{
		"+13055550100": "FL", "+12145550100": "TX", "+12025550100": "DC", "+19075550100": "AK",
		"+18005550100": "", "+17875550100": "", "+14165550100": "", "+61491570006": "", "": "", "+1": "",
	} {
		if got := State(number); got != want {
			t.Errorf("State(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestClassesAreCanonical(t *testing.T) {
	for _, tt := range []struct{ number, zone, want string }{
		{"+13055550100", "", "US/FL/America/New_York"},
		{"+18505550100", "", "US/FL/America/Chicago,America/New_York"},
		{"+13055550100", "America/New_York", "US/FL/America/New_York"},
		{"+13055550100", "Europe/Madrid", "US/FL/Europe/Madrid"}, // the rules of Florida by the clock of Madrid
		{"+79123456789", "", "RU//*"},
		{"+79123456789", "Asia/Omsk", "RU//Asia/Omsk"},
		{"+46701740605", "", "SE//Europe/Stockholm"},
		{"+46701740605", "Mars/Olympus", "SE//Europe/Stockholm"},
		{"+46701740605", "Local", "SE//Europe/Stockholm"},
		{"+18005550100", "", "US//*"},
		{"+881612345678", "", "//"},
		{"+881612345678", "Asia/Tokyo", "//Asia/Tokyo"},
		{"nonsense", "", "//"},
	} {
		class := ClassOf(tt.number, tt.zone)
		if class.Key != tt.want {
			t.Errorf("ClassOf(%s, %q) = %s, want %s", tt.number, tt.zone, class.Key, tt.want)
		}
		back, err := ParseClass(class.Key)
		if err != nil || back.Key != class.Key || back.Country != class.Country || back.State != class.State || !slices.Equal(back.Zones, class.Zones) {
			t.Errorf("ParseClass(%s) = %+v, %v; want %+v", class.Key, back, err, class)
		}
	}
	for _, bad := range []string{
		"", "US", "US/FL", "SE//*", "ZZ//*", "//*", "US/FL/Mars/Olympus", "US/FL/America/New_York,America/Chicago",
		"US/FL/America/New_York,", "SE//Europe/Stockholm,Europe/Stockholm,", "RU//" + strings.Join(CountryZones("RU"), ","),
	} {
		if class, err := ParseClass(bad); err == nil {
			t.Errorf("ParseClass(%q) = %+v, want an error", bad, class)
		}
	}
}

// Work is planned per class, so numbers must fall into few; and the key of each
// must fit into a database key beside other things.
func TestTheWorldHasFewClasses(t *testing.T) {
	keys := make(map[string]bool)
	add := func(number string) {
		if n, err := Parse(number, ""); err == nil {
			keys[n.Class("").Key] = true
		}
	}
	for _, region := range Regions() {
		for typ := phonenumbers.FIXED_LINE; typ <= phonenumbers.VOICEMAIL; typ++ {
			if example := phonenumbers.GetExampleNumberForType(region, typ); example != nil {
				add(phonenumbers.Format(example, phonenumbers.E164))
			}
		}
	}
	for code := 200; code < 1000; code++ {
		add(fmt.Sprintf("+1%d5550100", code))
	}
	for code := 11; code < 100; code++ {
		add(fmt.Sprintf("+55%d961234567", code))
	}
	if len(keys) < 250 || len(keys) > 450 {
		t.Errorf("%d classes", len(keys))
	}
	for key := range keys {
		if len(key) > 200 {
			t.Errorf("a key of %d bytes: %s", len(key), key)
		}
	}
}

func TestClassesMayBeAskedForAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for code := 201 + i; code < 1000; code += 40 {
				ClassOf(fmt.Sprintf("+1%d5550100", code), "")
			}
		})
	}
	all.Wait()
}

func BenchmarkClass(b *testing.B) {
	for _, number := range []string{"+13055550100", "+79123456789", "+5511961234567"} {
		n, err := Parse(number, "")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(number, func(b *testing.B) {
			for b.Loop() {
				if n.Class("").Key == "" {
					b.Fatal("no key")
				}
			}
		})
	}
}
