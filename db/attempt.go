package db

import (
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// An attempt is found by its id (a report on its own address). While its post
// is under way it stands in the flight of its inbox, and when nobody knows what
// came of it, it is found by inbox and number: the two are what a crash leaves,
// and what the carrier's list can settle.

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

// OpenAttempt writes a new attempt, which is about to be posted.
func (tx *Tx) OpenAttempt(a liadesk.Attempt) error {
	f, err := tx.flight(a.AccountID, a.InboxID)
	if err != nil {
		return err
	}
	f.numbers[a.ID], f.changed = a.Phone, true
	return tx.PutAttempt(a)
}

// KeepOpen notes that the post of an attempt is over and nobody knows what came
// of it.
func (tx *Tx) KeepOpen(a liadesk.Attempt) error {
	f, err := tx.flight(a.AccountID, a.InboxID)
	if err != nil {
		return err
	}
	f.land(a.ID)
	return put(tx, openKey(a.AccountID, a), a.ID)
}

// CloseAttempt notes that the outcome of an attempt is known.
func (tx *Tx) CloseAttempt(a liadesk.Attempt) error {
	f, err := tx.flight(a.AccountID, a.InboxID)
	if err != nil {
		return err
	}
	if _, flies := f.numbers[a.ID]; flies {
		f.land(a.ID)
		return nil
	}
	return tx.kv.Delete(openKey(a.AccountID, a))
}

// OpenAttempts reads the attempts of an inbox whose outcome is not known, after
// the given one; a phone leaves only those to that number. Those whose posts
// are under way come first, all of them, beyond the limit if need be.
func (tx *Tx) OpenAttempts(account, inbox liadesk.ID, phone string, after liadesk.Attempt, limit int) ([]liadesk.Attempt, error) {
	from := openBase(account, inbox)
	if phone != "" {
		from = from.str(phone)
	}
	to := from.end()
	var keys []key
	if after.ID.IsZero() {
		f, err := tx.flight(account, inbox)
		if err != nil {
			return nil, err
		}
		for _, id := range f.to(phone) {
			keys = append(keys, attemptKey(account, id))
		}
	} else {
		from = openKey(account, after).after()
	}
	ids, _, err := scan[liadesk.ID](tx, from, to, limit, false)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		keys = append(keys, attemptKey(account, id))
	}
	return getMany[liadesk.Attempt](tx, keys)
}

// Flying reads the attempts of an inbox whose posts are under way.
func (tx *Tx) Flying(account, inbox liadesk.ID) ([]liadesk.Attempt, error) {
	f, err := tx.flight(account, inbox)
	if err != nil {
		return nil, err
	}
	ids := f.to("")
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = attemptKey(account, id)
	}
	return getMany[liadesk.Attempt](tx, keys)
}

func carrierUUIDKey(account, inbox liadesk.ID, direction, uuid string) key {
	return in(account, nCarrierUUID).id(inbox).str(direction).str(uuid)
}

// OwnUUID notes that a text in the carrier's books is this attempt's, where its
// row does not say so: the row of a campaign's text has one CarrierID, and a
// text of no campaign has no row. The first owner stays.
func (tx *Tx) OwnUUID(a liadesk.Attempt, uuid string) error {
	k := carrierUUIDKey(a.AccountID, a.InboxID, "out", uuid)
	if _, owned, err := get[liadesk.ID](tx, k); err != nil || owned {
		return err
	}
	return put(tx, k, a.ID)
}

// OwnedUUIDs finds the attempts that the carrier's texts to a number belong to.
// A text that is not among them belongs to nobody here.
func (tx *Tx) OwnedUUIDs(account, inbox liadesk.ID, phone string, uuids []string) (map[string]liadesk.ID, error) {
	keys := make([]key, len(uuids))
	for i, u := range uuids {
		keys[i] = carrierUUIDKey(account, inbox, "out", u)
	}
	out := make(map[string]liadesk.ID, len(uuids))
	rows, err := tx.DeliveriesTo(account, phone, liadesk.MaxTexted)
	if err != nil {
		return nil, err
	}
	for _, d := range rows {
		if slices.Contains(uuids, d.CarrierID) {
			if out[d.CarrierID] = d.TakenBy; d.TakenBy.IsZero() {
				out[d.CarrierID] = d.AttemptID // a row of before TakenBy was kept
			}
		}
	}
	for i, k := range keys {
		id, owned, err := get[liadesk.ID](tx, k)
		if err != nil {
			return nil, err
		}
		if owned {
			out[uuids[i]] = id
		}
	}
	return out, nil
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
