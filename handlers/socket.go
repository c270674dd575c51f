package handlers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	fast "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
)

// Times and sizes of every WebSocket. A browser answers pings by itself, so
// one that is silent for two of them is gone. Who closes the lid of a laptop is
// so away within a minute, see conversations.Hub.
const (
	socketPing  = 20 * time.Second
	socketQuiet = 45 * time.Second
	socketWrite = 10 * time.Second
	socketRead  = 4 << 10 // the most bytes of one message from the other side
)

// Why a socket ends (RFC 6455 §7.4.1). After the first two a page connects
// again, after the last one it does not.
const (
	socketGoingAway = websocket.CloseGoingAway       // the server stops
	socketTryAgain  = websocket.CloseTryAgainLater   // too slow: read again what was missed
	socketNotYours  = websocket.ClosePolicyViolation // the session or the ticket is over
)

// socket is one WebSocket as its handler sees it. All of it belongs to the
// handler's goroutine: nobody else writes.
type socket struct {
	conn *fast.Conn
	// in are the messages of the other side. It is closed when the connection
	// ended, for whatever reason.
	in chan []byte
	// ctx ends with the connection.
	ctx context.Context
}

// send writes one text message. After an error the connection is of no use.
func (k *socket) send(text []byte) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(socketWrite)); err != nil {
		return err
	}
	return k.conn.WriteMessage(fast.TextMessage, text)
}

// close says why, as far as the connection still lets us.
func (k *socket) close(code int) {
	_ = k.conn.WriteControl(fast.CloseMessage, fast.FormatCloseMessage(code, ""), time.Now().Add(socketWrite))
}

// upgrade turns the request into a WebSocket and hands it to serve, which has
// it until it returns. Whoever calls upgrade has checked who asks and from
// which origin; the request itself is over by the time serve runs, so serve
// keeps nothing of it but copies.
//
// Deadlines here are the network's own and go by the real clock.
func (s *Server) upgrade(c *fiber.Ctx, serve func(*socket)) error {
	id, path := requestID(c), c.Path()
	return websocket.New(func(wrapped *websocket.Conn) {
		ctx, cancel := context.WithCancel(context.Background())
		k := &socket{conn: wrapped.Conn, in: make(chan []byte, 8), ctx: ctx}
		read := make(chan struct{})
		go func() {
			defer close(read)
			defer cancel()
			k.read()
		}()
		go k.ping()
		defer func() {
			cancel()
			k.stopReading(read)
		}()
		serve(k)
	}, websocket.Config{RecoverHandler: func(*websocket.Conn) {
		// The other side learns nothing of a panic but that the connection ended.
		if r := recover(); r != nil {
			s.Log.Error("panic", "id", id, "path", path, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}})(c)
}

// read takes what the other side says until the connection ends.
func (k *socket) read() {
	defer close(k.in)
	k.conn.SetReadLimit(socketRead)
	alive := func(string) error { return k.conn.SetReadDeadline(time.Now().Add(socketQuiet)) }
	k.conn.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	for {
		kind, text, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != fast.TextMessage {
			continue
		}
		select {
		case k.in <- text:
		case <-k.ctx.Done():
			return
		}
	}
}

// stopReading waits until nobody reads any more. A hijacked connection is
// closed by the server when its handler has returned, and Close before that
// does nothing; so the reader's time is cut short, again if it was just
// lengthened.
func (k *socket) stopReading(read <-chan struct{}) {
	for {
		_ = k.conn.SetReadDeadline(time.Now())
		select {
		case <-read:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ping asks whether somebody is still there. Control messages may be written
// beside the handler's own.
func (k *socket) ping() {
	tick := time.NewTicker(socketPing)
	defer tick.Stop()
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-tick.C:
			if err := k.conn.WriteControl(fast.PingMessage, nil, time.Now().Add(socketWrite)); err != nil && !errors.Is(err, fast.ErrCloseSent) {
				return
			}
		}
	}
}

// ownOrigin tells whether a page of ours opens the socket. Browsers name the
// page's origin with every WebSocket, and no page can forge it; CORS does not
// apply to sockets, so this is all that keeps other sites from listening with
// a person's cookie.
func (s *Server) ownOrigin(c *fiber.Ctx) bool {
	origin := strings.ToLower(c.Get(fiber.HeaderOrigin))
	return origin != "" && (origin == s.origin || origin == strings.ToLower(c.BaseURL()))
}
