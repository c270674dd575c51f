package db

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// A conversation is found by its id, in the order of its last message (per
// status, and per contact), by the number at the other end of an SMS thread,
// and by the digest of a visitor's token. All of it changes together.

func conversationKey(account, id liadesk.ID) key { return in(account, nConversation).id(id) }

// conversationOrder is where a conversation stands in the list of one status.
func conversationOrder(c liadesk.Conversation) key {
	return in(c.AccountID, nConversationBy).str("status").str(string(c.Status)).time(c.LastAt).id(c.ID)
}

func conversationOfContact(account, contact liadesk.ID) key {
	return in(account, nConversationBy).str("contact").id(contact)
}

func conversationUnread(account liadesk.ID) key {
	return in(account, nConversationBy).str("unread")
}

func conversationQueue(account liadesk.ID) key { return in(account, nConversationBy).str("queue") }

func conversationDue(account liadesk.ID) key { return in(account, nConversationBy).str("due") }

func conversationOwned(account liadesk.ID) key { return in(account, nConversationBy).str("owned") }

func smsThread(account, inbox liadesk.ID, phone string) key {
	return in(account, nConversationBy).str("phone").id(inbox).str(phone)
}

// conversationTexted finds the threads of websites that texted a number through
// an SMS inbox.
func conversationTexted(account, inbox liadesk.ID, phone string) key {
	return in(account, nConversationBy).str("texted").id(inbox).str(phone)
}

// Conversation reads one thread's head.
func (tx *Tx) Conversation(account, id liadesk.ID) (liadesk.Conversation, bool, error) {
	return get[liadesk.Conversation](tx, conversationKey(account, id))
}

// place is an entry that finds a conversation.
type place struct {
	key   key
	value []byte
}

var there = []byte{1}

// placesOf are all entries that find a conversation as it is.
func placesOf(c liadesk.Conversation) []place {
	list := []place{{conversationOrder(c), there}}
	if !c.ContactID.IsZero() {
		list = append(list, place{conversationOfContact(c.AccountID, c.ContactID).time(c.LastAt).id(c.ID), there})
	}
	if unread(c) {
		list = append(list, place{conversationUnread(c.AccountID).id(c.ID), c.InboxID[:]})
	}
	if c.Channel == liadesk.InboxSMS {
		list = append(list, place{smsThread(c.AccountID, c.InboxID, c.Phone), c.ID[:]})
	}
	if c.InQueue() {
		list = append(list, place{conversationQueue(c.AccountID).time(c.QueuedAt).id(c.ID), append(c.InboxID[:], byte(c.Offer.Rung))})
	}
	if r := c.Reach; !r.TextedAt.IsZero() {
		list = append(list, place{conversationTexted(c.AccountID, r.InboxID, r.Phone).time(r.TextedAt).id(c.ID), there})
	}
	if due := c.Due(); !due.IsZero() {
		list = append(list, place{conversationDue(c.AccountID).time(due).id(c.ID), there})
	}
	if c.Owner == liadesk.OwnerAgent && c.Status == liadesk.ConversationOpen && c.Channel == liadesk.InboxWebsite && !c.Asleep() {
		list = append(list, place{conversationOwned(c.AccountID).id(c.OwnerID).id(c.ID), binary.BigEndian.AppendUint64(nil, uint64(c.LastAt.UnixNano()))})
	}
	return list
}

// PutConversation writes a thread's head and moves it in every list. It reads
// what stands there, so that the caller need not know the former places.
func (tx *Tx) PutConversation(c liadesk.Conversation) error {
	old, exists, err := tx.Conversation(c.AccountID, c.ID)
	if err != nil {
		return err
	}
	stays := placesOf(c)
	if exists {
		for _, p := range placesOf(old) {
			if !slices.ContainsFunc(stays, func(q place) bool { return bytes.Equal(p.key, q.key) }) {
				if err := tx.kv.Delete(p.key); err != nil {
					return err
				}
			}
		}
	}
	if err := put(tx, conversationKey(c.AccountID, c.ID), c); err != nil {
		return err
	}
	for _, p := range stays {
		if err := tx.kv.Put(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}

// DeleteConversation removes a thread's head from every list. Its messages go
// before, with DeleteMessages.
func (tx *Tx) DeleteConversation(c liadesk.Conversation) error {
	for _, p := range append(placesOf(c), place{key: conversationKey(c.AccountID, c.ID)}) {
		if err := tx.kv.Delete(p.key); err != nil {
			return err
		}
	}
	return nil
}

// ConversationByPhone finds the SMS thread between an inbox and a number.
// There is one: a thread that was resolved is opened again.
func (tx *Tx) ConversationByPhone(account, inbox liadesk.ID, phone string) (liadesk.Conversation, bool, error) {
	b, err := tx.kv.Get(smsThread(account, inbox, phone))
	if err != nil || len(b) != 16 {
		return liadesk.Conversation{}, false, err
	}
	return tx.Conversation(account, liadesk.ID(b))
}

// ConversationTexted finds the website's thread that texted a number last through
// an SMS inbox.
func (tx *Tx) ConversationTexted(account, inbox liadesk.ID, phone string) (liadesk.Conversation, bool, error) {
	base := conversationTexted(account, inbox, phone)
	list, _, err := tx.conversationsAt(account, base, base.end(), 1)
	if err != nil || len(list) == 0 {
		return liadesk.Conversation{}, false, err
	}
	return list[0], true, nil
}

// Conversations lists threads of one status, the last active first, beginning
// behind the cursor. The second result is the cursor of what follows, "" at
// the end. Cursors name an instant and an id, so a thread that moves up while
// somebody turns pages is seen once more at most, and none is left out.
func (tx *Tx) Conversations(account liadesk.ID, status liadesk.ConversationStatus, after string, limit int) ([]liadesk.Conversation, string, error) {
	base := in(account, nConversationBy).str("status").str(string(status))
	to := base.end()
	if after != "" {
		at, id, err := parseTimeCursor(after)
		if err != nil {
			return nil, "", err
		}
		to = base.clone().time(at).id(id)
	}
	return tx.conversationsAt(account, base, to, limit)
}

// ConversationsOf lists a contact's threads over all channels, the last active
// first.
func (tx *Tx) ConversationsOf(account, contact liadesk.ID, limit int) ([]liadesk.Conversation, error) {
	base := conversationOfContact(account, contact)
	list, _, err := tx.conversationsAt(account, base, base.end(), limit)
	return list, err
}

func (tx *Tx) conversationsAt(account liadesk.ID, from, to key, limit int) ([]liadesk.Conversation, string, error) {
	pairs, err := tx.kv.Scan(from, to, limit+1, true)
	if err != nil {
		return nil, "", err
	}
	more := len(pairs) > limit
	if more {
		pairs = pairs[:limit]
	}
	keys := make([]key, len(pairs))
	for i, p := range pairs {
		id, err := key(p.Key).tailID()
		if err != nil {
			return nil, "", err
		}
		keys[i] = conversationKey(account, id)
	}
	list, err := getMany[liadesk.Conversation](tx, keys)
	if err != nil || !more || len(list) == 0 {
		return list, "", err
	}
	last := list[len(list)-1]
	return list, timeCursor(last.LastAt, last.ID), nil
}

// unread tells whether a thread stands among those that wait to be looked at.
func unread(c liadesk.Conversation) bool {
	return c.Unread > 0 && c.Status == liadesk.ConversationOpen
}

// UnreadInboxes lists the inboxes of open threads with messages that the team
// has not seen, one entry per thread, at most limit, in one round trip.
func (tx *Tx) UnreadInboxes(account liadesk.ID, limit int) ([]liadesk.ID, error) {
	base := conversationUnread(account)
	pairs, err := tx.kv.Scan(base, base.end(), limit, false)
	if err != nil {
		return nil, err
	}
	list := make([]liadesk.ID, 0, len(pairs))
	for _, p := range pairs {
		var inbox liadesk.ID
		if err := inbox.UnmarshalBinary(p.Value); err != nil {
			return nil, err
		}
		list = append(list, inbox)
	}
	return list, nil
}

// CampaignRefs names the campaigns, of either channel, that conversations
// belong to, in at most two round trips. Those that were deleted for good are
// left out.
func (tx *Tx) CampaignRefs(account liadesk.ID, chat, sms []liadesk.ID) (map[liadesk.ID]liadesk.Ref, error) {
	refs := make(map[liadesk.ID]liadesk.Ref, len(chat)+len(sms))
	keys := make([]key, len(chat))
	for i, id := range chat {
		keys[i] = chatCampaignKey(account, id)
	}
	onSites, err := getMany[liadesk.LiveChatCampaign](tx, keys)
	if err != nil {
		return nil, err
	}
	for _, c := range onSites {
		refs[c.ID] = liadesk.Ref{ID: c.ID, Name: c.Title, Kind: "live_chat_campaign"}
	}
	if len(sms) == 0 {
		return refs, nil
	}
	byText, err := tx.SMSCampaignsByID(account, sms)
	for _, c := range byText {
		refs[c.ID] = liadesk.Ref{ID: c.ID, Name: c.Title, Kind: "sms_campaign"}
	}
	return refs, err
}
