package db

import (
	"maps"
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// The attempts of an inbox whose posts are under way stand in one record: there
// are never more than the process posts at once, and each turn of the sender
// takes some out and puts as many in. Only those that stay open, because nobody
// knows what came of them, get an entry of their own (attempt.go).

// flight is that record, as it is in a transaction: the numbers by attempt.
type flight struct {
	account, inbox liadesk.ID
	numbers        map[liadesk.ID]string
	changed        bool
}

// flightEntry is how an attempt stands in the record.
type flightEntry struct {
	ID    liadesk.ID `cbor:"1,keyasint"`
	Phone string     `cbor:"2,keyasint"`
}

func flightKey(account, inbox liadesk.ID) key { return in(account, nFlight).id(inbox) }

func (tx *Tx) flight(account, inbox liadesk.ID) (*flight, error) {
	k := flightKey(account, inbox)
	if f := tx.flights[string(k)]; f != nil {
		return f, nil
	}
	list, _, err := get[[]flightEntry](tx, k)
	if err != nil {
		return nil, err
	}
	f := &flight{account: account, inbox: inbox, numbers: make(map[liadesk.ID]string, len(list))}
	for _, e := range list {
		f.numbers[e.ID] = e.Phone
	}
	if tx.flights == nil {
		tx.flights = make(map[string]*flight)
	}
	tx.flights[string(k)] = f
	return f, nil
}

// to lists the attempts in the order in which they were made; a phone leaves
// only those to that number.
func (f *flight) to(phone string) []liadesk.ID {
	var ids []liadesk.ID
	for id, number := range f.numbers {
		if phone == "" || number == phone {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, liadesk.ID.Compare)
	return ids
}

func (f *flight) land(id liadesk.ID) {
	if _, flies := f.numbers[id]; flies {
		delete(f.numbers, id)
		f.changed = true
	}
}

func (tx *Tx) putFlights() error {
	for _, name := range slices.Sorted(maps.Keys(tx.flights)) {
		f := tx.flights[name]
		if !f.changed {
			continue
		}
		if len(f.numbers) == 0 {
			if err := tx.kv.Delete(key(name)); err != nil {
				return err
			}
			continue
		}
		list := make([]flightEntry, 0, len(f.numbers))
		for _, id := range f.to("") {
			list = append(list, flightEntry{ID: id, Phone: f.numbers[id]})
		}
		if err := put(tx, key(name), list); err != nil {
			return err
		}
	}
	return nil
}
