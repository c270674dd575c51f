package sms

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// lane is one SMS inbox as this process sends for it: its lease, its pace and
// how the carrier takes it. Little of it is worth keeping over a restart: a new
// lane begins with a full bucket, which is a quarter of a second of pace, and is
// careful if the inbox says that the carrier did not answer.
type lane struct {
	account, inbox liadesk.ID
	authID         string // the account with the carrier, which may be that of other inboxes too

	epoch     uint64
	renewed   time.Duration // monotonic: when the lease was last renewed
	recovered bool          // what an older epoch left was marked

	bucket *rate.Limiter
	rate   float64

	inflight int
	turn     int // which campaign is first in the next claim
	// busy is set while somebody claims for the lane. Only they touch epoch,
	// renewed, recovered and beyond.
	busy bool
	// beyond is where the next claim begins in a campaign and class, if people
	// before it wait to be free.
	beyond map[string]uint32

	dry time.Duration // monotonic: when a claim last found nothing to send

	version uint64        // the inbox's, to notice that a person mended it
	quiet   time.Duration // monotonic: no claim before
	wait    time.Duration // the last back-off, which the next one doubles
	resting bool          // only a person can mend the inbox: one text at a time tries
	doubts  int           // grows with each answer that says nothing, and shrinks with each that does
}

// A carrier that is in trouble itself (it answers 5xx, or not at all) leaves
// every text that it is handed uncertain. So after some of those an inbox is
// careful: one text at a time tries, with longer and longer waits, until the
// carrier takes them again. Then not the whole audience is in doubt in the end.
const (
	carefulFrom = 8  // doubts
	mostDoubts  = 12 // so some good answers in a row are needed to go on
)

func (ln *lane) careful() bool { return ln.doubts >= carefulFrom }

// Back-off after the carrier refused the inbox as a whole.
const (
	firstWait = time.Second
	lastWait  = 60 * time.Second
	// mendWait is how long an inbox rests that only a person can mend (wrong
	// credentials, no credit). Then one text tries again: if it is taken, the
	// inbox goes on by itself.
	mendWait = 5 * time.Minute
)

// errLeaseLost says that another process sends for the inbox now.
var errLeaseLost = errors.New("sms: another process holds the lease of the inbox")

// pace sets the lane to an inbox's messages per second. The bucket holds a
// quarter of a second of pace and at least one text, so that over a minute the
// pace is exact within half a percent. Like everything about the pace it goes by
// the monotonic clock: one that is set back by hours would stop it for as long.
func (ln *lane) pace(perSecond float64, mono time.Duration) {
	if ln.bucket != nil && ln.rate == perSecond {
		return
	}
	burst := max(1, int(perSecond/4))
	if ln.bucket == nil {
		ln.bucket = rate.NewLimiter(rate.Limit(perSecond), burst)
	} else {
		ln.bucket.SetLimitAt(bucketTime(mono), rate.Limit(perSecond))
		ln.bucket.SetBurstAt(bucketTime(mono), burst)
	}
	ln.rate = perSecond
}

// bucketTime is a monotonic reading as the bucket takes it.
func bucketTime(mono time.Duration) time.Time { return time.Unix(0, 0).Add(mono) }

// tokens is how many texts may go now. The bucket is looked at before a claim
// and paid after it, for what was claimed; that is the same as taking first,
// for nobody else takes from it.
func (ln *lane) tokens(mono time.Duration) int { return int(ln.bucket.TokensAt(bucketTime(mono))) }

// pay takes the tokens of a claim.
func (ln *lane) pay(mono time.Duration, n int) { ln.bucket.AllowN(bucketTime(mono), n) }

// untilToken is how long the next token takes.
func (ln *lane) untilToken(mono time.Duration) time.Duration {
	missing := 1 - ln.bucket.TokensAt(bucketTime(mono))
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / ln.rate * float64(time.Second))
}

// room is how many more texts of the lane may be in flight: at most what the
// process can post at once, and at most one second of pace, so that a slow
// inbox does not gather claims (but eight are always allowed).
func (ln *lane) room(workers int) int {
	most := max(8, int(min(ln.rate, float64(workers))))
	return min(workers, most) - ln.inflight
}

// appetite is how many texts the lane could claim now, had the process room for
// all of them.
func (ln *lane) appetite(mono time.Duration, workers int) int {
	if ln.busy || ln.quiet > mono {
		return 0
	}
	n := min(ln.tokens(mono), ln.room(workers))
	if ln.resting || ln.careful() {
		n = min(n, 1-ln.inflight)
	}
	return max(0, n)
}

// hold keeps the lane quiet after the carrier refused it, for as long as the
// carrier asks, else twice as long as the last time, within 1 and 60 seconds.
func (ln *lane) hold(now, asked time.Duration) {
	switch {
	case asked > 0:
		ln.wait = min(max(asked, firstWait), lastWait)
	case ln.wait == 0:
		ln.wait = firstWait
	default:
		ln.wait = min(2*ln.wait, lastWait)
	}
	ln.quiet = now + ln.wait
}

// lease takes or renews the lease of a lane's inbox, and on taking it marks
// what an older epoch left in flight as unconfirmed: that process may have
// posted it. At its start a process takes the lease over at once, for the
// database is open in one process at a time: whoever held it is gone. One that
// finds its own lease taken waits until that of the other has run out.
//
// It renews when a third of the time is gone.
func (s *Service) lease(ctx context.Context, ln *lane) error {
	mono := s.Monotonic()
	if ln.epoch != 0 && ln.recovered && mono-ln.renewed < leaseTime/3 {
		return nil
	}
	var epoch uint64
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		l, err := tx.Lease(ln.account, ln.inbox)
		if err != nil {
			return err
		}
		if ln.epoch != 0 && l.Owner != s.owner && s.now().Before(l.Until) {
			return errLeaseLost
		}
		if l.Owner != s.owner || l.Epoch != ln.epoch {
			l.Owner, l.Epoch = s.owner, l.Epoch+1
		}
		l.Until = s.now().Add(leaseTime)
		epoch = l.Epoch
		return tx.PutLease(ln.account, ln.inbox, l)
	})
	if err != nil {
		return err
	}
	if epoch != ln.epoch {
		ln.epoch, ln.recovered = epoch, false
	}
	ln.renewed = mono
	if !ln.recovered {
		if err := s.recover(ctx, ln); err != nil {
			return err
		}
		ln.recovered = true
	}
	return nil
}

// recoverPage is how many attempts one transaction of a recovery marks.
const recoverPage = 500

// recover marks as unconfirmed every text of the inbox that is still "sending"
// under an older epoch. It runs before the first claim of an epoch; if the
// power goes meanwhile, the next epoch does the rest.
func (s *Service) recover(ctx context.Context, ln *lane) error {
	return s.recoverInbox(ctx, ln.account, ln.inbox, func(d liadesk.Delivery) bool { return d.Epoch < ln.epoch })
}

// recoverGone does the same for an inbox that was deleted, for which nobody
// takes a lease any more: its texts are uncertain when their posts are over.
func (s *Service) recoverGone(ctx context.Context, c liadesk.SMSCampaign) error {
	var t tallied
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		t, err = figures(tx, c.AccountID, c.ID)
		return err
	})
	if err != nil || t.rows[liadesk.DeliverySending] == 0 {
		return err
	}
	now := s.now()
	return s.recoverInbox(ctx, c.AccountID, c.InboxID, func(d liadesk.Delivery) bool { return now.After(d.Deadline) })
}

func (s *Service) recoverInbox(ctx context.Context, account, inbox liadesk.ID, lost func(liadesk.Delivery) bool) error {
	var after liadesk.Attempt
	for {
		var page []liadesk.Attempt
		err := s.Store.Update(ctx, func(tx *db.Tx) (err error) {
			page, err = tx.OpenAttempts(account, inbox, "", after, recoverPage)
			if err != nil {
				return err
			}
			l := newLedger(tx, account, inbox[15], s.now())
			for _, a := range page {
				if err := s.recoverOne(l, a, lost); err != nil {
					return err
				}
			}
			return l.close()
		})
		if err != nil {
			return err
		}
		if len(page) < recoverPage {
			return nil
		}
		after = page[len(page)-1]
	}
}

func (s *Service) recoverOne(l *ledger, a liadesk.Attempt, lost func(liadesk.Delivery) bool) error {
	d := a.Alone
	if a.Cause == liadesk.CauseCampaign {
		row, found, err := l.tx.Delivery(l.account, a.CampaignID, a.Phone)
		if err != nil || !found {
			return err
		}
		d = &row
	}
	if d == nil || d.AttemptID != a.ID || d.Status != liadesk.DeliverySending || !lost(*d) {
		return nil
	}
	ch, err := l.apply(a, liadesk.DeliveryEvent{Kind: liadesk.EventUncertain, AttemptID: a.ID, At: l.now, Code: "interrupted"})
	if err != nil {
		return err
	}
	return s.tell(l.tx, ch)
}
