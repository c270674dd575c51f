package handlers

import (
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// windowsPage is the page of the texting hours: the table of what holds, and
// the form for one place.
type windowsPage struct {
	AsOf    string
	Rows    []windowRow
	Place   string
	Hours   hoursForm
	Editing bool
}

// windowRow is a place with its hours in words.
type windowRow struct {
	Place, Name, Hours, Basis string
	Own                       bool
	Holidays, MostPerDay      int
}

func (s *Server) showWindows(c *fiber.Ctx) error {
	if err := actor(c).Administrator(); err != nil {
		return err
	}
	place := strings.ToUpper(strings.TrimSpace(c.Query("place")))
	set := viewer(c).Account.Settings
	f := windowsPage{Place: place, Editing: place != "" || c.Query("new") != ""}
	w := hours.BuiltIn().ForWith(set.Windows, place, "")
	if country, state, ok := strings.Cut(place, "/"); ok {
		w = hours.BuiltIn().ForWith(set.Windows, country, state)
	}
	f.Hours = hoursFormOf(hours.Schedule{Zone: "UTC", Week: w.Week, Holidays: w.Holidays})
	return s.page(c, "settings/windows", s.windowsPage(c, f))
}

func (s *Server) windowsPage(c *fiber.Ctx, f windowsPage) Page {
	set := viewer(c).Account.Settings
	rules := windowsOf(set)
	f.AsOf = hours.BuiltIn().AsOf
	row := func(place, name string, w hours.Window) {
		r := windowRow{Place: place, Name: name, Hours: s.hoursText(c, hours.Schedule{Week: w.Week}), Basis: w.Basis,
			Own: slices.Contains(rules.Own, place), Holidays: len(w.Holidays), MostPerDay: w.MostPerDay}
		if w.NeverOpen() {
			r.Hours = s.t(c, "windows.never")
		}
		if r.Own {
			r.Basis = ""
		}
		f.Rows = append(f.Rows, r)
	}
	row(hours.Anywhere, s.t(c, "windows.anywhere"), rules.Default)
	for _, place := range slices.Sorted(maps.Keys(rules.ByPlace)) {
		name := s.countryName(c, place)
		if country, state, ok := strings.Cut(place, "/"); ok {
			name = s.countryName(c, country) + ", " + state
		}
		row(place, name, rules.ByPlace[place])
	}
	if f.Editing {
		f.Hours.complete()
	}
	return s.settingsPage(c, "windows", f)
}

// editWindow sets the account's own hours of one place, or goes back to those
// of the product.
func (s *Server) editWindow(c *fiber.Ctx) error {
	f := windowsPage{Place: strings.ToUpper(strings.TrimSpace(c.FormValue("place"))), Hours: typedHours(c), Editing: true}
	if f.Place == "" {
		var v liadesk.Invalid
		v.Add("place", "required")
		return s.invalid(c, v.Err(), "settings/windows", "settings/windows", s.windowsPage(c, f))
	}
	patch := map[string]*hours.Window{f.Place: nil}
	if c.FormValue("back") == "" {
		var wrong liadesk.Invalid
		typed := f.Hours.schedule(&wrong)
		if err := wrong.Err(); err != nil {
			return s.invalid(c, err, "settings/windows", "settings/windows", s.windowsPage(c, f))
		}
		patch[f.Place] = &hours.Window{Week: typed.Week, Holidays: typed.Holidays}
	}
	if _, err := s.Accounts.EditSettings(c.UserContext(), actor(c), accounts.SettingsPatch{Windows: patch}); err != nil {
		return s.invalid(c, err, "settings/windows", "settings/windows", s.windowsPage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
	return s.redirect(c, "/settings/windows")
}
