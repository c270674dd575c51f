package handlers

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// sectionPage is a page of the settings; At names the entry of their menu.
type sectionPage struct {
	At   string
	Body any
}

// settingsPage frames a page of the settings.
func (s *Server) settingsPage(c *fiber.Ctx, at string, body any) Page {
	return Page{Title: s.t(c, "settings."+at+"_title"), Nav: "settings", Data: sectionPage{At: at, Body: body}}
}

// settingsForm is the form of the account's settings.
type settingsForm struct {
	Version                                    uint64
	Name, Region, TimeZone, Locale             string
	MaxSegments, TextsPerDay                   string
	Footer, OptOutReply, OptInReply, HelpReply string
	OptOutKeywords, OptInKeywords              string
	Currency, Prices                           string
	Introduce                                  bool
	Conflict                                   []conflictLine
	Plan                                       string
	Regions, Zones, Locales, Segments, PerDay  []Option
	AccountID                                  liadesk.ID
}

func (s *Server) showSettings(c *fiber.Ctx) error {
	if viewer(c).User.Role != liadesk.RoleAdministrator {
		return s.redirect(c, "/settings/profile")
	}
	a := viewer(c).Account
	set := a.Settings
	return s.page(c, "settings/account", s.accountPage(c, settingsForm{Version: a.Version, Name: a.Name, Region: set.Region,
		TimeZone: set.TimeZone, Locale: set.Locale, MaxSegments: strconv.Itoa(set.MaxSegments), TextsPerDay: strconv.Itoa(set.MostTextsPerDay()), Footer: set.Footer,
		OptOutReply: set.OptOutReply, OptInReply: set.OptInReply, HelpReply: set.HelpReply,
		OptOutKeywords: strings.Join(set.OptOutKeywords, ", "), OptInKeywords: strings.Join(set.OptInKeywords, ", "),
		Currency: set.Currency, Prices: accounts.PriceLines(set.Prices), Introduce: set.Introduce}))
}

func (s *Server) accountPage(c *fiber.Ctx, f settingsForm) Page {
	a := viewer(c).Account
	f.Plan, f.AccountID = s.t(c, "plan."+string(a.Plan)), a.ID
	f.Regions, f.Zones = s.regionOptions(c), zoneOptions(f.TimeZone)
	for _, l := range texts.Locales {
		tag := language.Make(l.Tag)
		f.Locales = append(f.Locales, Option{Value: l.Tag, Label: display.Self.Name(tag)})
	}
	f.Locale = texts.NearestLocale(f.Locale)
	for n := 1; n <= 10; n++ {
		f.Segments = append(f.Segments, Option{Value: strconv.Itoa(n), Label: strconv.Itoa(n)})
	}
	for n := 1; n <= liadesk.MaxTextsPerDay; n++ {
		f.PerDay = append(f.PerDay, Option{Value: strconv.Itoa(n), Label: strconv.Itoa(n)})
	}
	return s.settingsPage(c, "account", f)
}

func (s *Server) editSettings(c *fiber.Ctx) error {
	f := settingsForm{Name: c.FormValue("name"), Region: c.FormValue("region"), TimeZone: c.FormValue("time_zone"), Locale: c.FormValue("locale"),
		MaxSegments: c.FormValue("max_segments"), TextsPerDay: c.FormValue("marketing_texts_per_24h"), Footer: c.FormValue("footer"), Introduce: c.FormValue("introduce") != "", OptOutReply: c.FormValue("opt_out_reply"),
		OptInReply: c.FormValue("opt_in_reply"), HelpReply: c.FormValue("help_reply"), OptOutKeywords: c.FormValue("opt_out_keywords"),
		OptInKeywords: c.FormValue("opt_in_keywords"), Currency: c.FormValue("currency"), Prices: c.FormValue("prices"), Version: formVersion(c)}
	segments, err := strconv.Atoi(f.MaxSegments)
	if err != nil {
		segments = -1 // no number is out of range
	}
	perDay, err := strconv.Atoi(f.TextsPerDay)
	if err != nil {
		perDay = -1
	}
	out, in := splitWords(f.OptOutKeywords), splitWords(f.OptInKeywords)
	p := accounts.SettingsPatch{Name: &f.Name, Region: &f.Region, TimeZone: &f.TimeZone, Locale: &f.Locale, Footer: &f.Footer, Version: f.Version}
	if viewer(c).Account.Plan.Paid() { // else the form has no such fields
		p.MaxSegments, p.OptOutReply, p.OptInReply, p.HelpReply = &segments, &f.OptOutReply, &f.OptInReply, &f.HelpReply
		p.OptOutKeywords, p.OptInKeywords, p.TextsPerDay, p.Introduce = &out, &in, &perDay, &f.Introduce
	} else {
		p.Footer = nil
	}
	if viewer(c).Account.Plan.Paid() {
		prices, wrong, ok := accounts.ReadPrices(f.Prices)
		if !ok {
			var v liadesk.Invalid
			v.Add("prices", "price_line", "Line", wrong)
			return s.invalid(c, v.Err(), "settings/account", "settings/account", s.accountPage(c, f))
		}
		p.Currency, p.Prices = &f.Currency, &prices
	}
	_, err = s.Accounts.EditSettings(c.UserContext(), actor(c), p)
	if lines, version, ok := s.conflict(c, err, "settings.field"); ok {
		f.Conflict, f.Version = lines, version
		return s.page(c, "settings/account", s.accountPage(c, f))
	}
	if err != nil {
		return s.invalid(c, err, "settings/account", "settings/account", s.accountPage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
	return s.redirect(c, "/settings")
}

// formVersion is the version that a form was made from.
func formVersion(c *fiber.Ctx) uint64 {
	n, err := strconv.ParseUint(c.FormValue("version"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// splitWords reads words parted by commas, semicolons or lines.
func splitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' })
}

// profileForm is the form of one's own name, picture and password.
type profileForm struct {
	Version     uint64
	Name, Email string
	Picture     string
	Presence    string
	Presences   []Option
	Conflict    []conflictLine
}

func (s *Server) profilePage(c *fiber.Ctx, f profileForm) Page {
	u := viewer(c).User
	f.Email, f.Picture, f.Presence = u.Email, u.Picture, string(u.Presence)
	for _, p := range []liadesk.Presence{liadesk.PresenceOnline, liadesk.PresenceBusy, liadesk.PresenceAway} {
		f.Presences = append(f.Presences, Option{Value: string(p), Label: s.t(c, "presence."+string(p)), Hint: s.t(c, "presence."+string(p)+"_about")})
	}
	return s.settingsPage(c, "profile", f)
}

func (s *Server) showProfile(c *fiber.Ctx) error {
	u := viewer(c).User
	return s.page(c, "settings/profile", s.profilePage(c, profileForm{Name: u.Name, Version: u.Version}))
}

func (s *Server) editProfile(c *fiber.Ctx) error {
	f := profileForm{Name: c.FormValue("name"), Version: formVersion(c)}
	_, err := s.Accounts.EditProfile(c.UserContext(), actor(c), f.Name, f.Version)
	if lines, version, ok := s.conflict(c, err, "team.field"); ok {
		f.Conflict, f.Version = lines, version
		return s.page(c, "settings/profile", s.profilePage(c, f))
	}
	if err != nil {
		return s.invalid(c, err, "settings/profile", "settings/profile", s.profilePage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
	return s.redirect(c, "/settings/profile")
}

func (s *Server) setPresence(c *fiber.Ctx) error {
	if err := s.Accounts.SetPresence(c.UserContext(), actor(c), liadesk.Presence(c.FormValue("presence"))); err != nil {
		return err
	}
	const profile = "/settings/profile"
	back := s.cameFrom(c, profile)
	if back == profile { // elsewhere the menu shows it, and nothing may lie over what one does there
		s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
	}
	return s.redirect(c, back)
}

func (s *Server) changePassword(c *fiber.Ctx) error {
	u := viewer(c).User
	session, err := liadesk.ParseID(viewer(c).Session)
	if err != nil {
		return err
	}
	if err := s.Accounts.ChangePassword(c.UserContext(), actor(c), session, c.FormValue("current_password"), c.FormValue("password")); err != nil {
		return s.invalid(c, err, "settings/profile", "settings/profile", s.profilePage(c, profileForm{Name: u.Name, Version: u.Version}))
	}
	s.toast(c, ToneSuccess, s.t(c, "settings.password_changed"))
	return s.redirect(c, "/settings/profile")
}

// sessionRow is a session with whether it is the one that asks.
type sessionRow struct {
	liadesk.Session
	Device string // browser and system in words
	Here   bool
}

func (s *Server) showSessions(c *fiber.Ctx) error {
	list, err := s.Accounts.Sessions(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	rows := make([]sessionRow, len(list))
	for i, session := range list {
		rows[i] = sessionRow{session, s.device(c, session.Browser), session.ID.String() == viewer(c).Session}
	}
	return s.page(c, "settings/sessions", s.settingsPage(c, "sessions", rows))
}

// device names browser and system of a User-Agent header, as far as it says.
func (s *Server) device(c *fiber.Ctx, agent string) string {
	browser, system := "", ""
	for _, b := range [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(agent, b[0]) {
			browser = b[1]
			break
		}
	}
	for _, o := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, o[0]) {
			system = o[1]
			break
		}
	}
	switch {
	case browser != "" && system != "":
		return s.t(c, "sessions.device", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	}
	return s.t(c, "sessions.unknown_device")
}

func (s *Server) revokeSession(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.RevokeSession(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	if id.String() == viewer(c).Session {
		s.setSession(c, "")
		return s.redirect(c, "/login")
	}
	s.toast(c, ToneSuccess, s.t(c, "sessions.ended"))
	return s.redirect(c, "/settings/sessions")
}

func (s *Server) revokeOtherSessions(c *fiber.Ctx) error {
	here, err := liadesk.ParseID(viewer(c).Session)
	if err != nil {
		return err
	}
	if err := s.Accounts.RevokeOtherSessions(c.UserContext(), actor(c), here); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "sessions.others_ended"))
	return s.redirect(c, "/settings/sessions")
}

// tokensView is the list of API tokens, with the secret of the one that was
// made just now.
type tokensView struct {
	Tokens     []tokenRow
	Name       string // as typed
	Made, Base string
}

type tokenRow struct {
	liadesk.Token
	By string
}

func (s *Server) tokensPage(c *fiber.Ctx, v tokensView) (Page, error) {
	list, err := s.Accounts.Tokens(c.UserContext(), actor(c))
	if err != nil {
		return Page{}, err
	}
	team, err := s.Accounts.Team(c.UserContext(), actor(c))
	if err != nil {
		return Page{}, err
	}
	names := map[liadesk.ID]string{}
	for _, m := range team {
		names[m.ID] = m.Name
	}
	for _, t := range list {
		v.Tokens = append(v.Tokens, tokenRow{t, names[t.UserID]})
	}
	v.Base = s.publicURL() + "/api/v1"
	return s.settingsPage(c, "tokens", v), nil
}

func (s *Server) showTokens(c *fiber.Ctx) error {
	page, err := s.tokensPage(c, tokensView{})
	if err != nil {
		return err
	}
	return s.page(c, "settings/tokens", page)
}

func (s *Server) createToken(c *fiber.Ctx) error {
	name := c.FormValue("name")
	_, secret, problem := s.Accounts.CreateToken(c.UserContext(), actor(c), name)
	if problem == nil {
		name = ""
	}
	page, err := s.tokensPage(c, tokensView{Name: name, Made: secret})
	if err != nil {
		return err
	}
	if problem != nil {
		return s.invalid(c, problem, "settings/tokens", "settings/tokens", page)
	}
	return s.page(c, "settings/tokens", page)
}

func (s *Server) revokeToken(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.RevokeToken(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "tokens.revoked"))
	return s.redirect(c, "/settings/tokens")
}
