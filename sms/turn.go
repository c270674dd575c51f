package sms

import (
	"context"
	"errors"
	"slices"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// claiming is a lane for which a turn claims: at most n texts.
type claiming struct {
	lane *lane
	n    int
	// all tells that n is what the lane could have at most, as far as its pace
	// goes: once it has them there is no more to do for it.
	all  bool
	took *claimer
}

// turn records results and claims, in the same transaction, as many texts as
// they made room for: one commit where there would be two. What is known comes
// first: when that transaction fails, the results are recorded alone, and the
// sender's own round claims.
//
// Should the process be told to stop while it commits, what it claimed is not
// posted; it goes back with the next results.
//
// More tells whether the results made room that is not taken again: then the
// sender's round is to look.
func (s *Service) turn(ctx context.Context, r *running, batch []result) (more bool, err error) {
	lanes, all := s.beginTurn(batch)
	if len(lanes) == 0 {
		return true, s.record(ctx, batch)
	}
	defer s.endTurn(lanes)
	now, mono := s.now(), s.Monotonic()
	shuts, known := s.Store.Shuts()
	err = s.Store.Update(ctx, func(tx *db.Tx) error {
		if err := s.recordIn(tx, batch); err != nil {
			return err
		}
		for i, l := range lanes {
			c, err := s.claimIn(tx, l.lane, l.n)
			if lanes[i].took = c; errors.Is(err, errLeaseLost) {
				lanes[i].took = nil // the round that follows looks at the lease
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return true, s.record(ctx, batch)
	}
	s.recorded(batch)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lanes {
		if l.took == nil {
			all = false
			continue
		}
		l.took.from(shuts, known)
		jobs := l.took.jobs
		all = all && l.all && len(jobs) == l.n
		l.lane.beyond = l.took.beyond
		l.lane.pay(mono, len(jobs))
		l.lane.turn++
		l.lane.inflight += len(jobs)
		s.inflight += len(jobs)
		if !s.stopping {
			r.postAll(jobs)
			continue
		}
		for _, j := range jobs {
			s.done = append(s.done, result{job: j, event: liadesk.DeliveryEvent{Kind: liadesk.EventNotTaken, AttemptID: j.attempt.ID, At: now}})
		}
	}
	return !all, nil
}

// beginTurn finds the lanes of a batch for which may be claimed at once, tells
// whether those are all of them, and keeps others from claiming for them. After a refusal of an inbox there is
// none: the sender's round knows how long to wait. Nor is there when another
// lane found no room: what the batch made is shared out in that round.
func (s *Service) beginTurn(batch []result) (lanes []claiming, all bool) {
	if len(batch) > recordMost || !s.clockSteady() || s.diskLow() ||
		slices.ContainsFunc(batch, func(r result) bool { return r.condition != nil }) {
		return nil, false
	}
	mono := s.Monotonic()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.hungry {
		return nil, false
	}
	free := make(map[*lane]int)
	for _, r := range batch {
		free[r.job.lane]++
	}
	// Each has what it gives back for sure, and of the rest whoever comes first.
	spare := s.Workers - s.inflight - s.claiming
	for ln, back := range free {
		most := min(ln.room(s.Workers)+back, back+max(0, spare))
		n := min(ln.tokens(mono), most)
		if n <= 0 || ln.busy || ln.resting || ln.careful() || ln.quiet > mono || !ln.recovered || mono-ln.renewed >= leaseTime/3 {
			continue
		}
		ln.busy = true
		spare -= max(0, n-back)
		s.claiming += n
		lanes = append(lanes, claiming{lane: ln, n: n, all: n == most})
	}
	return lanes, len(lanes) == len(free)
}

func (s *Service) endTurn(lanes []claiming) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lanes {
		l.lane.busy = false
		s.claiming -= l.n
	}
}
