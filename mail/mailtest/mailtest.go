// Package mailtest is a mail server that keeps what it takes, for tests.
package mailtest

import (
	"io"
	"net"
	"net/mail"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// PostOffice is a mail server on this machine.
type PostOffice struct {
	mu     sync.Mutex
	taken  []*mail.Message
	bodies []string
	// answer refuses the next e-mails, nil takes them.
	answer error
	// Addr is where it listens.
	Addr string
}

// Open opens a post office until the test ends.
func Open(t testing.TB) *PostOffice {
	t.Helper()
	o := &PostOffice{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{o}, nil }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Addr = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	t.Cleanup(func() { server.Close(); <-done })
	return o
}

// Refuse answers what comes next with an error, nil to take it.
func (o *PostOffice) Refuse(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = err
}

// Last is the e-mail that arrived last, and its body.
func (o *PostOffice) Last(t testing.TB) (*mail.Message, string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.taken) == 0 {
		t.Fatal("nothing arrived")
	}
	return o.taken[len(o.taken)-1], o.bodies[len(o.bodies)-1]
}

// Count is how many arrived.
func (o *PostOffice) Count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.taken)
}

type counter struct{ o *PostOffice }

func (c *counter) Reset()                               {}
func (c *counter) Logout() error                        { return nil }
func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }
func (c *counter) Rcpt(_ string, _ *smtp.RcptOptions) error {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	return c.o.answer
}

func (c *counter) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	c.o.taken, c.o.bodies = append(c.o.taken, m), append(c.o.bodies, string(body))
	return err
}
