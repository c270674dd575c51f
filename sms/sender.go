package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// idleWait is how often the sender looks for work that nobody told it of.
const idleWait = time.Second

// running is the sender between Start and Stop.
type running struct {
	stop   chan struct{} // closed: claim no more
	posted chan struct{} // closed: nothing is claimed or posted any more
	ended  chan struct{} // closed: everything in flight is recorded
	abort  context.CancelFunc
	signal chan struct{} // holds one token: a result waits to be recorded
	jobs   chan *job     // claimed, to be posted; has room for all that may be in flight
	posts  sync.WaitGroup
	lost   error // why the last results were given up; to be read after ended
}

// lastTries is how often a sender that was stopped tries to record what it knows
// on a disk that takes nothing, a second apart. Whoever stops it waits no longer
// than that; the texts are found as after a crash, and the carrier's reports
// settle them.
const lastTries = 5

// Start begins to send in the background until Stop.
func (s *Service) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return
	}
	ctx, abort := context.WithCancel(context.Background())
	r := &running{
		stop: make(chan struct{}), posted: make(chan struct{}), ended: make(chan struct{}),
		abort: abort, signal: make(chan struct{}, 1), jobs: make(chan *job, s.Workers),
	}
	s.run, s.stopping = r, false
	// A goroutine of its own for each text would grow its stack each time.
	for range s.Workers {
		r.posts.Go(func() { s.postLoop(ctx, r) })
	}
	go func() {
		defer close(r.ended)
		s.recordLoop(ctx, r)
	}()
	go func() {
		defer close(r.posted)
		s.claimLoop(ctx, r)
		close(r.jobs) // nor does a turn post any more: that ends with stopping
		r.posts.Wait()
	}()
}

// Stop claims nothing more, waits until every text in flight is posted and
// recorded, and returns nil; or, when ctx ends first, its error, or that of a
// disk that takes nothing: what is still in flight is then left to the next
// start, as after a crash. The callbacks' edge should stay open until it returns.
func (s *Service) Stop(ctx context.Context) error {
	s.stopForecasts()
	s.mu.Lock()
	r := s.run
	if r == nil {
		s.mu.Unlock()
		return nil
	}
	if !s.stopping {
		s.stopping = true
		close(r.stop)
	}
	s.mu.Unlock()
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.abort()
		return ctx.Err()
	}
	r.abort()
	s.mu.Lock()
	s.run = nil
	s.mu.Unlock()
	return r.lost
}

func (r *running) poke() {
	select {
	case r.signal <- struct{}{}:
	default:
	}
}

// claimLoop claims and posts until it is told to stop.
func (s *Service) claimLoop(ctx context.Context, r *running) {
	for {
		select {
		case <-r.stop:
			return
		default:
		}
		jobs, wait, err := s.dispatch(ctx)
		if err != nil {
			s.Log.Error("texts could not be claimed", "error", err)
		}
		r.postAll(jobs)
		timer := s.Clock.NewTimer(wait)
		select {
		case <-r.stop:
		case <-s.wake:
		case <-timer.Chan():
		}
		timer.Stop()
	}
}

// postAll hands jobs to those who post. It does not wait: there is room for as
// many as may be claimed.
func (r *running) postAll(jobs []*job) {
	for _, j := range jobs {
		r.jobs <- j
	}
}

// postLoop posts jobs until there will be none. A post that has begun is not
// broken off by Stop: it would only become uncertain.
func (s *Service) postLoop(ctx context.Context, r *running) {
	for j := range r.jobs {
		res := s.post(ctx, j)
		s.mu.Lock()
		s.done = append(s.done, res)
		s.mu.Unlock()
		r.poke()
	}
}

// recordLoop records results as they come: while one transaction is written,
// the next gathers. It ends when nothing is posted any more and everything is
// recorded.
func (s *Service) recordLoop(ctx context.Context, r *running) {
	posted, last, tries := r.posted, false, 0
	for {
		s.mu.Lock()
		batch := s.done
		s.done = nil
		s.mu.Unlock()
		if len(batch) == 0 {
			if last {
				return
			}
			select {
			case <-r.signal:
			case <-posted:
				posted, last = nil, true // look once more: a result may just have come
			case <-ctx.Done():
				return
			}
			continue
		}
		more, err := s.turn(ctx, r, batch)
		if err != nil {
			s.Log.Error("outcomes of texts wait in memory, for they cannot be stored", "count", len(batch), "error", err)
			select {
			case <-r.posted:
				if tries++; tries >= lastTries {
					r.lost = fmt.Errorf("the outcomes of %d texts are not recorded; the next start holds them for uncertain: %w", len(batch), err)
					return
				}
			default:
			}
			select {
			case <-ctx.Done():
				return
			case <-s.Clock.After(firstWait):
			}
			continue
		}
		tries = 0
		if more {
			s.Wake(liadesk.ID{}) // there is room again
		}
		s.gather(r)
	}
}

// lull is how long no result comes before those that are there are recorded.
const lull = 300 * time.Microsecond

// gather waits while one result follows another, until half of what is in
// flight has come: fewer and larger transactions, while the other half is being
// posted. Where answers take their time it does not wait for them.
func (s *Service) gather(r *running) {
	for {
		s.mu.Lock()
		half := 2*len(s.done) >= s.inflight
		s.mu.Unlock()
		if half {
			return
		}
		quiet := time.NewTimer(lull) // of the machine, whatever time it is taken for
		select {
		case <-r.signal:
			quiet.Stop()
		case <-quiet.C:
			return
		}
	}
}

// Step does one round in the caller's goroutine: what could not be recorded is
// tried again, then every inbox claims, posts and records. It returns how many
// texts it dealt with and how long to wait before the next round has something
// to do. It is for tests and tools; a service that was started needs none.
func (s *Service) Step(ctx context.Context) (n int, wait time.Duration, err error) {
	s.mu.Lock()
	batch := s.done
	s.done = nil
	s.mu.Unlock()
	if err := s.record(ctx, batch); err != nil {
		return 0, firstWait, err
	}
	jobs, wait, err := s.dispatch(ctx)
	results := make([]result, len(jobs))
	if s.Workers == 1 {
		for i, j := range jobs {
			results[i] = s.post(ctx, j)
		}
	} else {
		var posts sync.WaitGroup
		for i, j := range jobs {
			posts.Go(func() { results[i] = s.post(ctx, j) })
		}
		posts.Wait()
	}
	return len(jobs), wait, errors.Join(err, s.record(ctx, results))
}

// dispatch claims for every inbox what it may send now. Wait is how long until
// there is more to do if nobody calls Wake.
func (s *Service) dispatch(ctx context.Context) (jobs []*job, wait time.Duration, err error) {
	if !s.clockSteady() || s.diskLow() {
		return nil, idleWait, nil
	}
	lanes, err := s.workingLanes(ctx)
	if err != nil {
		return nil, idleWait, err
	}
	wait = idleWait
	var errs []error
	for i, ln := range s.byAppetite(lanes) {
		claimed, next, err := s.dispatchLane(ctx, ln, len(lanes)-i)
		errs = append(errs, err)
		jobs = append(jobs, claimed...)
		wait = min(wait, next)
	}
	return jobs, max(wait, time.Millisecond), errors.Join(errs...)
}

// workingLanes finds the SMS inboxes with a text in the outbox or a campaign
// that sends, in the order of their ids; and once after the start all of them,
// for each may have texts that an older process left in flight.
func (s *Service) workingLanes(ctx context.Context) ([]*lane, error) {
	var lanes []*lane
	for after := (liadesk.ID{}); ; {
		var ids []liadesk.ID
		err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
			if _, held, err := tx.Held(); err != nil || held {
				return err
			}
			if ids, err = tx.AccountIDs(after, accountsPage); err != nil {
				return err
			}
			for _, account := range ids {
				more, err := s.lanesOf(tx, account)
				if err != nil {
					return err
				}
				lanes = append(lanes, more...)
			}
			return nil
		})
		if err != nil || len(ids) < accountsPage {
			return lanes, err
		}
		after = ids[len(ids)-1]
	}
}

func (s *Service) lanesOf(tx *db.Tx, account liadesk.ID) ([]*lane, error) {
	inboxes, err := tx.Inboxes(account)
	if err != nil {
		return nil, err
	}
	sending, err := tx.SMSCampaignsDue(account, liadesk.SMSSending, time.Time{})
	if err != nil {
		return nil, err
	}
	var lanes []*lane
	for _, in := range inboxes {
		if in.Kind != liadesk.InboxSMS || in.SMS == nil {
			continue
		}
		ln := s.laneOf(in)
		works := ln.epoch == 0 ||
			slices.ContainsFunc(sending, func(c liadesk.SMSCampaign) bool { return c.InboxID == in.ID && c.Frozen })
		if !works {
			items, err := tx.Outbox(account, in.ID, 1)
			if err != nil {
				return nil, err
			}
			works = len(items) > 0
		}
		if works {
			lanes = append(lanes, ln)
		}
	}
	return lanes, nil
}

// laneOf is the lane of an inbox, brought up to its settings.
func (s *Service) laneOf(in liadesk.Inbox) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	ln := s.lanes[in.ID]
	if ln == nil {
		ln = &lane{account: in.AccountID, inbox: in.ID, version: in.Version, dry: -idleWait}
		if in.SMS.Trouble == liadesk.TroubleNoAnswer {
			// The process before this one found out; it need not be paid for again
			// with texts that nobody knows about.
			ln.doubts = carefulFrom
		}
		s.lanes[in.ID] = ln
	}
	ln.authID = in.SMS.AuthID
	ln.pace(in.SMS.MessagesPerSecond, s.Monotonic())
	ln.resting = mustRest(in.SMS.Trouble)
	if ln.version != in.Version {
		ln.version, ln.quiet, ln.wait = in.Version, 0, 0 // a person mended something
	}
	return ln
}

// byAppetite orders lanes by how much they could claim, those that could claim
// least first: what they leave of their share, the others have. It begins a
// round: whoever finds no room in it is hungry.
func (s *Service) byAppetite(lanes []*lane) []*lane {
	mono := s.Monotonic()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hungry = false
	slices.SortStableFunc(lanes, func(a, b *lane) int {
		return cmp.Compare(a.appetite(mono, s.Workers), b.appetite(mono, s.Workers))
	})
	return lanes
}

// dispatchLane claims for one lane, at most its share of the room that the
// process has left, which so many lanes are to have.
func (s *Service) dispatchLane(ctx context.Context, ln *lane, among int) ([]*job, time.Duration, error) {
	mono := s.Monotonic()
	s.mu.Lock()
	free := s.Workers - s.inflight - s.claiming
	wants := ln.appetite(mono, s.Workers)
	n := min(wants, (free+among-1)/among)
	if free <= 0 && wants > 0 && mono-ln.dry >= idleWait {
		s.hungry = true
	}
	quiet, resting := ln.quiet-mono, ln.resting
	tokenIn := ln.untilToken(mono)
	busy := ln.busy
	claims := n > 0
	if claims {
		ln.busy = true
		s.claiming += n
	}
	s.mu.Unlock()
	switch {
	case claims:
	case quiet > 0:
		return nil, quiet, nil
	case !busy && tokenIn > 0:
		return nil, tokenIn, nil
	default:
		return nil, idleWait, nil // the end of that claim, or a result that is recorded, wakes the sender
	}
	defer func() {
		s.mu.Lock()
		ln.busy = false
		s.claiming -= n
		s.mu.Unlock()
	}()
	if err := s.lease(ctx, ln); err != nil {
		if errors.Is(err, errLeaseLost) {
			err = nil
		}
		return nil, idleWait, err
	}
	jobs, err := s.claim(ctx, ln, n)
	if errors.Is(err, errLeaseLost) {
		ln.renewed = mono - leaseTime // look at the lease again before the next claim
		return nil, idleWait, nil
	}
	if err != nil {
		return nil, idleWait, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ln.pay(mono, len(jobs))
	ln.turn++
	ln.inflight += len(jobs)
	s.inflight += len(jobs)
	for i := range jobs {
		jobs[i].probe = resting
	}
	if len(jobs) == 0 {
		ln.dry = mono
		return nil, idleWait, nil
	}
	return jobs, ln.untilToken(mono), nil
}
