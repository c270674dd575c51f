package handlers

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// pathName is the end of the path, which names a thing by its own name, such as
// /tags/new%20customer or /opt-outs/+12125550150. It is read from the path as it
// was sent: the router takes a plus for a blank, as in a form.
func pathName(c *fiber.Ctx) (string, error) {
	path := string(c.Request().URI().PathOriginal())
	name, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return "", liadesk.ErrNotFound
	}
	return name, nil
}

func (s *Server) apiListTags(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	tags, err := s.Contacts.Tags(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	from := 0
	for from < len(tags) && after != "" && tags[from].Name <= after {
		from++
	}
	tags, next := tags[from:], ""
	if len(tags) > limit {
		tags = tags[:limit]
		next = tags[limit-1].Name
	}
	return sendList(c, tags, next)
}

func (s *Server) apiCreateTag(c *fiber.Ctx) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	tag, err := s.Contacts.CreateTag(c.UserContext(), actor(c), in.Name)
	if err != nil {
		return err
	}
	return created(c, tag)
}

func (s *Server) apiRenameTag(c *fiber.Ctx) error {
	name, err := pathName(c)
	if err != nil {
		return err
	}
	var in struct {
		Name string `json:"name"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	tag, err := s.Contacts.RenameTag(c.UserContext(), actor(c), name, in.Name)
	if err != nil {
		return err
	}
	return c.JSON(tag)
}

func (s *Server) apiDeleteTag(c *fiber.Ctx) error {
	name, err := pathName(c)
	if err != nil {
		return err
	}
	if err := s.Contacts.DeleteTag(c.UserContext(), actor(c), name); err != nil {
		return err
	}
	return noContent(c)
}
