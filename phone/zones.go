package phone

import (
	_ "embed" // the tables beside this file
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must load on machines without a zone database

	"github.com/nyaruka/phonenumbers"
)

//go:embed country_zones.txt
var countryZonesTable string

//go:embed us_area_codes.txt
var usAreaCodesTable string

// countryZones holds the loadable zones of each country, sorted.
var countryZones = sync.OnceValue(func() map[string][]string {
	zones := make(map[string][]string)
	for country, names := range rows(countryZonesTable) {
		names = slices.DeleteFunc(names, func(name string) bool { return !loadable(name) })
		slices.Sort(names)
		zones[country] = names
	}
	return zones
})

// usStates holds the state of each area code of the USA.
var usStates = sync.OnceValue(func() map[string]string {
	states := make(map[string]string)
	for state, codes := range rows(usAreaCodesTable) {
		for _, code := range codes {
			states[code] = state
		}
	}
	return states
})

// rows reads a table: lines of a key and its values, and comments.
func rows(table string) func(yield func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		for line := range strings.Lines(table) {
			fields := strings.Fields(line)
			if len(fields) < 2 || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(fields[0], fields[1:]) {
				return
			}
		}
	}
}

// CountryZones lists the IANA time zones of a country (ISO 3166-1 alpha-2),
// sorted; none if it is not known. The caller owns the slice.
func CountryZones(country string) []string { return slices.Clone(zonesOfCountry(country)) }

// zonesOfCountry is CountryZones without the copy.
func zonesOfCountry(country string) []string { return countryZones()[country] }

// Zones lists the IANA time zones, sorted, in which the owner of a number may
// be. It is a set because a number rarely tells one: mobile numbers of Australia,
// Russia, Indonesia or Spain say nothing about the place, and some area codes of
// North America cross a zone's border. It is empty if the number is not valid or
// belongs to no country. The caller owns the slice.
func Zones(e164 string) []string {
	n, err := Parse(e164, "")
	if err != nil {
		return nil
	}
	return slices.Clone(n.zones())
}

// State is the state of the USA (two letters, DC included) that a number's area
// code belongs to, or "" for other countries and for numbers without a place.
func State(e164 string) string {
	code, ok := areaCode(e164)
	if !ok {
		return ""
	}
	return usStates()[code]
}

// areaCode is the area code of a number of the North American plan.
func areaCode(e164 string) (string, bool) {
	if len(e164) != len("+12125550100") || !strings.HasPrefix(e164, "+1") {
		return "", false
	}
	return e164[2:5], true
}

// zones trusts a number as far as its plan allows: its area code where numbers
// have a place, else every zone of its country. The slice is shared.
func (n Number) zones() []string {
	all := zonesOfCountry(n.Country)
	switch {
	case len(all) == 0:
		return zonesByPrefix(n.E164) // a place that the zone table does not list, such as Kosovo
	case len(all) == 1:
		return all
	case strings.HasPrefix(n.E164, "+1"):
		if n.Kind == FixedOrMobile {
			code, _ := areaCode(n.E164)
			return northAmerica.of(code, all)
		}
	case n.Country == "BR" && (n.Kind == Mobile || n.Kind == Fixed):
		if zones, ok := brazil[n.E164[3:5]]; ok {
			return zones
		}
		return within(zonesByPrefix(n.E164), all)
	case n.Kind == Fixed, n.Country == "MX" && n.Kind == FixedOrMobile:
		return within(zonesByPrefix(n.E164), all)
	}
	return all
}

// within keeps a set that lies in the country. The library's table names some
// zones by a neighbour with the same clock (Kaliningrad by Bucharest); such a set
// cannot be trusted to stay right, so the whole country counts.
func within(zones, country []string) []string {
	for _, zone := range zones {
		if _, ok := slices.BinarySearch(country, zone); !ok {
			return country
		}
	}
	if len(zones) == 0 {
		return country
	}
	return zones
}

// brazil corrects the library's table, which has an hour less for the millions
// of Recife (its area code, 81, includes the island of Noronha) and of Pará, and
// forgets the west of Amazonas.
var brazil = map[string][]string{
	"81": {"America/Noronha", "America/Recife"},
	"91": {"America/Belem"},
	"93": {"America/Belem", "America/Santarem"},
	"94": {"America/Belem"},
	"97": {"America/Eirunepe", "America/Manaus", "America/Rio_Branco"},
}

// zonesByPrefix asks the library's table of prefixes, and drops what cannot be
// loaded ("Etc/Unknown" for satellites).
func zonesByPrefix(number string) []string {
	found, err := phonenumbers.GetTimezonesForPrefix(number)
	if err != nil {
		return nil
	}
	zones := slices.DeleteFunc(slices.Clone(found), func(name string) bool { return !loadable(name) })
	slices.Sort(zones)
	return zones
}

// northAmerica remembers the zones of area codes; there are at most 800.
var northAmerica areaCodes

type areaCodes struct{ zones sync.Map } // area code → []string

// overlays are area codes laid over the region of an older one whose zones the
// library's table knows better.
var overlays = map[string]string{"364": "270", "448": "850", "458": "541", "930": "812", "986": "208"}

// of is the set of zones of an area code within its country. Numbers keep their
// area code when they move but not their exchange, so every exchange counts.
func (a *areaCodes) of(code string, country []string) []string {
	if zones, ok := a.zones.Load(code); ok {
		return zones.([]string)
	}
	zones := exchangeZones(code, country)
	if older, ok := overlays[code]; ok {
		zones = append(zones, exchangeZones(older, country)...)
	}
	if state := usStates()[code]; len(zones) == 0 && state != "" {
		// The table misses some codes, even Los Angeles' 310 and, but for its
		// overlay, Idaho's 208. Their state's other codes stand in.
		for sibling, s := range usStates() {
			if s == state {
				zones = append(zones, exchangeZones(sibling, country)...)
			}
		}
	}
	slices.Sort(zones)
	zones = slices.Compact(zones)
	if len(zones) == 0 {
		zones = country
	}
	a.zones.Store(code, zones)
	return zones
}

// exchangeZones collects the zones of an area code's exchanges, without the
// table's answer for the whole of North America, which means "not known".
func exchangeZones(code string, country []string) []string {
	unknown := len(zonesByPrefix("1"))
	var zones []string
	add := func(prefix string) {
		found, err := phonenumbers.GetTimezonesForPrefix(prefix)
		if err != nil || len(found) >= unknown {
			return
		}
		for _, zone := range found {
			if _, ok := slices.BinarySearch(country, zone); ok && !slices.Contains(zones, zone) {
				zones = append(zones, zone)
			}
		}
	}
	add("1" + code)
	const digits = "0123456789"
	for i := 2; i < 10; i++ {
		for j := range 10 {
			for k := range 10 {
				add("1" + code + digits[i:i+1] + digits[j:j+1] + digits[k:k+1])
			}
		}
	}
	return zones
}

// loaded remembers names that were found to be zones; there are some 600.
var loaded sync.Map

// loadable reports whether name is a zone that Go can load. "" and "Local" are
// names to Go but places to nobody.
func loadable(name string) bool {
	if _, ok := loaded.Load(name); ok {
		return true
	}
	if name == "" || name == "Local" {
		return false
	}
	if _, err := time.LoadLocation(name); err != nil {
		return false
	}
	loaded.Store(name, struct{}{})
	return true
}
