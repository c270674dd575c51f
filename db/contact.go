package db

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// A contact has one record, found by its id, and is found again by its dense
// number, its phone (one contact at most), its e-mail (several contacts may
// share one) and the words of its name and e-mail. Sets of contacts are
// bitmaps of dense numbers; which sets a contact is in follows from its record
// and its number's opt-out alone, see contact_sets.go. All of it changes
// together in a ContactBatch.

// contactRef is where an index leads to.
type contactRef struct {
	ID    liadesk.ID `cbor:"1,keyasint"`
	Dense uint32     `cbor:"2,keyasint"`
}

// PhoneTakenError refuses a second contact with the same number.
type PhoneTakenError struct{ ID liadesk.ID }

func (e *PhoneTakenError) Error() string {
	return fmt.Sprintf("the number belongs to contact %s", e.ID)
}

func contactKey(account, id liadesk.ID) key { return in(account, nContact).id(id) }

func contactDenseKey(account liadesk.ID, dense uint32) key {
	return in(account, nContactDense).u32(dense)
}

func contactPhoneKey(account liadesk.ID, e164 string) key {
	return in(account, nContactPhone).str(e164)
}

// Contact reads one contact; the second result is false when there is none.
func (tx *Tx) Contact(account, id liadesk.ID) (liadesk.Contact, bool, error) {
	return get[liadesk.Contact](tx, contactKey(account, id))
}

// ContactsByID reads many contacts in one round trip; the absent are left out.
func (tx *Tx) ContactsByID(account liadesk.ID, ids []liadesk.ID) (map[liadesk.ID]liadesk.Contact, error) {
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = contactKey(account, id)
	}
	found, err := getMany[liadesk.Contact](tx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[liadesk.ID]liadesk.Contact, len(found))
	for _, c := range found {
		out[c.ID] = c
	}
	return out, nil
}

// ContactByPhone finds the contact that has a number now.
func (tx *Tx) ContactByPhone(account liadesk.ID, e164 string) (liadesk.Contact, bool, error) {
	ref, ok, err := get[contactRef](tx, contactPhoneKey(account, e164))
	if err != nil || !ok {
		return liadesk.Contact{}, false, err
	}
	return tx.Contact(account, ref.ID)
}

// ContactIDsByEmail finds the contacts that share an e-mail address.
func (tx *Tx) ContactIDsByEmail(account liadesk.ID, email string) ([]liadesk.ID, error) {
	refs, _, err := get[[]contactRef](tx, in(account, nContactEmail).str(fold(email)))
	ids := make([]liadesk.ID, len(refs))
	for i, r := range refs {
		ids[i] = r.ID
	}
	return ids, err
}

// ContactsByPhone finds the contacts that have these numbers now, in two round
// trips; numbers that nobody has are absent.
func (tx *Tx) ContactsByPhone(account liadesk.ID, numbers []string) (map[string]liadesk.Contact, error) {
	keys := make([]key, len(numbers))
	for i, n := range numbers {
		keys[i] = contactPhoneKey(account, n)
	}
	refs, err := getMany[contactRef](tx, keys)
	if err != nil {
		return nil, err
	}
	ids := make([]liadesk.ID, len(refs))
	for i, ref := range refs {
		ids[i] = ref.ID
	}
	byID, err := tx.ContactsByID(account, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]liadesk.Contact, len(byID))
	for _, c := range byID {
		out[c.Phone] = c
	}
	return out, nil
}

// ContactsByDense reads contacts by their dense numbers, in the order asked
// for. Those that were deleted are left out.
func (tx *Tx) ContactsByDense(account liadesk.ID, dense []uint32) ([]liadesk.Contact, error) {
	keys := make([]key, len(dense))
	for i, n := range dense {
		keys[i] = contactDenseKey(account, n)
	}
	refs, err := getMany[contactRef](tx, keys)
	if err != nil {
		return nil, err
	}
	keys = keys[:len(refs)]
	for i, ref := range refs {
		keys[i] = contactKey(account, ref.ID)
	}
	return getMany[liadesk.Contact](tx, keys)
}

// MaxDense is the highest dense number that was ever handed out, 0 when the
// account never had a contact.
func (tx *Tx) MaxDense(account liadesk.ID) (uint32, error) {
	n, _, err := get[uint32](tx, in(account, nContactDense))
	return n, err
}

// ContactClasses lists the keys of the window classes that the account's
// contacts have, or had: the set of a class may be empty by now.
func (tx *Tx) ContactClasses(account liadesk.ID) ([]string, error) {
	base := in(account, nContactClass)
	classes, _, err := scan[string](tx, base, base.end(), 1<<14, false)
	return classes, err
}

// SetRef names a set of contacts: those whose field has the value.
type SetRef struct{ Field, Value string }

// ReadSets reads several whole sets in one round trip (and one more for
// how many chunks there are), in the order asked for. The caller owns them.
func (tx *Tx) ReadSets(account liadesk.ID, refs []SetRef) ([]*roaring.Bitmap, error) {
	last, err := tx.MaxDense(account)
	if err != nil {
		return nil, err
	}
	return tx.readSets(account, refs, 0, chunkOf(last))
}

// ReadSetsChunk is ReadSets for the contacts of one chunk alone.
func (tx *Tx) ReadSetsChunk(account liadesk.ID, refs []SetRef, chunk uint32) ([]*roaring.Bitmap, error) {
	return tx.readSets(account, refs, chunk, chunk)
}

func (tx *Tx) readSets(account liadesk.ID, refs []SetRef, from, to uint32) ([]*roaring.Bitmap, error) {
	chunks := int(to-from) + 1
	keys := make([][]byte, 0, len(refs)*chunks)
	for _, ref := range refs {
		base := fieldSet(account, ref.Field, ref.Value)
		for c := from; c <= to; c++ {
			keys = append(keys, base.clone().u32(c))
		}
	}
	sets := make([]*roaring.Bitmap, len(refs))
	if len(keys) == 0 {
		return sets, nil
	}
	values, err := tx.kv.GetMulti(keys)
	if err != nil {
		return nil, err
	}
	for i := range sets {
		sets[i] = roaring.New()
		for c := range chunks {
			n := i*chunks + c
			if values[n] == nil {
				continue
			}
			bm, err := readBitmap(keys[n], values[n])
			if err != nil {
				return nil, err
			}
			sets[i].Or(bm)
		}
	}
	return sets, nil
}

func readBitmap(k, value []byte) (*roaring.Bitmap, error) {
	bm := roaring.New()
	if value == nil {
		return bm, nil
	}
	if err := bm.UnmarshalBinary(value); err != nil {
		return nil, fmt.Errorf("bitmap %x: %w", k, err)
	}
	return bm, nil
}

// PutContact writes one contact; see ContactBatch.Put.
func (tx *Tx) PutContact(old *liadesk.Contact, c *liadesk.Contact) error {
	b := tx.ContactBatch(c.AccountID)
	if err := b.Put(old, c); err != nil {
		return err
	}
	return b.Flush()
}

// DeleteContact removes one contact; see ContactBatch.Delete.
func (tx *Tx) DeleteContact(c liadesk.Contact) error {
	b := tx.ContactBatch(c.AccountID)
	if err := b.Delete(c); err != nil {
		return err
	}
	return b.Flush()
}
