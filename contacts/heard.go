package contacts

import (
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// heardEvery is how coarsely a contact remembers when it last wrote, so that a
// lively talk does not write it with every message.
const heardEvery = time.Minute

// Heard notes, in the caller's transaction, that a person wrote to us. It is
// nobody's change of the contact: whoever edits it meanwhile is not disturbed.
func (s *Service) Heard(tx *db.Tx, account, contact liadesk.ID, at time.Time) error {
	c, found, err := tx.Contact(account, contact)
	if err != nil || !found || at.Sub(c.LastRepliedAt) < heardEvery {
		return err
	}
	old := c
	c.LastRepliedAt = at
	if at.After(c.LastSeenAt) {
		c.LastSeenAt = at
	}
	return tx.PutContact(&old, &c)
}
