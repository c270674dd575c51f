package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// userJSON is a person of the team as the API shows them.
type userJSON struct {
	ID            liadesk.ID       `json:"id"`
	Name          string           `json:"name"`
	Email         string           `json:"email"`
	Role          liadesk.Role     `json:"role"`
	Status        string           `json:"status"` // invited, active, deactivated
	Presence      liadesk.Presence `json:"presence"`
	InboxIDs      []liadesk.ID     `json:"inbox_ids"`
	Capacity      int              `json:"capacity"`
	PictureURL    string           `json:"picture_url,omitempty"`
	CreatedAt     time.Time        `json:"created_at"`
	DeactivatedAt *time.Time       `json:"deactivated_at"`
	Version       uint64           `json:"version"`
	// Link is where the person sets name and password. It is in the answer that
	// made it and never again.
	Link          string     `json:"link,omitempty"`
	LinkExpiresAt *time.Time `json:"link_expires_at,omitempty"`
}

// userStatus is where a person stands.
func userStatus(u liadesk.User) string {
	switch {
	case !u.DeactivatedAt.IsZero():
		return "deactivated"
	case u.Invited():
		return "invited"
	}
	return "active"
}

func (s *Server) userJSON(u liadesk.User) userJSON {
	out := userJSON{ID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, Status: userStatus(u), Presence: u.Presence,
		InboxIDs: emptyNotNull(u.InboxIDs), Capacity: u.Hands(), CreatedAt: u.CreatedAt, DeactivatedAt: timeOrNull(u.DeactivatedAt), Version: u.Version}
	if u.Picture != "" {
		out.PictureURL = s.publicURL() + "/pictures/" + u.Picture
	}
	return out
}

// joinLink is the address of a one-use link.
func (s *Server) joinLink(secret string) string { return s.publicURL() + "/join?link=" + secret }

func (s *Server) userWithLink(u liadesk.User, secret string) userJSON {
	out := s.userJSON(u)
	out.Link = s.joinLink(secret)
	out.LinkExpiresAt = timeOrNull(s.Clock.Now().UTC().Add(accounts.LinkLife).Truncate(time.Second))
	return out
}

func (s *Server) apiListUsers(c *fiber.Ctx) error {
	team, err := s.Accounts.Team(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return sendPage(c, team, func(m accounts.Member) liadesk.ID { return m.ID }, func(m accounts.Member) userJSON { return s.userJSON(m.User) })
}

func (s *Server) apiInviteUser(c *fiber.Ctx) error {
	var in struct {
		Name     string       `json:"name"`
		Email    string       `json:"email"`
		Role     liadesk.Role `json:"role"`
		InboxIDs []liadesk.ID `json:"inbox_ids"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	u, link, err := s.Accounts.Invite(c.UserContext(), actor(c), accounts.Invitation{Name: in.Name, Email: in.Email, Role: in.Role, InboxIDs: in.InboxIDs})
	if err != nil {
		return err
	}
	return created(c, s.userWithLink(u, link))
}

func (s *Server) apiGetUser(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	m, err := s.Accounts.Member(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.userJSON(m.User))
}

func (s *Server) apiEditUser(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		Name     *string       `json:"name"`
		Email    *string       `json:"email"`
		Role     *liadesk.Role `json:"role"`
		InboxIDs *[]liadesk.ID `json:"inbox_ids"`
		Capacity *int          `json:"capacity"`
		Version  uint64        `json:"version"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	u, err := s.Accounts.EditUser(c.UserContext(), actor(c), id, accounts.UserPatch(in))
	if err != nil {
		return err
	}
	return c.JSON(s.userJSON(u))
}

// apiDeleteUser withdraws an invitation; people who joined are deactivated.
func (s *Server) apiDeleteUser(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.Withdraw(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}

func (s *Server) apiDeactivateUser(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, err := s.Accounts.Deactivate(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.userJSON(u))
}

func (s *Server) apiReactivateUser(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, err := s.Accounts.Reactivate(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.userJSON(u))
}

func (s *Server) apiUserLink(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	u, link, err := s.Accounts.NewLink(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return created(c, s.userWithLink(u, link))
}
