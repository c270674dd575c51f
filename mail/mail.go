// Package mail sends the e-mails that wait in the store: answers that follow
// visitors who have left.
//
// An e-mail is written to the store in one transaction with what caused it, and
// taken out in the one that notes what became of it. A server that dies between
// the mail server's yes and that transaction sends the e-mail once more, under
// the same Message-ID: an answer that arrives twice is better than none.
package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Limits of an e-mail that is not taken.
const (
	// firstWait is how long it waits after the first try; each further one waits
	// twice as long, up to mostWait.
	firstWait = time.Minute
	mostWait  = time.Hour
	// giveUp is after how long nobody waits for it any more.
	giveUp = 24 * time.Hour
)

// atOnce bounds what one tick sends of one account, so that none waits long for
// another's.
const atOnce = 20

// The codes under which a thread tells why an e-mail was not sent.
const (
	CodeRefused     = "mail_refused"
	CodeUnreachable = "mail_unreachable"
)

// Service sends e-mails.
type Service struct {
	Store *db.Store
	Clock clockwork.Clock
	Log   *slog.Logger
	// Send hands one e-mail over; its error is a *Refused.
	Send func(context.Context, liadesk.MailItem) error
	// Report notes in the thread what became of an e-mail, within the
	// transaction that takes it out.
	Report func(tx *db.Tx, account, conversation, message liadesk.ID, status liadesk.DeliveryStatus, code string) error
}

// Tick sends what waits. It is to be called from one place at a time.
func (s *Service) Tick(ctx context.Context) error { return s.Store.EachAccount(ctx, s.tickAccount) }

func (s *Service) tickAccount(ctx context.Context, account liadesk.ID) error {
	var list []liadesk.MailItem
	if err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		list, err = tx.Mails(account, 10*atOnce)
		return err
	}); err != nil {
		return err
	}
	sent := 0
	for _, m := range list {
		if m.NotBefore.After(s.Clock.Now()) {
			continue
		}
		if sent++; sent > atOnce || ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) send(ctx context.Context, m liadesk.MailItem) error {
	err := s.Send(ctx, m)
	// What was decided is noted also when the server stops at this moment.
	ctx = context.WithoutCancel(ctx)
	status, code := liadesk.DeliverySent, ""
	if err != nil {
		refused, _ := errors.AsType[*Refused](err)
		m.Tries++
		if refused == nil || refused.Passing {
			if s.Clock.Since(m.CreatedAt) < giveUp {
				m.NotBefore = s.Clock.Now().UTC().Add(min(firstWait<<min(m.Tries-1, 10), mostWait))
				s.Log.Warn("an e-mail was not taken, and is tried again", "mail", m.ID, "try", m.Tries, "error", err)
				return s.Store.Update(ctx, func(tx *db.Tx) error { return tx.PutMail(m) })
			}
			code = CodeUnreachable
		} else {
			code = CodeRefused
		}
		s.Log.Error("an e-mail was not sent", "mail", m.ID, "error", err)
		status = liadesk.DeliveryFailed
	}
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		return errors.Join(tx.DeleteMail(m), s.Report(tx, m.AccountID, m.ConversationID, m.MessageID, status, code))
	})
}
