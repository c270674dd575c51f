package livechat

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

const (
	// flushEvery is how often what was seen in memory goes to the store.
	flushEvery = time.Minute
	// flushBatch bounds one transaction of a flush.
	flushBatch = 100
	// pruneEvery and keepImpressions say when impressions go: a message can be
	// answered for a day, and what is left after a week would only tell which
	// pages people looked at. The figures stay.
	pruneEvery      = time.Hour
	keepImpressions = 7 * 24 * time.Hour
	pruneBatch      = 500
)

// sight is the last page on which a widget was seen.
type sight struct {
	account, inbox liadesk.ID
	at             time.Time
	url            string
}

// sights gathers page views in memory, the last one of each inbox.
type sights struct {
	mu      sync.Mutex
	byInbox map[liadesk.ID]sight             // not flushed yet
	notes   map[campaignOf]map[Blocked]int64 // not flushed yet
	last    map[liadesk.ID]Sighting
	strange map[liadesk.ID]Sighting // on pages outside the inbox's domains
	flushed time.Time
	pruned  time.Time
}

// note is what a page view meant for a campaign whose address it matches: armed
// for NotBlocked, or why not.
type note struct {
	campaign liadesk.ID
	why      Blocked
}

// campaignOf is what notes are gathered by.
type campaignOf struct{ account, campaign liadesk.ID }

// maxNoted bounds the campaigns that notes are gathered for between two flushes;
// beyond it, which takes a very large installation, no others are counted.
const maxNoted = 10_000

func (x *sights) saw(in liadesk.Inbox, url string, at time.Time, what []note) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byInbox == nil {
		x.byInbox, x.last = make(map[liadesk.ID]sight), make(map[liadesk.ID]Sighting)
	}
	x.byInbox[in.ID] = sight{in.AccountID, in.ID, at, url}
	x.last[in.ID] = Sighting{at, url}
	for _, n := range what {
		x.count(campaignOf{in.AccountID, n.campaign}, n.why, 1)
	}
}

// refused counts a campaign that was due on a page and not shown after all.
func (x *sights) refused(account, campaign liadesk.ID, why Blocked) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.count(campaignOf{account, campaign}, why, 1)
}

func (x *sights) count(of campaignOf, why Blocked, times int64) {
	reasons := x.notes[of]
	if reasons == nil {
		if len(x.notes) >= maxNoted {
			return
		}
		if x.notes == nil {
			x.notes = make(map[campaignOf]map[Blocked]int64)
		}
		reasons = make(map[Blocked]int64, 2)
		x.notes[of] = reasons
	}
	reasons[why] += times
}

// pending are the notes of a campaign that were not flushed yet.
func (x *sights) pending(account, campaign liadesk.ID) map[Blocked]int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return maps.Clone(x.notes[campaignOf{account, campaign}])
}

// seen is the last page view of an inbox since the start, or zero.
func (x *sights) seen(inbox liadesk.ID) time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.last[inbox].At
}

// sawStrange notes that an inbox's widget was loaded where it may not run.
func (x *sights) sawStrange(inbox liadesk.ID, place string, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.strange == nil {
		x.strange = make(map[liadesk.ID]Sighting)
	}
	x.strange[inbox] = Sighting{at, place}
}

// Sighting is where and when a widget was last seen.
type Sighting struct {
	At  time.Time
	URL string // without query and fragment
}

// Installed tells where the snippet of an inbox was last seen since the start of
// the server: on its domains, and on pages outside of them, where it does not
// run. Zero for never.
func (s *Service) Installed(actor liadesk.Actor, inbox liadesk.ID) (seen, strange Sighting) {
	if !actor.Serves(inbox) {
		return Sighting{}, Sighting{}
	}
	s.sights.mu.Lock()
	defer s.sights.mu.Unlock()
	return s.sights.last[inbox], s.sights.strange[inbox]
}

// due hands out what is to be stored when it is time, and begins to gather
// anew.
func (x *sights) due(now time.Time) (list []sight, notes map[campaignOf]map[Blocked]int64, prune bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if since := now.Sub(x.flushed); since >= 0 && since < flushEvery {
		return nil, nil, false
	}
	notes, x.notes = x.notes, nil
	x.flushed = now
	for _, v := range x.byInbox {
		list = append(list, v)
	}
	clear(x.byInbox)
	if since := now.Sub(x.pruned); since < 0 || since >= pruneEvery {
		x.pruned, prune = now, true
	}
	return list, notes, prune
}

// hurry makes the next Flush store what there is, however soon it comes.
func (x *sights) hurry() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.flushed = time.Time{}
}

// back returns what could not be stored: page views unless something newer
// came, counts in any case.
func (x *sights) back(list []sight, notes map[campaignOf]map[Blocked]int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for of, reasons := range notes {
		for why, times := range reasons {
			x.count(of, why, times)
		}
	}
	for _, v := range list {
		if _, newer := x.byInbox[v.inbox]; !newer {
			x.byInbox[v.inbox] = v
		}
	}
}

// Flush stores what was gathered in memory, at most once a minute however
// often it is called, and now and then removes old impressions. When the power
// goes, a minute of "snippet last seen", of armed campaigns and of reasons is
// lost, and nothing else.
func (s *Service) Flush(ctx context.Context) error {
	list, notes, prune := s.sights.due(s.now())
	for len(list) > 0 {
		batch := list[:min(len(list), flushBatch)]
		err := s.store.Update(ctx, func(tx *db.Tx) error {
			for _, v := range batch {
				if err := s.SnippetSeen(tx, v.account, v.inbox, v.at, v.url); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.sights.back(list, notes)
			return err
		}
		list = list[len(batch):]
	}
	if err := s.flushNotes(ctx, notes); err != nil {
		return err
	}
	if !prune {
		return nil
	}
	return s.prune(ctx)
}

// flushNotes stores how often campaigns were armed, and why not.
func (s *Service) flushNotes(ctx context.Context, notes map[campaignOf]map[Blocked]int64) error {
	now := s.now()
	for len(notes) > 0 {
		var batch []campaignOf
		for of := range notes {
			if batch = append(batch, of); len(batch) == flushBatch {
				break
			}
		}
		err := s.store.Update(ctx, func(tx *db.Tx) error {
			for _, of := range batch {
				quiet := make(map[string]int64, len(notes[of]))
				for why, times := range notes[of] {
					if why != NotBlocked {
						quiet[string(why)] = times
					}
				}
				if err := errors.Join(tx.CountChatMany(of.account, of.campaign, db.FigureArmed, of.campaign[15], now, notes[of][NotBlocked]),
					tx.CountChatQuiet(of.account, of.campaign, quiet)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			s.sights.back(nil, notes)
			return err
		}
		for _, of := range batch {
			delete(notes, of)
		}
	}
	return nil
}

// Close stores what was gathered since the last Flush, for the server stops.
func (s *Service) Close(ctx context.Context) error {
	s.sights.hurry()
	return s.Flush(ctx)
}

// prune removes impressions that have had their time, in small transactions.
func (s *Service) prune(ctx context.Context) error {
	before := s.now().Add(-keepImpressions)
	for after := (liadesk.ID{}); ; {
		var accounts []liadesk.ID
		err := s.store.View(ctx, func(tx *db.Tx) (err error) {
			accounts, err = tx.AccountIDs(after, flushBatch)
			return err
		})
		if err != nil || len(accounts) == 0 {
			return err
		}
		for _, account := range accounts {
			if err := s.pruneAccount(ctx, account, before); err != nil {
				return err
			}
		}
		after = accounts[len(accounts)-1]
	}
}

func (s *Service) pruneAccount(ctx context.Context, account liadesk.ID, before time.Time) error {
	for {
		old := 0
		// Looking first keeps accounts without old impressions from a commit.
		err := s.store.View(ctx, func(tx *db.Tx) (err error) {
			old, err = tx.CountImpressions(account, before, pruneBatch)
			return err
		})
		if err != nil || old == 0 {
			return err
		}
		if err := s.store.Update(ctx, func(tx *db.Tx) error {
			_, err := tx.PruneImpressions(account, before, pruneBatch)
			return err
		}); err != nil || old < pruneBatch {
			return err
		}
	}
}
