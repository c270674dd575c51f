package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// teamView is the team with those who left apart.
type teamView struct {
	Here, Left []memberRow
}

type memberRow struct {
	accounts.Member
	Status string
	You    bool
}

func (s *Server) showTeam(c *fiber.Ctx) error {
	team, err := s.Accounts.Team(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	var v teamView
	for _, m := range team {
		row := memberRow{m, userStatus(m.User), m.ID == viewer(c).User.ID}
		if row.Status == "deactivated" {
			v.Left = append(v.Left, row)
		} else {
			v.Here = append(v.Here, row)
		}
	}
	return s.page(c, "settings/team", s.settingsPage(c, "team", v))
}

// memberForm is the form of a person, new or known.
type memberForm struct {
	Version           uint64
	Name, Email, Role string
	InboxIDs          []string
	Capacity          string
	MaxCapacity       int
	Roles             []Option
	Inboxes           []inboxChoice
	Conflict          []conflictLine
	Member            *accounts.Member // nil for a new one
	Status            string
	You               bool
	Link              string // of a one-use link made just now
}

type inboxChoice struct {
	liadesk.Inbox
	Chosen bool
}

// fill adds what the form shows beside what was typed.
func (s *Server) memberPage(c *fiber.Ctx, f memberForm) (Page, error) {
	inboxes, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	if err != nil {
		return Page{}, err
	}
	for _, i := range inboxes {
		f.Inboxes = append(f.Inboxes, inboxChoice{i, slices.Contains(f.InboxIDs, i.ID.String())})
	}
	for _, r := range []liadesk.Role{liadesk.RoleAgent, liadesk.RoleAdministrator} {
		f.Roles = append(f.Roles, Option{Value: string(r), Label: s.t(c, "role."+string(r)), Hint: s.t(c, "role."+string(r)+"_about")})
	}
	page := s.settingsPage(c, "team", f)
	page.Title = s.t(c, "team.add_title")
	f.MaxCapacity = liadesk.MaxCapacity
	if f.Member != nil {
		f.Status, f.You = userStatus(f.Member.User), f.Member.ID == viewer(c).User.ID
		page.Title = f.Member.Name
	}
	page.Data = sectionPage{At: "team", Body: f}
	return page, nil
}

func (s *Server) showInvite(c *fiber.Ctx) error {
	page, err := s.memberPage(c, memberForm{Role: string(liadesk.RoleAgent)})
	if err != nil {
		return err
	}
	return s.page(c, "settings/invite", page)
}

func (s *Server) invite(c *fiber.Ctx) error {
	f := memberForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Role: c.FormValue("role"), InboxIDs: formValues(c, "inbox_ids")}
	ids, problem := formIDs(f.InboxIDs, "inbox_ids")
	var u liadesk.User
	var link string
	if problem == nil {
		u, link, problem = s.Accounts.Invite(c.UserContext(), actor(c), accounts.Invitation{Name: f.Name, Email: f.Email, Role: liadesk.Role(f.Role), InboxIDs: ids})
	}
	if problem != nil {
		page, err := s.memberPage(c, f)
		if err != nil {
			return err
		}
		return s.invalid(c, problem, "settings/invite", "settings/invite", page)
	}
	return s.showMemberWith(c, u.ID, link, http.StatusCreated)
}

func (s *Server) showMember(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	return s.showMemberWith(c, id, "", http.StatusOK)
}

// showMemberWith shows a person, with a link that was made just now: it is
// shown this once.
func (s *Server) showMemberWith(c *fiber.Ctx, id liadesk.ID, link string, status int) error {
	m, err := s.Accounts.Member(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	f := memberForm{Version: m.Version, Name: m.Name, Email: m.Email, Role: string(m.Role), Capacity: strconv.Itoa(m.Hands()), Member: &m}
	for _, i := range m.InboxIDs {
		f.InboxIDs = append(f.InboxIDs, i.String())
	}
	if link != "" {
		f.Link = s.joinLink(link)
	}
	page, err := s.memberPage(c, f)
	if err != nil {
		return err
	}
	return s.page(c.Status(status), "settings/member", page)
}

func (s *Server) editMember(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f := memberForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Role: c.FormValue("role"), InboxIDs: formValues(c, "inbox_ids"),
		Capacity: c.FormValue("capacity"), Version: formVersion(c)}
	ids, problem := formIDs(f.InboxIDs, "inbox_ids")
	if problem == nil {
		role, hands := liadesk.Role(f.Role), whole(f.Capacity)
		_, problem = s.Accounts.EditUser(c.UserContext(), actor(c), id, accounts.UserPatch{Name: &f.Name, Email: &f.Email, Role: &role,
			InboxIDs: &ids, Capacity: &hands, Version: f.Version})
	}
	if problem == nil {
		s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
		return s.redirect(c, "/settings/team")
	}
	m, err := s.Accounts.Member(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	f.Member = &m
	lines, version, conflict := s.conflict(c, problem, "team.field")
	if conflict {
		f.Conflict, f.Version = lines, version
	}
	page, err := s.memberPage(c, f)
	if err != nil {
		return err
	}
	if conflict {
		return s.page(c, "settings/member", page)
	}
	return s.invalid(c, problem, "settings/member", "settings/member", page)
}

// formValues are all values of a repeated field of a form.
func formValues(c *fiber.Ctx, name string) []string {
	var list []string
	for _, v := range c.Request().PostArgs().PeekMulti(name) {
		list = append(list, string(v))
	}
	return list
}

// formIDs reads ids out of a form.
func formIDs(values []string, field string) ([]liadesk.ID, error) {
	ids := make([]liadesk.ID, len(values))
	for i, v := range values {
		id, err := liadesk.ParseID(v)
		if err != nil {
			var wrong liadesk.Invalid
			wrong.Add(field, "unknown_inbox")
			return nil, wrong.Err()
		}
		ids[i] = id
	}
	return ids, nil
}

func (s *Server) newMemberLink(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	_, link, err := s.Accounts.NewLink(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return s.showMemberWith(c, id, link, http.StatusCreated)
}

func (s *Server) withdrawMember(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.Withdraw(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "team.withdrawn"))
	return s.redirect(c, "/settings/team")
}

func (s *Server) deactivateMember(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, err := s.Accounts.Deactivate(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "team.deactivated", "Name", u.Name))
	return s.redirect(c, "/settings/team")
}

func (s *Server) reactivateMember(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, err := s.Accounts.Reactivate(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "team.reactivated", "Name", u.Name))
	return s.redirect(c, "/settings/team/"+u.ID.String())
}

// setMemberPicture takes an upload for a person; without an id in the path, for
// the viewer.
func (s *Server) setMemberPicture(c *fiber.Ctx) error {
	id, back, err := s.pictureOf(c)
	if err != nil {
		return err
	}
	upload, err := c.FormFile("picture")
	if err != nil {
		var wrong liadesk.Invalid
		wrong.Add("picture", "required")
		return wrong.Err()
	}
	file, err := upload.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := s.Accounts.SetPicture(c.UserContext(), actor(c), id, file); err != nil {
		if liadesk.KindOf(err) != liadesk.KindInvalid {
			return err
		}
		s.toast(c, ToneDanger, s.problems(c, err)[0].Message)
		return s.redirect(c, back)
	}
	s.toast(c, ToneSuccess, s.t(c, "team.picture_saved"))
	return s.redirect(c, back)
}

func (s *Server) removeMemberPicture(c *fiber.Ctx) error {
	id, back, err := s.pictureOf(c)
	if err != nil {
		return err
	}
	if _, err := s.Accounts.RemovePicture(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "team.picture_removed"))
	return s.redirect(c, back)
}

// pictureOf is whose picture a path means, and where to go back to.
func (s *Server) pictureOf(c *fiber.Ctx) (id liadesk.ID, back string, err error) {
	if c.Params("id") == "" {
		return viewer(c).User.ID, "/settings/profile", nil
	}
	id, err = pathID(c)
	return id, "/settings/team/" + id.String(), err
}

// picture answers with a person's picture. Its name changes with it, so that
// it may be kept for ever, on other sites' pages too.
func (s *Server) picture(c *fiber.Ctx) error {
	data, err := s.Accounts.Picture(c.UserContext(), c.Params("name"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/png")
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return c.Send(data)
}
