package db

import (
	"encoding/binary"

	"github.com/liadesk/campaigns/liadesk"
)

func messageKey(account, conversation liadesk.ID, seq uint64) key {
	return in(account, nMessage).id(conversation).str("n").u64(seq)
}

func messageByID(account, conversation, id liadesk.ID) key {
	return in(account, nMessage).id(conversation).str("i").id(id)
}

func messageByClientID(account, conversation liadesk.ID, clientID string) key {
	return in(account, nClientID).id(conversation).str(clientID)
}

// AddMessage puts a message at the end of a thread: it takes the next place
// of the given head, which the caller then stores with PutConversation in the
// same transaction.
func (tx *Tx) AddMessage(c *liadesk.Conversation, m liadesk.Message) (liadesk.Message, error) {
	c.Messages++
	m.Seq = c.Messages
	m.ConversationID = c.ID
	if err := put(tx, messageKey(c.AccountID, c.ID, m.Seq), m); err != nil {
		return m, err
	}
	seq := binary.BigEndian.AppendUint64(nil, m.Seq)
	if err := tx.kv.Put(messageByID(c.AccountID, c.ID, m.ID), seq); err != nil {
		return m, err
	}
	if err := tx.indexMessage(c.AccountID, c.ID, m); err != nil || m.ClientID == "" {
		return m, err
	}
	return m, tx.kv.Put(messageByClientID(c.AccountID, c.ID, m.ClientID), seq)
}

// DeleteMessages removes some records, about limit, of a thread's messages and what
// finds them, and tells whether there may be more.
func (tx *Tx) DeleteMessages(account, conversation liadesk.ID, limit int) (more bool, err error) {
	// The words go first, for it takes the messages to find them.
	said, err := tx.MessagesBefore(account, conversation, 0, limit)
	if err != nil {
		return false, err
	}
	for _, m := range said {
		for _, w := range wordsSaid(m) {
			if err := tx.kv.Delete(messageWord(account, w).id(conversation)); err != nil {
				return false, err
			}
		}
		if err := tx.kv.Delete(messageKey(account, conversation, m.Seq)); err != nil {
			return false, err
		}
	}
	if len(said) == limit {
		return true, nil
	}
	for _, base := range []key{in(account, nClientID).id(conversation), in(account, nMessage).id(conversation)} {
		pairs, err := tx.kv.Scan(base, base.end(), limit, false)
		if err != nil {
			return false, err
		}
		for _, p := range pairs {
			if err := tx.kv.Delete(p.Key); err != nil {
				return false, err
			}
		}
		if len(pairs) == limit {
			return true, nil
		}
	}
	return false, nil
}

// Message finds a message by its id.
func (tx *Tx) Message(account, conversation, id liadesk.ID) (liadesk.Message, bool, error) {
	return tx.messageAt(account, conversation, messageByID(account, conversation, id))
}

// MessageByClientID finds what an earlier try with the same client id wrote.
func (tx *Tx) MessageByClientID(account, conversation liadesk.ID, clientID string) (liadesk.Message, bool, error) {
	return tx.messageAt(account, conversation, messageByClientID(account, conversation, clientID))
}

func (tx *Tx) messageAt(account, conversation liadesk.ID, index key) (liadesk.Message, bool, error) {
	b, err := tx.kv.Get(index)
	if err != nil || len(b) != 8 {
		return liadesk.Message{}, false, err
	}
	return get[liadesk.Message](tx, messageKey(account, conversation, binary.BigEndian.Uint64(b)))
}

// ReplaceMessage changes the state of a message that is there already.
func (tx *Tx) ReplaceMessage(account liadesk.ID, m liadesk.Message) error {
	return put(tx, messageKey(account, m.ConversationID, m.Seq), m)
}

// MessagesAfter lists a thread's messages from the one behind seq on, oldest
// first.
func (tx *Tx) MessagesAfter(account, conversation liadesk.ID, seq uint64, limit int) ([]liadesk.Message, error) {
	base := in(account, nMessage).id(conversation).str("n")
	list, _, err := scan[liadesk.Message](tx, messageKey(account, conversation, seq+1), base.end(), limit, false)
	return list, err
}

// MessagesBefore lists a thread's last messages before seq (0: its very last
// ones), oldest first.
func (tx *Tx) MessagesBefore(account, conversation liadesk.ID, seq uint64, limit int) ([]liadesk.Message, error) {
	base := in(account, nMessage).id(conversation).str("n")
	to := base.end()
	if seq > 0 {
		to = messageKey(account, conversation, seq)
	}
	list, _, err := scan[liadesk.Message](tx, base, to, limit, true)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}
