// Package demo fills an empty installation with a company that does not
// exist, so that everything can be seen at work: a team, inboxes, contacts in
// five countries, campaigns of both kinds, conversations.
//
// It goes through the verbs of the rooms, as a person at the pages or a
// program at the API would, and never to the database. What it shows has
// happened: the campaign that is completed a minute after the first start was
// frozen, paced, handed to the sandbox carrier and reported by it.
//
// All names are invented. Numbers are of the ranges that the numbering plans
// keep free for fiction, so that nobody is texted even by a mistaken
// configuration.
package demo

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/sms"
)

// What the demo is called, and who signs in.
const (
	Company  = "Juniper & Finch"
	Email    = "demo@juniperfinch.example"
	domain   = "juniperfinch.example"
	ShopName = "Shop"
)

// The account's own numbers and credentials. The sandbox carrier learns of
// them from the inboxes, as it would of anybody's.
const (
	usNumber = "+16465550100"
	caNumber = "+16475550100"
)

// firstCampaign is how long after the seed the first SMS campaign goes out:
// time enough to sign in and watch it.
const firstCampaign = 20 * time.Second

// Rooms are the verbs that the seed goes through.
type Rooms struct {
	Accounts      *accounts.Service
	Contacts      *contacts.Service
	Conversations *conversations.Service
	LiveChat      *livechat.Service
	SMS           *sms.Service
	Clock         clockwork.Clock
}

// Options say where the demo runs and how one signs in.
type Options struct {
	// URL is the public address, on whose /demo/site the shop is.
	URL string
	// Password is for the administrator and the two agents.
	Password string
}

// seeder carries what later steps need of earlier ones.
type seeder struct {
	Rooms
	Options
	actor liadesk.Actor
	team  map[string]liadesk.Actor // by first name

	shop, wholesale, us, ca liadesk.Inbox
	campaigns               map[string]liadesk.LiveChatCampaign // by name of ours
}

// Seed makes the demo's account. It belongs into an empty installation; when
// it fails or is cut off, what is there is a part of a demo and nothing to go
// on with: the caller begins again with an empty one.
func Seed(ctx context.Context, rooms Rooms, o Options) error {
	s := &seeder{Rooms: rooms, Options: o, team: map[string]liadesk.Actor{}, campaigns: map[string]liadesk.LiveChatCampaign{}}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"account", s.account},
		{"inboxes", s.inboxes},
		{"team", s.people},
		{"contacts", s.contacts},
		{"live chat campaigns", s.liveChat},
		{"conversations", s.conversations},
		{"SMS campaigns", s.texts},
		{"LiaDesk's answers", s.answers},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("making the demo's %s: %w", step.name, err)
		}
	}
	return nil
}

func (s *seeder) account(ctx context.Context) error {
	made, err := s.Accounts.Setup(ctx, accounts.NewAccount{Account: Company, Plan: liadesk.PlanGrowth, Name: "Robin Alder",
		Email: Email, Password: s.Password, Region: "US", TimeZone: "America/New_York", Demo: true})
	if err != nil {
		return err
	}
	s.actor = liadesk.ActorOf(made.Account, made.User)
	footer := Company + ". Reply STOP to opt out"
	// What the sandbox carrier charges at home, and a guess for the rest of the
	// world, so that forecasts have a cost and reports something to hold it against.
	currency, prices := "USD", map[string]int64{"US": 3500, liadesk.AnyCountry: 4000}
	_, err = s.Accounts.EditSettings(ctx, s.actor, accounts.SettingsPatch{Footer: &footer, Currency: &currency, Prices: &prices})
	return err
}

func (s *seeder) inboxes(ctx context.Context) (err error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return err
	}
	always, office := hours.Schedule{Zone: "America/New_York"}, hours.Schedule{Zone: "America/New_York"}
	for day := time.Sunday; day <= time.Saturday; day++ {
		always.Week[day] = []hours.Shift{hours.WholeDay}
		if day != time.Sunday && day != time.Saturday {
			office.Week[day] = []hours.Shift{{From: 9 * 60, To: 17 * 60}}
		}
	}
	website := func(name string, open hours.Schedule, domains ...string) (liadesk.Inbox, error) {
		return s.Accounts.CreateInbox(ctx, s.actor, liadesk.InboxWebsite, accounts.InboxPatch{Name: &name, Domains: &domains, Hours: &open})
	}
	if s.shop, err = website(ShopName, always, shopHosts(u.Hostname())...); err != nil {
		return err
	}
	if s.wholesale, err = website("Wholesale", office, "wholesale."+domain); err != nil {
		return err
	}
	number := func(name, number, authID string, perSecond float64) (liadesk.Inbox, error) {
		token := "sandbox-" + authID // known to nobody but the carrier inside this program
		return s.Accounts.CreateInbox(ctx, s.actor, liadesk.InboxSMS, accounts.InboxPatch{Name: &name, Number: &number, AuthID: &authID,
			AuthToken: &token, MessagesPerSecond: &perSecond})
	}
	if s.us, err = number("Texts USA", usNumber, "MADEMOUSA00000000001", 5); err != nil {
		return err
	}
	if s.ca, err = number("Texts Canada", caNumber, "MADEMOCAN00000000002", 1); err != nil {
		return err
	}
	// Who leaves the shop before somebody answers can have the answer by text.
	s.shop, err = s.Accounts.EditInbox(ctx, s.actor, s.shop.ID, accounts.InboxPatch{ReplyInbox: &s.us.ID})
	return err
}

// shopHosts are the names under which the shop may be opened: on the machine
// itself, all that mean it.
func shopHosts(host string) []string {
	hosts := []string{host}
	for _, h := range []string{"127.0.0.1", "localhost"} {
		if h != host {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func (s *seeder) people(ctx context.Context) error {
	for _, p := range []struct {
		first, name string
		inboxes     []liadesk.Inbox
	}{
		{"maya", "Maya Okafor", []liadesk.Inbox{s.shop, s.us, s.ca}},
		{"tomas", "Tomás Rivera", []liadesk.Inbox{s.shop, s.wholesale}},
	} {
		var ids []liadesk.ID
		for _, i := range p.inboxes {
			ids = append(ids, i.ID)
		}
		_, link, err := s.Accounts.Invite(ctx, s.actor, accounts.Invitation{Name: p.name, Email: p.first + "@" + domain, Role: liadesk.RoleAgent, InboxIDs: ids})
		if err != nil {
			return err
		}
		session, err := s.Accounts.Accept(ctx, link, p.name, s.Password, accounts.Origin{})
		if err != nil {
			return err
		}
		in, err := s.Accounts.Session(ctx, session)
		if err != nil {
			return err
		}
		s.team[p.first] = liadesk.ActorOf(in.Account, in.User)
		if err := s.Accounts.SignOut(ctx, session); err != nil { // nobody sits there
			return err
		}
	}
	return nil
}
