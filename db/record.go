package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"
)

// A stored record is an envelope: one byte of version, four of CRC-32C over
// the rest (RFC 3720 appendix B.4), then CBOR (RFC 8949) with integer keys.
// The sum finds a disk's silent damage before it becomes a wrong text to a
// wrong person.
const (
	envelopeVersion = 1
	envelopeHead    = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is a record whose bytes are not those that were written.
var errDamaged = errors.New("the record is damaged; restore a backup or run the check command")

var encMode = func() cbor.EncMode {
	m, err := cbor.EncOptions{
		Time:    cbor.TimeRFC3339NanoUTC,
		TimeTag: cbor.EncTagNone,
		Sort:    cbor.SortNone,
	}.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

var decMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 20}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// encode puts a value into an envelope.
func encode(v any) ([]byte, error) {
	body, err := encMode.Marshal(v)
	if err != nil {
		return nil, err
	}
	b := make([]byte, envelopeHead+len(body))
	b[0] = envelopeVersion
	copy(b[envelopeHead:], body)
	binary.BigEndian.PutUint32(b[1:], crc32.Checksum(body, castagnoli))
	return b, nil
}

// decode takes a value out of its envelope.
func decode(b []byte, v any) error {
	if len(b) < envelopeHead {
		return errDamaged
	}
	if b[0] != envelopeVersion {
		return fmt.Errorf("the record has format %d; this program reads format %d", b[0], envelopeVersion)
	}
	body := b[envelopeHead:]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[1:]) {
		return errDamaged
	}
	return decMode.Unmarshal(body, v)
}
