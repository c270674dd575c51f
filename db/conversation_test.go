package db

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// TestAConversationStandsInEachListOnce moves a thread through every change of
// its places and looks for what an index left behind.
func TestAConversationStandsInEachListOnce(t *testing.T) {
	s := open(t)
	account, contact := liadesk.ID{0: 1, 1: 1}, liadesk.ID{0: 1, 1: 2}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	c := liadesk.Conversation{ID: liadesk.ID{0: 1, 1: 3}, AccountID: account, Channel: liadesk.InboxSMS,
		InboxID: liadesk.ID{0: 1, 1: 4}, Phone: "+12125550123", Status: liadesk.ConversationOpen, LastAt: at, Unread: 1}
	steps := []func(){
		func() {},
		func() { c.ContactID = contact },
		func() { c.LastAt = at.Add(time.Hour) },
		func() { c.Status = liadesk.ConversationResolved },
		func() { c.Unread = 0 },
		func() { c.Status, c.Unread, c.LastAt = liadesk.ConversationOpen, 2, at.Add(2*time.Hour) },
		func() { c.ContactID = liadesk.ID{0: 1, 1: 9} },
		func() { c.ContactID = liadesk.ID{} },
	}
	for i, step := range steps {
		step()
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutConversation(c) }); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx *Tx) error {
			for _, status := range []liadesk.ConversationStatus{liadesk.ConversationOpen, liadesk.ConversationResolved} {
				list, _, err := tx.Conversations(account, status, "", 10)
				want := 0
				if status == c.Status {
					want = 1
				}
				if err != nil || len(list) != want {
					t.Errorf("step %d: %d threads are %s, %v", i, len(list), status, err)
				}
			}
			for _, who := range []liadesk.ID{contact, {0: 1, 1: 9}} {
				list, err := tx.ConversationsOf(account, who, 10)
				want := 0
				if who == c.ContactID {
					want = 1
				}
				if err != nil || len(list) != want {
					t.Errorf("step %d: contact %v has %d threads, %v", i, who, len(list), err)
				}
			}
			unread, err := tx.UnreadInboxes(account, 10)
			want := c.Unread > 0 && c.Status == liadesk.ConversationOpen
			if err != nil || (len(unread) == 1) != want || want && unread[0] != c.InboxID {
				t.Errorf("step %d: unread in %v, %v", i, unread, err)
			}
			found, ok, err := tx.ConversationByPhone(account, c.InboxID, c.Phone)
			if err != nil || !ok || found.ID != c.ID {
				t.Errorf("step %d: the number finds %v, %v", i, found.ID, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
