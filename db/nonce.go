package db

import (
	"encoding/hex"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Nonces of signed callbacks lie in one bucket per day, so that old ones are
// found without reading the others; under each nonce one key for each body that
// came with it.

func nonceBase(account, inbox liadesk.ID) key { return in(account, nNonce).id(inbox) }

func day(t time.Time) uint32 { return uint32(t.Unix() / 86400) }

// NonceSeen tells whether a nonce came within the last 24 hours: with this very
// body (the carrier repeats itself), or with another.
func (tx *Tx) NonceSeen(account, inbox liadesk.ID, nonce string, body liadesk.Digest, now time.Time) (same, other bool, err error) {
	for _, d := range []uint32{day(now), day(now) - 1} {
		base := nonceBase(account, inbox).u32(d).str(nonce)
		times, keys, err := scan[time.Time](tx, base, base.end(), 64, false)
		if err != nil {
			return false, false, err
		}
		for i, at := range times {
			if now.Sub(at) >= 24*time.Hour {
				continue
			}
			if string(keys[i][len(base):]) == bodyPart(body) {
				same = true
			} else {
				other = true
			}
		}
	}
	return same, other, nil
}

func bodyPart(body liadesk.Digest) string { return hex.EncodeToString(body[:16]) }

// PutNonce remembers a nonce with the body that it came with.
func (tx *Tx) PutNonce(account, inbox liadesk.ID, nonce string, body liadesk.Digest, now time.Time) error {
	return put(tx, nonceBase(account, inbox).u32(day(now)).str(nonce).raw([]byte(bodyPart(body))), now)
}

// OldNonces tells whether there is something for PruneNonces to do.
func (tx *Tx) OldNonces(account, inbox liadesk.ID, now time.Time) (bool, error) {
	base := nonceBase(account, inbox)
	pairs, err := tx.kv.Scan(base, base.clone().u32(day(now)-1), 1, false)
	return len(pairs) > 0, err
}

// PruneNonces forgets at most limit nonces that are older than a day, and
// tells how many it forgot.
func (tx *Tx) PruneNonces(account, inbox liadesk.ID, now time.Time, limit int) (int, error) {
	base := nonceBase(account, inbox)
	pairs, err := tx.kv.Scan(base, base.clone().u32(day(now)-1), limit, false)
	if err != nil {
		return 0, err
	}
	for _, p := range pairs {
		if err := tx.kv.Delete(p.Key); err != nil {
			return 0, err
		}
	}
	return len(pairs), nil
}
