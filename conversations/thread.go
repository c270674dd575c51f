package conversations

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Item is a conversation with those who stand beside it in a list.
type Item struct {
	Conversation liadesk.Conversation
	Contact      liadesk.Contact // zero while the visitor is anonymous, and once the contact was deleted
	Owner        liadesk.User    // zero unless a person has the thread
	Campaign     liadesk.Ref     // zero without one, and on a plan without campaigns
}

// Name is how the other side is called: by name, e-mail or number if known.
func (i Item) Name() string {
	if name := i.Contact.Label(); name != "" {
		return name
	}
	if i.Conversation.Phone != "" {
		return i.Conversation.Phone
	}
	if id := i.Conversation.Identity; id != nil && id.Name+id.Email != "" {
		return cmp.Or(id.Name, id.Email)
	}
	return i.Conversation.Visitor
}

// Items is List with the names that a list shows.
func (s *Service) Items(ctx context.Context, actor liadesk.Actor, f Filter, page db.Page) (items []Item, next string, err error) {
	list, next, err := s.List(ctx, actor, f, page)
	if err != nil || len(list) == 0 {
		return nil, next, err
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		items, _, err = describe(tx, actor, list)
		return err
	})
	return items, next, err
}

// Item reads one thread's head as it stands in the list.
func (s *Service) Item(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (item Item, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		c, err := find(tx, actor, id)
		if err != nil {
			return err
		}
		items, _, err := describe(tx, actor, []liadesk.Conversation{c})
		if err == nil {
			item = items[0]
		}
		return err
	})
	return item, err
}

// describe finds the names for threads, in a few round trips however many
// threads there are. It also gives the team by id.
func describe(tx *db.Tx, actor liadesk.Actor, list []liadesk.Conversation) ([]Item, map[liadesk.ID]liadesk.User, error) {
	users, err := tx.Users(actor.Account)
	if err != nil {
		return nil, nil, err
	}
	team := make(map[liadesk.ID]liadesk.User, len(users))
	for _, u := range users {
		team[u.ID] = u
	}
	var people, chat, sms []liadesk.ID
	for _, c := range list {
		if !c.ContactID.IsZero() {
			people = append(people, c.ContactID)
		}
		switch {
		case c.CampaignID.IsZero() || !actor.Plan.Paid():
		case c.Channel == liadesk.InboxSMS:
			sms = append(sms, c.CampaignID)
		default:
			chat = append(chat, c.CampaignID)
		}
	}
	contacts, err := tx.ContactsByID(actor.Account, people)
	if err != nil {
		return nil, nil, err
	}
	refs, err := tx.CampaignRefs(actor.Account, chat, sms)
	if err != nil {
		return nil, nil, err
	}
	items := make([]Item, len(list))
	for i, c := range list {
		items[i] = Item{Conversation: c, Contact: contacts[c.ContactID]}
		if c.Owner == liadesk.OwnerAgent {
			items[i].Owner = team[c.OwnerID]
		}
		if actor.Plan.Paid() {
			items[i].Campaign = refs[c.CampaignID]
		}
	}
	return items, team, nil
}

// Campaign names a campaign of either channel, for a list that is narrowed to
// it.
func (s *Service) Campaign(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (ref liadesk.Ref, err error) {
	if err := actor.Campaigns(); err != nil {
		return ref, err
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		refs, err := tx.CampaignRefs(actor.Account, []liadesk.ID{id}, []liadesk.ID{id})
		if err != nil {
			return err
		}
		var ok bool
		if ref, ok = refs[id]; !ok {
			return liadesk.ErrNotFound
		}
		return nil
	})
	return ref, err
}

// Thread is a conversation as the team reads it.
type Thread struct {
	Item
	Messages []liadesk.Message // oldest first
	// Context is the message before the first of Messages, if there is one:
	// a page groups messages by day and by author.
	Context *liadesk.Message
	Inbox   liadesk.Inbox // zero when it was deleted
	// Team holds everybody of the account, for the authors' pictures.
	Team map[liadesk.ID]liadesk.User
	// Others are further threads of the same contact, the last active first.
	Others []liadesk.Conversation
	// Earlier is the place to pass as before for the messages that came
	// before these, 0 when there are none.
	Earlier uint64
	// Proposed is the contact that the visitor may be, as the page says without a
	// signature; the zero contact for none.
	Proposed liadesk.Contact
	// ByText says that an answer goes out by text though the thread is a website's.
	ByText bool
	// Closed is why the thread can't be answered now, nil when it can.
	Closed *liadesk.Error
}

// maxOthers is how many further threads of a contact stand beside one.
const maxOthers = 8

// Get reads a thread: its last messages, or those before a place in it.
func (s *Service) Get(ctx context.Context, actor liadesk.Actor, id liadesk.ID, before uint64) (Thread, error) {
	return s.read(ctx, actor, id, func(tx *db.Tx, out *Thread) (err error) {
		out.Messages, err = tx.MessagesBefore(actor.Account, id, before, ThreadPage)
		if len(out.Messages) > 0 && out.Messages[0].Seq > 1 {
			out.Earlier = out.Messages[0].Seq
		}
		return err
	})
}

// Since reads a thread with the messages behind a place in it, for a page
// that shows everything up to there. More than ThreadPage are cut off; the
// last one's Seq says where to go on.
func (s *Service) Since(ctx context.Context, actor liadesk.Actor, id liadesk.ID, seq uint64) (Thread, error) {
	return s.read(ctx, actor, id, func(tx *db.Tx, out *Thread) (err error) {
		if seq == 0 {
			out.Messages, err = tx.MessagesAfter(actor.Account, id, 0, ThreadPage)
			return err
		}
		list, err := tx.MessagesAfter(actor.Account, id, seq-1, ThreadPage+1)
		if len(list) > 0 && list[0].Seq == seq {
			out.Context, list = &list[0], list[1:]
		}
		out.Messages = list
		return err
	})
}

func (s *Service) read(ctx context.Context, actor liadesk.Actor, id liadesk.ID, messages func(*db.Tx, *Thread) error) (Thread, error) {
	var out Thread
	err := s.store.View(ctx, func(tx *db.Tx) error {
		out = Thread{}
		c, err := find(tx, actor, id)
		if err != nil {
			return err
		}
		items, team, err := describe(tx, actor, []liadesk.Conversation{c})
		if err != nil {
			return err
		}
		out.Item, out.Team = items[0], team
		if err := messages(tx, &out); err != nil {
			return err
		}
		if out.Inbox, _, err = tx.Inbox(actor.Account, c.InboxID); err != nil {
			return err
		}
		if out.ByText, err = s.textTo(tx, c); err != nil {
			return err
		}
		if err := s.reachable(tx, c); err != nil {
			refused, ok := errors.AsType[*liadesk.Error](err)
			if !ok {
				return err
			}
			out.Closed = refused
		}
		if c.ContactID.IsZero() {
			out.Proposed, err = s.proposed(tx, c)
			return err
		}
		out.Others, err = tx.ConversationsOf(actor.Account, c.ContactID, maxOthers+1)
		out.Others = slices.DeleteFunc(out.Others, func(o liadesk.Conversation) bool { return o.ID == id || !actor.Serves(o.InboxID) })
		return err
	})
	return out, err
}
