package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/liadesk/campaigns/liadesk"
)

// sendFor is how long one e-mail may take, from the first packet on.
const sendFor = 30 * time.Second

// Server is an SMTP server that takes e-mails for others.
type Server struct {
	host, user, password string
	port                 int
	// tls begins with TLS; without it, the connection is secured by STARTTLS, or
	// not at all to this machine itself.
	tls  bool
	from string
}

// ParseServer reads an address such as
// smtp://user:password@mail.example.com:587?from=support@example.com, or smtps://
// for a server that begins with TLS. The sender's address is "from", else the
// user's name if that is an address. The error is one sentence.
func ParseServer(text string) (Server, error) {
	wrong := func(what string) (Server, error) {
		return Server{}, fmt.Errorf("%s: write it like smtp://USER:PASSWORD@mail.example.com:587?from=support@example.com", what)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return wrong("it is no address of an SMTP server") // without the address: it holds a password
	}
	s := Server{host: u.Hostname(), tls: u.Scheme == "smtps", port: 587, user: u.User.Username(), from: u.Query().Get("from")}
	s.password, _ = u.User.Password()
	if s.tls {
		s.port = 465
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return wrong("its port is none")
		}
	}
	if s.from == "" {
		s.from = s.user
	}
	if a, err := netmail.ParseAddress(s.from); err != nil || a.Address != s.from {
		return wrong("it does not say which address e-mails come from")
	}
	return s, nil
}

// Refused is the server's answer to an e-mail that it does not take. What is not
// Passing will not be taken later either.
type Refused struct {
	Passing bool
	Err     error
}

func (r *Refused) Error() string { return r.Err.Error() }

func (r *Refused) Unwrap() error { return r.Err }

// Send hands an e-mail to the server. An error is always a *Refused.
func (s Server) Send(ctx context.Context, m liadesk.MailItem) error {
	passing := func(err error) error { return &Refused{Passing: true, Err: err} }
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.To(m.To); err != nil {
		return &Refused{Err: err}
	}
	msg.FromMailAddress(&netmail.Address{Name: line(m.From), Address: s.from})
	msg.Subject(line(m.Subject))
	msg.SetDateWithValue(m.CreatedAt)
	// The same when it is sent again, so that mailboxes know it for the same.
	msg.SetMessageIDWithValue(m.ID.String() + "@" + s.host)
	// Nobody's holiday note answers it (RFC 3834 §5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(sendFor)}
	switch {
	case s.tls:
		options = append(options, gomail.WithSSL())
	case here(s.host):
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.user != "" && s.password != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if here(s.host) && !s.tls {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return passing(err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // it was taken, though the parting failed
		return nil
	}
	if refused, ok := errors.AsType[*gomail.SendError](err); ok && refused.ErrorCode() >= 500 {
		return &Refused{Err: err}
	}
	return passing(err)
}

// line is a text without anything that would end a header.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// here tells whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
