package db

import (
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Reasons for which sending is held in the whole installation.
const (
	// HeldRestored: the database came from a backup, so texts that were sent
	// since then are not in it and might go out again.
	HeldRestored = "restored"
	// HeldAddress: the public address changed, so reports of texts under way
	// go to the old one, where perhaps another copy of this database runs.
	HeldAddress = "address"
)

// Held says that no text may go out until a person has looked.
type Held struct {
	Reason string    `cbor:"1,keyasint"`
	At     time.Time `cbor:"2,keyasint"`
	// Address is where it last ran, for HeldAddress.
	Address string `cbor:"3,keyasint,omitempty"`
	// Releasing is set when a person said that sending may go on: what the
	// carrier's list shows is being marked first.
	Releasing bool `cbor:"4,keyasint,omitempty"`
}

// Held reads whether sending is held, and why.
func (tx *Tx) Held() (Held, bool, error) { return get[Held](tx, meta("held")) }

// SetHeld holds sending in the whole installation. An older reason stays, for the
// first cause is the one to clear up; but of what was done since it began, or that
// somebody released it, a database that was restored knows nothing.
func (tx *Tx) SetHeld(h Held) error {
	old, held, err := tx.Held()
	if err != nil || held && h.Reason != HeldRestored {
		return err
	}
	if held {
		h.Reason, h.Address = old.Reason, old.Address
	}
	tx.shuts = true
	return put(tx, meta("held"), h)
}

// SetReleasing notes that a person lets sending go on, once the carrier's list
// was read.
func (tx *Tx) SetReleasing() error {
	h, held, err := tx.Held()
	if err != nil || !held {
		return err
	}
	h.Releasing, tx.shuts = true, true
	return put(tx, meta("held"), h)
}

// ClearHeld lets sending go on.
func (tx *Tx) ClearHeld() error {
	tx.shuts = true
	return tx.kv.Delete(meta("held"))
}

// Address is the public address that the database last ran under, "" before
// the first start.
func (tx *Tx) Address() (string, error) {
	a, _, err := get[string](tx, meta("address"))
	return a, err
}

// SetAddress remembers the public address.
func (tx *Tx) SetAddress(address string) error { return put(tx, meta("address"), address) }

// SetupLink is the one-use link of an installation without accounts.
type SetupLink struct {
	Digest    liadesk.Digest `cbor:"1,keyasint"`
	CreatedAt time.Time      `cbor:"2,keyasint"`
}

// SetupLink reads the open setup link.
func (tx *Tx) SetupLink() (SetupLink, bool, error) { return get[SetupLink](tx, meta("setup")) }

// PutSetupLink writes a setup link in place of an older one.
func (tx *Tx) PutSetupLink(l SetupLink) error { return put(tx, meta("setup"), l) }

// DeleteSetupLink ends the setup link.
func (tx *Tx) DeleteSetupLink() error { return tx.kv.Delete(meta("setup")) }

// Schema is how many migrations the database has taken.
func (tx *Tx) Schema() (int, error) {
	s, _, err := get[schema](tx, meta("schema"))
	return s.Steps, err
}
