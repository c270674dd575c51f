package livechat

import (
	"context"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Service is the room of live chat campaigns: what administrators write, and
// what the visitors of a website get of it. Its verbs are safe for concurrent
// use.
type Service struct {
	store *db.Store
	clock clockwork.Clock
	ids   liadesk.IDs
	talks *conversations.Service

	sites  websites
	sights sights

	// Secret is the key of passes (see DebugPass). Set it before use.
	Secret []byte

	// SnippetSeen notes in a transaction that a page with an inbox's snippet
	// was viewed; it belongs to the room of the inboxes. Set it before the
	// first Flush.
	SnippetSeen func(tx *db.Tx, account, inbox liadesk.ID, at time.Time, url string) error
}

// New makes the room. Talks tells whether somebody can answer now.
func New(store *db.Store, clock clockwork.Clock, ids liadesk.IDs, talks *conversations.Service) *Service {
	return &Service{
		store: store, clock: clock, ids: ids, talks: talks,
		SnippetSeen: func(*db.Tx, liadesk.ID, liadesk.ID, time.Time, string) error { return nil },
	}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC() }

// ErrTooManyCampaigns refuses one campaign more than an account may have.
var ErrTooManyCampaigns = liadesk.Conflict("too_many_campaigns", "the account has as many live chat campaigns as it may")

// find reads a campaign that the actor may see: of the own account and, for
// agents, of an inbox that they serve.
func find(tx *db.Tx, actor liadesk.Actor, id liadesk.ID) (liadesk.LiveChatCampaign, error) {
	c, found, err := tx.LiveChatCampaign(actor.Account, id)
	if err == nil && (!found || !actor.Serves(c.InboxID)) {
		return liadesk.LiveChatCampaign{}, liadesk.ErrNotFound
	}
	return c, err
}

// Create makes a campaign. What the sanitiser took out of the message comes
// back too. Absent fields get the defaults: LiaDesk as sender, ten seconds,
// enabled, at any hour, at most once a
// day to a visitor.
func (s *Service) Create(ctx context.Context, actor liadesk.Actor, p Patch) (liadesk.LiveChatCampaign, []Removed, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.LiveChatCampaign{}, nil, err
	}
	blank := s.blank(actor)
	var c liadesk.LiveChatCampaign
	var removed []Removed
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		c = blank
		all, err := tx.AllLiveChatCampaigns(actor.Account)
		if err != nil {
			return err
		}
		if len(all) >= db.MaxLiveChatCampaigns {
			return ErrTooManyCampaigns
		}
		if removed, err = apply(tx, &c, p); err != nil {
			return err
		}
		return tx.PutLiveChatCampaign(c)
	})
	if err != nil {
		return liadesk.LiveChatCampaign{}, removed, err
	}
	s.sites.forget(actor.Account)
	return c, removed, nil
}

// blank is a new campaign before anything was said about it.
func (s *Service) blank(actor liadesk.Actor) liadesk.LiveChatCampaign {
	now := s.now()
	return liadesk.LiveChatCampaign{
		ID: s.ids(), AccountID: actor.Account, Sender: liadesk.Sender{Kind: liadesk.SenderBot},
		Trigger: liadesk.Trigger{TimeOnPage: liadesk.DefaultTimeOnPage}, Enabled: true, Frequency: liadesk.Frequency{Kind: liadesk.FrequencyDays, Days: 1},
		CreatedAt: now, CreatedBy: actor.User, UpdatedAt: now, Version: 1,
	}
}

// Update changes what the patch says. A patch made from an older version is
// refused with both values of each field that differs (liadesk.Changed), so
// that neither person's work is lost.
func (s *Service) Update(ctx context.Context, actor liadesk.Actor, id liadesk.ID, p Patch) (liadesk.LiveChatCampaign, []Removed, error) {
	var removed []Removed
	c, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.LiveChatCampaign) (err error) {
		stored := *c
		if removed, err = apply(tx, c, p); err != nil {
			return err
		}
		if p.Version != 0 && p.Version != stored.Version {
			return liadesk.Changed(stored.Version, differences(stored, *c)...)
		}
		return nil
	})
	return c, removed, err
}

// Enable lets a campaign run, or stops it, from the next question of a page
// on; pages that are open already included. Doing so twice is harmless.
func (s *Service) Enable(ctx context.Context, actor liadesk.Actor, id liadesk.ID, on bool) (liadesk.LiveChatCampaign, error) {
	return s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.LiveChatCampaign) error {
		_, err := apply(tx, c, Patch{Enabled: &on})
		return err
	})
}

// change is the way every change of one campaign takes.
func (s *Service) change(ctx context.Context, actor liadesk.Actor, id liadesk.ID,
	fn func(*db.Tx, *liadesk.LiveChatCampaign) error) (liadesk.LiveChatCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.LiveChatCampaign{}, err
	}
	var c liadesk.LiveChatCampaign
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if c, err = find(tx, actor, id); err != nil {
			return err
		}
		before := c
		if err := fn(tx, &c); err != nil || reflect.DeepEqual(c, before) {
			return err
		}
		c.UpdatedAt = s.now()
		c.Version++
		return tx.PutLiveChatCampaign(c)
	})
	if err != nil {
		return liadesk.LiveChatCampaign{}, err
	}
	s.sites.forget(actor.Account)
	return c, nil
}

// Delete removes a campaign and returns what it was. It stops at the next
// question of a page; messages that were shown can still be answered.
func (s *Service) Delete(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.LiveChatCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.LiveChatCampaign{}, err
	}
	var c liadesk.LiveChatCampaign
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if c, err = find(tx, actor, id); err != nil {
			return err
		}
		return tx.DeleteLiveChatCampaign(actor.Account, id)
	})
	if err != nil {
		return liadesk.LiveChatCampaign{}, err
	}
	s.sites.forget(actor.Account)
	return c, nil
}

// Downgraded disables an account's campaigns in the transaction that takes
// their plan away. An upgrade enables none of them: a person does.
func (s *Service) Downgraded(tx *db.Tx, a liadesk.Account) error {
	return s.disable(tx, a.ID, liadesk.DisabledForPlan, "", func(liadesk.LiveChatCampaign) bool { return true })
}

// InboxDeleted disables an inbox's campaigns in the transaction that deletes
// it. They keep its name, so that their cards can say what happened.
func (s *Service) InboxDeleted(tx *db.Tx, in liadesk.Inbox) error {
	return s.disable(tx, in.AccountID, liadesk.DisabledForInbox, in.Name,
		func(c liadesk.LiveChatCampaign) bool { return c.InboxID == in.ID })
}

// disable marks campaigns. The memory of visits lets go of the account at
// once; should a visit read it again before the caller's commit, show refuses
// all the same, and visits learn of it within siteLife.
func (s *Service) disable(tx *db.Tx, account liadesk.ID, why liadesk.DisabledFor, inbox string,
	concerns func(liadesk.LiveChatCampaign) bool) error {
	list, err := tx.AllLiveChatCampaigns(account)
	if err != nil {
		return err
	}
	for _, c := range list {
		if !concerns(c) || !c.Enabled && inbox == "" {
			continue
		}
		if c.Enabled {
			c.Enabled, c.DisabledFor = false, why
		}
		if inbox != "" {
			c.InboxName = inbox
		}
		c.Version++
		if err := tx.PutLiveChatCampaign(c); err != nil {
			return err
		}
	}
	s.sites.forget(account)
	return nil
}

// InboxUses names the campaigns of an inbox, for the question before it is
// deleted.
func (s *Service) InboxUses(tx *db.Tx, in liadesk.Inbox) ([]liadesk.Ref, error) {
	list, err := tx.AllLiveChatCampaigns(in.AccountID)
	var refs []liadesk.Ref
	for _, c := range list {
		if c.InboxID == in.ID {
			refs = append(refs, liadesk.Ref{ID: c.ID, Name: c.Title, Kind: "live_chat_campaign"})
		}
	}
	return refs, err
}

// line cleans a text of one line: no blanks around it, no control characters,
// runs of blanks become one.
func line(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
