package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/sms"
)

// liveChat makes the campaigns of the shop's pages.
func (s *seeder) liveChat(ctx context.Context) error {
	site := s.URL + "/demo/site"
	bot := liadesk.Sender{Kind: liadesk.SenderBot}
	agent := func(name string) liadesk.Sender {
		return liadesk.Sender{Kind: liadesk.SenderAgent, UserID: s.team[name].User}
	}
	yes := true
	leaving := &liadesk.Rule{Field: liadesk.VisitExit, Op: "eq", Value: &liadesk.RuleValue{Yes: &yes}}
	ordered := &liadesk.Goal{Event: "added_to_cart", Days: liadesk.DefaultGoalDays}
	for _, c := range []struct {
		name, title, message string
		inbox                liadesk.Inbox
		sender               liadesk.Sender
		trigger              string
		seconds              int
		enabled, hours       bool
		conditions           *liadesk.Rule
		replies              []string
		goal                 *liadesk.Goal
	}{
		{"cart", "Full cart, no order", "<p>Still thinking it over? We send on <b>Thursday</b>, and for thirty days we take every plant back.</p>",
			s.shop, bot, site + "/cart", 20, false, false, leaving, nil, nil},
		{"wholesale", "New wholesale customers", "<p>Do you run a shop or a café? Ask us for the <a href=\"https://wholesale." + domain + "/list\">price list</a>.</p>",
			s.wholesale, agent("tomas"), "https://wholesale." + domain + "/*", 15, true, true, nil, nil, nil},
		{"plant", "Questions about a plant", "<p>Not sure whether it would like your window? Tell me which way it faces.</p>",
			s.shop, agent("tomas"), site + "/plants/*", 10, true, false, nil, []string{"It faces south", "It faces north", "I don’t know"}, ordered},
		{"pricing", "Help with care plans", "<p>Hi! I am Maya and look after the care plans. How many plants share your home? I will tell you honestly whether you need one.</p>",
			s.shop, agent("maya"), site + "/pricing", 8, true, false, nil, nil, nil},
		{"welcome", "Welcome to the shop", "<p>Welcome to <b>Juniper &amp; Finch</b>. Looking for a plant that forgives? We are happy to help you choose.</p>",
			s.shop, bot, site, 5, true, false, nil, []string{"Help me choose", "Just looking"}, ordered},
	} {
		made, _, err := s.LiveChat.Create(ctx, s.actor, livechat.Patch{Title: &c.title, Message: &c.message, InboxID: &c.inbox.ID, Sender: &c.sender,
			TriggerURL: &c.trigger, TimeOnPage: &c.seconds, Enabled: &c.enabled, BusinessHoursOnly: &c.hours,
			Conditions: &c.conditions, QuickReplies: &c.replies, Goal: &c.goal})
		if err != nil {
			return fmt.Errorf("%q: %w", c.title, err)
		}
		s.campaigns[c.name] = made
	}
	return nil
}

// conversations lets visitors come by, see a campaign's message and answer it,
// as the widget does, and the team reply.
func (s *seeder) conversations(ctx context.Context) error {
	site := s.URL + "/demo/site"
	for _, v := range []struct {
		campaign, page string
		lines          []string // the visitor's first, then in turn
		agent          string
		resolve        bool
	}{
		{"plant", site + "/plants/olive", []string{
			"Hi, would the olive tree survive on a north-facing balcony in Chicago?",
			"Sorry to say it would sulk: it wants the full sun, and indoors from October. The snake plant would be happy there.",
			"Snake plant it is then, thank you!",
		}, "tomas", true},
		{"pricing", site + "/pricing", []string{
			"We have eleven plants and two cats. Grove or Sprout?",
			"Grove, I think: the visit each season is where it pays. Are the cats the kind that dig?",
			"One of them very much is. How did you know?",
		}, "maya", false},
		{"welcome", site, []string{"Do you deliver to Jersey City by Friday?"}, "", false},
	} {
		// A page view first, as the widget makes it: the snippet is seen.
		if _, err := s.LiveChat.Visit(ctx, livechat.Visit{Key: s.shop.Website.Key, URL: v.page, Origin: s.URL}); err != nil {
			return err
		}
		shown, err := s.LiveChat.Show(ctx, livechat.Ask{Visit: livechat.Visit{Key: s.shop.Website.Key, URL: v.page, Origin: s.URL}, Campaign: s.campaigns[v.campaign].ID})
		if err != nil {
			return err
		}
		if shown.Blocked != livechat.NotBlocked {
			return fmt.Errorf("the campaign %s was not shown: %s", v.campaign, shown.Blocked)
		}
		if err := s.LiveChat.Event(ctx, s.shop, shown.Impression, livechat.EventOpened); err != nil {
			return err
		}
		token := ""
		var thread liadesk.ID
		for i, text := range v.lines {
			clientID := fmt.Sprintf("demo-%s-%d-%s", v.campaign, i, shown.Impression)
			if i%2 == 1 {
				if _, err := s.Conversations.Reply(ctx, s.team[v.agent], thread, text, clientID); err != nil {
					return err
				}
				continue
			}
			answer, err := s.Conversations.WriteAsVisitor(ctx, conversations.VisitorMessage{Inbox: s.shop, Token: token, Impression: shown.Impression,
				Text: text, ClientID: clientID, PageURL: v.page})
			if err != nil {
				return err
			}
			token, thread = answer.Token, answer.Conversation.ID
		}
		if v.resolve {
			if _, err := s.Conversations.Resolve(ctx, s.team[v.agent], thread); err != nil {
				return err
			}
		}
	}
	return nil
}

// texts makes the SMS campaigns, the first of which goes out at once.
func (s *seeder) texts(ctx context.Context) error {
	now := s.Clock.Now()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return err
	}
	ahead := now.In(zone).AddDate(0, 0, 3)
	for _, c := range []struct {
		title, message string
		inbox          liadesk.Inbox
		audience       liadesk.Rule
		at             time.Time
		schedule       *sms.LocalTime
	}{
		{"Repotting weekend", `Hi {{ contact.first_name | default: "there" }}, bring us your tallest plant on Saturday and we repot it for free. Shall we keep a place for you?`,
			s.us, tagged("customers"), time.Time{}, nil},
		{"Spring sale opens", `{{ contact.first_name | default: "Hello" }}, the spring sale opens at noon: everything that flowers is 20% off until Sunday.`,
			s.us, tagged("spring-sale"), time.Time{}, &sms.LocalTime{Local: ahead.Format("2006-01-02") + "T10:00", TimeZone: zone.String()}},
		{"New in the greenhouse", `Hi {{ contact.first_name | default: "there" }}! The first olive trees of the year are in. Would you like us to keep one for you?`,
			s.us, tagged("newsletter"), now.Add(firstCampaign), nil},
	} {
		if _, err := s.SMS.Create(ctx, s.actor, sms.Input{Title: c.title, Message: c.message, InboxID: c.inbox.ID, Audience: c.audience,
			ScheduledAt: c.at, Schedule: c.schedule}); err != nil {
			return fmt.Errorf("%q: %w", c.title, err)
		}
	}
	return nil
}
