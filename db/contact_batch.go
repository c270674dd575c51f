package db

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// MaxTags is the most tags that an account may have: each is a bitmap.
const MaxTags = 10_000

// maxSharing is how many contacts with the same e-mail the index remembers:
// enough to know that the address is not one person's.
const maxSharing = 50

// ErrTooManyTags refuses a tag beyond MaxTags.
var ErrTooManyTags = errors.New("the account has as many tags as it may have")

// ContactBatch writes contacts of one account in one transaction. Records and
// their index rows are written at once; changes to bitmaps are gathered, and
// Flush reads and writes each chunk once however many contacts of the batch
// are in it. That makes an import of a thousand rows cost little more than its
// rows. Nothing that reads bitmaps sees the batch before Flush.
type ContactBatch struct {
	tx      *Tx
	account liadesk.ID
	bits    map[setChunk]*bitChange
	classes map[string]bool
	next    uint32 // the last dense number handed out
	counted bool   // next was read
	grown   bool   // next was changed

	phones  map[string]*contactRef // nil: nobody has it
	optOuts map[string]bool
	emails  map[string][]contactRef
	holds   *bool // whether the account holds any number; nil: not looked yet
}

// setChunk is one chunk of one set.
type setChunk struct {
	set   SetRef
	chunk uint32
}

// bitChange is what happens to one chunk of one set. Most sets of an import
// get one contact each, such as that of a word of somebody's name, and lose
// none: a bitmap is made when it is needed.
type bitChange struct {
	on, off *roaring.Bitmap
}

// move puts a contact into one side and takes it out of the other.
func move(dense uint32, to, from **roaring.Bitmap) {
	if *to == nil {
		*to = roaring.New()
	}
	(*to).Add(dense)
	if *from != nil {
		(*from).Remove(dense)
	}
}

// apply makes the change to a chunk as it is stored.
func (c *bitChange) apply(bm *roaring.Bitmap) {
	if c.on != nil {
		bm.Or(c.on)
	}
	if c.off != nil {
		bm.AndNot(c.off)
	}
}

// ContactBatch begins a batch. It ends with Flush, in the same transaction.
func (tx *Tx) ContactBatch(account liadesk.ID) *ContactBatch {
	return &ContactBatch{tx: tx, account: account,
		bits: map[setChunk]*bitChange{}, classes: map[string]bool{},
		phones: map[string]*contactRef{}, optOuts: map[string]bool{}, emails: map[string][]contactRef{}}
}

// Expect reads what the batch will ask of these numbers and e-mails in three
// round trips. It only makes things quicker: what was not expected is read
// when it is needed.
func (b *ContactBatch) Expect(numbers, emails []string) error {
	numbers, emails = slices.Clone(numbers), slices.Clone(emails)
	for i, e := range emails {
		emails[i] = fold(e)
	}
	slices.Sort(numbers)
	slices.Sort(emails)
	numbers, emails = without(slices.Compact(numbers), ""), without(slices.Compact(emails), "")
	phoneKeys, outKeys, emailKeys := make([][]byte, len(numbers)), make([][]byte, len(numbers)), make([][]byte, len(emails))
	for i, n := range numbers {
		phoneKeys[i], outKeys[i] = contactPhoneKey(b.account, n), optOutKey(b.account, n)
	}
	for i, e := range emails {
		emailKeys[i] = in(b.account, nContactEmail).str(e)
	}
	var values [3][][]byte
	for i, keys := range [][][]byte{phoneKeys, outKeys, emailKeys} {
		if len(keys) == 0 {
			continue
		}
		var err error
		if values[i], err = b.tx.kv.GetMulti(keys); err != nil {
			return err
		}
	}
	for i, n := range numbers {
		b.optOuts[n] = values[1][i] != nil
		b.phones[n] = nil
		if v := values[0][i]; v != nil {
			var ref contactRef
			if err := decode(v, &ref); err != nil {
				return err
			}
			b.phones[n] = &ref
		}
	}
	for i, e := range emails {
		var refs []contactRef
		if v := values[2][i]; v != nil {
			if err := decode(v, &refs); err != nil {
				return err
			}
		}
		b.emails[e] = refs
	}
	return nil
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(list, func(x string) bool { return x == s })
}

// ByPhone finds the contact that has a number, as the batch stands.
func (b *ContactBatch) ByPhone(e164 string) (liadesk.ID, bool, error) {
	ref, err := b.phone(e164)
	if err != nil || ref == nil {
		return liadesk.ID{}, false, err
	}
	return ref.ID, true, nil
}

func (b *ContactBatch) phone(e164 string) (*contactRef, error) {
	if ref, known := b.phones[e164]; known {
		return ref, nil
	}
	ref, ok, err := get[contactRef](b.tx, contactPhoneKey(b.account, e164))
	if err != nil {
		return nil, err
	}
	b.phones[e164] = nil
	if ok {
		b.phones[e164] = &ref
	}
	return b.phones[e164], nil
}

// ByEmail finds the contacts that share an e-mail, as the batch stands, at
// most maxSharing of them.
func (b *ContactBatch) ByEmail(email string) ([]liadesk.ID, error) {
	refs, err := b.sharing(fold(email))
	ids := make([]liadesk.ID, len(refs))
	for i, ref := range refs {
		ids[i] = ref.ID
	}
	return ids, err
}

func (b *ContactBatch) sharing(folded string) ([]contactRef, error) {
	if refs, known := b.emails[folded]; known {
		return refs, nil
	}
	refs, _, err := get[[]contactRef](b.tx, in(b.account, nContactEmail).str(folded))
	b.emails[folded] = refs
	return refs, err
}

func (b *ContactBatch) optedOut(e164 string) (bool, error) {
	if e164 == "" {
		return false, nil
	}
	if out, known := b.optOuts[e164]; known {
		return out, nil
	}
	_, out, err := b.tx.OptOutOf(b.account, e164)
	b.optOuts[e164] = out
	return out, err
}

// Put writes a contact with everything that finds it. old is the stored record
// that it replaces, as it was read in this transaction, or nil for a new
// contact, which gets its dense number here. A number that another contact has
// is refused with a *PhoneTakenError; the batch must then not be flushed.
//
// Whether the contact is held goes by its number, whatever the caller says:
// somebody may have the number anew, or get back a record of before the hold.
//
// Dense numbers come from one counter, read and written once a batch. It is
// no hotter than the chunk of the set of all contacts that each new contact
// changes anyhow, so handing them out in blocks would save nothing.
func (b *ContactBatch) Put(old, c *liadesk.Contact) error {
	if old == nil {
		if err := b.number(c); err != nil {
			return err
		}
		if err := put(b.tx, contactDenseKey(b.account, c.Dense), contactRef{ID: c.ID}); err != nil {
			return err
		}
	}
	if err := b.hold(c); err != nil {
		return err
	}
	was := liadesk.Contact{}
	if old != nil {
		if was = *old; was.MayLose(*c) {
			b.tx.ShutGate(b.account)
		}
	}
	if err := b.index(was, *c); err != nil {
		return err
	}
	if err := b.sets(old, c); err != nil {
		return err
	}
	return put(b.tx, contactKey(b.account, c.ID), *c)
}

// Delete removes a contact and everything that finds it. Its consent history
// and its number's opt-out stay. Its dense number is never handed out again.
func (b *ContactBatch) Delete(c liadesk.Contact) error {
	b.tx.ShutGate(b.account)
	if err := b.index(c, liadesk.Contact{ID: c.ID, Dense: c.Dense}); err != nil {
		return err
	}
	if err := b.sets(&c, nil); err != nil {
		return err
	}
	if err := b.tx.kv.Delete(contactDenseKey(b.account, c.Dense)); err != nil {
		return err
	}
	return b.tx.kv.Delete(contactKey(b.account, c.ID))
}

// hold marks a contact whose number is held for review. Hardly ever one is: a
// batch looks once whether there are any.
func (b *ContactBatch) hold(c *liadesk.Contact) error {
	if b.holds == nil {
		some, err := b.tx.Holds(b.account, 1)
		if err != nil {
			return err
		}
		any := len(some) > 0
		b.holds = &any
	}
	c.Held = nil
	if !*b.holds || c.Phone == "" {
		return nil
	}
	h, held, err := b.tx.HoldOf(b.account, c.Phone)
	if held {
		c.Held = &h
	}
	return err
}

func (b *ContactBatch) number(c *liadesk.Contact) error {
	if !b.counted {
		n, err := b.tx.MaxDense(b.account)
		if err != nil {
			return err
		}
		b.next, b.counted = n, true
	}
	b.next++
	b.grown = true
	c.Dense = b.next
	return nil
}

// index moves the phone and e-mail rows from one state of a contact to the next.
func (b *ContactBatch) index(old, c liadesk.Contact) error {
	ref := contactRef{ID: c.ID, Dense: c.Dense}
	if old.Phone != c.Phone {
		if c.Phone != "" {
			other, err := b.phone(c.Phone)
			if err != nil {
				return err
			}
			if other != nil && other.ID != c.ID {
				return &PhoneTakenError{ID: other.ID}
			}
			if err := put(b.tx, contactPhoneKey(b.account, c.Phone), ref); err != nil {
				return err
			}
			if err := put(b.tx, digitsKey(b.account, c.Phone), ref); err != nil {
				return err
			}
			b.phones[c.Phone] = &ref
		}
		if old.Phone != "" {
			if err := b.tx.kv.Delete(contactPhoneKey(b.account, old.Phone)); err != nil {
				return err
			}
			if err := b.tx.kv.Delete(digitsKey(b.account, old.Phone)); err != nil {
				return err
			}
			b.phones[old.Phone] = nil
		}
	}
	before, after := fold(old.Email), fold(c.Email)
	if before == after {
		return nil
	}
	if before != "" {
		refs, err := b.sharing(before)
		if err != nil {
			return err
		}
		refs = slices.DeleteFunc(slices.Clone(refs), func(r contactRef) bool { return r.ID == c.ID })
		if err := b.share(before, refs); err != nil {
			return err
		}
	}
	if after == "" {
		return nil
	}
	refs, err := b.sharing(after)
	if err != nil || len(refs) >= maxSharing {
		return err
	}
	return b.share(after, append(slices.Clone(refs), ref))
}

func (b *ContactBatch) share(folded string, refs []contactRef) error {
	b.emails[folded] = refs
	k := in(b.account, nContactEmail).str(folded)
	if len(refs) == 0 {
		return b.tx.kv.Delete(k)
	}
	return put(b.tx, k, refs)
}

// sets notes which sets a contact leaves and enters.
func (b *ContactBatch) sets(old, c *liadesk.Contact) error {
	before, err := b.setsOf(old)
	if err != nil {
		return err
	}
	after, err := b.setsOf(c)
	if err != nil {
		return err
	}
	// Both lists are sorted, and have each set once.
	for len(before) > 0 || len(after) > 0 {
		n := 1
		if len(after) == 0 {
			n = -1
		} else if len(before) > 0 {
			n = compareSets(before[0], after[0])
		}
		if n < 0 {
			b.bit(before[0], old.Dense, false)
		}
		if n > 0 {
			b.bit(after[0], c.Dense, true)
		}
		if n <= 0 {
			before = before[1:]
		}
		if n >= 0 {
			after = after[1:]
		}
	}
	return nil
}

// setsOf are the sets of one state of a contact, none of nil.
func (b *ContactBatch) setsOf(c *liadesk.Contact) ([]SetRef, error) {
	if c == nil {
		return nil, nil
	}
	out, err := b.optedOut(c.Phone)
	if err != nil {
		return nil, err
	}
	return setsOf(*c, out), nil
}

func (b *ContactBatch) bit(s SetRef, dense uint32, on bool) {
	at := setChunk{s, chunkOf(dense)}
	change := b.bits[at]
	if change == nil {
		change = &bitChange{}
		b.bits[at] = change
	}
	if !on {
		move(dense, &change.off, &change.on)
		return
	}
	move(dense, &change.on, &change.off)
	if s.Field == fieldClass {
		b.classes[s.Value] = true
	}
}

// storedChange is a change with the place of its chunk.
type storedChange struct {
	key key
	set SetRef
	*bitChange
}

// Flush writes the bitmaps, the counts of the tags and the dense counter.
// The batch is empty after and may go on.
func (b *ContactBatch) Flush() error {
	changes := make([]storedChange, 0, len(b.bits))
	for at, change := range b.bits {
		changes = append(changes, storedChange{at.set.key(b.account).u32(at.chunk), at.set, change})
	}
	slices.SortFunc(changes, func(a, b storedChange) int { return bytes.Compare(a.key, b.key) })
	counts := map[string]int64{}
	if len(changes) > 0 {
		keys := make([][]byte, len(changes))
		for i, c := range changes {
			keys[i] = c.key
		}
		values, err := b.tx.kv.GetMulti(keys)
		if err != nil {
			return err
		}
		for i, c := range changes {
			bm, err := readBitmap(keys[i], values[i])
			if err != nil {
				return err
			}
			before := bm.GetCardinality()
			c.apply(bm)
			if c.set.Field == fieldTag {
				counts[c.set.Value] += int64(bm.GetCardinality()) - int64(before)
			}
			if err := putBitmap(b.tx, c.key, bm); err != nil {
				return err
			}
		}
	}
	if err := b.countTags(counts); err != nil {
		return err
	}
	for _, class := range slices.Sorted(maps.Keys(b.classes)) {
		if err := put(b.tx, in(b.account, nContactClass).str(class), class); err != nil {
			return err
		}
	}
	if b.grown {
		if err := put(b.tx, in(b.account, nContactDense), b.next); err != nil {
			return err
		}
	}
	clear(b.bits)
	clear(b.classes)
	b.grown = false
	return nil
}
