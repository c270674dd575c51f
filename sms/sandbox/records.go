package sandbox

import (
	"container/list"
	"time"
)

// parties of a conversation: the account and its number, and the handset. All
// numbers inside the sandbox are digits without a plus sign.
type parties struct{ account, number, handset string }

// record is one text, in either direction.
type record struct {
	parties
	uuid      string
	inbound   bool // from the handset to the account
	own       bool // the sandbox's own confirmation of STOP and the like
	text      string
	units     int
	at        time.Time // accepted or received
	visible   time.Time // when list and record begin to show it
	state     string
	code      string
	sentAt    time.Time
	updatedAt time.Time

	url, method string // of the reports
	behaviour   Behaviour
	sequence    int
	reports     []Report
	dropped     bool // out of the conversations, and so out of the lists
}

func (m *record) from() string {
	if m.inbound {
		return m.handset
	}
	return m.number
}

func (m *record) to() string {
	if m.inbound {
		return m.number
	}
	return m.handset
}

// conversation is what a handset and a number of an account said.
type conversation struct {
	parties
	messages []*record // oldest first
	place    *list.Element
}

// ledger is all of an account's texts, oldest first, some of which may have
// been dropped since.
type ledger struct {
	texts   []*record
	dropped int
}

// records keeps texts within bounds. The lock of the sandbox guards it.
type records struct {
	max           int
	byUUID        map[string]*record
	accounts      map[string]*ledger
	conversations map[parties]*conversation
	silent        *list.List // of *conversation, the most recent first
}

func (r *records) add(m *record) {
	r.byUUID[m.uuid] = m
	l := r.accounts[m.account]
	if l == nil {
		l = &ledger{}
		r.accounts[m.account] = l
	}
	l.texts = append(l.texts, m)

	c := r.conversations[m.parties]
	if c == nil {
		c = &conversation{parties: m.parties}
		c.place = r.silent.PushFront(c)
		r.conversations[m.parties] = c
	}
	r.silent.MoveToFront(c.place)
	c.messages = append(c.messages, m)
	if len(c.messages) > maxMessages {
		r.drop(c.messages[0])
		c.messages = append(c.messages[:0], c.messages[1:]...)
	}
	for len(r.conversations) > r.max {
		oldest := r.silent.Remove(r.silent.Back()).(*conversation)
		delete(r.conversations, oldest.parties)
		for _, m := range oldest.messages {
			r.drop(m)
		}
	}
}

// drop takes a text out of the lists. Its ledger is swept when half of it is gone.
func (r *records) drop(m *record) {
	m.dropped = true
	delete(r.byUUID, m.uuid)
	l := r.accounts[m.account]
	if l.dropped++; l.dropped <= len(l.texts)/2 {
		return
	}
	kept := l.texts[:0]
	for _, m := range l.texts {
		if !m.dropped {
			kept = append(kept, m)
		}
	}
	clear(l.texts[len(kept):])
	l.texts, l.dropped = kept, 0
}
