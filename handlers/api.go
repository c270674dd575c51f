package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// API v1: JSON in and out, a bearer token with every request, no cookies. A
// handler reads its input with readJSON and a patch with pointers, so that a
// field that is not there is left alone.

// requireToken finds in whose name a program asks. The handlers behind it get
// that from actor, as those of the dashboard do.
func (s *Server) requireToken(c *fiber.Ctx) error {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return liadesk.ErrUnauthenticated
	}
	a, err := s.Accounts.TokenActor(c.UserContext(), token)
	if err != nil {
		return err
	}
	c.Locals(localActor, a)
	return c.Next()
}

// requireCampaigns keeps accounts without campaigns away from everything that
// has to do with them, before they learn whether it exists.
func (s *Server) requireCampaigns(c *fiber.Ctx) error {
	if err := actor(c).Campaigns(); err != nil {
		return err
	}
	return c.Next()
}

// pathID is the record that the path names.
func pathID(c *fiber.Ctx) (liadesk.ID, error) { return liadesk.ParseID(c.Params("id")) }

// readJSON reads the body into v. Fields that v does not have are ignored, for
// a newer program may talk to an older server. A value of the wrong type is an
// error of its field, and so are a field that is there twice, for which of its
// values is meant is anybody's guess (RFC 8259 §4), and a text with a NUL.
func readJSON(c *fiber.Ctx, v any) error {
	dec := json.NewDecoder(bytes.NewReader(c.Body()))
	err := dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			var wrong liadesk.Invalid
			if field, code := oddity(c.Body()); code != "" {
				wrong.Add(field, code)
			}
			return wrong.Err()
		}
		err = errors.New("something follows the JSON value")
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		var wrong liadesk.Invalid
		wrong.Add(e.Field, "wrong_type")
		return wrong.Err()
	}
	if e, ok := errors.AsType[*liadesk.Error](err); ok && e.Kind == liadesk.KindInvalid {
		return err // a type of ours that says itself what is wrong
	} else if ok && e.Kind == liadesk.KindNotFound {
		err = errors.New("an id cannot be read")
	}
	return &liadesk.Error{Kind: liadesk.KindInvalid, Code: "bad_json", Text: "the body is not the JSON that we expect", Cause: err}
}

// oddity finds what encoding/json lets pass and no field can hold: a name that
// stands twice in one object, and a text with a NUL in it. It gives the path of
// the field with the code of the error, or "" twice.
func oddity(text []byte) (field, code string) {
	type level struct {
		names map[string]bool // nil in a list
		name  string          // of the value that is being read
		value bool            // a value comes next, not a name
	}
	var at []level
	path := func() string {
		var names []string
		for _, l := range at {
			if l.name != "" {
				names = append(names, strings.ReplaceAll(l.name, "\x00", "\uFFFD"))
			}
		}
		return strings.Join(names, ".")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := dec.Token()
		if err != nil {
			return "", "" // the end, for the text was read before
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			at = at[:len(at)-1]
			continue
		}
		said, isText := token.(string)
		in := len(at) - 1
		isName := isText && in >= 0 && at[in].names != nil && !at[in].value
		switch {
		case isName:
			at[in].name, at[in].value = said, true
			if at[in].names[said] {
				return path(), "given_twice"
			}
			at[in].names[said] = true
		case in >= 0:
			at[in].value = false
		}
		if isText && strings.Contains(said, "\x00") {
			return path(), "not_text"
		}
		switch token {
		case json.Delim('{'):
			at = append(at, level{names: map[string]bool{}})
		case json.Delim('['):
			at = append(at, level{})
		}
	}
}

// part is a field whose type reads itself. What it cannot read becomes an error
// to which encoding/json adds the name of the field.
type part[T any] struct{ Value T }

// UnmarshalJSON reads the value.
func (p *part[T]) UnmarshalJSON(b []byte) error {
	err := json.Unmarshal(b, &p.Value)
	if _, told := errors.AsType[*json.UnmarshalTypeError](err); err == nil || told {
		return err
	}
	return &json.UnmarshalTypeError{Value: "what cannot be read", Type: reflect.TypeFor[T]()}
}

// The sizes of a page of a list.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// listAsked is the part of a list that ?limit= and ?after= ask for.
func listAsked(c *fiber.Ctx) (after string, limit int, err error) {
	limit = defaultLimit
	if text := c.Query("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			var wrong liadesk.Invalid
			wrong.Add("limit", "out_of_range", "Min", "1", "Max", strconv.Itoa(maxLimit))
			return "", 0, wrong.Err()
		}
	}
	return c.Query("after"), min(limit, maxLimit), nil
}

// listAnswer is what every list of the API looks like.
type listAnswer[T any] struct {
	Items []T `json:"items"`
	// Next is what ?after= must say for the following page, null at the end.
	Next *string `json:"next"`
}

// sendList answers with one page; next is "" at the end.
func sendList[T any](c *fiber.Ctx, items []T, next string) error {
	if items == nil {
		items = []T{}
	}
	out := listAnswer[T]{Items: items}
	if next != "" {
		out.Next = &next
	}
	return c.JSON(out)
}

// behind is what follows a record in a list that is in the order of its ids, one
// way or the other; also when the record was deleted since.
func behind[R any](all []R, id func(R) liadesk.ID, from liadesk.ID) []R {
	if at := slices.IndexFunc(all, func(r R) bool { return id(r) == from }); at >= 0 {
		return all[at+1:]
	}
	newestFirst := len(all) > 1 && id(all[0]).Compare(id(all[1])) > 0
	for i, r := range all {
		if id(r).Compare(from) < 0 == newestFirst {
			return all[i:]
		}
	}
	return nil
}

// sendPage answers with the asked part of a short list that was read whole.
func sendPage[R, T any](c *fiber.Ctx, all []R, id func(R) liadesk.ID, view func(R) T) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	if after != "" {
		from, err := liadesk.ParseID(after)
		if err != nil {
			var wrong liadesk.Invalid
			wrong.Add("after", "wrong_cursor")
			return wrong.Err()
		}
		all = behind(all, id, from)
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = id(all[limit-1]).String()
	}
	items := make([]T, len(all))
	for i, r := range all {
		items[i] = view(r)
	}
	return sendList(c, items, next)
}

// created answers a POST that made something.
func created(c *fiber.Ctx, v any) error { return c.Status(http.StatusCreated).JSON(v) }

// noContent answers a DELETE.
func noContent(c *fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) }
