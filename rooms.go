package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/mail"
	"github.com/liadesk/campaigns/scheduler"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// rooms are the product's rooms beside the accounts, which every command has.
type rooms struct {
	contacts *contacts.Service
	audience *audience.Service
	talks    *conversations.Service
	livechat *livechat.Service
	sms      *sms.Service
	mails    *mail.Service    // nil when no mail server is set
	carrier  *sandbox.Sandbox // nil when texts go to a carrier outside
}

// How often things are looked at that time brings about. What people wait for
// comes each second; what is only counted comes when it is worth a write.
const (
	campaignTick = time.Second
	importTick   = time.Second
	talkTick     = time.Second
	mailTick     = 2 * time.Second
	flushTick    = 15 * time.Second
)

// The sandbox takes its time, so that one sees texts on their way.
var sandboxTimeline = sandbox.Timeline{Sent: 600 * time.Millisecond, Delivered: 1500 * time.Millisecond}

// openRooms makes the rooms in the order in which they stand on each other and
// ties them by their hooks. Nothing works by itself before start.
func (s *server) openRooms() (err error) {
	r := &s.rooms
	r.contacts = contacts.New(s.store, s.clock, s.ids)
	r.audience = audience.New(s.store, s.clock, s.ids)
	r.talks = conversations.New(s.store, s.clock, s.ids, r.contacts, s.secrets.Visitors())
	r.talks.CheckText = sms.CheckReply
	r.talks.FreeDisk = s.engine.Free
	r.talks.PublicURL = s.config.url
	if server := s.config.mailServer; server != nil {
		r.talks.Mails = true
		r.mails = &mail.Service{Store: s.store, Clock: s.clock, Log: s.log, Send: server.Send, Report: r.talks.TextState}
	}
	r.talks.Log = s.log
	r.livechat = livechat.New(s.store, s.clock, s.ids, r.talks)
	r.livechat.Secret = s.secrets.Visitors()
	r.livechat.SnippetSeen = func(tx *db.Tx, account, inbox liadesk.ID, at time.Time, url string) error {
		return s.accounts.SnippetSeen(tx, account, inbox, accounts.Seen{At: at, URL: url})
	}

	base := s.config.plivoURL
	if s.config.sandbox {
		r.carrier, err = sandbox.Start(sandbox.Options{Directory: directory{s}, Clock: s.clock, Timeline: sandboxTimeline, DigitRules: s.config.demo})
		if err != nil {
			return fmt.Errorf("cannot start the sandbox carrier: %w", err)
		}
		base = r.carrier.URL()
		s.later("sandbox carrier", func(context.Context) error { return r.carrier.Close() })
	}
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: base, Workers: s.config.sendWorkers})
	if err != nil {
		return err
	}
	r.sms = sms.New(sms.Options{
		Store: s.store, Clock: s.clock, IDs: s.ids, Log: s.log,
		PublicURL: s.config.url, LinkKey: s.secrets.Links(), Workers: s.config.sendWorkers,
		Dialer: plivo, Credentials: s.accounts.Credentials, Contacts: r.contacts, Conversations: r.talks,
		FreeDisk: s.engine.Free,
	})
	r.talks.Wake = r.sms.Wake

	s.accounts.OnOnline(r.talks.Arrived)
	s.accounts.OnUserDeactivate(r.talks.Left)
	s.accounts.OnServesLess(r.talks.Left)
	s.accounts.OnDowngrade(r.livechat.Downgraded)
	s.accounts.OnDowngrade(r.sms.OnDowngrade)
	s.accounts.OnInboxDelete(r.livechat.InboxDeleted)
	s.accounts.OnInboxDelete(r.sms.OnInboxDelete)
	s.accounts.InboxUsers(r.livechat.InboxUses)
	s.accounts.InboxUsers(r.sms.InboxUsers)
	r.contacts.OnTagDelete(r.sms.TagUsers)
	r.contacts.OnHoldDecided(r.sms.HoldDecided)
	r.contacts.OnTagDelete(r.audience.TagUsers)
	return nil
}

// later registers what ends something when the server stops. What was
// registered last ends first.
func (s *server) later(name string, stop func(context.Context) error) {
	s.stoppers = append([]stopper{{name, stop}}, s.stoppers...)
}

// startRooms lets the sender and the ticks work. On the way down the ticks end
// first, then the sender with what is in flight, whose reports the open edge
// still takes.
func (s *server) startRooms() error {
	r := &s.rooms
	s.later("count of page views", r.livechat.Close)
	r.sms.Start()
	s.later("sender", r.sms.Stop)
	list := []scheduler.Tick{
		{Name: "SMS campaigns", Every: campaignTick, Do: r.sms.Tick},
		{Name: "uncertain texts", Every: sms.SettleEvery, Do: r.sms.Settle},
		{Name: "conversations", Every: talkTick, Do: r.talks.Tick},
		{Name: "imports", Every: importTick, Do: r.contacts.Tick},
		{Name: "page views", Every: flushTick, Do: r.livechat.Flush},
	}
	list = append(list, scheduler.Tick{Name: "memory", Every: memoryTick, Do: newThrift(r.talks.Live.Listeners).tick})
	if r.mails != nil {
		list = append(list, scheduler.Tick{Name: "e-mails", Every: mailTick, Do: r.mails.Tick})
	}
	ticks, err := scheduler.Start(s.clock, s.log, list...)
	if err != nil {
		return err
	}
	s.later("scheduler", func(context.Context) error { return ticks.Stop() })
	return nil
}

// directory tells the sandbox carrier who its customers are: the SMS inboxes
// of this installation.
type directory struct{ s *server }

// Token implements sandbox.Directory.
func (d directory) Token(authID string) (token string, found bool) {
	d.inboxes(func(in liadesk.Inbox) bool {
		id, t, err := d.s.accounts.Credentials(in)
		if err == nil && id == authID {
			token, found = t, true
		}
		return found
	})
	return token, found
}

// MessageURL implements sandbox.Directory.
func (d directory) MessageURL(authID, number string) (address string, found bool) {
	d.inboxes(func(in liadesk.Inbox) bool {
		if found = in.SMS.AuthID == authID && in.SMS.Number == number; found {
			address = d.s.config.url + sms.InboundPath(in.ID)
		}
		return found
	})
	return address, found
}

// inboxes goes through the SMS inboxes until fn says that it has enough.
func (d directory) inboxes(fn func(liadesk.Inbox) (enough bool)) {
	var list []liadesk.Inbox
	err := d.s.store.View(context.Background(), func(tx *db.Tx) error {
		list = nil
		for after := (liadesk.ID{}); ; {
			accounts, err := tx.AccountIDs(after, 100)
			if err != nil || len(accounts) == 0 {
				return err
			}
			for _, id := range accounts {
				inboxes, err := tx.Inboxes(id)
				if err != nil {
					return err
				}
				list = append(list, inboxes...)
				after = id
			}
		}
	})
	if err != nil {
		d.s.log.Error("the sandbox carrier cannot read the inboxes", "error", err)
		return
	}
	for _, in := range list {
		if in.Kind == liadesk.InboxSMS && fn(in) {
			return
		}
	}
}

// shopKey finds the public key of the demo shop's inbox, "" when it is gone.
func (s *server) shopKey(ctx context.Context) (key string, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		key = ""
		ids, err := tx.AccountIDs(liadesk.ID{}, 1)
		if err != nil || len(ids) == 0 {
			return err
		}
		list, err := tx.Inboxes(ids[0])
		for _, in := range list {
			if in.Website != nil && key == "" {
				key = in.Website.Key
			}
		}
		return err
	})
	return key, err
}

// closeRooms ends the connections that would outlive the web server.
func (s *server) closeRooms() {
	if s.rooms.talks != nil {
		s.rooms.talks.Live.Close()
	}
}
