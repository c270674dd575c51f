package conversations

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// eraseBatch bounds one transaction of an erasure.
const (
	eraseBatch = 500
	eraseFiles = 5
)

// EraseAsVisitor deletes the thread of a token, on the wish of the visitor whose
// token it is: every message first, its head and the token last, so that the
// wish can be repeated when the power goes in between. A token that opens
// nothing has nothing to be deleted, and that is no error; a thread
// that has moved to another phone is not theirs to delete. The contact, if there
// is one, and the campaigns' figures stay.
func (s *Service) EraseAsVisitor(ctx context.Context, inbox liadesk.Inbox, token string) error {
	for {
		again := false
		err := s.store.Update(ctx, func(tx *db.Tx) error {
			again = false
			c, found, moved, err := s.threadBegun(tx, inbox, token)
			if err != nil || !found {
				return err
			}
			if moved {
				return liadesk.Conflict("moved_to_phone", "the conversation goes on by text, and is deleted from there")
			}
			if again, err = tx.DeleteFiles(c.AccountID, c.ID, eraseFiles); err != nil || again {
				return err
			}
			if again, err = tx.DeleteMessages(c.AccountID, c.ID, eraseBatch); err != nil || again {
				return err
			}
			if err := tx.DeleteConversation(c); err != nil {
				return err
			}
			return tx.DeleteVisitor(c.AccountID, digest(token))
		})
		if err != nil || !again {
			return err
		}
	}
}
