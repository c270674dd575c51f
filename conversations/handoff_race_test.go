package conversations_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// checkThread walks a thread from its beginning and tells what must not be:
// LiaDesk speaking while a person has it, and a person's message in a thread
// whose owner it did not become.
func checkThread(list []liadesk.Message) error {
	bot := true
	for i, m := range list {
		switch {
		case m.Event == liadesk.EventToBot:
			bot = true
		case m.Event == liadesk.EventTaken, m.Event == liadesk.EventAssigned, m.Event == liadesk.EventHandedOver:
			bot = false
		case m.From == liadesk.FromAgent && !m.Private:
			bot = false
		case m.From == liadesk.FromBot && !bot && !strings.HasPrefix(m.Text, "I am sorry, nobody"):
			return fmt.Errorf("message %d: LiaDesk says %q to somebody who talks with a person", i+1, m.Text)
		}
		if m.Seq != uint64(i+1) {
			return fmt.Errorf("place %d holds message %d", i+1, m.Seq)
		}
	}
	return nil
}

// Visitors, people of the team and the clock all pull at the same threads at
// once. Run with -race, and often.
func TestPeopleLiaDeskAndTimersAtOnceNeverShareAThread(t *testing.T) {
	d := open(t)
	d.knows(t, shipping, refunds)
	crew := []liadesk.User{d.agent, d.member(t, "Cleo", 2), d.member(t, "Dana", 3)}
	for _, u := range crew {
		d.here(t, u)
	}
	const threads, turns = 6, 25
	var answers [threads]conversations.VisitorAnswer
	for i := range answers {
		answers[i] = d.write(t, "", clientID(1000+i), "how long does shipping take")
	}
	says := []string{"how long does shipping take", "a human please", "No", "That helped", "do you sell bicycles", "refund?", "thanks"}
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for n := range turns {
				if _, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: answers[i].Token,
					ClientID: clientID(i*turns + n), Text: says[r.IntN(len(says))]}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, u := range crew {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			actor := d.as(u)
			for n := range 2 * turns {
				id := answers[r.IntN(threads)].Conversation.ID
				var err error
				switch r.IntN(6) {
				case 0, 1:
					_, err = d.Reply(t.Context(), actor, id, "I am here", fmt.Sprintf("%s-%d", u.Name, n))
				case 2:
					_, err = d.Take(t.Context(), actor, id, liadesk.ID{})
				case 3:
					_, err = d.GiveToBot(t.Context(), actor, id)
				case 4:
					_, err = d.Return(t.Context(), actor, id)
				case 5:
					_, err = d.Resolve(t.Context(), actor, id)
				}
				if err != nil && code(err) != "thread_taken" {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 3 * turns {
			d.clock.Advance(7 * time.Second)
			if err := d.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	for _, a := range answers {
		var list []liadesk.Message
		dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
			list, err = tx.MessagesAfter(d.account.ID, a.Conversation.ID, 0, 1000)
			return err
		})
		if err := checkThread(list); err != nil {
			t.Errorf("%v\n%s", err, strings.Join(d.said(t, a.Conversation.ID), "\n"))
		}
		c := d.head(t, a.Conversation.ID)
		if (c.Owner == liadesk.OwnerAgent) == c.OwnerID.IsZero() {
			t.Errorf("owner %s %s", c.Owner, c.OwnerID)
		}
	}
}

// Whatever people and the clock do: nobody is asked for a thread while an older
// one that they could take has nobody, nobody has more than they can take by
// being asked, and the indexes say the same as the threads.
func TestTheQueueIsFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := open(t)
		crew := []liadesk.User{d.agent, d.member(t, "Cleo", 1), d.member(t, "Dana", 2)}
		leave := make([]func(), len(crew))
		var ids []liadesk.ID
		for n := range rapid.IntRange(5, 30).Draw(r, "steps") {
			who := rapid.IntRange(0, len(crew)-1).Draw(r, "who")
			switch rapid.SampledFrom([]string{"write", "write", "come", "go", "wait", "answer", "resolve", "return"}).Draw(r, "what") {
			case "write":
				ids = append(ids, d.write(t, "", clientID(n), "Hello").Conversation.ID)
			case "come":
				if leave[who] == nil {
					leave[who] = d.here(t, crew[who])
				}
			case "go":
				if leave[who] != nil {
					leave[who]()
					leave[who] = nil
				}
			case "wait":
				d.clock.Advance(time.Duration(rapid.IntRange(1, 60).Draw(r, "seconds")) * time.Second)
				d.tick(t)
			default:
				if len(ids) == 0 {
					continue
				}
				id := ids[rapid.IntRange(0, len(ids)-1).Draw(r, "thread")]
				c := d.head(t, id)
				// Whoever writes in a thread that is done opens it again by their
				// own choice, and may have more than they would be asked for.
				if c.OwnerID != crew[who].ID || c.Status != liadesk.ConversationOpen {
					continue
				}
				var err error
				switch n % 3 {
				case 0:
					_, err = d.Reply(t.Context(), d.as(crew[who]), id, "Hi", "")
				case 1:
					_, err = d.Resolve(t.Context(), d.as(crew[who]), id)
				case 2:
					_, err = d.Return(t.Context(), d.as(crew[who]), id)
				}
				if err != nil {
					r.Fatal(err)
				}
			}
			d.clock.Advance(time.Millisecond)
			d.checkQueue(r, crew, leave, ids)
		}
	})
}

func (d *desk) checkQueue(r *rapid.T, crew []liadesk.User, leave []func(), ids []liadesk.ID) {
	var queue []liadesk.Conversation
	loads := map[liadesk.ID]int{}
	var indexed map[liadesk.ID]int
	if err := d.store.View(r.Context(), func(tx *db.Tx) (err error) {
		if queue, err = tx.QueuedConversations(d.account.ID, func(liadesk.ID, liadesk.Rung) bool { return true }, 100); err != nil {
			return err
		}
		if indexed, err = tx.Loads(d.account.ID, d.clock.Now().Add(-time.Hour)); err != nil {
			return err
		}
		waiting := 0
		for _, id := range ids {
			c, _, err := tx.Conversation(d.account.ID, id)
			if err != nil {
				return err
			}
			if c.Owner == liadesk.OwnerAgent && c.Status == liadesk.ConversationOpen {
				loads[c.OwnerID]++
			}
			if c.InQueue() {
				waiting++
			}
		}
		if waiting != len(queue) {
			r.Fatalf("%d threads wait, the queue has %d", waiting, len(queue))
		}
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	for i, u := range crew {
		if loads[u.ID] != indexed[u.ID] {
			r.Fatalf("%s has %d threads, the index says %d", u.Name, loads[u.ID], indexed[u.ID])
		}
		if loads[u.ID] > u.Hands() {
			r.Fatalf("%s has %d threads and can take %d", u.Name, loads[u.ID], u.Hands())
		}
		if leave[i] == nil || loads[u.ID] >= u.Hands() {
			continue
		}
		for _, c := range queue {
			if !slices.Contains(c.Offer.Tried, u.ID) && c.Offer.Rung != liadesk.RungAll {
				r.Fatalf("%s is free and %s waits since %s (%+v)", u.Name, c.ID, c.QueuedAt, c.Offer)
			}
		}
	}
	if !slices.IsSortedFunc(queue, func(a, b liadesk.Conversation) int { return a.QueuedAt.Compare(b.QueuedAt) }) {
		r.Fatal("the queue is not in order")
	}
}
