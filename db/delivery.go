package db

import (
	"bytes"

	"github.com/liadesk/campaigns/liadesk"
)

// A delivery's row lies under (campaign, number), is indexed by status, and is
// remembered by its number over all campaigns (texted.go); who answered is in a
// set (outcome.go). They change together. While its post is under way a row is
// in no index: it is found by the flight of its inbox.

func deliveryKey(account, campaign liadesk.ID, phone string) key {
	return in(account, nDelivery).id(campaign).str(phone)
}

func deliveryStateKey(account liadesk.ID, d liadesk.Delivery) key {
	return in(account, nDeliveryState).id(d.CampaignID).str(string(d.Status)).str(d.Phone)
}

// Delivery reads the row of one campaign to one number.
func (tx *Tx) Delivery(account, campaign liadesk.ID, phone string) (liadesk.Delivery, bool, error) {
	return get[liadesk.Delivery](tx, deliveryKey(account, campaign, phone))
}

// Deliveries reads the rows of several numbers in one round trip, by number.
func (tx *Tx) Deliveries(account, campaign liadesk.ID, phones []string) (map[string]liadesk.Delivery, error) {
	keys := make([]key, len(phones))
	for i, p := range phones {
		keys[i] = deliveryKey(account, campaign, p)
	}
	rows, err := getMany[liadesk.Delivery](tx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]liadesk.Delivery, len(rows))
	for _, d := range rows {
		out[d.Phone] = d
	}
	return out, nil
}

// PutDelivery writes a row in place of old, which is the row as it was read in
// this transaction, or the zero Delivery when there was none.
func (tx *Tx) PutDelivery(account liadesk.ID, old, d liadesk.Delivery) error {
	if old.Status == "" || missed(old.Status) && !missed(d.Status) {
		tx.ShutGate(account) // one more text that counts for its number
	}
	if old.Status != d.Status {
		if old.Status != "" && old.Status != liadesk.DeliverySending {
			if err := tx.kv.Delete(deliveryStateKey(account, old)); err != nil {
				return err
			}
		}
		if d.Status != liadesk.DeliverySending {
			if err := put(tx, deliveryStateKey(account, d), d.Dense); err != nil {
				return err
			}
		}
	}
	if err := tx.remember(account, old, d); err != nil {
		return err
	}
	if err := tx.markReplied(account, old, d); err != nil {
		return err
	}
	return put(tx, deliveryKey(account, d.CampaignID, d.Phone), d)
}

// DeleteDelivery removes the row of a text that did not go and went back to
// pending.
func (tx *Tx) DeleteDelivery(account liadesk.ID, d liadesk.Delivery) error {
	for _, k := range []key{deliveryStateKey(account, d), deliveryKey(account, d.CampaignID, d.Phone)} {
		if err := tx.kv.Delete(k); err != nil {
			return err
		}
	}
	if err := tx.markReplied(account, d, liadesk.Delivery{CampaignID: d.CampaignID, Dense: d.Dense}); err != nil {
		return err
	}
	return tx.putTexted(account, d.Phone, func(texts []liadesk.Texted) []liadesk.Texted {
		return liadesk.Forget(texts, d.CampaignID)
	})
}

// AddDelivery writes the row of a text that is about to be posted, and returns
// its record, for IsDelivery.
func (tx *Tx) AddDelivery(account liadesk.ID, d liadesk.Delivery) ([]byte, error) {
	if err := tx.remember(account, liadesk.Delivery{}, d); err != nil {
		return nil, err
	}
	record, err := encode(d)
	if err != nil {
		return nil, err
	}
	return record, tx.kv.Put(deliveryKey(account, d.CampaignID, d.Phone), record)
}

// IsDelivery tells whether a row is still as the record that AddDelivery
// returned: most are when the answer to their post is recorded, and need not be
// decoded for it.
func (tx *Tx) IsDelivery(account liadesk.ID, d liadesk.Delivery, record []byte) (bool, error) {
	is, err := tx.kv.Get(deliveryKey(account, d.CampaignID, d.Phone))
	return err == nil && bytes.Equal(is, record), err
}

// CampaignDeliveries lists the rows of a campaign by number, after the given
// one; with a status, only those that are in it, which must not be "sending".
func (tx *Tx) CampaignDeliveries(account, campaign liadesk.ID, status liadesk.DeliveryStatus, after string, limit int) ([]liadesk.Delivery, error) {
	if status == "" {
		base := in(account, nDelivery).id(campaign)
		rows, _, err := scan[liadesk.Delivery](tx, afterStr(base, after), base.end(), limit, false)
		return rows, err
	}
	base := in(account, nDeliveryState).id(campaign).str(string(status))
	pairs, err := tx.kv.Scan(afterStr(base, after), base.end(), limit, false)
	if err != nil {
		return nil, err
	}
	keys := make([]key, len(pairs))
	for i, p := range pairs {
		keys[i] = deliveryKey(account, campaign, phoneOfState(base, p.Key))
	}
	return getMany[liadesk.Delivery](tx, keys)
}

// phoneOfState is the number at the end of a key of the index by status.
func phoneOfState(base key, k []byte) string {
	return string(bytes.TrimSuffix(k[len(base):], []byte{0}))
}

func afterStr(base key, after string) key {
	if after == "" {
		return base
	}
	return base.clone().str(after).after()
}
