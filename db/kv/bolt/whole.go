package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"

	"github.com/liadesk/campaigns/db/kv"
)

// The head of a bbolt file is two meta pages, written in turn, so that one is
// always valid. A page begins with 16 bytes of header; the meta follows, in the
// byte order of the machine (bbolt, internal/common/meta.go, version 2).
const (
	pageHeader  = 16
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	noFreelist  = ^uint64(0)
	probe       = 4096 // what bbolt reads to find the page size
)

type meta struct {
	pageSize             int64
	root, freelist, end  uint64 // page numbers; end is the first never used
	transaction          uint64
	magic, version, flag uint32
}

// readMeta reads the meta of the page at an offset; false when there is no
// valid one.
func readMeta(f *os.File, offset int64) (meta, bool) {
	b := make([]byte, metaSize)
	if _, err := f.ReadAt(b, offset+pageHeader); err != nil {
		return meta{}, false
	}
	order := binary.NativeEndian
	m := meta{
		magic: order.Uint32(b), version: order.Uint32(b[4:]), pageSize: int64(order.Uint32(b[8:])),
		root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]), end: order.Uint64(b[40:]), transaction: order.Uint64(b[48:]),
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56]) // never fails
	ok := m.magic == metaMagic && m.version == metaVersion && sum.Sum64() == order.Uint64(b[56:])
	return m, ok
}

// newestMeta finds the meta that bbolt will go by: of the valid ones the one of
// the later transaction. Where the first is broken, the second is looked for at
// every page size there is.
func newestMeta(f *os.File) (meta, bool) {
	m0, ok0 := readMeta(f, 0)
	if ok0 {
		if m1, ok := readMeta(f, m0.pageSize); ok && m1.transaction > m0.transaction {
			return m1, true
		}
		return m0, true
	}
	for size := int64(1024); size <= 1024<<14; size *= 2 {
		if m1, ok := readMeta(f, size); ok && m1.pageSize == size {
			return m1, true
		}
	}
	return meta{}, false
}

// whole makes sure that every page which the newest meta counts is in the file.
// bbolt does not look: it maps the file into memory and touches pages beyond
// the end, which the operating system answers by killing the process.
func whole(f *os.File, size int64) error {
	if size < probe {
		return damaged(f.Name(), fmt.Sprintf("has been cut short to %d bytes", size), nil)
	}
	m, ok := newestMeta(f)
	if !ok {
		return damaged(f.Name(), "is not a database, or its beginning is damaged", nil)
	}
	if m.end > uint64(1)<<62/uint64(max(m.pageSize, 1)) || m.pageSize < 1024 ||
		m.root < 2 || m.root >= m.end || m.freelist != noFreelist && (m.freelist < 2 || m.freelist >= m.end) {
		return damaged(f.Name(), "has a damaged beginning", nil)
	}
	if need := int64(m.end) * m.pageSize; size < need {
		return damaged(f.Name(), fmt.Sprintf("has been cut short: it has %d bytes of %d", size, need), nil)
	}
	return nil
}

const remedy = "Nothing was changed. Keep a copy of it for an examination, then put a backup in its place with `campaigns restore FILE`."

func damaged(path, problem string, err error) error {
	if err != nil {
		problem += " (" + err.Error() + ")"
	}
	return &kv.DamagedError{Path: path, Problem: problem, Remedy: remedy, Err: err}
}
