package accounts

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// usState is how a state of the USA is named as a place.
var usState = regexp.MustCompile(`^US/[A-Z]{2}$`)

// ErrWindowChanged refuses texting hours of a place that somebody else set since
// the asker looked.
var ErrWindowChanged = liadesk.Conflict(liadesk.CodeChanged, "somebody else set the texting hours of this place meanwhile")

// WindowMark stands for what an account has set for a place, or that it has set
// nothing: it differs when somebody changed that.
func WindowMark(set liadesk.Settings, place string) string {
	raw, err := json.Marshal(set.Windows[place])
	if err != nil {
		return "" // it has only text and numbers in it: this cannot be
	}
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE(raw)), 36)
}

// applyWindows changes the account's own texting windows. Stricter or looser
// than the product's, they are the account's word; a window that says nothing
// about the number of texts leaves what a law says about it.
func applyWindows(v *liadesk.Invalid, set *liadesk.Settings, patch map[string]*hours.Window) {
	if len(patch) == 0 {
		return
	}
	own := maps.Clone(set.Windows)
	if own == nil {
		own = make(map[string]hours.Window)
	}
	for name, w := range patch {
		place := strings.ToUpper(strings.TrimSpace(name))
		field := "windows.by_place." + place
		switch {
		case place != hours.Anywhere && !usState.MatchString(place) && !phone.ValidRegion(place):
			v.Add(field, "window_place", "Name", name)
			continue
		case w == nil:
			delete(own, place)
			continue
		}
		var wrong hours.Errors
		if errors.As(w.Validate(), &wrong) {
			for _, e := range wrong {
				v.Add(field+"."+e.Field, "hours_"+string(e.Code))
			}
			continue
		}
		if w.Public == hours.Anywhere && place != hours.Anywhere {
			v.Add(field+".public_holidays", "hours_public_holidays") // of which country?
			continue
		}
		country, state, _ := strings.Cut(place, "/")
		most := w.MostPerDay
		if most == hours.BuiltIn().MostPerDay(nil, country, state) {
			most = 0 // the law's, whatever it will be
		}
		own[place] = hours.Window{Week: w.Week, Holidays: w.Holidays, Public: w.Public, PublicShifts: w.PublicShifts, MostPerDay: most, Basis: "the account's own"}
	}
	set.Windows = own
}

// windowPlaces names the places with windows of the account's own.
func windowPlaces(own map[string]hours.Window) string {
	return strings.Join(slices.Sorted(maps.Keys(own)), ", ")
}
