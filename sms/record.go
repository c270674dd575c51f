package sms

import (
	"context"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// recordMost is how many results one transaction records.
const recordMost = 500

// record writes what became of posted texts. It is not fenced by an epoch:
// what is known is true, whoever sends by now. On an error the results stay
// with the caller, who tries again; until then they count as in flight, so that
// a full disk stops claiming by itself.
func (s *Service) record(ctx context.Context, results []result) error {
	for len(results) > 0 {
		batch := results[:min(len(results), recordMost)]
		results = results[len(batch):]
		if err := s.recordBatch(ctx, batch); err != nil {
			s.keep(append(batch, results...))
			return err
		}
		s.recorded(batch)
	}
	return nil
}

// keep holds results that could not be recorded for the next try.
func (s *Service) keep(results []result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(results[:len(results):len(results)], s.done...)
}

func (s *Service) recordBatch(ctx context.Context, batch []result) error {
	return s.Store.Update(ctx, func(tx *db.Tx) error { return s.recordIn(tx, batch) })
}

// recordIn writes a batch of results in the caller's transaction.
func (s *Service) recordIn(tx *db.Tx, batch []result) error {
	byAccount := make(map[liadesk.ID]*ledger)
	for _, r := range batch {
		l := byAccount[r.job.account.ID]
		if l == nil {
			l = newLedger(tx, r.job.account.ID, 0, s.now())
			byAccount[r.job.account.ID] = l
		}
		if err := s.recordOne(l, r); err != nil {
			return err
		}
	}
	for _, l := range byAccount {
		if err := l.close(); err != nil {
			return err
		}
	}
	return s.recordTrouble(tx, batch)
}

func (s *Service) recordOne(l *ledger, r result) error {
	if r.job.campaign != nil {
		if same, err := l.tx.IsDelivery(l.account, r.job.row, r.job.stored); err != nil {
			return err
		} else if same {
			_, err := l.answer(r.job.attempt, r.job.row, r.event)
			return err
		}
	}
	// The attempt is read anew: it may have been settled meanwhile.
	a, found, err := l.tx.Attempt(l.account, r.job.attempt.ID)
	if err != nil || !found {
		return err
	}
	ch, err := l.apply(a, r.event)
	if err != nil || !ch.Changed {
		return err
	}
	if ch.After.Status == liadesk.DeliveryPending && r.job.item != nil {
		// The inbox may be gone: then nobody would ever look there again.
		if _, found, err := l.tx.Inbox(l.account, a.InboxID); err != nil {
			return err
		} else if found {
			return l.tx.PutOutbox(*r.job.item)
		}
		return s.drop(l.tx, *r.job.item, codeInboxGone)
	}
	return s.tell(l.tx, ch)
}

// tell brings the state of a reply or confirmation back to its message.
func (s *Service) tell(tx *db.Tx, ch change) error {
	a := ch.Attempt
	if !ch.Changed || a.MessageID.IsZero() || ch.Before.Status == ch.After.Status {
		return nil
	}
	status, code := ch.After.Status, ch.After.ErrorCode
	if status == liadesk.DeliverySkipped {
		status, code = liadesk.DeliveryFailed, string(liadesk.SkipOptedOut)
	}
	return s.Conversations.TextState(tx, a.AccountID, a.ConversationID, a.MessageID, status, code)
}

// recordTrouble notes on the inboxes what the carrier holds against them, or
// that it takes their texts again. It writes only when that changes.
func (s *Service) recordTrouble(tx *db.Tx, batch []result) error {
	type news struct {
		account  liadesk.ID
		trouble  liadesk.InboxTrouble
		taken    bool      // a text got an answer that is about the text
		accepted time.Time // when the last that was taken was begun
	}
	byInbox := make(map[liadesk.ID]news)
	for _, r := range batch {
		n := byInbox[r.job.inbox.ID]
		n.account = r.job.account.ID
		switch {
		case r.condition != nil:
			n.trouble, _ = troubleOf(r.condition)
		case r.posted && r.event.Kind == liadesk.EventUncertain && s.isCareful(r.job.lane):
			n.trouble = liadesk.TroubleNoAnswer
		case r.posted && r.event.Kind != liadesk.EventUncertain:
			n.taken = true
			if r.event.Kind == liadesk.EventAccepted && r.job.attempt.StartedAt.After(n.accepted) {
				n.accepted = r.job.attempt.StartedAt
			}
		}
		byInbox[r.job.inbox.ID] = n
	}
	for id, n := range byInbox {
		if n.trouble == liadesk.TroubleNone && !n.taken {
			continue
		}
		in, found, err := tx.SharedInbox(n.account, id)
		if err != nil {
			return err
		}
		if !found || in.SMS == nil || in.SMS.Trouble == n.trouble {
			continue
		}
		// What was on its way when credit or credentials were refused proves
		// nothing of now; nor does a text that was refused for itself.
		if n.trouble == liadesk.TroubleNone && mustRest(in.SMS.Trouble) && !n.accepted.After(in.SMS.TroubleSince) {
			continue
		}
		if in, found, err = tx.Inbox(n.account, id); err != nil || !found {
			return err
		}
		in.SMS.Trouble, in.SMS.TroubleSince = n.trouble, s.now()
		if n.trouble == liadesk.TroubleNone {
			in.SMS.TroubleSince = time.Time{}
		}
		if err := tx.PutInbox(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) isCareful(ln *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ln.careful()
}

// recorded lets go of texts whose outcome is on the disk, and slows lanes down
// or lets them run.
func (s *Service) recorded(batch []result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mono := s.Monotonic()
	type mood struct {
		bad   *SendError
		taken bool
		doubt int
	}
	moods := make(map[*lane]mood)
	for _, r := range batch {
		s.inflight--
		s.outcomes[r.event.Kind]++
		r.job.lane.inflight--
		m := moods[r.job.lane]
		switch {
		case r.condition != nil:
			m.bad = r.condition
		case r.posted && r.event.Kind == liadesk.EventUncertain:
			m.doubt++
		case r.posted && r.event.Kind == liadesk.EventAccepted:
			m.taken = true
			m.doubt--
		}
		moods[r.job.lane] = m
	}
	for ln, m := range moods {
		ln.doubts = min(max(0, ln.doubts+m.doubt), mostDoubts)
		switch {
		case m.bad == nil && m.doubt > 0 && ln.careful():
			if mono >= ln.quiet {
				ln.hold(mono, 0)
				s.holdOthers(ln)
			}
		case m.bad != nil && mono >= ln.quiet: // one refusal of many in flight counts once
			trouble, asked := troubleOf(m.bad)
			if mustRest(trouble) {
				ln.wait, ln.quiet = 0, mono+mendWait
			} else {
				ln.hold(mono, asked)
				s.holdOthers(ln)
			}
		case m.taken && m.bad == nil && mono >= ln.quiet:
			ln.wait = 0
		}
	}
}

// holdOthers keeps the other inboxes of a lane's account with the carrier quiet
// for as long as the lane. The carrier limits requests per account: an inbox
// that went on would be refused as well, and keep the account over its limit; and
// where no connection is had, it would get none either.
// It is called with mu held. An account with wrong credentials or no credit is
// found out by each inbox for itself, with one text, for its credentials may
// differ.
func (s *Service) holdOthers(ln *lane) {
	for _, other := range s.lanes {
		if other != ln && other.authID == ln.authID {
			other.quiet = max(other.quiet, ln.quiet)
		}
	}
}
