package handlers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// listen serves on a real socket and gives its address.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		<-done
	})
	return ln.Addr().String()
}

func echo(_ *Server, app *fiber.App) {
	app.Post("/*", func(c *fiber.Ctx) error {
		if bodyRuleFor(c.Path()).stream {
			n, err := io.Copy(io.Discard, body(c))
			if err != nil {
				return err
			}
			return c.SendString(strconv.FormatInt(n, 10))
		}
		return c.SendString(strconv.Itoa(len(c.Body())))
	})
}

func TestEachRouteTakesSoMuchBodyAndNoMore(t *testing.T) {
	address := listen(t, newTest(t, testDeps(t), echo))
	for _, test := range []struct {
		path   string
		size   int
		status int
	}{
		{"/widget/v1/visit", widgetBody, 200},
		{"/widget/v1/visit", widgetBody + 1, 413},
		{"/webhooks/plivo/x", callbackBody, 200},
		{"/webhooks/plivo/x", callbackBody + 1, 413},
		{"/api/v1/contacts", defaultBody, 200},
		{"/api/v1/contacts", defaultBody + 1, 413},
		{"/api/v1/contacts/import", 3 * defaultBody, 200},
	} {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(make([]byte, test.size))
			if chunked {
				body = io.MultiReader(body) // of no known length
			}
			resp, err := http.Post("http://"+address+test.path, "application/octet-stream", body)
			if err != nil {
				// Who goes on sending while we refuse may see the connection end.
				if test.status == 413 {
					continue
				}
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != test.status || (test.status == 200 && string(got) != strconv.Itoa(test.size)) {
				t.Errorf("%s with %d bytes, chunked %v: %d %s", test.path, test.size, chunked, resp.StatusCode, got)
			}
		}
	}
}

func TestACompressedBodyIsRefused(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got := ask(t, newTest(t, testDeps(t), echo), "POST", "/api/v1/contacts", bomb.String(), "Content-Encoding", "gzip")
	if got.StatusCode != http.StatusUnsupportedMediaType || got.problem(t)["code"] != "unsupported_encoding" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestTheRestOfARefusedBodyIsNeverTakenAsARequest(t *testing.T) {
	deps := testDeps(t)
	address := listen(t, newTest(t, deps, func(_ *Server, app *fiber.App) {
		app.Post("/api/v1/contacts/import", func(*fiber.Ctx) error { return liadesk.ErrForbidden }) // reads nothing
		app.Get("/smuggled", func(c *fiber.Ctx) error { return c.SendString("smuggled") })
		echo(nil, app)
	}))
	inner := "GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	for _, head := range []string{
		"POST /api/v1/contacts/import HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inner), inner),
		"POST /widget/v1/visit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n\r\n" + strings.Repeat("x", widgetBody) + inner,
		"POST /api/v1/contacts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + inner,
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(io.MultiReader(resp.Body, conn)) // to the end of the connection
		if resp.StatusCode < 400 || !resp.Close || strings.Contains(string(rest), "smuggled") {
			t.Errorf("%.40s: %d, close %v: %s", head, resp.StatusCode, resp.Close, rest)
		}
		conn.Close()
	}
}

func TestOnlySoManyLargeBodiesAreReadAtATime(t *testing.T) {
	var g gate
	var leave []func()
	enter := func(address string) error {
		out, err := g.enter(address)
		if err == nil {
			leave = append(leave, out)
		}
		return err
	}
	for range gateOne {
		if err := enter("192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := enter("192.0.2.1"); liadesk.KindOf(err) != liadesk.KindTooMany {
		t.Errorf("one party more than it may: %v", err)
	}
	for n := gateOne; n < gateAll; n++ {
		if err := enter(fmt.Sprintf("192.0.2.%d", n+10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := enter("192.0.2.99"); liadesk.KindOf(err) != liadesk.KindTooMany {
		t.Errorf("all together more than they may: %v", err)
	}
	for _, out := range leave {
		out()
	}
	if g.all != 0 || len(g.by) != 0 {
		t.Errorf("%d are left, of %d", g.all, len(g.by))
	}
}
