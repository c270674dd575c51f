package sms

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// freeze fixes the audience of a campaign that has begun: every contact of the
// audience becomes a bit in exactly one set. It works chunk by chunk, each in a
// transaction of its own that also moves the cursor: if the power goes, it goes
// on at the chunk that was not done. Pausing stops it between two chunks.
// Contacts that come or change while it runs are taken as they are when their
// chunk is done; what came of other campaigns, as it was when this process
// began to freeze, for to read it takes too long while others want to write.
func (s *Service) freeze(ctx context.Context, c liadesk.SMSCampaign) error {
	return s.freezeWhile(ctx, c, func(now liadesk.SMSCampaign) bool { return now.Status == liadesk.SMSSending })
}

// freezeEarly is freeze for a campaign whose time has come but which does not
// send (yet): what the carrier's list shows is held against its audience.
func (s *Service) freezeEarly(ctx context.Context, c liadesk.SMSCampaign) error {
	return s.freezeWhile(ctx, c, func(now liadesk.SMSCampaign) bool { return now.Status.Waits() })
}

func (s *Service) freezeWhile(ctx context.Context, c liadesk.SMSCampaign, goOn func(liadesk.SMSCampaign) bool) error {
	var outcomes audience.Outcomes
	if err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		outcomes, err = audience.ReadOutcomes(tx, c.AccountID, c.Audience)
		return err
	}); err != nil {
		return err
	}
	for {
		done := false
		err := s.Store.Update(ctx, func(tx *db.Tx) error {
			done = true
			now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
			if err != nil || !found || now.Frozen || !goOn(now) {
				return err
			}
			done, err = s.freezeChunk(tx, now, outcomes)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// noClass is the window class of numbers about which nothing is known. Whoever
// is in reach has a number and so a class of its own; should an index not be
// whole, its people wait here where they are seen, rather than being lost.
const noClass = "//"

// freezeChunk does the next chunk and tells whether it was the last.
func (s *Service) freezeChunk(tx *db.Tx, c liadesk.SMSCampaign, outcomes audience.Outcomes) (done bool, err error) {
	highest, err := tx.MaxDense(c.AccountID)
	if err != nil {
		return false, err
	}
	l := newLedger(tx, c.AccountID, c.ID[15], s.now())
	if c.FreezeChunk <= db.ChunkOf(highest) {
		n, err := s.freezeSets(l, c, outcomes)
		if err != nil {
			return false, err
		}
		c.Targeted += n
		c.FreezeChunk++
	}
	if c.FreezeChunk > db.ChunkOf(highest) {
		c.Frozen, done = true, true
	}
	if err := l.close(); err != nil {
		return false, err
	}
	return done, tx.PutSMSCampaign(c)
}

// freezeSets puts one chunk's part of the audience into sets and tells how many
// people that are.
func (s *Service) freezeSets(l *ledger, c liadesk.SMSCampaign, outcomes audience.Outcomes) (int64, error) {
	split, err := audience.EvaluateChunk(l.tx, c.AccountID, c.Audience, c.Purpose, c.FreezeChunk, outcomes)
	if err != nil {
		return 0, err
	}
	var all int64
	put := func(set string, bits *roaring.Bitmap) error {
		n, err := l.tx.FrozenAdd(c.AccountID, c.ID, set, c.FreezeChunk, bits)
		l.count(c.ID, set, n)
		all += n
		return err
	}
	for _, reason := range liadesk.SkipReasons {
		if bits := split.Skipped[reason]; bits != nil {
			if err := put(skippedSet+string(reason), bits); err != nil {
				return 0, err
			}
		}
	}
	if split.Reachable.IsEmpty() {
		return all, nil
	}
	classes, err := l.tx.ContactClasses(c.AccountID)
	if err != nil {
		return 0, err
	}
	refs := make([]db.SetRef, len(classes))
	for i, class := range classes {
		refs[i] = db.SetRef{Field: "class", Value: class}
	}
	members, err := l.tx.ReadSetsChunk(c.AccountID, refs, c.FreezeChunk)
	if err != nil {
		return 0, err
	}
	rest := split.Reachable.Clone()
	for i, class := range classes {
		bits := roaring.And(rest, members[i])
		rest.AndNot(bits)
		if err := put(pendingSet+class, bits); err != nil {
			return 0, err
		}
	}
	return all, put(pendingSet+noClass, rest)
}

// sweepChunks is how many chunks one transaction of a sweep puts aside.
const sweepChunks = 32

// sweep puts the waiting recipients of an ended campaign where they belong, in
// bounded transactions. The sets shrink as it goes, so that they are its
// cursor.
func (s *Service) sweep(ctx context.Context, c liadesk.SMSCampaign) error {
	for more := c.Sweep != liadesk.SweepNone; more; {
		err := s.Store.Update(ctx, func(tx *db.Tx) error {
			more = false
			now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
			if err != nil || !found || now.Sweep == liadesk.SweepNone {
				return err
			}
			more, err = s.sweepSome(tx, now)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepSome puts some chunks aside and tells whether there may be more. With
// none left it ends the sweep of a campaign that has ended. One that has
// expired keeps the mark until it completes, for texts that are under way may
// still come back.
func (s *Service) sweepSome(tx *db.Tx, c liadesk.SMSCampaign) (more bool, err error) {
	to := expiredSet
	if c.Sweep == liadesk.SweepCancelled {
		to = skippedSet + string(liadesk.SkipCancelled)
	}
	parts, err := tx.FrozenParts(c.AccountID, c.ID, pendingSet, sweepChunks)
	if err != nil {
		return false, err
	}
	if len(parts) == 0 {
		if c.Status.Ended() {
			c.Sweep = liadesk.SweepNone
			return false, tx.PutSMSCampaign(c)
		}
		return false, nil
	}
	l := newLedger(tx, c.AccountID, c.ID[15], s.now())
	for _, p := range parts {
		out, err := tx.FrozenRemove(c.AccountID, c.ID, p.Set, p.Chunk, p.Bits)
		if err != nil {
			return false, err
		}
		l.count(c.ID, p.Set, -out)
		in, err := tx.FrozenAdd(c.AccountID, c.ID, to, p.Chunk, p.Bits)
		if err != nil {
			return false, err
		}
		l.count(c.ID, to, in)
	}
	return true, l.close()
}
