package phone

import (
	"errors"
	"slices"
	"strings"
)

// A Class is a window class: all that decides when a marketing text may reach a
// number. A million numbers fall into a few hundred classes, so work is planned
// per class.
//
// A class without zones belongs to numbers whose local time nobody can know
// (satellite phones): no window of theirs is ever known to be open.
type Class struct {
	// Key names the class: country, state and zones, as in
	// "US/FL/America/Chicago,America/New_York". The whole set of a country with
	// several zones is written "*", as in "RU//*". It is canonical (equal
	// classes have equal keys), safe in a database key and under 1,000 bytes.
	Key     string
	Country string   // ISO 3166-1 alpha-2; empty if there is none
	State   string   // of the USA, two letters; empty elsewhere and if not known
	Zones   []string // sorted; shared, not to be modified
}

const wholeCountry = "*"

// ClassOf is the window class of a valid number in E.164 form. The contact's own
// zone, if it is a zone at all, is more trustworthy than anything the number
// tells and stands alone; country and state, which choose the rules, stay the
// number's. A string that is no valid number has a class without country.
//
// It reads the number again, which takes some 50 µs. Whoever keeps the Number
// asks it for its Class, at a hundredth of that.
func ClassOf(e164, contactZone string) Class {
	n, err := Parse(e164, "")
	if err != nil {
		n = Number{}
	}
	return n.Class(contactZone)
}

// Class is the number's window class; see ClassOf.
func (n Number) Class(contactZone string) Class {
	var state string
	if n.Country == "US" {
		state = State(n.E164)
	}
	if contactZone != "" && loadable(contactZone) {
		return newClass(n.Country, state, []string{contactZone})
	}
	return newClass(n.Country, state, n.zones())
}

// ParseClass reads a Class back from its key.
func ParseClass(key string) (Class, error) {
	country, rest, ok := strings.Cut(key, "/")
	state, names, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 {
		return Class{}, errors.New("phone: a window class is written country/state/zones")
	}
	var zones []string
	switch names {
	case "":
	case wholeCountry:
		zones = zonesOfCountry(country)
	default:
		zones = strings.Split(names, ",")
	}
	for _, zone := range zones {
		if !loadable(zone) {
			return Class{}, errors.New("phone: a window class names a zone that does not exist")
		}
	}
	c := newClass(country, state, zones)
	if !slices.IsSorted(zones) || c.Key != key {
		return Class{}, errors.New("phone: a window class is not in its canonical form")
	}
	return c, nil
}

// CountryOfClass is the country in the key of a class, without a look at the
// rest of it.
func CountryOfClass(key string) string {
	country, _, _ := strings.Cut(key, "/")
	return country
}

// newClass names a class. The comparison with the whole set of a country is
// cheap because that set is one shared slice.
func newClass(country, state string, zones []string) Class {
	c := Class{Country: country, State: state, Zones: zones}
	names := wholeCountry
	if len(zones) < 2 || !slices.Equal(zones, zonesOfCountry(country)) {
		names = strings.Join(zones, ",")
	}
	c.Key = country + "/" + state + "/" + names
	return c
}
