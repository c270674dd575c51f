package db

import "github.com/liadesk/campaigns/liadesk"

func outboxKey(i liadesk.OutboxItem) key { return in(i.AccountID, nOutbox).id(i.InboxID).id(i.ID) }

// PutOutbox lets a text wait to go out ahead of campaigns. It belongs into the
// transaction of whatever causes the text.
func (tx *Tx) PutOutbox(i liadesk.OutboxItem) error { return put(tx, outboxKey(i), i) }

// Outbox reads the texts of an inbox that wait, oldest first.
func (tx *Tx) Outbox(account, inbox liadesk.ID, limit int) ([]liadesk.OutboxItem, error) {
	base := in(account, nOutbox).id(inbox)
	items, _, err := scan[liadesk.OutboxItem](tx, base, base.end(), limit, false)
	return items, err
}

// DeleteOutbox takes a text out, in the transaction that claims its attempt.
func (tx *Tx) DeleteOutbox(i liadesk.OutboxItem) error { return tx.kv.Delete(outboxKey(i)) }
