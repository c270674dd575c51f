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
// byte order of the machine (bbolt, internal/common/meta.go and page.go,
// version 2).
const (
	pageHeader   = 16
	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	noFreelist  = ^uint64(0)
	probe       = 4096 // what bbolt reads to find the page size
)

type meta struct {
	pageSize            int64
	root, freelist, end uint64 // page numbers; end is the first never used
	transaction         uint64
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
		pageSize: int64(order.Uint32(b[8:])),
		root:     order.Uint64(b[16:]), freelist: order.Uint64(b[32:]), end: order.Uint64(b[40:]), transaction: order.Uint64(b[48:]),
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56]) // never fails
	return m, order.Uint32(b) == metaMagic && order.Uint32(b[4:]) == metaVersion && order.Uint64(b[56:]) == sum.Sum64()
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
	if !m.rootSound(f) || m.freelist != noFreelist && !m.freelistSound(f) {
		return damaged(f.Name(), "has damaged pages at its root", nil)
	}
	return nil
}

// page is the header of a page.
type page struct {
	id       uint64
	flags    uint16
	count    uint16
	overflow uint32 // pages that follow and belong to it
}

func (m meta) readPage(f *os.File, id uint64) (page, bool) {
	b := make([]byte, pageHeader)
	if _, err := f.ReadAt(b, int64(id)*m.pageSize); err != nil {
		return page{}, false
	}
	order := binary.NativeEndian
	p := page{id: order.Uint64(b), flags: order.Uint16(b[8:]), count: order.Uint16(b[10:]), overflow: order.Uint32(b[12:])}
	return p, p.id == id && uint64(p.overflow) < m.end-id
}

func (m meta) rootSound(f *os.File) bool {
	p, ok := m.readPage(f, m.root)
	return ok && (p.flags == branchPage || p.flags == leafPage)
}

// freelistSound makes sure that the list of free pages is as long as it says:
// bbolt takes its word and asks for that much memory.
func (m meta) freelistSound(f *os.File) bool {
	p, ok := m.readPage(f, m.freelist)
	if !ok || p.flags != freelistPage {
		return false
	}
	room := ((int64(p.overflow)+1)*m.pageSize - pageHeader) / 8
	if p.count < 0xFFFF {
		return int64(p.count) <= room
	}
	b := make([]byte, 8) // a longer list has its length in place of the first number
	if _, err := f.ReadAt(b, int64(m.freelist)*m.pageSize+pageHeader); err != nil {
		return false
	}
	return binary.NativeEndian.Uint64(b) <= uint64(room-1)
}

const remedy = "Nothing was changed. Keep a copy of it for an examination, then put a backup in its place with `campaigns restore FILE`."

func damaged(path, problem string, err error) error {
	if err != nil {
		problem += " (" + err.Error() + ")"
	}
	return &kv.DamagedError{Path: path, Problem: problem, Remedy: remedy, Err: err}
}
