package db

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Threads that were stored before there was a queue are found in it, with their
// owners and by what was said in them, once the program that knows it has
// started; also when the power goes in the middle.
func TestConversationsOfBeforeAreFoundInTheQueueAndBySearch(t *testing.T) {
	s := open(t)
	ids := liadesk.RandomIDs(time.Now)
	account, ben, inbox := ids(), ids(), ids()
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	const n = wordPart + 20 // more than one part
	update := func(fn func(*Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *Tx) error {
		if err := tx.PutAccount(liadesk.Account{ID: account, Name: "Shop"}); err != nil {
			return err
		}
		for i := range n {
			c := liadesk.Conversation{ID: ids(), AccountID: account, InboxID: inbox, Channel: liadesk.InboxWebsite, Status: liadesk.ConversationOpen,
				Owner: liadesk.OwnerQueue, QueuedAt: now.Add(time.Duration(n-i) * time.Second), LastAt: now, Messages: 1}
			if i%2 == 0 {
				c.Owner, c.OwnerID = liadesk.OwnerAgent, ben
			}
			if err := put(tx, conversationKey(account, c.ID), c); err != nil {
				return err
			}
			if err := put(tx, messageKey(account, c.ID, 1), liadesk.Message{ID: ids(), ConversationID: c.ID, Seq: 1, Text: "my monstera"}); err != nil {
				return err
			}
		}
		return put(tx, meta("schema"), schema{Steps: 5})
	})
	for range 2 { // the second time it has all been done
		if err := s.migrate(t.Context(), migrations, untold); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		queue, err := tx.QueuedConversations(account, func(of liadesk.ID, r liadesk.Rung) bool { return of == inbox && r == liadesk.RungNone }, 100)
		if err != nil || len(queue) != n/2 || !queue[0].QueuedAt.Before(queue[1].QueuedAt) {
			t.Errorf("%d wait, %v", len(queue), err)
		}
		loads, err := tx.Loads(account, now)
		if err != nil || loads[ben] != n/2 {
			t.Errorf("Ben has %d, %v", loads[ben], err)
		}
		found, err := tx.ConversationsWith(account, "Monst", 2*n)
		if err != nil || len(found) != n {
			t.Errorf("%d are found, %v", len(found), err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
