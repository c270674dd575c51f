package handlers

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
)

// safeCell is free text for a cell of a file that a spreadsheet may open: what
// would begin a formula there gets an apostrophe in front.
func safeCell(text string) string { return contacts.SafeCell(text) }

// isExport tells the paths that answer with a file of any length.
func isExport(path string) bool {
	return strings.HasSuffix(path, "/export") || strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, "/errors")
}

// writeTimeoutOf is how long the answer to a request may take: a file has the
// time that an upload has, for the network of whoever reads it may be slow.
func writeTimeoutOf(path string) time.Duration {
	if isExport(path) {
		return uploadTimeout
	}
	return timeoutOf(path)
}

// sendFile answers with a CSV file that is written while it is read, so that it
// may be of any length. write runs after the handler has returned: nothing of c
// may be used in it. The beginning has been sent by then, so an error can only
// be logged; write says in the file itself that the rest is missing.
func (s *Server) sendFile(c *fiber.Ctx, name string, write func(context.Context, io.Writer) error) {
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	log, request := s.Log, requestID(c)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		// The request is answered by now: its context has gone.
		ctx, cancel := context.WithTimeout(context.Background(), uploadTimeout)
		defer cancel()
		// The mark makes spreadsheets read UTF-8.
		_, err := io.WriteString(w, "\uFEFF")
		if err == nil {
			err = write(ctx, w)
		}
		if err != nil {
			log.Warn("a file was not sent whole", "file", name, "id", request, "error", err)
		}
	})
}

// sendPages answers with a CSV file: a line of headings, then page after page
// of rows. rows gives the page after a cursor and the cursor of the next one,
// "" at the end; it reads in a transaction of its own, so that a long file
// holds up nobody. When a page cannot be read the last line says incomplete,
// for a file that merely ends looks whole.
func (s *Server) sendPages(c *fiber.Ctx, name string, headings []string, incomplete string, rows func(ctx context.Context, after string) ([][]string, string, error)) {
	s.sendFile(c, name, func(ctx context.Context, w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(headings); err != nil {
			return err
		}
		for after := ""; ; {
			page, next, err := rows(ctx, after)
			if err != nil {
				if e := out.Write([]string{incomplete}); e != nil {
					return e
				}
				out.Flush()
				return err
			}
			// WriteAll flushes: what whoever reads no longer wants ends here.
			if err := out.WriteAll(page); err != nil {
				return err
			}
			if next == "" {
				return nil
			}
			after = next
		}
	})
}
