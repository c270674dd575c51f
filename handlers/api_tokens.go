package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// tokenJSON is an API token as the API shows it. The token itself is in the
// answer that made it and never again.
type tokenJSON struct {
	ID        liadesk.ID `json:"id"`
	Name      string     `json:"name"`
	UserID    liadesk.ID `json:"user_id"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at"`
	Token     string     `json:"token,omitempty"`
}

func tokenView(t liadesk.Token) tokenJSON {
	return tokenJSON{ID: t.ID, Name: t.Name, UserID: t.UserID, CreatedAt: t.CreatedAt, UsedAt: timeOrNull(t.UsedAt)}
}

func (s *Server) apiListTokens(c *fiber.Ctx) error {
	list, err := s.Accounts.Tokens(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return sendPage(c, list, func(t liadesk.Token) liadesk.ID { return t.ID }, tokenView)
}

func (s *Server) apiCreateToken(c *fiber.Ctx) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	t, secret, err := s.Accounts.CreateToken(c.UserContext(), actor(c), in.Name)
	if err != nil {
		return err
	}
	out := tokenView(t)
	out.Token = secret
	return created(c, out)
}

func (s *Server) apiRevokeToken(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.RevokeToken(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}
