package handlers

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/liadesk/campaigns/liadesk"
)

// The most bytes that a request's body may have. A stranger decides what
// arrives here, so the bound is held while reading, not after.
const (
	defaultBody  = 1 << 20
	widgetBody   = 16 << 10
	callbackBody = 64 << 10
	importBody   = 512 << 20
	pictureBody  = 4 << 20
	fileBody     = 6 << 20
	numbersBody  = 32 << 20 // half a million opt-outs with all that is known of them
)

// bodyRule says how much body the routes under a prefix take.
type bodyRule struct {
	prefix string
	limit  int
	stream bool // handed to the handler as it arrives: see body
	gated  bool // only so many are read at a time: see gate
}

var bodyRules = []bodyRule{
	{"/widget/v1/file", fileBody, false, true},
	{"/files/", fileBody, false, true},
	{"/widget/", widgetBody, false, false},
	{"/webhooks/", callbackBody, false, false},
	{"/api/v1/contacts/import", importBody, true, false},
	{"/contacts/import", importBody, true, false},
	{"/contacts/opt-outs/import", numbersBody, false, true},
	{"/api/v1/opt-outs/import", numbersBody, false, true},
	{"/settings/team", pictureBody, false, false},
	{"/settings/picture", pictureBody, false, false},
}

// gate lets in so many large bodies at a time, and so many of one party, for all
// of each is held in memory while it arrives: before anybody was asked who they
// are.
type gate struct {
	mu  sync.Mutex
	all int
	by  map[netip.Prefix]int
}

// What a gate lets in.
const (
	gateAll = 16
	gateOne = 3
)

// enter lets a body in until leave is called, or refuses it for a while.
func (g *gate) enter(address string) (leave func(), err error) {
	who := oneParty(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= gateAll || g.by[who] >= gateOne {
		return nil, &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests", Text: "too many files at once", RetryAfter: 5 * time.Second}
	}
	if g.by == nil {
		g.by = make(map[netip.Prefix]int)
	}
	g.all++
	g.by[who]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.all--
		if g.by[who]--; g.by[who] == 0 {
			delete(g.by, who)
		}
	}, nil
}

func bodyRuleFor(path string) bodyRule {
	for _, r := range bodyRules {
		if strings.HasPrefix(path, r.prefix) {
			return r
		}
	}
	return bodyRule{limit: defaultBody}
}

// timeoutOf is how long a request for a path may take.
func timeoutOf(path string) time.Duration {
	switch rule := bodyRuleFor(path); {
	case rule.stream:
		return uploadTimeout
	case rule.gated:
		return fileTimeout
	}
	return requestTimeout
}

// requestConfig gives uploads and files, and nothing else, the time they need.
func requestConfig(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(h.RequestURI()), "?")
	return fasthttp.RequestConfig{ReadTimeout: timeoutOf(path), WriteTimeout: writeTimeoutOf(path)}
}

// limitBody reads the body into memory up to the route's limit, after which
// c.Body, c.FormValue and c.BodyParser work as always. Routes that take whole
// files get it as a stream instead, from body.
//
// Compressed bodies are refused: a few kilobytes could unfold to gigabytes.
// A body that is not read to its end ends the connection, for the rest of it
// would be taken as the next request.
func (s *Server) limitBody(c *fiber.Ctx) error {
	if enc := strings.ToLower(c.Get(fiber.HeaderContentEncoding)); enc != "" && enc != "identity" {
		c.Context().SetConnectionClose()
		return fiber.NewError(fiber.StatusUnsupportedMediaType, "unsupported_encoding")
	}
	rule := bodyRuleFor(c.Path())
	if rule.gated {
		if c.Method() != fiber.MethodPost {
			rule = bodyRule{limit: defaultBody}
		} else {
			leave, err := s.gate.enter(c.IP())
			if err != nil {
				c.Context().SetConnectionClose()
				return err
			}
			defer leave()
		}
	}
	if c.Request().Header.ContentLength() > rule.limit {
		c.Context().SetConnectionClose()
		return tooLarge(rule.limit)
	}
	if !c.Request().IsBodyStream() {
		return c.Next()
	}
	stream := &countingReader{r: c.Context().RequestBodyStream(), left: rule.limit, limit: rule.limit}
	if rule.stream {
		c.Locals(localBody, stream)
		err := c.Next()
		if !stream.ended {
			c.Context().SetConnectionClose()
		}
		return err
	}
	data, err := io.ReadAll(stream)
	if err != nil {
		c.Context().SetConnectionClose()
		if liadesk.KindOf(err) == liadesk.KindTooLarge {
			return err
		}
		return fiber.NewError(fiber.StatusBadRequest, "bad_request")
	}
	c.Request().SetBodyRaw(data)
	if err := checkForm(c); err != nil {
		return err
	}
	return c.Next()
}

// checkForm refuses a form with a NUL, which no field can hold and no browser
// sends. What the carrier passes on is somebody's text, and is taken.
func checkForm(c *fiber.Ctx) error {
	if !bytes.Contains(c.Body(), []byte("%00")) && bytes.IndexByte(c.Body(), 0) < 0 || forPrograms(c.Path()) {
		return nil
	}
	var wrong liadesk.Invalid
	c.Request().PostArgs().VisitAll(func(name, value []byte) {
		if bytes.IndexByte(value, 0) >= 0 {
			wrong.Add(string(name), "not_text")
		}
	})
	return wrong.Err()
}

// body is the request's body as it arrives, within the route's limit: reading
// past it gives an error of KindTooLarge.
func body(c *fiber.Ctx) io.Reader {
	if stream, ok := c.Locals(localBody).(*countingReader); ok {
		return stream
	}
	return bytes.NewReader(c.Body())
}

// countingReader refuses the byte after the limit.
type countingReader struct {
	r           io.Reader
	left, limit int
	ended       bool
}

func (r *countingReader) Read(p []byte) (int, error) {
	if r.ended {
		return 0, io.EOF
	}
	if len(p) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.r.Read(p)
	if n > r.left {
		return 0, tooLarge(r.limit)
	}
	r.left -= n
	r.ended = errors.Is(err, io.EOF)
	return n, err
}

func tooLarge(limit int) *liadesk.Error {
	return &liadesk.Error{Kind: liadesk.KindTooLarge, Code: "too_large", Text: "the body passes " + size(limit),
		Args: map[string]any{"Limit": size(limit)}}
}

// size writes a number of bytes as people say it.
func size(n int) string {
	if n >= 1<<20 {
		return strconv.Itoa(n>>20) + " MB"
	}
	return strconv.Itoa(n>>10) + " kB"
}
