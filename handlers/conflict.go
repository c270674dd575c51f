package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// conflictLine is a field that somebody else changed while this person was
// editing, with both values in words.
type conflictLine struct{ Label, Theirs, Yours string }

// conflict reads what an error of liadesk.Changed carries: the lines for the
// template parts/conflict, and the version with which the next save of the
// same form goes through. The status is set; ok is false for other errors.
// labels is the part of the catalogue that has the fields' names.
func (s *Server) conflict(c *fiber.Ctx, err error, labels string) (lines []conflictLine, version uint64, ok bool) {
	e, is := errors.AsType[*liadesk.Error](err)
	if !is {
		return nil, 0, false
	}
	changes, version := e.Changes()
	for _, ch := range changes {
		lines = append(lines, conflictLine{s.t(c, labels+"."+ch.Field), s.words(c, ch.Theirs), s.words(c, ch.Yours)})
	}
	if len(lines) > 0 {
		c.Status(http.StatusConflict)
	}
	return lines, version, len(lines) > 0
}

// words writes a value of a change.
func (s *Server) words(c *fiber.Ctx, v any) string {
	text := ""
	switch v := v.(type) {
	case []string:
		text = strings.Join(v, ", ")
	case hours.Schedule:
		text = s.hoursText(c, v)
	case float64:
		text = s.localizer(c).Decimal(v, 2)
	default:
		text = fmt.Sprint(v)
	}
	if text == "" {
		return s.t(c, "common.none")
	}
	return text
}
