package db

import (
	"encoding/binary"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// queuePage is how many entries of the queue are looked at in one round trip,
// queuePages how many pages at most.
const (
	queuePage  = 1000
	queuePages = 20
)

// QueuedConversations lists the threads that wait for a person and that want
// picks by their inbox and rung, who waited longest first.
func (tx *Tx) QueuedConversations(account liadesk.ID, want func(inbox liadesk.ID, rung liadesk.Rung) bool, limit int) ([]liadesk.Conversation, error) {
	base := conversationQueue(account)
	var keys []key
	from := base
	for range queuePages {
		pairs, err := tx.kv.Scan(from, base.end(), queuePage, false)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			if len(p.Value) != 17 || !want(liadesk.ID(p.Value[:16]), liadesk.Rung(p.Value[16])) {
				continue
			}
			id, err := key(p.Key).tailID()
			if err != nil {
				return nil, err
			}
			keys = append(keys, conversationKey(account, id))
		}
		if len(pairs) < queuePage || len(keys) >= limit {
			break
		}
		from = key(pairs[len(pairs)-1].Key).after()
	}
	return getMany[liadesk.Conversation](tx, keys[:min(len(keys), limit)])
}

// ConversationsDue lists the threads that time has something to do with, by
// now, the longest overdue first.
func (tx *Tx) ConversationsDue(account liadesk.ID, now time.Time, limit int) ([]liadesk.Conversation, error) {
	base := conversationDue(account)
	return tx.conversationsBy(account, base, base.clone().time(now.Add(1)), limit)
}

func (tx *Tx) conversationsBy(account liadesk.ID, from, to key, limit int) ([]liadesk.Conversation, error) {
	pairs, err := tx.kv.Scan(from, to, limit, false)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	keys := make([]key, len(pairs))
	for i, p := range pairs {
		id, err := key(p.Key).tailID()
		if err != nil {
			return nil, err
		}
		keys[i] = conversationKey(account, id)
	}
	return getMany[liadesk.Conversation](tx, keys)
}

// maxOwned bounds what Loads reads; a team with more open threads than that is
// busy all the same.
const maxOwned = 10_000

// Loads counts, by person, the open threads of websites in which somebody spoke
// since a moment.
func (tx *Tx) Loads(account liadesk.ID, since time.Time) (map[liadesk.ID]int, error) {
	base := conversationOwned(account)
	pairs, err := tx.kv.Scan(base, base.end(), maxOwned, false)
	if err != nil {
		return nil, err
	}
	loads := make(map[liadesk.ID]int)
	for _, p := range pairs {
		if len(p.Value) == 8 && int64(binary.BigEndian.Uint64(p.Value)) >= since.UnixNano() {
			loads[liadesk.ID(p.Key[len(base):len(base)+16])]++
		}
	}
	return loads, nil
}

// ConversationsOwned lists the open threads of websites that a person has.
func (tx *Tx) ConversationsOwned(account, owner liadesk.ID) ([]liadesk.Conversation, error) {
	base := conversationOwned(account).id(owner)
	return tx.conversationsBy(account, base, base.end(), maxOwned)
}

// placeConversations writes the entries that find threads in the queue, by
// owner and by what is due, for threads that were stored before there were any.
var placeConversations = overRecords(nConversation, indexPart, func(tx *Tx, _ liadesk.ID, list []liadesk.Conversation) error {
	for _, c := range list {
		if err := tx.PutConversation(c); err != nil {
			return err
		}
	}
	return nil
})
