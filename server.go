package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/handlers"
	"github.com/liadesk/campaigns/static"
)

// server is the assembled product. Rooms are made in newServer, in the order
// in which they stand on each other, and wired to each other by their hooks.
type server struct {
	*house
	rooms  rooms
	config config
	log    *slog.Logger
	out    io.Writer // what the operator reads

	web      *handlers.Server
	listener net.Listener
	socket   net.Listener
	stoppers []stopper
}

// stopper ends one thing that works by itself, such as the scheduler or the
// sender. Stop returns when its last record is written, or when ctx ends.
type stopper struct {
	name string
	stop func(ctx context.Context) error
}

// Times of a graceful end. The sender's is generous: what is in flight at the
// carrier must be recorded. A second signal cuts all of it short.
const (
	stopTimeout     = 2 * time.Minute
	shutdownTimeout = 15 * time.Second
)

// serve runs the server until a signal ends it.
func (t *terminal) serve(demo bool) error {
	c, err := t.settings.check(demo)
	if err != nil {
		return err
	}
	log, err := t.settings.logger(t.err)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	return serve(t.ctx, c, log, t.out, signals)
}

// serve opens the data folder, listens, and stays until a signal or ctx ends
// it. A second signal ends the process at once.
func serve(ctx context.Context, c config, log *slog.Logger, out io.Writer, signals <-chan os.Signal) (err error) {
	s, err := newServer(ctx, c, log, out)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- s.web.Serve(s.listener) }()
	go func() { failed <- serveSocket(s.socket, s.house) }()
	if err := s.greet(ctx); err != nil {
		return errors.Join(err, s.close())
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	case sig := <-signals:
		log.Info("stopping; what is in flight is finished first, a second signal ends at once", "signal", sig.String())
		go func() {
			<-signals
			log.Warn("ended at once by a second signal")
			os.Exit(130)
		}()
	}
	return errors.Join(err, s.close())
}

// newServer takes the lock of the data folder first, so that everything after
// it happens once on this machine.
func newServer(ctx context.Context, c config, log *slog.Logger, out io.Writer) (s *server, err error) {
	if c.demo {
		if err := clearHalfDemo(ctx, c.data, out); err != nil {
			return nil, err
		}
	}
	h, err := openHouse(ctx, c.data, true, time.Second, log)
	if err != nil {
		return nil, err
	}
	s = &server{house: h, config: c, log: log, out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.listener, err = net.Listen("tcp", c.addr); err != nil {
		return s, fmt.Errorf("cannot listen on %s: choose another address with CAMPAIGNS_ADDR (--addr): %w", c.addr, err)
	}
	if s.config.url == "" { // port 0: the system chose one
		host, port, err := net.SplitHostPort(s.listener.Addr().String())
		if err != nil {
			return s, err
		}
		s.config.url = localURL(host, port)
	}
	for _, w := range s.config.warnings() {
		log.Warn(w)
	}
	if err := s.noticeAddress(ctx); err != nil {
		return s, err
	}

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	if err := s.openRooms(); err != nil {
		return s, err
	}
	metrics.MustRegister(figures{engine: s.engine, texts: s.rooms.sms, talks: s.rooms.talks})
	if c.demo {
		if err := s.seedDemo(ctx); err != nil {
			return s, err
		}
	}
	if s.web, err = handlers.New(handlers.Deps{
		URL: s.config.url, Secret: s.secrets.CSRF(), TrustedProxies: c.trustedProxies, Demo: c.demo, Sandbox: c.sandbox, Mails: s.rooms.mails != nil,
		Version: version(), Log: log, Clock: s.clock, Metrics: metrics, Static: static.Dist(), Ready: s.ready, Viewer: s.viewer,
		Rooms: handlers.Rooms{Accounts: s.accounts, Audience: s.rooms.audience, Contacts: s.rooms.contacts, Conversations: s.rooms.talks,
			LiveChat: s.rooms.livechat, SMS: s.rooms.sms, Handset: s.rooms.carrier, DemoSite: handlers.DemoSite{Key: s.shopKey}},
	}); err != nil {
		return s, err
	}
	if s.socket, err = listenSocket(c.data); err != nil {
		return s, err
	}
	return s, s.startRooms()
}

// noticeAddress holds sending when the database last ran under another public
// address: reports of texts under way go there, where perhaps a copy of this
// database still runs.
func (s *server) noticeAddress(ctx context.Context) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		last, err := tx.Address()
		if err != nil || last == s.config.url {
			return err
		}
		if last != "" {
			if err := tx.SetHeld(db.Held{Reason: db.HeldAddress, At: s.clock.Now().UTC(), Address: last}); err != nil {
				return err
			}
		}
		return tx.SetAddress(s.config.url)
	})
}

// roomToStore is what the disk must have free for us to be ready. It is little:
// texts stop going out long before.
const roomToStore = 4 << 20

// ready says why we cannot serve: the database must answer, take a transaction
// (an empty one, which writes nothing), and have room for the next.
func (s *server) ready(ctx context.Context) error {
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		_, err := tx.Schema()
		return err
	}); err != nil {
		return err
	}
	if err := s.store.Update(ctx, func(*db.Tx) error { return nil }); err != nil {
		return err
	}
	free, err := s.engine.Free()
	if err == nil && free < roomToStore {
		return fmt.Errorf("the disk of the data folder is full: %d kB are free", free>>10)
	}
	return nil // where free space is not known, the next write tells
}

// viewer finds whose a session cookie is.
func (s *server) viewer(ctx context.Context, secret string) (*handlers.Viewer, error) {
	in, err := s.accounts.Session(ctx, secret)
	if err != nil {
		return nil, err
	}
	return &handlers.Viewer{Session: in.Session.ID.String(), User: in.User, Account: in.Account}, nil
}

// greet tells the operator where to go.
func (s *server) greet(ctx context.Context) error {
	link, err := s.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	if link != "" {
		_, err = fmt.Fprintf(s.out, "Welcome. Make the account and its administrator here; the link works once:\n  %s/setup?link=%s\n", s.config.url, link)
	} else {
		_, err = fmt.Fprintf(s.out, "LiaDesk Campaigns is at %s\n", s.config.url)
	}
	if err == nil {
		err = s.greetHeld(ctx)
	}
	if err == nil && s.config.demo {
		err = s.greetDemo()
	}
	return err
}

// greetHeld says that no texts go out, and who changes that.
func (s *server) greetHeld(ctx context.Context) error {
	held, is, err := s.rooms.sms.Held(ctx)
	if err != nil || !is {
		return err
	}
	why := "this database came from a backup"
	if held.Reason == db.HeldAddress {
		why = "it last ran under " + held.Address
	}
	_, err = fmt.Fprintf(s.out, "No texts go out yet, because %s. An administrator looks into it at\n  %s/campaigns/sms/release\n", why, s.config.url)
	return err
}

// close ends everything in the right order: what sends stops first, while HTTP
// stays open for the callbacks of what is in flight, until the last record.
func (s *server) close() error {
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for _, st := range s.stoppers {
		if err := st.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping the %s: %w", st.name, err))
		}
	}
	s.closeRooms()
	if s.web != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if err := s.web.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			errs = append(errs, err)
		}
	}
	if s.listener != nil { // if Serve never took it
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.socket != nil {
		if err := s.socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.house.Close())...)
}

// serveSocket answers the command line until the socket is closed.
func serveSocket(ln net.Listener, o operator) error {
	err := (&http.Server{Handler: socketHandler(o), ReadHeaderTimeout: 10 * time.Second}).Serve(ln)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
