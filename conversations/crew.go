package conversations

import (
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// busyFor is how long after its last message an open thread still keeps its
// owner busy: visitors leave without a word, and threads are not always
// resolved.
const busyFor = time.Hour

// drainMost bounds how many waiting threads one transaction hands out. Those
// behind them come with the next tick.
const drainMost = 200

// crew are the people of an account who are here, with what they are busy with.
type crew struct {
	users []liadesk.User
	loads map[liadesk.ID]int
	idle  map[liadesk.ID]uint64
}

// crewOf reads who is here now.
func (s *Service) crewOf(tx *db.Tx, account liadesk.ID) (crew, error) {
	users, err := tx.Users(account)
	if err != nil {
		return crew{}, err
	}
	k := crew{users: slices.DeleteFunc(users, func(u liadesk.User) bool { return !s.present(u) }), idle: s.turns.all()}
	if len(k.users) > 0 {
		k.loads, err = tx.Loads(account, s.now().Add(-busyFor))
	}
	return k, err
}

// serving are those of the crew who answer an inbox.
func (k crew) serving(inbox liadesk.ID) []liadesk.Hand {
	var list []liadesk.Hand
	for _, u := range k.users {
		if u.Serves(inbox) {
			list = append(list, liadesk.Hand{ID: u.ID, Load: k.loads[u.ID], Capacity: u.Hands(), Idle: k.idle[u.ID]})
		}
	}
	return list
}

func (k crew) user(id liadesk.ID) liadesk.User {
	for _, u := range k.users {
		if u.ID == id {
			return u
		}
	}
	return liadesk.User{}
}

// happening is a thread that a transaction changed, with what was added to it:
// what listeners are told after the commit.
type happening struct {
	c     liadesk.Conversation
	added []liadesk.Message
}

func (s *Service) publishAll(list []happening) {
	for _, h := range list {
		s.Publish(h.c, h.added...)
	}
}

// preferred are the people who should have a thread rather than others: the
// sender of the campaign that it answers, who answered in it before, and who
// answered the same contact last.
func (s *Service) preferred(tx *db.Tx, c liadesk.Conversation) ([]liadesk.ID, error) {
	var list []liadesk.ID
	if !c.CampaignID.IsZero() {
		campaign, found, err := tx.LiveChatCampaign(c.AccountID, c.CampaignID)
		if err != nil {
			return nil, err
		}
		if found && campaign.Sender.Kind == liadesk.SenderAgent {
			list = append(list, campaign.Sender.UserID)
		}
	}
	if !c.LastAgentID.IsZero() {
		list = append(list, c.LastAgentID)
	}
	if c.ContactID.IsZero() {
		return list, nil
	}
	others, err := tx.ConversationsOf(c.AccountID, c.ContactID, maxOthers)
	for _, o := range others {
		if o.ID != c.ID && !o.LastAgentID.IsZero() {
			return append(list, o.LastAgentID), err
		}
	}
	return list, err
}

// waits tells whether a waiting thread is to be looked at now: somebody who
// answers its inbox has a hand free, or it has just come and somebody is here.
func (k crew) waits(inbox liadesk.ID, rung liadesk.Rung) bool {
	return slices.ContainsFunc(k.serving(inbox), func(h liadesk.Hand) bool { return h.Free() || rung == liadesk.RungNone })
}

// drain finds people for threads that wait, who waited longest first. It runs
// wherever a thread enters the queue or somebody has a hand free, and with
// every tick, for time frees hands, too.
//
// Nobody is asked twice for the same thread, unless they are fresh: they came
// just now, or finished something, and so are certainly there. Who has just
// given a thread back is not asked for that one.
//
// First in, first out holds for each person: nobody is asked for a thread
// while an older one that they could take has nobody. A thread for which nobody
// is here stays as it is.
func (s *Service) drain(tx *db.Tx, account liadesk.ID, fresh ...liadesk.ID) ([]happening, error) {
	k, err := s.crewOf(tx, account)
	if err != nil || len(k.users) == 0 {
		return nil, err
	}
	queue, err := tx.QueuedConversations(account, k.waits, drainMost)
	if err != nil {
		return nil, err
	}
	var out []happening
	for _, c := range queue {
		tried := c.Offer.Tried
		if c.Offer.Rung != liadesk.RungNone {
			tried = slices.DeleteFunc(slices.Clone(tried), func(id liadesk.ID) bool { return slices.Contains(fresh, id) })
		}
		if c.Offer.Rung == liadesk.RungAll && len(tried) == len(c.Offer.Tried) {
			continue // all are being asked already
		}
		preferred, err := s.preferred(tx, c)
		if err != nil {
			return nil, err
		}
		var added []liadesk.Message
		if who, found := liadesk.Choose(k.serving(c.InboxID), preferred, tried); found {
			c.Offer.Tried = tried
			m, err := s.offer(tx, &c, k.user(who))
			if err != nil {
				return nil, err
			}
			added = append(added, m)
			k.loads[who]++
			k.idle[who] = s.turns.take(who)
		} else if c.Offer.Rung == liadesk.RungNone {
			c.Offer = liadesk.Offer{Rung: liadesk.RungQueued, Until: s.now().Add(liadesk.QueueFor), Tried: tried}
		} else {
			continue // its timer runs, or it waits for somebody to come
		}
		c.Version++
		if err := tx.PutConversation(c); err != nil {
			return nil, err
		}
		out = append(out, happening{c, added})
	}
	return out, nil
}

// Left gives the open threads of somebody who leaves the team, or of inboxes that
// they serve no longer, back to the queue, in the transaction that says so.
func (s *Service) Left(tx *db.Tx, u liadesk.User) error {
	owned, err := tx.ConversationsOwned(u.AccountID, u.ID)
	if err != nil || len(owned) == 0 {
		return err
	}
	var out []happening
	for _, c := range owned {
		if u.Active() && u.Serves(c.InboxID) {
			continue
		}
		s.enqueue(&c, s.now())
		c.Version++
		m, err := s.note(tx, &c, liadesk.EventReturned, u.Name, "")
		if err != nil {
			return err
		}
		if err := tx.PutConversation(c); err != nil {
			return err
		}
		out = append(out, happening{c, []liadesk.Message{m}})
	}
	drained, err := s.drain(tx, u.AccountID)
	tx.AfterCommit(func() { s.publishAll(append(out, drained...)) })
	return err
}

// offer asks one person to take a thread. They own it meanwhile.
func (s *Service) offer(tx *db.Tx, c *liadesk.Conversation, to liadesk.User) (liadesk.Message, error) {
	c.Owner, c.OwnerID = liadesk.OwnerAgent, to.ID
	c.Offer = liadesk.Offer{Rung: liadesk.RungOffered, Until: s.now().Add(liadesk.OfferFor), Tried: c.Offer.Tried}
	return s.note(tx, c, liadesk.EventOffered, "", to.Name)
}

// enqueue puts a thread into the team's queue, at the place of the moment since
// which its visitor waits for a person.
func (s *Service) enqueue(c *liadesk.Conversation, since time.Time) {
	c.QueuedAt, c.Offer = since, liadesk.Offer{}
	c.Owner, c.OwnerID = liadesk.OwnerQueue, liadesk.ID{}
}

// note tells the team in a thread what happened to it.
func (s *Service) note(tx *db.Tx, c *liadesk.Conversation, event liadesk.ThreadEvent, author, subject string) (liadesk.Message, error) {
	return s.add(tx, c, liadesk.Message{From: liadesk.FromSystem, Private: true, Event: event, Author: author, Subject: subject})
}
