package handlers

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
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
	// in are the messages of the other side, after listen. It is closed when the
	// connection ended, for whatever reason.
	in chan []byte
	// ctx ends with the connection.
	ctx    context.Context
	cancel context.CancelFunc
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

// writeBuffers are lent to sockets while they write: most of them are silent
// most of the time.
var writeBuffers sync.Pool

// upgrade turns the request into a WebSocket and hands it to serve, which has
// it until it returns. Whoever calls upgrade has checked who asks and from
// which origin; the request itself is over by the time serve runs, so serve
// keeps nothing of it but copies.
//
// The web server's part in a connection ends with the upgrade: its goroutine,
// with the deep stack of a request, and its buffers go back at once, which is
// what lets thousands of visitors be connected. The server is told to leave such
// connections open, see New.
//
// Deadlines here are the network's own and go by the real clock.
func (s *Server) upgrade(c *fiber.Ctx, serve func(*socket)) error {
	key, err := base64.StdEncoding.DecodeString(c.Get("Sec-WebSocket-Key"))
	if err != nil || len(key) != 16 || c.Get("Sec-WebSocket-Version") != "13" {
		return fiber.NewError(http.StatusBadRequest, "bad_request")
	}
	handshake := &http.Request{Method: http.MethodGet, Header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {c.Get("Sec-WebSocket-Key")}}}
	id, path := requestID(c), c.Path()
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) {
		if inner, ok := conn.(interface{ UnsafeConn() net.Conn }); ok {
			conn = inner.UnsafeConn() // the other one's buffer goes back with the request
		}
		go s.serveSocket(conn, handshake, serve, id, path)
	})
	return nil
}

func (s *Server) serveSocket(raw net.Conn, handshake *http.Request, serve func(*socket), id, path string) {
	defer raw.Close()
	// The other side learns nothing of a panic but that the connection ended.
	defer func() {
		if r := recover(); r != nil {
			s.Log.Error("panic", "id", id, "path", path, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	upgrader := fast.Upgrader{ReadBufferSize: 512, WriteBufferSize: 1024, WriteBufferPool: &writeBuffers, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(taken{raw}, handshake, nil)
	if err != nil {
		s.Log.Warn("a socket could not be opened", "id", id, "path", path, "error", err)
		return
	}
	k := &socket{conn: conn}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	defer k.cancel()
	defer k.ping()()
	serve(k)
}

// taken is a connection whose request was read already.
type taken struct{ net.Conn }

// Hijack implements http.Hijacker.
func (t taken) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return t.Conn, bufio.NewReadWriter(bufio.NewReaderSize(t.Conn, 16), bufio.NewWriterSize(t.Conn, 16)), nil
}

// Header, Write and WriteHeader implement http.ResponseWriter for refusals, which
// upgrade has ruled out.
func (t taken) Header() http.Header         { return http.Header{} }
func (t taken) Write(p []byte) (int, error) { return len(p), nil }
func (t taken) WriteHeader(int)             {}

// listen reads what the other side says into k.in, until the function that it
// returns is called.
func (k *socket) listen() (stop func()) {
	k.in = make(chan []byte, 8)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer k.cancel()
		defer close(k.in)
		k.read(func(text []byte) bool {
			select {
			case k.in <- text:
				return true
			case <-k.ctx.Done():
				return false
			}
		})
	}()
	return func() {
		k.cancel()
		k.stopReading(read)
	}
}

// read calls hear for each message of the other side, until the connection ends
// or hear has enough.
func (k *socket) read(hear func(text []byte) (more bool)) {
	k.conn.SetReadLimit(socketRead)
	alive := func(string) error { return k.conn.SetReadDeadline(time.Now().Add(socketQuiet)) }
	k.conn.SetPongHandler(alive)
	if alive("") != nil {
		return
	}
	for {
		kind, text, err := k.conn.ReadMessage()
		if err != nil || kind == fast.TextMessage && !hear(text) {
			return
		}
	}
}

// stopReading waits until nobody reads any more: the reader's time is cut short,
// again if it was just lengthened.
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

// ping asks from time to time whether somebody is still there, until the
// function that it returns is called. Control messages may be written beside the
// handler's own. A timer of its own costs less than a goroutine that sleeps.
func (k *socket) ping() (stop func()) {
	var timer *time.Timer
	var set sync.Mutex // until the timer is known to itself
	set.Lock()
	defer set.Unlock()
	timer = time.AfterFunc(socketPing, func() {
		err := k.conn.WriteControl(fast.PingMessage, nil, time.Now().Add(socketWrite))
		set.Lock()
		defer set.Unlock()
		if k.ctx.Err() == nil && (err == nil || errors.Is(err, fast.ErrCloseSent)) {
			timer.Reset(socketPing)
		}
	})
	return func() { timer.Stop() }
}

// ownOrigin tells whether a page of ours opens the socket. Browsers name the
// page's origin with every WebSocket, and no page can forge it; CORS does not
// apply to sockets, so this is all that keeps other sites from listening with
// a person's cookie.
func (s *Server) ownOrigin(c *fiber.Ctx) bool {
	origin := strings.ToLower(c.Get(fiber.HeaderOrigin))
	return origin != "" && (origin == s.origin || origin == strings.ToLower(c.BaseURL()))
}
