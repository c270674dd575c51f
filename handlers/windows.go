package handlers

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

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
	// PublicText says what public holidays mean for the hours, "" where none are
	// known; Keep tells whether they are kept.
	PublicText string
	Keep       bool
	// Most is the most texts in 24 hours, as typed; Usual is what holds without
	// that, "" when nothing does.
	Most, Usual string
	// Seen stands for the hours of the place as the form began with them, and
	// Theirs are those that somebody else set meanwhile, in words.
	Seen, Theirs string
}

// windowRow is a place with its hours in words.
type windowRow struct {
	Place, Name, Hours, Basis string
	Own                       bool
	Public                    string // on public holidays, in words
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
	f.Keep = w.Public != ""
	if own := set.Windows[place].MostPerDay; own > 0 {
		f.Most = strconv.Itoa(own)
	}
	return s.page(c, "settings/windows", s.windowsPage(c, f))
}

func (s *Server) windowsPage(c *fiber.Ctx, f windowsPage) Page {
	set := viewer(c).Account.Settings
	rules := windowsOf(set)
	f.AsOf = hours.BuiltIn().AsOf
	if w := keptWindow(set, f.Place); f.Place != "" && w.Public != "" {
		f.PublicText = s.publicText(c, w) + "."
		if w.Public != hours.Anywhere {
			f.PublicText += " " + s.nextPublic(c, w.Public)
		}
	}
	if n := mostAt(without(set.Windows, f.Place), f.Place); f.Place != "" && n > 0 {
		f.Usual = strconv.Itoa(n)
	}
	f.Seen = cmp.Or(f.Seen, accounts.WindowMark(set, f.Place))
	row := func(place, name string, w hours.Window) {
		r := windowRow{Place: place, Name: name, Hours: s.hoursText(c, hours.Schedule{Week: w.Week}), Basis: w.Basis,
			Own: slices.Contains(rules.Own, place), Holidays: len(w.Holidays), MostPerDay: mostAt(set.Windows, place), Public: s.publicText(c, w)}
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

// mostAt is the most marketing texts in 24 hours to somebody in a place, with an
// account's own windows; 0 where nothing is said of that.
func mostAt(own map[string]hours.Window, place string) int {
	country, state, _ := strings.Cut(place, "/")
	if place == hours.Anywhere {
		country = ""
	}
	return hours.BuiltIn().MostPerDay(own, country, state)
}

// without is an account's windows but for that of a place.
func without(own map[string]hours.Window, place string) map[string]hours.Window {
	others := maps.Clone(own)
	delete(others, place)
	return others
}

// keptWindow has the public holidays that a place may keep: those that it keeps
// now, else those of the product.
func keptWindow(set liadesk.Settings, place string) hours.Window {
	country, state, _ := strings.Cut(place, "/")
	if w := hours.BuiltIn().ForWith(set.Windows, country, state); w.Public != "" {
		return w
	}
	return hours.BuiltIn().For(country, state)
}

// nextPublic names the next public holidays of a country.
func (s *Server) nextPublic(c *fiber.Ctx, country string) string {
	const shown = 3
	now := s.Clock.Now().UTC()
	var dates []string
	for year := now.Year(); len(dates) < shown && year <= now.Year()+1; year++ {
		for _, d := range hours.PublicHolidays(country, year) {
			if d.Add(24*time.Hour).After(now) && len(dates) < shown {
				dates = append(dates, s.localizer(c).Date(d, time.UTC))
			}
		}
	}
	return s.t(c, "windows.public_next", "Dates", strings.Join(dates, "; "))
}

// publicText says what a window does on public holidays, "" when nothing.
func (s *Server) publicText(c *fiber.Ctx, w hours.Window) string {
	switch w.Public {
	case "":
		return ""
	case hours.Anywhere:
		return s.publicOfEach(c, w)
	}
	if len(w.PublicShifts) == 0 {
		return s.t(c, "windows.public_none", "Country", s.countryName(c, w.Public))
	}
	return s.t(c, "windows.public_hours", "Country", s.countryName(c, w.Public), "Hours", shiftsText(w.PublicShifts))
}

// publicOfEach says that a window keeps the public holidays of each country, and
// of which they are known that have no hours of their own.
func (s *Server) publicOfEach(c *fiber.Ctx, w hours.Window) string {
	var names []string
	for _, country := range hours.PublicCountries() {
		if _, own := hours.BuiltIn().ByPlace[country]; !own {
			names = append(names, s.countryName(c, country))
		}
	}
	slices.Sort(names)
	countries := strings.Join(names, ", ")
	if len(w.PublicShifts) == 0 {
		return s.t(c, "windows.public_each", "Countries", countries)
	}
	return s.t(c, "windows.public_each_hours", "Countries", countries, "Hours", shiftsText(w.PublicShifts))
}

// shiftsText is the hours of one day: "09:00–12:00, 13:00–18:00".
func shiftsText(shifts []hours.Shift) string {
	texts := make([]string, len(shifts))
	for i, shift := range shifts {
		texts[i] = shift.Start() + "–" + shift.End()
	}
	return strings.Join(texts, ", ")
}

// editWindow sets the account's own hours of one place, or goes back to those
// of the product.
func (s *Server) editWindow(c *fiber.Ctx) error {
	f := windowsPage{Place: strings.ToUpper(strings.TrimSpace(c.FormValue("place"))), Hours: typedHours(c), Editing: true,
		Most: strings.TrimSpace(c.FormValue("most_per_day"))}
	// Where the form did not ask about public holidays, for it was opened for
	// another place, they are kept.
	f.Keep = c.FormValue("public") != "" || c.FormValue("public_of") != f.Place
	if f.Place == "" {
		var v liadesk.Invalid
		v.Add("place", "required")
		return s.invalid(c, v.Err(), "settings/windows", "settings/windows", s.windowsPage(c, f))
	}
	set := viewer(c).Account.Settings
	patch := map[string]*hours.Window{f.Place: nil}
	if c.FormValue("back") == "" {
		var wrong liadesk.Invalid
		typed := f.Hours.schedule(&wrong)
		most := 0
		if f.Most != "" {
			var err error
			if most, err = strconv.Atoi(f.Most); err != nil {
				wrong.Add("most_per_day", "hours_most_per_day")
			}
		}
		if err := wrong.Err(); err != nil {
			return s.invalid(c, err, "settings/windows", "settings/windows", s.windowsPage(c, f))
		}
		w := hours.Window{Week: typed.Week, Holidays: typed.Holidays, MostPerDay: most}
		if f.Keep {
			kept := keptWindow(set, f.Place)
			w.Public, w.PublicShifts = kept.Public, kept.PublicShifts
		}
		patch[f.Place] = &w
	}
	change := accounts.SettingsPatch{Windows: patch}
	if seen := c.FormValue("seen"); seen != "" && c.FormValue("seen_of") == f.Place {
		change.WindowsSeen = map[string]string{f.Place: seen}
	}
	now, err := s.Accounts.EditSettings(c.UserContext(), actor(c), change)
	if errors.Is(err, accounts.ErrWindowChanged) {
		f.Seen, f.Theirs = accounts.WindowMark(now.Settings, f.Place), s.windowText(c, now.Settings, f.Place)
		c.Status(http.StatusConflict)
		return s.page(c, "settings/windows", s.windowsPage(c, f))
	}
	if err != nil {
		return s.invalid(c, ofWindow(err, f.Place), "settings/windows", "settings/windows", s.windowsPage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
	return s.redirect(c, "/settings/windows")
}

// windowText is the hours of a place in words.
func (s *Server) windowText(c *fiber.Ctx, set liadesk.Settings, place string) string {
	country, state, _ := strings.Cut(place, "/")
	w := hours.BuiltIn().ForWith(set.Windows, country, state)
	if w.NeverOpen() {
		return s.t(c, "windows.never")
	}
	return s.hoursText(c, hours.Schedule{Week: w.Week, Holidays: w.Holidays})
}

// ofWindow names the fields of a refusal as the form of one place has them.
func ofWindow(err error, place string) error {
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok {
		return err
	}
	of := *e
	of.Fields = slices.Clone(e.Fields)
	for i, f := range of.Fields {
		if name, under := strings.CutPrefix(f.Field, "windows.by_place."+place); under {
			of.Fields[i].Field = cmp.Or(strings.TrimPrefix(name, "."), "place")
		}
	}
	return &of
}
