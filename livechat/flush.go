package livechat

import (
	"context"
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
	byInbox map[liadesk.ID]sight // not flushed yet
	last    map[liadesk.ID]time.Time
	flushed time.Time
	pruned  time.Time
}

func (x *sights) saw(in liadesk.Inbox, url string, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byInbox == nil {
		x.byInbox, x.last = make(map[liadesk.ID]sight), make(map[liadesk.ID]time.Time)
	}
	x.byInbox[in.ID] = sight{in.AccountID, in.ID, at, url}
	x.last[in.ID] = at
}

// seen is the last page view of an inbox since the start, or zero.
func (x *sights) seen(inbox liadesk.ID) time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.last[inbox]
}

// due hands out what is to be stored when it is time, and begins to gather
// anew.
func (x *sights) due(now time.Time) (list []sight, prune bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if since := now.Sub(x.flushed); since >= 0 && since < flushEvery {
		return nil, false
	}
	x.flushed = now
	for _, v := range x.byInbox {
		list = append(list, v)
	}
	clear(x.byInbox)
	if since := now.Sub(x.pruned); since < 0 || since >= pruneEvery {
		x.pruned, prune = now, true
	}
	return list, prune
}

// hurry makes the next Flush store what there is, however soon it comes.
func (x *sights) hurry() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.flushed = time.Time{}
}

// back returns what could not be stored, unless something newer came.
func (x *sights) back(list []sight) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, v := range list {
		if _, newer := x.byInbox[v.inbox]; !newer {
			x.byInbox[v.inbox] = v
		}
	}
}

// Flush stores what was gathered in memory, at most once a minute however
// often it is called, and now and then removes old impressions. When the power
// goes, a minute of "snippet last seen" is lost and nothing else.
func (s *Service) Flush(ctx context.Context) error {
	list, prune := s.sights.due(s.now())
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
			s.sights.back(list)
			return err
		}
		list = list[len(batch):]
	}
	if !prune {
		return nil
	}
	return s.prune(ctx)
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
