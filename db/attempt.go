package db

import "github.com/liadesk/campaigns/liadesk"

// An attempt is found by its id (a report on its own address), and while
// nobody knows whether the carrier took it, also by inbox and number: those
// are what a crash leaves, and what the carrier's list can settle.

func attemptKey(account, id liadesk.ID) key { return in(account, nAttempt).id(id) }

func openBase(account, inbox liadesk.ID) key { return in(account, nAttemptOpen).id(inbox) }

func openKey(account liadesk.ID, a liadesk.Attempt) key {
	return openBase(account, a.InboxID).str(a.Phone).id(a.ID)
}

// Attempt reads one attempt.
func (tx *Tx) Attempt(account, id liadesk.ID) (liadesk.Attempt, bool, error) {
	return get[liadesk.Attempt](tx, attemptKey(account, id))
}

// PutAttempt writes an attempt. It is open until CloseAttempt.
func (tx *Tx) PutAttempt(a liadesk.Attempt) error {
	return put(tx, attemptKey(a.AccountID, a.ID), a)
}

// OpenAttempt writes a new attempt whose outcome is not known yet.
func (tx *Tx) OpenAttempt(a liadesk.Attempt) error {
	if err := put(tx, openKey(a.AccountID, a), a.ID); err != nil {
		return err
	}
	return tx.PutAttempt(a)
}

// CloseAttempt notes that the outcome of an attempt is known.
func (tx *Tx) CloseAttempt(a liadesk.Attempt) error { return tx.kv.Delete(openKey(a.AccountID, a)) }

// OpenAttempts reads the attempts of an inbox whose outcome is not known, after
// the given one; a phone leaves only those to that number.
func (tx *Tx) OpenAttempts(account, inbox liadesk.ID, phone string, after liadesk.Attempt, limit int) ([]liadesk.Attempt, error) {
	from := openBase(account, inbox)
	if phone != "" {
		from = from.str(phone)
	}
	to := from.end()
	if !after.ID.IsZero() {
		from = openKey(account, after).after()
	}
	ids, _, err := scan[liadesk.ID](tx, from, to, limit, false)
	if err != nil {
		return nil, err
	}
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = attemptKey(account, id)
	}
	return getMany[liadesk.Attempt](tx, keys)
}

func carrierUUIDKey(account, inbox liadesk.ID, direction, uuid string) key {
	return in(account, nCarrierUUID).id(inbox).str(direction).str(uuid)
}

// OwnUUID notes that a text in the carrier's books is this attempt's. The
// first owner stays.
func (tx *Tx) OwnUUID(a liadesk.Attempt, uuid string) error {
	k := carrierUUIDKey(a.AccountID, a.InboxID, "out", uuid)
	if _, owned, err := get[liadesk.ID](tx, k); err != nil || owned {
		return err
	}
	return put(tx, k, a.ID)
}

// OwnedUUIDs tells which of the carrier's texts belong to an attempt already.
func (tx *Tx) OwnedUUIDs(account, inbox liadesk.ID, uuids []string) (map[string]bool, error) {
	keys := make([][]byte, len(uuids))
	for i, u := range uuids {
		keys[i] = carrierUUIDKey(account, inbox, "out", u)
	}
	values, err := tx.kv.GetMulti(keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(uuids))
	for i, v := range values {
		out[uuids[i]] = v != nil
	}
	return out, nil
}

// AttemptOfUUID reads the attempt that a text in the carrier's books belongs
// to.
func (tx *Tx) AttemptOfUUID(account, inbox liadesk.ID, uuid string) (liadesk.Attempt, bool, error) {
	id, found, err := get[liadesk.ID](tx, carrierUUIDKey(account, inbox, "out", uuid))
	if err != nil || !found {
		return liadesk.Attempt{}, false, err
	}
	return tx.Attempt(account, id)
}

// TakeInbound notes an inbound text by the carrier's id and tells whether it is
// new: the carrier repeats a callback whose answer it did not get.
func (tx *Tx) TakeInbound(account, inbox liadesk.ID, uuid string) (bool, error) {
	k := carrierUUIDKey(account, inbox, "in", uuid)
	if _, seen, err := get[bool](tx, k); err != nil || seen {
		return false, err
	}
	return true, put(tx, k, true)
}
