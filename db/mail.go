package db

import "github.com/liadesk/campaigns/liadesk"

func mailKey(account, id liadesk.ID) key { return in(account, nMail).id(id) }

// PutMail lets an e-mail wait to go out. It belongs into the transaction of
// whatever causes it.
func (tx *Tx) PutMail(m liadesk.MailItem) error { return put(tx, mailKey(m.AccountID, m.ID), m) }

// Mails reads the e-mails of an account that wait, oldest first.
func (tx *Tx) Mails(account liadesk.ID, limit int) ([]liadesk.MailItem, error) {
	base := in(account, nMail)
	items, _, err := scan[liadesk.MailItem](tx, base, base.end(), limit, false)
	return items, err
}

// DeleteMail takes an e-mail out.
func (tx *Tx) DeleteMail(m liadesk.MailItem) error {
	return tx.kv.Delete(mailKey(m.AccountID, m.ID))
}
