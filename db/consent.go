package db

import "github.com/liadesk/campaigns/liadesk"

// AddConsent adds a line to a contact's consent history. Lines are never
// changed or removed, not even when the contact is deleted.
func (tx *Tx) AddConsent(account liadesk.ID, e liadesk.ConsentEntry) error {
	return put(tx, in(account, nConsent).id(e.ContactID).id(e.ID), e)
}

// ConsentHistory reads the newest lines of a contact's consent history.
func (tx *Tx) ConsentHistory(account, contact liadesk.ID, limit int) ([]liadesk.ConsentEntry, error) {
	base := in(account, nConsent).id(contact)
	entries, _, err := scan[liadesk.ConsentEntry](tx, base, base.end(), limit, true)
	return entries, err
}
