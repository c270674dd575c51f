package db

import (
	"encoding/base64"

	"github.com/liadesk/campaigns/liadesk"
)

func optOutKey(account liadesk.ID, e164 string) key { return in(account, nOptOut).str(e164) }

func optOutRecentKey(account liadesk.ID, o liadesk.OptOut) key {
	return in(account, nOptOutRecent).time(o.At).str(o.Number)
}

// OptOutOf reads the opt-out of a number.
func (tx *Tx) OptOutOf(account liadesk.ID, e164 string) (liadesk.OptOut, bool, error) {
	return get[liadesk.OptOut](tx, optOutKey(account, e164))
}

// OptedOut tells of many numbers in one round trip whether they opted out;
// those that did not are absent.
func (tx *Tx) OptedOut(account liadesk.ID, numbers []string) (map[string]bool, error) {
	found, err := tx.OptOutsOf(account, numbers)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(found))
	for n := range found {
		out[n] = true
	}
	return out, nil
}

// OptOutsOf reads the opt-outs of many numbers in one round trip; those that
// did not opt out are absent.
func (tx *Tx) OptOutsOf(account liadesk.ID, numbers []string) (map[string]liadesk.OptOut, error) {
	keys := make([]key, len(numbers))
	for i, n := range numbers {
		keys[i] = optOutKey(account, n)
	}
	found, err := getMany[liadesk.OptOut](tx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]liadesk.OptOut, len(found))
	for _, o := range found {
		out[o.Number] = o
	}
	return out, nil
}

// PutOptOut notes that a number opted out, with a line of history, and marks
// the contact who has the number. A number that opted out already keeps its
// first opt-out; the line is added all the same.
func (tx *Tx) PutOptOut(account, entry liadesk.ID, o liadesk.OptOut) error {
	tx.ShutGate(account)
	if err := put(tx, in(account, nOptOutHistory).str(o.Number).id(entry), liadesk.OptOutEntry{ID: entry, Out: true, OptOut: o}); err != nil {
		return err
	}
	if _, already, err := tx.OptOutOf(account, o.Number); err != nil || already {
		return err
	}
	if err := put(tx, optOutKey(account, o.Number), o); err != nil {
		return err
	}
	if err := put(tx, optOutRecentKey(account, o), o.Number); err != nil {
		return err
	}
	return tx.markOptOut(account, o.Number, true)
}

// DeleteOptOut ends the opt-out of a number, with a line of history that says
// why, and tells whether there was one.
func (tx *Tx) DeleteOptOut(account, entry liadesk.ID, why liadesk.OptOut) (bool, error) {
	old, had, err := tx.OptOutOf(account, why.Number)
	if err != nil {
		return false, err
	}
	if err := put(tx, in(account, nOptOutHistory).str(why.Number).id(entry), liadesk.OptOutEntry{ID: entry, OptOut: why}); err != nil || !had {
		return false, err
	}
	if err := tx.kv.Delete(optOutKey(account, why.Number)); err != nil {
		return false, err
	}
	if err := tx.kv.Delete(optOutRecentKey(account, old)); err != nil {
		return false, err
	}
	return true, tx.markOptOut(account, why.Number, false)
}

func (tx *Tx) markOptOut(account liadesk.ID, e164 string, out bool) error {
	ref, ok, err := get[contactRef](tx, contactPhoneKey(account, e164))
	if err != nil || !ok {
		return err
	}
	return setBit(tx, SetOptOut.key(account), ref.Dense, out)
}

// OptOutHistory reads the newest lines of a number's history.
func (tx *Tx) OptOutHistory(account liadesk.ID, e164 string, limit int) ([]liadesk.OptOutEntry, error) {
	base := in(account, nOptOutHistory).str(e164)
	entries, _, err := scan[liadesk.OptOutEntry](tx, base, base.end(), limit, true)
	return entries, err
}

// OptOuts lists opt-outs, the newest first, or by number those that begin with
// a number's first digits ("+34612").
func (tx *Tx) OptOuts(account liadesk.ID, beginning string, page Page) (items []liadesk.OptOut, next string, err error) {
	n, reverse := nOptOutRecent, true
	if beginning != "" {
		n, reverse = nOptOut, false
	}
	base := in(account, n)
	from := base.clone().raw([]byte(beginning))
	to := from.end()
	if page.After != "" {
		tail, err := base64.RawURLEncoding.DecodeString(page.After)
		if err != nil || len(tail) > 64 {
			var v liadesk.Invalid
			v.Add("after", "bad_cursor")
			return nil, "", v.Err()
		}
		if last := base.clone().raw(tail); reverse {
			to = last
		} else {
			from = last.after()
		}
	}
	pairs, err := tx.kv.Scan(from, to, page.Size()+1, reverse)
	if err != nil {
		return nil, "", err
	}
	if len(pairs) > page.Size() {
		pairs = pairs[:page.Size()]
		next = base64.RawURLEncoding.EncodeToString(pairs[len(pairs)-1].Key[len(base):])
	}
	keys := make([]key, len(pairs))
	for i, p := range pairs {
		if keys[i] = p.Key; reverse {
			var number string
			if err := decode(p.Value, &number); err != nil {
				return nil, "", err
			}
			keys[i] = optOutKey(account, number)
		}
	}
	items, err = getMany[liadesk.OptOut](tx, keys)
	return items, next, err
}
