package db

import (
	"bytes"
	"strings"

	"github.com/liadesk/campaigns/liadesk"
)

// scannedValues is how many chunks of sets are read to tell which values a
// field has: one page of a scan, whatever the size of the account. A field with
// more of them gives the first.
const scannedValues = 1024

// AttributeNames are the names of the attributes that any contact has, in
// order; of very many the first.
func (tx *Tx) AttributeNames(account liadesk.ID) ([]string, error) {
	names, err := tx.setValues(in(account, nBitmap).str(fieldKnown), fieldAttribute, scannedValues)
	for i, n := range names {
		names[i] = strings.TrimPrefix(n, fieldAttribute)
	}
	return names, err
}

// FieldValues are values that contacts have of a field, folded as they are
// compared, in order; of many the first, at most limit.
func (tx *Tx) FieldValues(account liadesk.ID, field string, limit int) ([]string, error) {
	return tx.setValues(in(account, nBitmap).str(field), "", limit)
}

// setValues reads which values have a set under a field, from those that begin
// with a text.
func (tx *Tx) setValues(field key, beginning string, limit int) ([]string, error) {
	from := field.clone().raw([]byte(beginning))
	pairs, err := tx.kv.Scan(from, from.end(), scannedValues, false)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, p := range pairs {
		value, _, ok := bytes.Cut(p.Key[len(field):], []byte{0})
		if !ok || len(values) > 0 && values[len(values)-1] == string(value) {
			continue
		}
		if len(values) == limit {
			break
		}
		values = append(values, string(value))
	}
	return values, nil
}
