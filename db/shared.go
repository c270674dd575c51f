package db

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/liadesk/campaigns/liadesk"
)

// Some records are read for every text that goes out, and change once a day.
// They are read from the engine each time, in their transaction, so that what
// is seen is never stale; but while their bytes are those of the last time they
// are not decoded again.

// maxShared is how many records are kept decoded; then it begins anew.
const maxShared = 4096

// sharedRecords are records as they were last decoded, by key. The zero value
// is ready to use.
type sharedRecords struct {
	mu   sync.Mutex
	list map[string]sharedRecord
}

type sharedRecord struct {
	raw   []byte
	value any
}

// getShared is get for a record that its reader does not change: what it holds
// by pointer, slice or map is shared with every other reader.
func getShared[T any](tx *Tx, k key) (T, bool, error) {
	var none T
	b, err := tx.kv.Get(k)
	if err != nil || b == nil || tx.shared == nil {
		if b != nil && err == nil {
			err = decode(b, &none)
		}
		return none, b != nil && err == nil, err
	}
	tx.shared.mu.Lock()
	last := tx.shared.list[string(k)]
	tx.shared.mu.Unlock()
	if v, ok := last.value.(T); ok && bytes.Equal(last.raw, b) {
		return v, true, nil
	}
	var v T
	if err := decode(b, &v); err != nil {
		return v, false, fmt.Errorf("record %x: %w", []byte(k), err)
	}
	tx.shared.mu.Lock()
	defer tx.shared.mu.Unlock()
	if tx.shared.list == nil || len(tx.shared.list) >= maxShared {
		tx.shared.list = make(map[string]sharedRecord)
	}
	tx.shared.list[string(k)] = sharedRecord{raw: bytes.Clone(b), value: v}
	return v, true, nil
}

// SharedAccount is Account for those who only read it.
func (tx *Tx) SharedAccount(id liadesk.ID) (liadesk.Account, bool, error) {
	return getShared[liadesk.Account](tx, accountKey(id))
}

// SharedInbox is Inbox for those who only read it.
func (tx *Tx) SharedInbox(account, id liadesk.ID) (liadesk.Inbox, bool, error) {
	return getShared[liadesk.Inbox](tx, inboxKey(account, id))
}

// SharedSMSCampaign is SMSCampaign for those who only read it.
func (tx *Tx) SharedSMSCampaign(account, id liadesk.ID) (liadesk.SMSCampaign, bool, error) {
	return getShared[liadesk.SMSCampaign](tx, smsCampaignKey(account, id))
}
