package db

import (
	"maps"
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// Between the claim of a text and its post, much may happen that forbids it: an
// opt-out, a pause, another plan. To read all of that again for each text costs
// as much as the claim, and it hardly ever changed. So each account has a gate,
// a number that grows in every transaction that changes what may forbid a text.
// Who finds it as it was in the claim needs to look at nothing else but the
// clock; who does not, looks at everything.

func gateKey(account liadesk.ID) key { return in(account, nGate) }

// Gate reads the number. It is that of before this transaction, whatever the
// transaction changed.
func (tx *Tx) Gate(account liadesk.ID) (uint64, error) {
	n, _, err := get[uint64](tx, gateKey(account))
	return n, err
}

// HeldAndGate reads, in one round trip, whether sending is held in the whole
// installation, and the gate of an account.
func (tx *Tx) HeldAndGate(account liadesk.ID) (held bool, gate uint64, err error) {
	values, err := tx.kv.GetMulti([][]byte{meta("held"), gateKey(account)})
	if err != nil {
		return false, 0, err
	}
	if values[1] != nil {
		err = decode(values[1], &gate)
	}
	return values[0] != nil, gate, err
}

// ShutGate makes every claimed text of an account look at everything before it
// is posted. Whatever writes an account, an inbox, an opt-out, a hold or a
// campaign does so by itself, and what takes from a contact what texts stand on.
func (tx *Tx) ShutGate(account liadesk.ID) {
	if tx.gates == nil {
		tx.gates = make(map[liadesk.ID]bool)
	}
	tx.gates[account], tx.shuts = true, true
}

// Shuts counts the transactions that shut a gate, or held sending in the whole
// installation or let it go on. While the count stands as it was before a claim
// began, nothing that was acknowledged since can forbid its texts, and nobody
// needs to read the gate. Known is false where other processes may have changed
// something too.
func (s *Store) Shuts() (n uint64, known bool) {
	return s.shuts.Load(), s.engine.Alone()
}

func (tx *Tx) shutGates() error {
	for _, account := range slices.SortedFunc(maps.Keys(tx.gates), liadesk.ID.Compare) {
		n, err := tx.Gate(account)
		if err != nil {
			return err
		}
		if err := put(tx, gateKey(account), n+1); err != nil {
			return err
		}
	}
	return nil
}
