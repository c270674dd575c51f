package db

import (
	"github.com/liadesk/campaigns/liadesk"
)

// An import has a record, the pieces of its file until they are read, and what
// its rows did. While something is left to do it also stands in the list of
// imports with work, so that a tick finds it without looking at all of them.

// MaxImportPart is the most bytes that one stored piece of a file has.
const MaxImportPart = 512 << 10

func importKey(account, id liadesk.ID) key { return in(account, nImport).id(id) }

// Import reads one import.
func (tx *Tx) Import(account, id liadesk.ID) (liadesk.Import, bool, error) {
	return get[liadesk.Import](tx, importKey(account, id))
}

// PutImport writes an import. due says whether a tick has anything to do for
// it, now or later.
func (tx *Tx) PutImport(i liadesk.Import, due bool) error {
	k := in(i.AccountID, nImportDue).id(i.ID)
	if due {
		if err := put(tx, k, i.ID); err != nil {
			return err
		}
	} else if err := tx.kv.Delete(k); err != nil {
		return err
	}
	return put(tx, importKey(i.AccountID, i.ID), i)
}

// DeleteImport removes an import that was never started. Its parts must be
// gone before.
func (tx *Tx) DeleteImport(account, id liadesk.ID) error {
	if err := tx.kv.Delete(in(account, nImportDue).id(id)); err != nil {
		return err
	}
	return tx.kv.Delete(importKey(account, id))
}

// Imports reads the newest imports.
func (tx *Tx) Imports(account liadesk.ID, limit int) ([]liadesk.Import, error) {
	base := in(account, nImport)
	list, _, err := scan[liadesk.Import](tx, base, base.end(), limit, true)
	return list, err
}

// ImportsDue reads the imports of an account that have work to do, oldest first.
func (tx *Tx) ImportsDue(account liadesk.ID, limit int) ([]liadesk.Import, error) {
	base := in(account, nImportDue)
	ids, _, err := scan[liadesk.ID](tx, base, base.end(), limit, false)
	if err != nil {
		return nil, err
	}
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = importKey(account, id)
	}
	return getMany[liadesk.Import](tx, keys)
}

// PutImportPart stores a piece of the file, as it is.
func (tx *Tx) PutImportPart(account, id liadesk.ID, n int, data []byte) error {
	return tx.kv.Put(in(account, nImportPart).id(id).u32(uint32(n)), data)
}

// ImportPart reads a piece of the file; nil when it is not there (any more).
func (tx *Tx) ImportPart(account, id liadesk.ID, n int) ([]byte, error) {
	return tx.kv.Get(in(account, nImportPart).id(id).u32(uint32(n)))
}

// DeleteImportParts removes the pieces from up to (not including) to.
func (tx *Tx) DeleteImportParts(account, id liadesk.ID, from, to int) error {
	for n := from; n < to; n++ {
		if err := tx.kv.Delete(in(account, nImportPart).id(id).u32(uint32(n))); err != nil {
			return err
		}
	}
	return nil
}

// importRowsBytes is about how many bytes of rows go into one stored value.
const importRowsBytes = 200 << 10

// PutImportRows notes what rows did, in the order of the file. They are stored
// in a few large values: a row of its own for each would double the work of an
// import.
func (tx *Tx) PutImportRows(account, id liadesk.ID, rows []liadesk.ImportRow) error {
	for from := 0; from < len(rows); {
		to, bytes := from, 0
		for to < len(rows) && (to == from || bytes < importRowsBytes) {
			bytes += sizeOf(rows[to])
			to++
		}
		if err := put(tx, in(account, nImportRow).id(id).u32(rows[from].Row), rows[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// sizeOf is about how many bytes a row takes.
func sizeOf(r liadesk.ImportRow) int {
	n := 64
	for _, e := range r.Errors {
		n += 64 + len(e.Column) + len(e.Value) + len(e.Field)
		for k, v := range e.Args {
			n += len(k) + len(v)
		}
	}
	if c := r.Before; c != nil {
		n += 300 + len(c.Name) + len(c.Email) + len(c.Class) + len(c.Consent.Text)
		for _, t := range c.Tags {
			n += 2 + len(t)
		}
		for k, v := range c.Attributes {
			n += 4 + len(k) + len(v)
		}
	}
	return n
}

// ImportRows reads the first stored value of rows that begins behind a row, in
// the order of the file; none at the end.
func (tx *Tx) ImportRows(account, id liadesk.ID, after uint32) ([]liadesk.ImportRow, error) {
	base := in(account, nImportRow).id(id)
	list, _, err := scan[[]liadesk.ImportRow](tx, base.clone().u32(after).after(), base.end(), 1, false)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// ImportRowsBefore reads the last stored value of rows that begins before a
// row; none at the beginning.
func (tx *Tx) ImportRowsBefore(account, id liadesk.ID, row uint32) ([]liadesk.ImportRow, error) {
	base := in(account, nImportRow).id(id)
	list, _, err := scan[[]liadesk.ImportRow](tx, base, base.clone().u32(row), 1, true)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// PutImportKept notes a row that an undo left as it is.
func (tx *Tx) PutImportKept(account, id liadesk.ID, k liadesk.ImportKept) error {
	return put(tx, in(account, nImportKept).id(id).u32(k.Row), k)
}

// ImportKept reads rows that an undo left as they are.
func (tx *Tx) ImportKept(account, id liadesk.ID, limit int) ([]liadesk.ImportKept, error) {
	base := in(account, nImportKept).id(id)
	list, _, err := scan[liadesk.ImportKept](tx, base, base.end(), limit, false)
	return list, err
}
