package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// The pages behind one-use links: /setup makes the first account, /join lets a
// person set name and password. The secret stands in the query, which no log
// keeps and, with Referrer-Policy, no other site gets to see.

// setupForm is what was typed, but for the password.
type setupForm struct {
	Link, Account, Name, Email, Region, TimeZone, Plan string
	Regions, Zones, Plans                              []Option
}

func (s *Server) setupPage(c *fiber.Ctx, f setupForm) Page {
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	f.Regions, f.Zones, f.Plans = s.regionOptions(c), zoneOptions(f.TimeZone), s.planOptions(c)
	return Page{Title: s.t(c, "setup.title"), Data: f}
}

func (s *Server) showSetup(c *fiber.Ctx) error {
	link := c.Query("link")
	if err := s.Accounts.CheckSetupLink(c.UserContext(), link); err != nil {
		return err
	}
	return s.page(c, "setup/page", s.setupPage(c, setupForm{Link: link, TimeZone: "UTC", Plan: string(liadesk.PlanGrowth)}))
}

func (s *Server) setup(c *fiber.Ctx) error {
	f := setupForm{Link: c.FormValue("link"), Account: c.FormValue("account"), Name: c.FormValue("name"), Email: c.FormValue("email"),
		Region: c.FormValue("region"), TimeZone: c.FormValue("time_zone"), Plan: c.FormValue("plan")}
	session, err := s.Accounts.SetupByLink(c.UserContext(), f.Link, accounts.NewAccount{Account: f.Account, Name: f.Name, Email: f.Email,
		Password: c.FormValue("password"), Region: f.Region, TimeZone: f.TimeZone, Plan: liadesk.Plan(f.Plan)}, origin(c))
	if err != nil {
		return s.invalid(c, err, "setup/page", "setup/page", s.setupPage(c, f))
	}
	s.setSession(c, session)
	return c.Redirect("/inboxes", http.StatusSeeOther)
}

// joinForm is what was typed, but for the password.
type joinForm struct {
	Link, Account, Email, Name string
	Reset                      bool // the person is in the team already
}

func (s *Server) joinPage(c *fiber.Ctx, f joinForm) (Page, error) {
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	a, u, err := s.Accounts.LinkHolder(c.UserContext(), f.Link)
	if err != nil {
		return Page{}, err
	}
	f.Account, f.Email, f.Reset = a.Name, u.Email, !u.Invited()
	if c.Method() == fiber.MethodGet && u.Name != u.Email {
		f.Name = u.Name
	}
	title := s.t(c, "join.title", "Account", a.Name)
	if f.Reset {
		title = s.t(c, "join.reset_title")
	}
	return Page{Title: title, Data: f}, nil
}

func (s *Server) showJoin(c *fiber.Ctx) error {
	page, err := s.joinPage(c, joinForm{Link: c.Query("link")})
	if err != nil {
		return err
	}
	return s.page(c, "setup/join", page)
}

func (s *Server) join(c *fiber.Ctx) error {
	f := joinForm{Link: c.FormValue("link"), Name: c.FormValue("name")}
	session, err := s.Accounts.Accept(c.UserContext(), f.Link, f.Name, c.FormValue("password"), origin(c))
	if err != nil {
		page, gone := s.joinPage(c, f)
		if gone != nil {
			return gone
		}
		return s.invalid(c, err, "setup/join", "setup/join", page)
	}
	s.setSession(c, session)
	return c.Redirect("/", http.StatusSeeOther)
}

// regionOptions are the countries with their names in the reader's language.
func (s *Server) regionOptions(c *fiber.Ctx) []Option {
	names := display.Regions(language.Make(locale(c)))
	var list []Option
	for _, code := range phone.Regions() {
		r, err := language.ParseRegion(code)
		if err != nil || !r.IsCountry() {
			continue
		}
		list = append(list, Option{Value: code, Label: names.Name(r)})
	}
	slices.SortFunc(list, func(a, b Option) int { return strings.Compare(a.Label, b.Label) })
	return append([]Option{{Value: "", Label: s.t(c, "settings.no_region")}}, list...)
}

// zoneOptions are the time zones; one that is not offered but chosen is there
// all the same.
func zoneOptions(chosen string) []Option {
	names := hours.ZoneNames()
	if chosen != "" && !slices.Contains(names, chosen) {
		names = append(names, chosen)
	}
	list := make([]Option, len(names))
	for i, n := range names {
		list[i] = Option{Value: n, Label: strings.ReplaceAll(n, "_", " ")}
	}
	return list
}

func (s *Server) planOptions(c *fiber.Ctx) []Option {
	var list []Option
	for _, p := range liadesk.Plans {
		list = append(list, Option{Value: string(p), Label: s.t(c, "plan."+string(p)), Hint: s.t(c, "plan."+string(p)+"_about")})
	}
	return list
}
