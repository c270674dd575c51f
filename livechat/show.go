package livechat

import (
	"context"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

// Ask is a page whose conditions for a campaign are met.
type Ask struct {
	Visit
	Campaign liadesk.ID
}

// Speaker is in whose name a message is shown.
type Speaker struct {
	Name    string
	Picture string // digest of a stored picture, "" for none
	Bot     bool
	// Left is the person who should speak, and whom LiaDesk stands in for,
	// because that person left the team. "" usually.
	Left string
}

// Shown is the answer to Ask: a message to show, or why there is none.
type Shown struct {
	Blocked    Blocked
	Impression liadesk.ID
	Speaker    Speaker
	Blocks     []Block
	// QuickReplies are answers that the visitor can give in one tap.
	QuickReplies []string
}

// Show decides again, by what the store holds at this moment, whether a page
// may show a campaign's message, and counts it when it may. So an edit, a
// switch, closing time or the end of a plan act on pages that are open
// already.
//
// What is blocked writes nothing. When an answer gets lost, the page shows
// nothing and the impression that was counted is one too many: rare, and on
// the side of modesty, for it makes the rates lower.
func (s *Service) Show(ctx context.Context, in Ask) (Shown, error) {
	page, err := ParsePage(in.URL)
	if err != nil {
		var v liadesk.Invalid
		v.Add("url", "not_an_address")
		return Shown{}, v.Err()
	}
	now := s.now()
	var d decision
	err = s.store.View(ctx, func(tx *db.Tx) (err error) {
		d, err = s.decide(tx, in, page, now)
		return err
	})
	if err != nil {
		return Shown{}, err
	}
	if d.blocked != NotBlocked {
		if d.known { // strangers can ask for any id
			s.sights.refused(d.account, in.Campaign, d.blocked)
		}
		return Shown{Blocked: d.blocked}, nil
	}
	shown := Shown{Impression: s.ids()}
	err = s.store.Update(ctx, func(tx *db.Tx) (err error) {
		// The store may have changed between the two; what counts is this.
		d, err = s.decide(tx, in, page, now)
		if err != nil || d.blocked != NotBlocked {
			return err
		}
		c := d.campaign
		html := c.Message
		if shown.Blocks, err = Blocks(html); err != nil {
			return err
		}
		if strings.Contains(html, "{{") {
			shown.Blocks = personal(shown.Blocks, wording.Vars{Contact: d.person, AccountName: d.accountName})
			html = render(shown.Blocks)
		}
		if err := tx.PutImpression(c.AccountID, liadesk.Impression{
			ID: shown.Impression, CampaignID: c.ID, InboxID: c.InboxID, PageURL: page.place(), At: now,
			HTML: html, Text: PlainText(html), Sender: d.sender, SenderName: d.speaker.Name,
		}); err != nil {
			return err
		}
		return tx.CountChat(c.AccountID, c.ID, db.FigureShown, shown.Impression[15], now)
	})
	if err != nil || d.blocked != NotBlocked {
		return Shown{Blocked: d.blocked}, err
	}
	shown.Speaker, shown.QuickReplies = d.speaker, d.campaign.QuickReplies
	return shown, nil
}

// decision is what the store says about showing a campaign on a page.
type decision struct {
	account liadesk.ID
	// accountName is for messages that name the account.
	accountName string
	blocked     Blocked
	known       bool // there is such a campaign on this site
	campaign    liadesk.LiveChatCampaign
	person      liadesk.Contact // the visitor's contact, if known
	sender      liadesk.Sender  // who really speaks
	speaker     Speaker
}

func (s *Service) decide(tx *db.Tx, in Ask, page Page, now time.Time) (decision, error) {
	inbox, err := inboxByKey(tx, in.Key)
	if err != nil {
		return decision{}, err
	}
	a, _, err := tx.Account(inbox.AccountID)
	if err != nil {
		return decision{}, err
	}
	blocked := func(why Blocked) (decision, error) { return decision{account: a.ID, blocked: why}, nil }
	c, found, err := tx.LiveChatCampaign(a.ID, in.Campaign)
	switch {
	case err != nil:
		return decision{}, err
	case !a.Plan.Paid():
		return blocked(BlockedPlan)
	case !found || c.InboxID != inbox.ID:
		return blocked(BlockedEnded)
	}
	open := true
	if c.OnlineOnly {
		if open, err = s.talks.StaffedNow(tx, inbox); err != nil {
			return decision{}, err
		}
	}
	m := newMoment(in.Visit, standsFor(inbox.Website, page), inbox, true, open, now)
	if err := s.recognise(tx, &m); err != nil {
		return decision{}, err
	}
	if why, _ := m.blocked(compile(c, compileNew)); why != NotBlocked {
		return decision{account: a.ID, blocked: why, known: true}, nil
	}
	d := decision{account: a.ID, accountName: a.Name, campaign: c, person: m.person, sender: c.Sender, speaker: Speaker{Name: liadesk.BotName, Bot: true}}
	if c.Sender.Kind == liadesk.SenderAgent {
		u, _, err := tx.User(a.ID, c.Sender.UserID)
		if err != nil {
			return decision{}, err
		}
		d.speaker = speaker(c.Sender, u)
	}
	if d.speaker.Bot {
		d.sender = liadesk.Sender{Kind: liadesk.SenderBot}
	}
	return d, nil
}

// speaker is who speaks for a sender; u is the sender's user, if any.
func speaker(sender liadesk.Sender, u liadesk.User) Speaker {
	switch {
	case sender.Kind != liadesk.SenderAgent:
		return Speaker{Name: liadesk.BotName, Bot: true}
	case !u.Active():
		left := u.Name
		if left == "" {
			left = u.Email
		}
		return Speaker{Name: liadesk.BotName, Bot: true, Left: left}
	}
	return Speaker{Name: u.Name, Picture: u.Picture}
}

// EventKind is what a visitor did with a message.
type EventKind string

// The kinds.
const (
	EventOpened    EventKind = "opened"
	EventDismissed EventKind = "dismissed"
	EventClicked   EventKind = "clicked" // a link in the message
	EventGoal      EventKind = "goal"    // what the message was for was done
)

// Event notes what a visitor did with a message that was shown: each kind
// counts once per impression, however often and late it arrives.
func (s *Service) Event(ctx context.Context, inbox liadesk.Inbox, impression liadesk.ID, kind EventKind) error {
	now := s.now()
	note := func(tx *db.Tx) (i liadesk.Impression, figure string, err error) {
		i, found, err := tx.Impression(inbox.AccountID, impression)
		if err != nil {
			return i, "", err
		}
		if !found || i.InboxID != inbox.ID {
			return i, "", liadesk.ErrNotFound
		}
		var at *time.Time
		switch kind {
		case EventOpened:
			at, figure = &i.OpenedAt, db.FigureOpened
		case EventDismissed:
			at, figure = &i.ClosedAt, db.FigureDismissed
		case EventClicked:
			at, figure = &i.ClickedAt, db.FigureClicked
		case EventGoal:
			at, figure = &i.GoalAt, db.FigureGoals
		default:
			var v liadesk.Invalid
			v.Add("kind", "unknown_event")
			return i, "", v.Err()
		}
		if !at.IsZero() {
			return i, "", nil // it arrived twice
		}
		*at = now
		return i, figure, nil
	}
	var figure string
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		_, figure, err = note(tx)
		return err
	})
	if err != nil || figure == "" {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		i, figure, err := note(tx)
		if err != nil || figure == "" {
			return err
		}
		if err := tx.PutImpression(inbox.AccountID, i); err != nil {
			return err
		}
		return tx.CountChat(inbox.AccountID, i.CampaignID, figure, i.ID[15], now)
	})
}

// Pictures are the digests of the team's pictures, by user; they go beside
// what the team says to the visitors of a website. The map is not to be
// changed.
func (s *Service) Pictures(ctx context.Context, key string) (map[liadesk.ID]string, error) {
	site, err := s.website(ctx, key)
	if err != nil {
		return nil, err
	}
	return site.pictures, nil
}

// InboxOf finds the website inbox of a conversation.
func (s *Service) InboxOf(ctx context.Context, account, conversation liadesk.ID) (liadesk.Inbox, error) {
	var in liadesk.Inbox
	err := s.store.View(ctx, func(tx *db.Tx) error {
		c, found, err := tx.Conversation(account, conversation)
		if err != nil || !found {
			return orNotFound(err)
		}
		if in, found, err = tx.Inbox(account, c.InboxID); err != nil || !found || in.Website == nil {
			return orNotFound(err)
		}
		return nil
	})
	return in, err
}

func orNotFound(err error) error {
	if err == nil {
		return liadesk.ErrNotFound
	}
	return err
}

// Picture reads the picture of a member of the team for visitors of a
// website, who see it beside what that person says. Its name is as hard to
// guess as the picture itself.
func (s *Service) Picture(ctx context.Context, key, name string) ([]byte, error) {
	site, err := s.website(ctx, key)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = s.store.View(ctx, func(tx *db.Tx) (err error) {
		data, err = tx.Picture(site.inbox.AccountID, name)
		if err == nil && data == nil {
			err = liadesk.ErrNotFound
		}
		return err
	})
	return data, err
}
