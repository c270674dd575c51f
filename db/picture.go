package db

import "github.com/liadesk/campaigns/liadesk"

// Pictures lie under the digest of their bytes, so that an address once given
// always shows the same picture and may be kept for ever.
func pictureKey(account liadesk.ID, digest string) key { return in(account, nPicture).str(digest) }

// Picture reads a picture's bytes; nil when there is none.
func (tx *Tx) Picture(account liadesk.ID, digest string) ([]byte, error) {
	return tx.kv.Get(pictureKey(account, digest))
}

// PutPicture stores a picture's bytes, at most 1 MiB.
func (tx *Tx) PutPicture(account liadesk.ID, digest string, picture []byte) error {
	return tx.kv.Put(pictureKey(account, digest), picture)
}

// DeletePicture removes a picture; that there is none is fine.
func (tx *Tx) DeletePicture(account liadesk.ID, digest string) error {
	return tx.kv.Delete(pictureKey(account, digest))
}
