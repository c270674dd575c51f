package db

import "github.com/liadesk/campaigns/liadesk"

func holdKey(account liadesk.ID, e164 string) key { return in(account, nHold).str(e164) }

// HoldOf reads the hold of a number.
func (tx *Tx) HoldOf(account liadesk.ID, e164 string) (liadesk.Hold, bool, error) {
	return get[liadesk.Hold](tx, holdKey(account, e164))
}

// Holds lists the numbers that wait for a decision, in their order.
func (tx *Tx) Holds(account liadesk.ID, limit int) ([]liadesk.Hold, error) {
	base := in(account, nHold)
	holds, _, err := scan[liadesk.Hold](tx, base, base.end(), limit, false)
	return holds, err
}

// PutHold holds a number for review, with a line of the history of its
// opt-outs, and marks the contact who has the number. A number that is held
// already keeps its first hold.
func (tx *Tx) PutHold(account, entry liadesk.ID, h liadesk.Hold) error {
	tx.ShutGate(account)
	if _, already, err := tx.HoldOf(account, h.Number); err != nil || already {
		return err
	}
	why := liadesk.OptOut{Number: h.Number, At: h.At, Source: string(h.Kind), Text: h.Text, CampaignID: h.CampaignID}
	if err := put(tx, in(account, nOptOutHistory).str(h.Number).id(entry), liadesk.OptOutEntry{ID: entry, Out: true, Review: true, OptOut: why}); err != nil {
		return err
	}
	if err := put(tx, holdKey(account, h.Number), h); err != nil {
		return err
	}
	return tx.markHeld(account, h.Number, &h)
}

// DeleteHold ends the hold of a number and tells whether there was one. Why,
// when it has a number, becomes a line of the history.
func (tx *Tx) DeleteHold(account, entry liadesk.ID, number string, why liadesk.OptOut) (bool, error) {
	if _, held, err := tx.HoldOf(account, number); err != nil || !held {
		return false, err
	}
	if why.Number != "" {
		if err := put(tx, in(account, nOptOutHistory).str(number).id(entry), liadesk.OptOutEntry{ID: entry, Review: true, OptOut: why}); err != nil {
			return false, err
		}
	}
	if err := tx.kv.Delete(holdKey(account, number)); err != nil {
		return false, err
	}
	return true, tx.markHeld(account, number, nil)
}

// markHeld tells the contact who has a number of its hold.
func (tx *Tx) markHeld(account liadesk.ID, number string, h *liadesk.Hold) error {
	c, found, err := tx.ContactByPhone(account, number)
	if err != nil || !found {
		return err
	}
	old := c
	c.Held = h
	return tx.PutContact(&old, &c)
}
