package db

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// Sets of contacts are roaring bitmaps over dense numbers, cut into chunks of
// 65,536 so that one stored value stays under 8 KB and a change rewrites only
// its chunk. A chunk holds the low 16 bits; its number is the high 16.

// chunkBits is how many low bits of a dense number lie inside a chunk.
const chunkBits = 16

// chunkOf finds the chunk of a dense number.
func chunkOf(dense uint32) uint32 { return dense >> chunkBits }

// bitmapAt reads one chunk; an absent one is empty.
func bitmapAt(tx *Tx, k key) (*roaring.Bitmap, error) {
	b, err := tx.kv.Get(k)
	if err != nil {
		return nil, err
	}
	bm := roaring.New()
	if b == nil {
		return bm, nil
	}
	if err := bm.UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("bitmap %x: %w", []byte(k), err)
	}
	return bm, nil
}

// putBitmap writes one chunk; an empty one is deleted.
func putBitmap(tx *Tx, k key, bm *roaring.Bitmap) error {
	if bm.IsEmpty() {
		return tx.kv.Delete(k)
	}
	bm.RunOptimize()
	b, err := bm.ToBytes()
	if err != nil {
		return fmt.Errorf("bitmap %x: %w", []byte(k), err)
	}
	return tx.kv.Put(k, b)
}

// setBit puts one dense number into, or takes it out of, the set at base.
func setBit(tx *Tx, base key, dense uint32, on bool) error {
	k := base.clone().u32(chunkOf(dense))
	bm, err := bitmapAt(tx, k)
	if err != nil {
		return err
	}
	if on == bm.Contains(dense) {
		return nil
	}
	if on {
		bm.Add(dense)
	} else {
		bm.Remove(dense)
	}
	return putBitmap(tx, k, bm)
}

// fieldSet is the place of the set of contacts that have a value of a field:
// field "tag", value "vip".
func fieldSet(account liadesk.ID, field, value string) key {
	return in(account, nBitmap).str(field).str(value)
}

// ContactSet reads a whole set: the contacts whose field has the value.
func (tx *Tx) ContactSet(account liadesk.ID, field, value string) (*roaring.Bitmap, error) {
	return wholeSet(tx, fieldSet(account, field, value))
}

// wholeSet joins all chunks of the set at base in one scan.
func wholeSet(tx *Tx, base key) (*roaring.Bitmap, error) {
	return setsBetween(tx, base, base.end())
}

// setsBetween joins all chunks of sets that lie between two keys, in one scan.
func setsBetween(tx *Tx, from, to key) (*roaring.Bitmap, error) {
	pairs, err := tx.kv.Scan(from, to, 1<<16, false)
	if err != nil {
		return nil, err
	}
	all := roaring.New()
	for _, p := range pairs {
		bm := roaring.New()
		if err := bm.UnmarshalBinary(p.Value); err != nil {
			return nil, fmt.Errorf("bitmap %x: %w", p.Key, err)
		}
		all.Or(bm)
	}
	return all, nil
}
