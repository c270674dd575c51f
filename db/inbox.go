package db

import (
	"errors"

	"github.com/liadesk/campaigns/liadesk"
)

// MaxInboxes is the most inboxes that an account may have: they are read
// whole, in one scan.
const MaxInboxes = 500

// ErrKeyTaken refuses a second inbox with the same public key.
var ErrKeyTaken = errors.New("the public key belongs to another inbox")

func inboxKey(account, id liadesk.ID) key { return in(account, nInbox).id(id) }

func widgetKey(public string) key { return global("key").str(public) }

func inboxAccountKey(id liadesk.ID) key { return global("inbox").id(id) }

// Inbox reads one inbox.
func (tx *Tx) Inbox(account, id liadesk.ID) (liadesk.Inbox, bool, error) {
	return get[liadesk.Inbox](tx, inboxKey(account, id))
}

// Inboxes reads all inboxes of an account, oldest first.
func (tx *Tx) Inboxes(account liadesk.ID) ([]liadesk.Inbox, error) {
	base := in(account, nInbox)
	inboxes, _, err := scan[liadesk.Inbox](tx, base, base.end(), MaxInboxes, false)
	return inboxes, err
}

// InboxByKey finds the website inbox that a public key in a snippet names.
func (tx *Tx) InboxByKey(public string) (account, inbox liadesk.ID, found bool, err error) {
	o, found, err := get[owner](tx, widgetKey(public))
	return o.Account, o.ID, found, err
}

// InboxAccount finds the account of an inbox, for callbacks, whose path names
// the inbox alone.
func (tx *Tx) InboxAccount(inbox liadesk.ID) (account liadesk.ID, found bool, err error) {
	o, found, err := get[owner](tx, inboxAccountKey(inbox))
	return o.Account, found, err
}

// PutInbox writes an inbox with its public key. It leaves Version alone: what
// the system notes (a snippet seen, a callback, a trouble) is no edit, and must
// not make a person's save look like a conflict.
func (tx *Tx) PutInbox(i liadesk.Inbox) error {
	tx.ShutGate(i.AccountID)
	here := owner{Account: i.AccountID, ID: i.ID}
	old, had, err := tx.Inbox(i.AccountID, i.ID)
	if err != nil {
		return err
	}
	if !had {
		if err := put(tx, inboxAccountKey(i.ID), here); err != nil {
			return err
		}
	}
	oldKey, newKey := publicKey(old), publicKey(i)
	if oldKey != newKey {
		if oldKey != "" {
			if err := tx.kv.Delete(widgetKey(oldKey)); err != nil {
				return err
			}
		}
		if newKey != "" {
			if _, taken, err := get[owner](tx, widgetKey(newKey)); err != nil {
				return err
			} else if taken {
				return ErrKeyTaken
			}
			if err := put(tx, widgetKey(newKey), here); err != nil {
				return err
			}
		}
	}
	return put(tx, inboxKey(i.AccountID, i.ID), i)
}

// DeleteInbox removes an inbox and its public names.
func (tx *Tx) DeleteInbox(i liadesk.Inbox) error {
	tx.ShutGate(i.AccountID)
	if k := publicKey(i); k != "" {
		if err := tx.kv.Delete(widgetKey(k)); err != nil {
			return err
		}
	}
	if err := tx.kv.Delete(inboxAccountKey(i.ID)); err != nil {
		return err
	}
	return tx.kv.Delete(inboxKey(i.AccountID, i.ID))
}

func publicKey(i liadesk.Inbox) string {
	if i.Website == nil {
		return ""
	}
	return i.Website.Key
}
