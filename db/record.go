package db

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

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

var encMode = func() cbor.UserBufferEncMode {
	m, err := cbor.EncOptions{
		Time:    cbor.TimeRFC3339NanoUTC,
		TimeTag: cbor.EncTagNone,
		Sort:    cbor.SortNone,
	}.UserBufferEncMode()
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

// envelopes are buffers to encode into, for one record after the other.
var envelopes = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// mostKept bounds the buffers that are kept, in bytes.
const mostKept = 64 << 10

// encoded hands the envelope of a value to use, which must not keep it.
func encoded(v any, use func([]byte) error) error {
	buf := envelopes.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= mostKept {
			buf.Reset()
			envelopes.Put(buf)
		}
	}()
	buf.Write([]byte{envelopeVersion, 0, 0, 0, 0})
	if err := encMode.MarshalToBuffer(v, buf); err != nil {
		return err
	}
	b := buf.Bytes()
	binary.BigEndian.PutUint32(b[1:], crc32.Checksum(b[envelopeHead:], castagnoli))
	return use(b)
}

// encode puts a value into an envelope.
func encode(v any) (b []byte, err error) {
	err = encoded(v, func(e []byte) error { b = bytes.Clone(e); return nil })
	return b, err
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
