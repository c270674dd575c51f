package livechat

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// siteLife is how long what is known of a website answers visits before it is
// read again. Changes of campaigns count at once; this bounds how long visits
// lag behind what other rooms change (domains, hours, plan, who is there),
// which show looks up each time anyway.
const siteLife = 10 * time.Second

// website is what a visit needs to know of a website inbox, ready to be matched.
// It never changes; a change makes a new one.
type website struct {
	inbox  liadesk.Inbox
	paid   bool
	open   bool // somebody could answer, when it was read
	counts bool // the widget may count visits
	index  *Index[*compiled]
	goals  map[liadesk.ID]*compiled // campaigns of this site that have one
	readAt time.Time
	// pictures are the team's, by user: the digests of stored pictures.
	pictures map[liadesk.ID]string
	// compiled are the patterns by their text, to be used again.
	compiled map[string]*Pattern
}

// websites are those whose widget has been heard of, by the public key.
// There are never more than there are inboxes: an unknown key is not kept.
type websites struct {
	byKey sync.Map // string -> *website
	// reading is held while a site is read and stored, and while sites are
	// forgotten: so what was read before a change never stays behind it.
	reading sync.Mutex
}

// forget makes the next visit read an account's sites anew.
func (x *websites) forget(account liadesk.ID) {
	x.reading.Lock()
	defer x.reading.Unlock()
	x.byKey.Range(func(key, value any) bool {
		if value.(*website).inbox.AccountID == account {
			x.byKey.Delete(key)
		}
		return true
	})
}

// InboxChanged makes the next visit read an account's sites anew, after another
// room changed one of its inboxes.
func (s *Service) InboxChanged(account liadesk.ID) { s.sites.forget(account) }

// ErrUnknownKey is the answer to a snippet whose key names no website inbox.
var ErrUnknownKey = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "unknown_key",
	Text: "the snippet's key belongs to no website inbox; copy the snippet again from the inbox's page"}

// website answers from memory. A site that is due is read by one visit while the
// others go on with what is known.
func (s *Service) website(ctx context.Context, key string) (*website, error) {
	var known *website
	if v, ok := s.sites.byKey.Load(key); ok {
		known = v.(*website)
		if age := s.now().Sub(known.readAt); age >= 0 && age < siteLife {
			return known, nil
		}
		if !s.sites.reading.TryLock() {
			return known, nil
		}
	} else {
		s.sites.reading.Lock()
		if v, ok := s.sites.byKey.Load(key); ok {
			s.sites.reading.Unlock()
			return v.(*website), nil
		}
	}
	defer s.sites.reading.Unlock()
	fresh, err := s.readWebsite(ctx, key, known)
	switch {
	case err == nil:
		s.sites.byKey.Store(key, fresh)
	case liadesk.KindOf(err) == liadesk.KindNotFound:
		s.sites.byKey.Delete(key)
	case known != nil:
		return known, nil // the store has trouble; what was known is better than nothing
	}
	return fresh, err
}

func (s *Service) readWebsite(ctx context.Context, key string, known *website) (*website, error) {
	fresh := &website{readAt: s.now(), compiled: make(map[string]*Pattern), pictures: make(map[liadesk.ID]string)}
	var campaigns []liadesk.LiveChatCampaign
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		if fresh.inbox, err = inboxByKey(tx, key); err != nil {
			return err
		}
		a, _, err := tx.Account(fresh.inbox.AccountID)
		if err != nil {
			return err
		}
		fresh.paid = a.Plan.Paid()
		users, err := tx.Users(a.ID)
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.Picture != "" {
				fresh.pictures[u.ID] = u.Picture
			}
		}
		campaigns, err = tx.AllLiveChatCampaigns(a.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if fresh.open, err = s.talks.Staffed(ctx, fresh.inbox); err != nil {
		return nil, err
	}
	fresh.counts = fresh.inbox.Website.CountVisits
	fresh.goals = make(map[liadesk.ID]*compiled)
	pattern := func(source string) *Pattern {
		p := known.pattern(source)
		if p == nil {
			p = compileNew(source)
		}
		if p != nil {
			fresh.compiled[source] = p
		}
		return p
	}
	var entries []Entry[*compiled]
	// Older campaigns first, where nothing else tells two of them apart.
	for _, k := range slices.Backward(campaigns) {
		if k.InboxID != fresh.inbox.ID || !k.Enabled && k.Goal == nil {
			continue
		}
		c := compile(k, pattern)
		if k.Goal != nil {
			fresh.goals[k.ID] = c
		}
		if !k.Enabled {
			continue
		}
		for _, p := range c.urls {
			entries = append(entries, Entry[*compiled]{p, k.Priority.Rank(), c})
		}
	}
	fresh.index = NewIndex(entries)
	return fresh, nil
}

func (x *website) pattern(source string) *Pattern {
	if x == nil {
		return nil
	}
	return x.compiled[source]
}

// inboxByKey finds the website inbox of a snippet's key.
func inboxByKey(tx *db.Tx, key string) (liadesk.Inbox, error) {
	if key == "" || len(key) > 100 {
		return liadesk.Inbox{}, ErrUnknownKey
	}
	account, id, found, err := tx.InboxByKey(key)
	if err != nil || !found {
		return liadesk.Inbox{}, orUnknownKey(err)
	}
	in, found, err := tx.Inbox(account, id)
	if err != nil || !found || in.Website == nil {
		return liadesk.Inbox{}, orUnknownKey(err)
	}
	return in, nil
}

func orUnknownKey(err error) error {
	if err == nil {
		return ErrUnknownKey
	}
	return err
}

// standsFor is the page that a page of a preview host stands for: the same on the
// inbox's first domain that is one host. Every other page stands for itself.
func standsFor(w *liadesk.Website, page Page) Page {
	if !w.Previews(page.host) {
		return page
	}
	for _, domain := range w.Domains {
		if strings.HasPrefix(domain, "*") {
			continue
		}
		page.scheme, page.host, page.port = "https", domain, ""
		page.site = strings.TrimPrefix(domain, "www.")
		break
	}
	return page
}

// allows tells whether a website's widget may run on a host. A leading www.
// makes no difference, as it makes none to the patterns.
func allows(w *liadesk.Website, host string) bool {
	bare := strings.TrimPrefix(host, "www.")
	return w.Allows(host) || w.Allows(bare) || w.Allows("www."+bare)
}
