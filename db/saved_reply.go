package db

import "github.com/liadesk/campaigns/liadesk"

// MaxSavedReplies is how many texts a team can keep.
const MaxSavedReplies = 500

func savedReplyKey(account, id liadesk.ID) key { return in(account, nSavedReply).id(id) }

// SavedReplies lists a team's texts, oldest first.
func (tx *Tx) SavedReplies(account liadesk.ID) ([]liadesk.SavedReply, error) {
	base := in(account, nSavedReply)
	list, _, err := scan[liadesk.SavedReply](tx, base, base.end(), MaxSavedReplies, false)
	return list, err
}

// SavedReply reads one.
func (tx *Tx) SavedReply(account, id liadesk.ID) (liadesk.SavedReply, bool, error) {
	return get[liadesk.SavedReply](tx, savedReplyKey(account, id))
}

// PutSavedReply writes one.
func (tx *Tx) PutSavedReply(r liadesk.SavedReply) error {
	return put(tx, savedReplyKey(r.AccountID, r.ID), r)
}

// DeleteSavedReply removes one.
func (tx *Tx) DeleteSavedReply(account, id liadesk.ID) error {
	return tx.kv.Delete(savedReplyKey(account, id))
}
