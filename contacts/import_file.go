package contacts

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// How files are written. Those in UTF-16 are stored as UTF-8.
const (
	encodingUTF8    = "UTF-8"
	encodingUTF16LE = "UTF-16 LE"
	encodingUTF16BE = "UTF-16 BE"
	encoding1252    = "Windows-1252"
)

const (
	// maxRecord is the most bytes of one row. A longer one is a quote that was
	// never closed, and would swallow the rest of the file.
	maxRecord = 64 << 10
	// sniffed is how much of a file's beginning decides its delimiter.
	sniffed = 64 << 10
)

// errNotText says that a file is no text; its code says what it looks like.
func errNotText(code string) error {
	var v liadesk.Invalid
	v.Add("file", code)
	return v.Err()
}

// storedText finds out how a file is written by its first bytes, and reads it
// in an encoding in which every line break and quote is one byte: UTF-8, or
// Windows-1252 as it is. Which of these two it is only the last byte tells.
func storedText(r io.Reader) (stored io.Reader, written string, err error) {
	in := bufio.NewReaderSize(r, 4096)
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	for magic, code := range map[string]string{"PK\x03\x04": "spreadsheet_file", "\xD0\xCF\x11\xE0": "spreadsheet_file",
		"%PDF": "not_a_table", "\x89PNG": "not_a_table", "\xFF\xD8\xFF": "not_a_table", "{\\rtf": "not_a_table"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return nil, "", errNotText(code)
		}
	}
	written = encodingUTF8
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		_, err = in.Discard(3)
		return oneLineEnd(in, head), written, err
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		written = encodingUTF16LE
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		written = encodingUTF16BE
	default:
		written = guessUTF16(head)
	}
	var order unicode.Endianness
	switch written {
	case encodingUTF16LE:
		order = unicode.LittleEndian
	case encodingUTF16BE:
		order = unicode.BigEndian
	default:
		if bytes.IndexByte(head, 0) >= 0 {
			return nil, "", errNotText("not_a_table")
		}
		return oneLineEnd(in, head), written, nil
	}
	text := bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), 4096)
	head, err = text.Peek(2048)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return oneLineEnd(text, head), written, err
}

// guessUTF16 recognises UTF-16 without a mark: of a table's bytes, which are
// mostly below 128, every other is zero.
func guessUTF16(head []byte) string {
	var even, odd int
	for i, b := range head {
		if b == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	switch {
	case odd > len(head)/4 && even == 0:
		return encodingUTF16LE
	case even > len(head)/4 && odd == 0:
		return encodingUTF16BE
	}
	return encodingUTF8
}

// oneLineEnd turns the line ends of old Macintosh programs, a lone CR, into LF.
// Other files pass as they are.
func oneLineEnd(r io.Reader, head []byte) io.Reader {
	if bytes.IndexByte(head, '\n') >= 0 || bytes.IndexByte(head, '\r') < 0 {
		return r
	}
	return crReader{r}
}

type crReader struct{ r io.Reader }

func (c crReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := range p[:n] {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// utf8Watch tells whether a stream of bytes is UTF-8.
type utf8Watch struct {
	tail  []byte // the beginning of a character
	wrong bool
}

func (w *utf8Watch) see(p []byte) {
	if w.wrong {
		return
	}
	b := append(w.tail, p...)
	cut := len(b)
	for i := 1; i <= 3 && i <= len(b); i++ {
		if c := b[len(b)-i]; c >= 0xC0 {
			if !utf8.FullRune(b[len(b)-i:]) {
				cut = len(b) - i
			}
			break
		}
	}
	w.wrong = !utf8.Valid(b[:cut])
	w.tail = bytes.Clone(b[cut:])
}

func (w *utf8Watch) valid() bool { return !w.wrong && len(w.tail) == 0 }

// guessDelimiter finds the sign that cuts the first lines into the same number
// of cells, the most cells if several do.
func guessDelimiter(head []byte) string {
	if rest, ok := bytes.CutPrefix(head, []byte("sep=")); ok && len(rest) > 0 && strings.ContainsRune(",;\t", rune(rest[0])) {
		return string(rest[:1]) // a spreadsheet's own hint
	}
	if i := bytes.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i]
	}
	best, bestScore := ",", 0
	for _, d := range []string{",", ";", "\t"} {
		r := csv.NewReader(bytes.NewReader(head))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(d[0]), true, -1
		cells, agree := 0, 0
		for n := range 20 {
			row, err := r.Read()
			if err != nil {
				break
			}
			if n == 0 {
				cells = len(row)
			}
			if len(row) == cells {
				agree++
			}
		}
		if score := agree * (cells - 1); score > bestScore {
			best, bestScore = d, score
		}
	}
	return best
}

// fileReader reads the stored pieces of a file from a place on. Each piece is
// read in a transaction of its own.
type fileReader struct {
	ctx    context.Context
	store  *db.Store
	im     liadesk.Import
	offset int64
	part   int
	data   []byte
}

func (f *fileReader) Read(p []byte) (int, error) {
	if f.offset >= f.im.Size {
		return 0, io.EOF
	}
	n := int(f.offset / db.MaxImportPart)
	if f.data == nil || f.part != n {
		var data []byte
		if err := f.store.View(f.ctx, func(tx *db.Tx) (err error) {
			data, err = tx.ImportPart(f.im.AccountID, f.im.ID, n)
			return err
		}); err != nil {
			return 0, err
		}
		if data == nil {
			return 0, errPartMissing
		}
		f.part, f.data = n, data
	}
	at := int(f.offset % db.MaxImportPart)
	if at >= len(f.data) {
		return 0, errPartMissing
	}
	c := copy(p, f.data[at:])
	f.offset += int64(c)
	return c, nil
}

// errPartMissing says that stored bytes are gone.
var errPartMissing = errors.New("a part of the uploaded file is missing")

// errLongRecord says that a row does not end.
var errLongRecord = errors.New("the row does not end")

// meter refuses to read more than maxRecord (and a buffer) ahead of what was
// taken.
type meter struct {
	r    io.Reader
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errLongRecord
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	return n, err
}

// fileRow is one row as read.
type fileRow struct {
	Row   int // as a spreadsheet counts
	Cells []string
	// Bad says that quotes do not match; Cells then has the line as one cell.
	Bad bool
}

// rowReader reads rows from a cursor on. It is lenient the way spreadsheets
// are, and a line that cannot be understood costs that line alone.
type rowReader struct {
	file      *fileReader
	delimiter rune
	decode    bool // the stored bytes are Windows-1252
	columns   int  // cells of a whole row, 0 if not known
	cursor    liadesk.ImportCursor

	meter *meter
	csv   *csv.Reader
	base  liadesk.ImportCursor // where csv began
}

func newRowReader(ctx context.Context, store *db.Store, im liadesk.Import, delimiter string, from liadesk.ImportCursor) *rowReader {
	if from.Line == 0 {
		from.Line = 1
	}
	r := &rowReader{file: &fileReader{ctx: ctx, store: store, im: im}, delimiter: rune(delimiter[0]),
		decode: im.Encoding == encoding1252, cursor: from}
	r.reopen()
	return r
}

func (r *rowReader) reopen() {
	r.base = r.cursor
	r.file.offset = r.cursor.Offset
	r.meter = &meter{r: r.file}
	r.csv = csv.NewReader(r.meter)
	r.csv.Comma, r.csv.FieldsPerRecord, r.csv.ReuseRecord = r.delimiter, -1, false
}

// next reads a row; io.EOF after the last. The cursor then stands behind it.
func (r *rowReader) next() (fileRow, error) {
	r.meter.left = maxRecord
	cells, err := r.csv.Read()
	if err == nil {
		line, _ := r.csv.FieldPos(0)
		line += r.base.Line - 1
		folded := 0
		for _, cell := range cells {
			folded += strings.Count(cell, "\n")
		}
		row := fileRow{Row: line - r.cursor.Folded, Cells: cells}
		r.cursor = liadesk.ImportCursor{Offset: r.base.Offset + r.csv.InputOffset(), Line: line + 1 + folded, Folded: r.cursor.Folded + folded}
		return r.clean(row), nil
	}
	if errors.Is(err, io.EOF) {
		return fileRow{}, io.EOF
	}
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) && !errors.Is(err, errLongRecord) {
		return fileRow{}, err
	}
	return r.oneLine()
}

// oneLine reads the line at the cursor by itself, after the reader stumbled
// over it.
func (r *rowReader) oneLine() (fileRow, error) {
	r.file.offset = r.cursor.Offset
	in := bufio.NewReaderSize(&meter{r: r.file, left: 1 << 30}, 4096)
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		r.cursor.Offset += int64(len(part))
		if len(line) < maxRecord {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fileRow{}, err
		}
		if text := bytes.TrimRight(line, "\r\n"); len(text) > 0 || err != nil {
			line = text
			break
		}
		r.cursor.Line++ // an empty line before it
		line = line[:0]
	}
	row := fileRow{Row: r.cursor.Line - r.cursor.Folded}
	r.cursor.Line++
	r.reopen()
	lazy := csv.NewReader(bytes.NewReader(line))
	lazy.Comma, lazy.LazyQuotes, lazy.FieldsPerRecord = r.delimiter, true, -1
	cells, err := lazy.Read()
	if err != nil || r.columns > 0 && len(cells) != r.columns || len(line) >= maxRecord {
		row.Bad = true
		cells = []string{clip(strings.ToValidUTF8(string(line), "\uFFFD"), MaxAttributeValue)}
	}
	row.Cells = cells
	return r.clean(row), nil
}

func (r *rowReader) clean(row fileRow) fileRow {
	for i, cell := range row.Cells {
		if r.decode {
			if s, err := charmap.Windows1252.NewDecoder().String(cell); err == nil {
				cell = s
			}
		}
		row.Cells[i] = strings.TrimSpace(strings.ToValidUTF8(cell, "\uFFFD"))
	}
	return row
}

// blank tells whether a row has nothing in it.
func (row fileRow) blank() bool {
	for _, cell := range row.Cells {
		if cell != "" {
			return false
		}
	}
	return true
}
