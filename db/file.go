package db

import (
	"errors"

	"github.com/liadesk/campaigns/liadesk"
)

// A file lies in parts, under its address; a list of its conversation's finds it
// when the conversation is deleted.

// filePart is how many bytes lie in one value.
const filePart = 256 << 10

// File is a stored file.
type File struct {
	ConversationID liadesk.ID      `cbor:"1,keyasint"`
	Ref            liadesk.FileRef `cbor:"2,keyasint"`
	Parts          int             `cbor:"3,keyasint"`
}

func fileKey(account liadesk.ID, address string) key { return in(account, nFile).str(address) }

func filePartKey(account liadesk.ID, address string, n int) key {
	return in(account, nFilePart).str(address).u32(uint32(n))
}

func filesOf(account, conversation liadesk.ID) key { return in(account, nFileOf).id(conversation) }

// PutFile stores a file of a conversation.
func (tx *Tx) PutFile(account, conversation liadesk.ID, ref liadesk.FileRef, data []byte) error {
	f := File{ConversationID: conversation, Ref: ref}
	for len(data) > 0 {
		n := min(len(data), filePart)
		if err := tx.kv.Put(filePartKey(account, ref.Address, f.Parts), data[:n]); err != nil {
			return err
		}
		data = data[n:]
		f.Parts++
	}
	return errors.Join(put(tx, fileKey(account, ref.Address), f), tx.kv.Put(filesOf(account, conversation).str(ref.Address), there))
}

// File finds a file.
func (tx *Tx) File(account liadesk.ID, address string) (File, bool, error) {
	return get[File](tx, fileKey(account, address))
}

// FilePart reads a part of a file, counted from 0; nil when there is none.
func (tx *Tx) FilePart(account liadesk.ID, address string, n int) ([]byte, error) {
	return tx.kv.Get(filePartKey(account, address, n))
}

// CountFiles counts the files of a conversation, up to a limit.
func (tx *Tx) CountFiles(account, conversation liadesk.ID, limit int) (int, error) {
	base := filesOf(account, conversation)
	pairs, err := tx.kv.Scan(base, base.end(), limit, false)
	return len(pairs), err
}

// DeleteFiles removes at most limit files of a conversation, and tells whether
// there may be more.
func (tx *Tx) DeleteFiles(account, conversation liadesk.ID, limit int) (more bool, err error) {
	base := filesOf(account, conversation)
	pairs, err := tx.kv.Scan(base, base.end(), limit, false)
	if err != nil {
		return false, err
	}
	for _, p := range pairs {
		address := string(p.Key[len(base) : len(p.Key)-1])
		f, _, err := get[File](tx, fileKey(account, address))
		if err != nil {
			return false, err
		}
		for n := range f.Parts {
			if err := tx.kv.Delete(filePartKey(account, address, n)); err != nil {
				return false, err
			}
		}
		if err := errors.Join(tx.kv.Delete(fileKey(account, address)), tx.kv.Delete(p.Key)); err != nil {
			return false, err
		}
	}
	return len(pairs) == limit, nil
}
