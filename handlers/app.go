// Package handlers is the HTTP edge: the dashboard's pages, API v1, the
// widget's calls, the carrier's callbacks and the status pages. It is the only
// importer of fiber.
//
// A handler makes five moves: parse, call one verb of a room, map the error
// (return it: fail does that), choose the view, done. A rule never lives here.
//
// Strings that come out of a request are copies (Immutable), so they may be
// kept; a *fiber.Ctx may not, and never crosses into another goroutine. Rooms
// get c.UserContext(), which ends when the request's time is up.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/liadesk/campaigns/views/texts"
)

// Deps is what the edge stands on. Everything is needed unless it says
// otherwise.
type Deps struct {
	// URL is the public address, such as https://desk.example.com. Requests
	// from pages of other origins may not change anything.
	URL string
	// Secret keys the CSRF tokens; 32 random bytes that outlive a restart.
	Secret []byte
	// TrustedProxies are the CIDRs whose X-Forwarded-For counts; may be nil.
	TrustedProxies []string
	// Demo shows the handset and the demo shop in the menu.
	Demo bool
	// Sandbox says that texts go to the built-in carrier.
	Sandbox bool
	// Mails says that e-mails can be sent from here.
	Mails bool
	// Version is shown by /healthz.
	Version string
	// ViewsDir, when set, makes templates be read from that folder at each
	// request. For work on the pages only.
	ViewsDir string

	Log     *slog.Logger
	Clock   clockwork.Clock
	Metrics *prometheus.Registry
	// Static holds the built bundles at its top: app.js, app.css, ….
	Static fs.FS
	// Ready says why we cannot serve, or nil. It may be called at any time.
	Ready func(ctx context.Context) error
	// Viewer finds who holds a session cookie's token. It returns
	// liadesk.ErrUnauthenticated for unknown, expired and revoked ones.
	Viewer func(ctx context.Context, token string) (*Viewer, error)

	Rooms
}

// Server answers HTTP.
type Server struct {
	Deps
	app     *fiber.App
	texts   *texts.Catalogue
	assets  *assets
	engine  *engine
	origin  string // scheme://host of URL
	host    string
	secure  bool // cookies need https
	proxies []netip.Prefix
	created time.Time
	gate    gate
	// fileReads holds those who read files to a pace.
	fileReads *limiter
}

// Times and sizes that hold for every request unless its route says otherwise.
const (
	requestTimeout = 30 * time.Second // reading, handling and writing each
	uploadTimeout  = 30 * time.Minute // reading a file somebody uploads
	fileTimeout    = 2 * time.Minute  // a file of a conversation, either way
	idleTimeout    = 2 * time.Minute
)

// New wires the routes. It fails when a template is broken, a bundle is
// missing or the public address makes no sense, with a sentence that says how
// to mend it.
func New(deps Deps) (*Server, error) {
	u, err := url.Parse(deps.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the public address %q is not a web address: write it like https://desk.example.com", deps.URL)
	}
	catalogue, err := texts.New()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Deps: deps, texts: catalogue,
		origin: u.Scheme + "://" + strings.ToLower(u.Host), host: strings.ToLower(u.Hostname()), secure: u.Scheme == "https",
		created: deps.Clock.Now(),
	}
	if s.proxies, err = readProxies(deps.TrustedProxies); err != nil {
		return nil, err
	}
	if s.assets, err = newAssets(deps.Static); err != nil {
		return nil, err
	}
	if s.engine, err = newEngine(s); err != nil {
		return nil, err
	}
	s.fileReads = newLimiter(time.Second/5, 60)
	s.app = fiber.New(fiber.Config{
		AppName:                 "LiaDesk Campaigns",
		DisableStartupMessage:   true,
		Immutable:               true,
		StrictRouting:           false,
		CaseSensitive:           true,
		UnescapePath:            true,
		ErrorHandler:            s.fail,
		ReadTimeout:             requestTimeout,
		WriteTimeout:            requestTimeout,
		IdleTimeout:             idleTimeout,
		ReadBufferSize:          16 << 10, // request line and headers
		EnableTrustedProxyCheck: true,
		TrustedProxies:          deps.TrustedProxies,
		ProxyHeader:             fiber.HeaderXForwardedFor,
		EnableIPValidation:      true,
		// Bodies are streamed so that each route can set its own size;
		// multipart must then not be read ahead of the handler.
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		BodyLimit:                    defaultBody,
	})
	// Uploads may take longer than a page view, and only their route may.
	s.app.Server().HeaderReceived = requestConfig
	s.app.Server().KeepHijackedConns = true // see upgrade
	s.middleware()
	s.routes()
	return s, nil
}

// Serve answers on ln until Shutdown. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	err := s.app.Listener(ln)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown takes no new connections and waits for the requests in flight
// until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.app.ShutdownWithContext(ctx) }

// Test answers one request without a network, for tests.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }

// Route is a line of the site map: a method and a path, whose parameters are
// written as ":id".
type Route struct{ Method, Path string }

// Routes is the site map.
func (s *Server) Routes() []Route {
	var list []Route
	for _, r := range s.app.GetRoutes(true) {
		list = append(list, Route{r.Method, r.Path})
	}
	return list
}

// middleware is what every request passes, in this order.
func (s *Server) middleware() {
	s.app.Use(s.forwardedFor)
	s.app.Use(s.identify)
	s.app.Use(s.log)
	s.app.Use(s.recover)
	s.app.Use(s.protect)
	s.app.Use(s.checkHost)
	s.app.Use(s.limitBody)
}
