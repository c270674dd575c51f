package db

import (
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Lease says who claims, paces and sends for an SMS inbox. Every claim reads
// it in its own transaction, so that an owner whose epoch has passed can claim
// nothing more.
type Lease struct {
	Owner liadesk.ID `cbor:"1,keyasint"`
	// Epoch goes up each time the lease changes hands.
	Epoch uint64    `cbor:"2,keyasint"`
	Until time.Time `cbor:"3,keyasint"`
	// ClaimedAt is the last claim: nothing that was claimed up to it is missing
	// from this database, which tells a restored one where the gap begins.
	ClaimedAt time.Time `cbor:"4,keyasint"`
	// Gap is from when on the carrier's list must be read before campaigns that
	// were paused for a restored database go on; zero when it need not be.
	Gap time.Time `cbor:"5,keyasint"`
}

func leaseKey(account, inbox liadesk.ID) key { return in(account, nLease).id(inbox) }

// Lease reads the lease of an inbox; the zero Lease when nobody ever had it.
func (tx *Tx) Lease(account, inbox liadesk.ID) (Lease, error) {
	l, _, err := get[Lease](tx, leaseKey(account, inbox))
	return l, err
}

// PutLease writes the lease of an inbox.
func (tx *Tx) PutLease(account, inbox liadesk.ID, l Lease) error {
	return put(tx, leaseKey(account, inbox), l)
}
