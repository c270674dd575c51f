package sms

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// job is a claimed text on its way to the carrier.
type job struct {
	lane    *lane
	inbox   *liadesk.Inbox
	account *liadesk.Account
	// credentials are the inbox's, opened once for all texts of a claim.
	credentials func() (Credentials, error)
	attempt     liadesk.Attempt
	leased      time.Duration // monotonic: the last renewal of the lease
	probe       bool          // the one text that tries a troubled inbox

	// gate is the account's as it was when the text was claimed, and shuts the
	// store's count from before that, if known says that it tells all.
	gate, shuts uint64
	known       bool
	// until is when time alone may forbid it: texting windows begin and end on
	// whole minutes, in every zone.
	until time.Time

	campaign *liadesk.SMSCampaign // nil for a text of the outbox
	ends     time.Time            // when its hours or the campaign end, zero for never
	row      liadesk.Delivery     // of the campaign's text, as claimed
	stored   []byte               // the row's record
	first    bool                 // see isFirst
	contact  *liadesk.Contact
	class    string
	item     *liadesk.OutboxItem
}

// claim takes at most n texts of a lane for sending, in one transaction: the
// rows say "sending" on the disk before anything leaves the machine. Texts of
// the outbox go first, then the campaigns of the inbox take turns.
//
// If the power goes after the commit, the rows are found by the next epoch and
// held for unconfirmed; before it, nothing was claimed.
func (s *Service) claim(ctx context.Context, ln *lane, n int) ([]*job, error) {
	var c *claimer
	shuts, known := s.Store.Shuts()
	err := s.Store.Update(ctx, func(tx *db.Tx) (err error) {
		c, err = s.claimIn(tx, ln, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	ln.beyond = c.beyond
	c.from(shuts, known)
	return c.jobs, nil
}

// from notes on the jobs what the store counted before they were claimed.
func (c *claimer) from(shuts uint64, known bool) {
	for _, j := range c.jobs {
		j.shuts, j.known = shuts, known
	}
}

// claimIn is claim in the caller's transaction.
func (s *Service) claimIn(tx *db.Tx, ln *lane, n int) (*claimer, error) {
	lease, err := tx.Lease(ln.account, ln.inbox)
	if err != nil {
		return nil, err
	}
	if lease.Owner != s.owner || lease.Epoch != ln.epoch {
		return nil, errLeaseLost
	}
	c := &claimer{s: s, tx: tx, lane: ln, now: s.now(), leased: ln.renewed, want: n, beyond: maps.Clone(ln.beyond)}
	if c.beyond == nil {
		c.beyond = make(map[string]uint32)
	}
	if err := c.run(); err != nil || len(c.jobs) == 0 && !c.changed {
		return c, err
	}
	if len(c.jobs) > 0 {
		lease.ClaimedAt = c.now
	}
	if err := tx.PutLease(ln.account, ln.inbox, lease); err != nil {
		return nil, err
	}
	return c, c.ledger.close()
}

// claimer is one claim's transaction.
type claimer struct {
	s       *Service
	tx      *db.Tx
	lane    *lane
	now     time.Time
	leased  time.Duration
	want    int
	ledger  *ledger
	account *liadesk.Account
	inbox   *liadesk.Inbox
	opened  func() (Credentials, error)
	gate    uint64
	jobs    []*job
	changed bool // recipients were moved although none was claimed
	waiting bool // somebody of those looked at last waits for minutes
	beyond  map[string]uint32
	ends    map[string]time.Time // see endsOf
}

func (c *claimer) run() error {
	c.ledger = newLedger(c.tx, c.lane.account, 0, c.now)
	_, held, err := c.tx.Held()
	if err != nil || held {
		return err
	}
	account, found, err := c.tx.SharedAccount(c.lane.account)
	if err != nil || !found {
		return err
	}
	inbox, found, err := c.tx.SharedInbox(c.lane.account, c.lane.inbox)
	if err != nil || !found || inbox.SMS == nil {
		return err
	}
	c.account, c.inbox = &account, &inbox
	c.opened = sync.OnceValues(func() (Credentials, error) {
		id, token, err := c.s.Credentials(inbox)
		return Credentials{AuthID: id, AuthToken: token}, err
	})
	if c.gate, err = c.tx.Gate(account.ID); err != nil {
		return err
	}
	if err := c.outbox(); err != nil || c.full() || !c.account.Plan.Paid() {
		return err
	}
	campaigns, err := c.tx.SMSCampaignsDue(c.account.ID, liadesk.SMSSending, time.Time{})
	if err != nil {
		return err
	}
	var ours []*liadesk.SMSCampaign
	for _, sc := range campaigns {
		if sc.InboxID == c.inbox.ID && sc.Frozen && sc.Sweep == liadesk.SweepNone && (sc.ExpiresAt.IsZero() || c.now.Before(sc.ExpiresAt)) {
			ours = append(ours, &sc)
		}
	}
	for i := range ours {
		// Each claim begins with the next campaign, and leaves something for
		// those behind it.
		sc := ours[(c.lane.turn+i)%len(ours)]
		share := (c.want - len(c.jobs) + len(ours) - i - 1) / (len(ours) - i)
		if err := c.campaign(sc, len(c.jobs)+share); err != nil || c.full() {
			return err
		}
	}
	return nil
}

func (c *claimer) full() bool { return len(c.jobs) >= c.want }

// outbox claims texts that go ahead of campaigns. The attempt has the id of the
// item, so that one that the carrier did not take goes on as the same attempt.
func (c *claimer) outbox() error {
	items, err := c.tx.Outbox(c.lane.account, c.lane.inbox, c.want)
	if err != nil {
		return err
	}
	for _, item := range items {
		a, found, err := c.tx.Attempt(item.AccountID, item.ID)
		if err != nil {
			return err
		}
		if err := c.tx.DeleteOutbox(item); err != nil {
			return err
		}
		c.changed = true
		if found && a.Alone != nil && a.Alone.Status != liadesk.DeliveryPending {
			continue // it was taken after all
		}
		if c.now.Sub(item.CreatedAt) > keepsFor(item.Cause) {
			if err := c.s.drop(c.tx, item, codeTooLate); err != nil {
				return err
			}
			continue
		}
		row := liadesk.Delivery{ID: item.ID}
		if found && a.Alone != nil {
			row = *a.Alone
		}
		a = liadesk.Attempt{
			ID: item.ID, AccountID: item.AccountID, InboxID: item.InboxID, Cause: item.Cause, Phone: item.Phone,
			StartedAt: c.now, Deadline: c.now.Add(leaseTime), ConversationID: item.ConversationID, MessageID: item.MessageID,
		}
		row.Phone, row.Status, row.AttemptID = item.Phone, liadesk.DeliverySending, item.ID
		row.Owner, row.Epoch, row.StartedAt, row.Deadline, row.UpdatedAt = c.s.owner, c.lane.epoch, c.now, a.Deadline, c.now
		a.Alone = &row
		if err := c.tx.OpenAttempt(a); err != nil {
			return err
		}
		c.jobs = append(c.jobs, &job{lane: c.lane, inbox: c.inbox, account: c.account, credentials: c.opened, attempt: a, leased: c.leased, item: &item})
	}
	return nil
}

// codeTooLate is why a text of the outbox did not go: it waited too long.
const codeTooLate = "too_late"

// keepsFor is how long a text of the outbox may wait, for an inbox without
// credit or a carrier that is down. A confirmation of an opt-out is allowed
// within five minutes (47 CFR 64.1200(a)(12)), and nothing after that; whoever
// asks for help or a test wants it now; what an agent answers is worth a day.
func keepsFor(cause liadesk.Cause) time.Duration {
	switch cause {
	case liadesk.CauseConfirmation:
		return 5 * time.Minute
	case liadesk.CauseTest:
		return time.Hour
	}
	return 24 * time.Hour
}

// campaign claims from the open window classes of one campaign until there are
// most jobs.
func (c *claimer) campaign(sc *liadesk.SMSCampaign, most int) error {
	now, err := figures(c.tx, c.account.ID, sc.ID)
	if err != nil {
		return err
	}
	for _, class := range slices.Sorted(maps.Keys(now.pending)) {
		if mayText(*c.account, *sc, class, c.now) {
			if err := c.class(sc, class, most); err != nil || len(c.jobs) >= most {
				return err
			}
		}
	}
	return nil
}

// class claims from one window class. Those whom restraint lets wait for some
// minutes stay where they are, and the next claim begins behind them, so that
// they hold up nobody.
func (c *claimer) class(sc *liadesk.SMSCampaign, class string, most int) error {
	place := sc.ID.String() + class
	from := c.beyond[place]
	chunk := db.ChunkOf(from)
	for range claimRounds {
		if len(c.jobs) >= most {
			return nil
		}
		parts, err := c.tx.FrozenFrom(c.account.ID, sc.ID, pendingSet+class, chunk, 1)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			delete(c.beyond, place) // the next claim begins anew
			return nil
		}
		part := parts[0]
		dense := make([]uint32, 0, most-len(c.jobs))
		it := part.Bits.Iterator()
		it.AdvanceIfNeeded(from)
		for it.HasNext() && len(dense) < cap(dense) {
			dense = append(dense, it.Next())
		}
		if chunk = part.Chunk; len(dense) == 0 {
			chunk++
			continue
		}
		taken := roaring.BitmapOf(dense...)
		out, err := c.tx.FrozenRemove(c.account.ID, sc.ID, part.Set, part.Chunk, taken)
		if err != nil {
			return err
		}
		c.ledger.count(sc.ID, part.Set, -out)
		c.changed = true
		c.waiting = false
		if err := c.people(sc, class, dense); err != nil {
			return err
		}
		if c.waiting {
			from = dense[len(dense)-1] + 1
			c.beyond[place] = from
		}
	}
	return nil
}

// claimRounds bounds how many people one transaction may put aside while it
// looks for some to text; the next claim goes on from there.
const claimRounds = 16

// people makes rows of claimed recipients, or puts those aside who must not be
// texted after all: much may have changed since the freeze.
func (c *claimer) people(sc *liadesk.SMSCampaign, class string, dense []uint32) error {
	found, err := c.tx.ContactsByDense(c.account.ID, dense)
	if err != nil {
		return err
	}
	people := make(map[uint32]*liadesk.Contact, len(found))
	numbers := make([]string, 0, len(found))
	for i := range found {
		p := &found[i]
		people[p.Dense] = p
		if p.Phone != "" {
			numbers = append(numbers, p.Phone)
		}
	}
	out, err := c.tx.OptedOut(c.account.ID, numbers)
	if err != nil {
		return err
	}
	rows, err := c.tx.Deliveries(c.account.ID, sc.ID, numbers)
	if err != nil {
		return err
	}
	lately, err := c.tx.Texted(c.account.ID, numbers)
	if err != nil {
		return err
	}
	// A row for the number means that this campaign has dealt with it: under
	// another contact that had the number then, or, should the sets and the
	// rows ever disagree, under this one. Nobody is texted twice either way.
	texted := make(map[string]bool, len(numbers))
	for number := range rows {
		texted[number] = true
	}
	claimed := roaring.New()
	for _, n := range dense {
		p, known := people[n]
		if !known {
			p = &liadesk.Contact{}
		}
		set, now := "", class
		if reason := barred(sc, p, known, out[p.Phone], texted[p.Phone]); reason != "" {
			set = skippedSet + string(reason)
		} else if p.Class != "" && p.Class != class {
			// The number or its zone changed since the freeze; perhaps it is
			// night where it is now.
			if now = p.Class; blocked(*c.account, sc.Purpose, now) {
				set = skippedSet + string(liadesk.SkipBlockedCountry)
			} else if !mayText(*c.account, *sc, now, c.now) {
				set = pendingSet + now
			}
		}
		if set == "" {
			switch restraint(*c.account, *sc, now, lately[p.Phone], c.now) {
			case leftOut:
				set = skippedSet + string(liadesk.SkipRecentlyTexted)
			case waits:
				set, c.waiting = pendingSet+now, true
			}
		}
		if set != "" {
			if err := c.ledger.add(sc.ID, set, n); err != nil {
				return err
			}
			continue
		}
		if err := c.take(sc, p, now, isFirst(lately[p.Phone], sc.ID)); err != nil {
			return err
		}
		texted[p.Phone] = true
		claimed.Add(n)
	}
	if claimed.IsEmpty() || sc.Purpose == liadesk.PurposeTransactional {
		return nil
	}
	return c.tx.AddTextedLately(c.account.ID, c.now, claimed)
}

// barred tells why a recipient must not be texted, "" when nothing is against
// it.
func barred(sc *liadesk.SMSCampaign, p *liadesk.Contact, known, optedOut, texted bool) liadesk.SkipReason {
	switch {
	case !known:
		return liadesk.SkipDeleted
	case p.Phone == "":
		return liadesk.SkipNoNumber
	case p.BadNumber != "":
		return liadesk.SkipInvalidNumber
	case p.CannotText:
		return liadesk.SkipCannotText
	case optedOut:
		return liadesk.SkipOptedOut
	case sc.Purpose != liadesk.PurposeTransactional && p.IsHeld():
		return liadesk.SkipHeld
	case sc.Purpose != liadesk.PurposeTransactional && p.Consent.State != liadesk.ConsentGranted:
		return liadesk.SkipNoConsent
	case texted:
		return liadesk.SkipRecentlyTexted
	}
	return ""
}

func (c *claimer) take(sc *liadesk.SMSCampaign, p *liadesk.Contact, class string, first bool) error {
	a := liadesk.Attempt{
		ID: c.s.IDs(), AccountID: c.account.ID, InboxID: c.inbox.ID, Cause: liadesk.CauseCampaign, Phone: p.Phone,
		StartedAt: c.now, Deadline: c.now.Add(leaseTime), CampaignID: sc.ID, ContactID: p.ID, Dense: p.Dense, Class: class,
		Marketing: sc.Purpose != liadesk.PurposeTransactional,
	}
	row := newRow(a, liadesk.DeliverySending)
	row.Owner, row.Epoch = c.s.owner, c.lane.epoch
	if err := c.tx.OpenAttempt(a); err != nil {
		return err
	}
	stored, err := c.tx.AddDelivery(c.account.ID, row)
	if err != nil {
		return err
	}
	c.ledger.countRow(sc.ID, row, 1)
	until := c.now.Truncate(time.Minute).Add(time.Minute)
	if !sc.ExpiresAt.IsZero() && sc.ExpiresAt.Before(until) {
		until = sc.ExpiresAt
	}
	c.jobs = append(c.jobs, &job{lane: c.lane, inbox: c.inbox, account: c.account, credentials: c.opened, attempt: a, leased: c.leased,
		gate: c.gate, until: until, campaign: sc, ends: c.endsOf(sc, class), row: row, stored: stored, first: first, contact: p, class: class})
	return nil
}

// endsOf is when a campaign may no more reach the numbers of a class that it may
// reach now, zero for never.
func (c *claimer) endsOf(sc *liadesk.SMSCampaign, class string) time.Time {
	place := sc.ID.String() + class
	at, known := c.ends[place]
	if !known {
		at = nextOf(*c.account, *sc, class, 0, c.now).until
		if c.ends == nil {
			c.ends = make(map[string]time.Time)
		}
		c.ends[place] = at
	}
	return at
}

// callbackURL is where the carrier reports on an attempt.
func (s *Service) callbackURL(a liadesk.Attempt) string {
	return strings.TrimSuffix(s.PublicURL, "/") + StatusPath(a.InboxID, a.ID.String())
}

// StatusPath is the path of the reports on one attempt, and InboundPath that of
// the texts to an inbox.
func StatusPath(inbox liadesk.ID, attempt string) string {
	return "/webhooks/plivo/" + inbox.String() + "/status/" + attempt
}

// InboundPath is the path to which the carrier brings the texts to an inbox.
func InboundPath(inbox liadesk.ID) string { return "/webhooks/plivo/" + inbox.String() + "/inbound" }
