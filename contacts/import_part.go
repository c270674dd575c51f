package contacts

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// importPart is what one transaction of an import writes.
type importPart struct {
	rows  []parsedRow
	after liadesk.ImportCursor
	end   bool
	err   error
}

// readPart reads the next rows of a file from a cursor.
func (s *Service) readPart(ctx context.Context, im liadesk.Import, from liadesk.ImportCursor, skipHeader bool) importPart {
	rows := newRowReader(ctx, s.store, im, im.Options.Delimiter, from)
	rows.columns = len(im.Options.Columns)
	var read []fileRow
	end := false
	for len(read) < importBatch && rows.cursor.Offset-from.Offset < db.MaxImportPart {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			end = true
			break
		}
		if err != nil {
			return importPart{err: err}
		}
		if row.blank() {
			continue
		}
		if skipHeader {
			skipHeader = false
			continue
		}
		read = append(read, row)
	}
	return importPart{rows: parseRows(read, im.Options, s.clock.Now().UTC()), after: rows.cursor, end: end}
}

// readAhead are the parts that are read while those before them are written:
// numbers are read on one processor while the other stores. What was read
// ahead is used only by a step that begins at its very cursor; an import that
// went another way meanwhile (undone, or carried on by another process) reads
// again.
type readAhead map[liadesk.ID]aheadPart

type aheadPart struct {
	from liadesk.ImportCursor
	part chan importPart
}

// take returns what was read ahead from here.
func (r readAhead) take(im liadesk.Import) (importPart, bool) {
	a, found := r[im.ID]
	delete(r, im.ID)
	if !found {
		return importPart{}, false
	}
	part := <-a.part
	return part, a.from == im.Cursor
}

// wait lets go of all, when nobody reads on.
func (r readAhead) wait() {
	for _, a := range r {
		<-a.part
	}
	clear(r)
}

// parseRows parses rows on all processors: numbers are most of the work.
func parseRows(rows []fileRow, o liadesk.ImportOptions, now time.Time) []parsedRow {
	out := make([]parsedRow, len(rows))
	share := len(rows)/runtime.GOMAXPROCS(0) + 1
	var all sync.WaitGroup
	for from := 0; from < len(rows); from += share {
		all.Go(func() {
			for i := from; i < min(from+share, len(rows)); i++ {
				out[i] = parseRow(rows[i], o, now)
			}
		})
	}
	all.Wait()
	return out
}
