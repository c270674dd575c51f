package contacts

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// The list of opt-outs as a file: taken along to another system, or brought
// from one. Both are for administrators, as with files of contacts.

const (
	// optOutBatch is the most numbers of a file that one transaction adds.
	optOutBatch = 500
	// MaxRefusedShown is how many refused rows of a file are told one by one.
	MaxRefusedShown = 100
)

// OptOutHeadings name the cells of OptOutRows.
var OptOutHeadings = []string{"number", "at", "source", "text"}

// OptOutRows is a page of the whole list for a CSV file, newest first, and the
// cursor of the next one, "" at the end. Each page is a transaction of its own.
// Who opts out meanwhile is newer than the page that was read first, and
// stands in the next file.
func (s *Service) OptOutRows(ctx context.Context, actor liadesk.Actor, after string) (rows [][]string, next string, err error) {
	if err := actor.ManageCampaigns(); err != nil {
		return nil, "", err
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		var items []liadesk.OptOut
		var err error
		items, next, err = tx.OptOuts(actor.Account, "", db.Page{After: after, Limit: db.MaxPage})
		if err != nil {
			return err
		}
		rows = make([][]string, len(items))
		for i, o := range items {
			rows[i] = []string{numberCell(o.Number), o.At.UTC().Format(time.RFC3339), SafeCell(o.Source), SafeCell(o.Text)}
		}
		return nil
	})
	return rows, next, err
}

// numberCell writes a number for a file as every system reads it, with its
// plus and without an apostrophe. A spreadsheet may take a plus and digits for
// a figure, which calls nothing and names no cell; anything else that stands
// for a number here is made safe like free text.
func numberCell(e164 string) string {
	if rest, ok := strings.CutPrefix(e164, "+"); ok && rest != "" && digits(rest) == rest {
		return e164
	}
	return SafeCell(e164)
}

// OptOutFile says what became of the rows of a file.
type OptOutFile struct {
	Added   int
	Already int // on the list before, or in the file twice
	Refused int
	Rows    []RefusedNumber // the first MaxRefusedShown of those refused
}

// RefusedNumber is a row whose number cannot be read, and why.
type RefusedNumber struct {
	Row    int // the line in the file
	Value  string
	Reason string // as of the field "number"
}

// ImportOptOuts adds the numbers of a file to the list: a number on each line,
// or a table with a column that is named phone, number or the like. Numbers are
// read as of the account's country. The caller bounds the file's size.
//
// The file is looked at whole before anything is added. Then the rows go in by
// bounded transactions: if the power goes, some are in, and sending the file
// again adds the others. What is on the list already stays as it is, without
// another line of history, so the same file twice is harmless.
func (s *Service) ImportOptOuts(ctx context.Context, actor liadesk.Actor, file io.Reader) (OptOutFile, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return OptOutFile{}, err
	}
	rows, err := numberRows(file)
	if err != nil {
		return OptOutFile{}, err
	}
	now := s.clock.Now().UTC()
	var done OptOutFile
	for len(rows) > 0 {
		part := rows[:min(len(rows), optOutBatch)]
		rows = rows[len(part):]
		var got OptOutFile
		if err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
			got, err = s.addOptOuts(tx, actor, part, now)
			return err
		}); err != nil {
			return done, err
		}
		done.Added += got.Added
		done.Already += got.Already
		done.Refused += got.Refused
		done.Rows = append(done.Rows, got.Rows[:min(len(got.Rows), MaxRefusedShown-len(done.Rows))]...)
	}
	return done, nil
}

// addOptOuts adds a part of a file in the caller's transaction.
func (s *Service) addOptOuts(tx *db.Tx, actor liadesk.Actor, rows []numberRow, now time.Time) (OptOutFile, error) {
	region, err := regionOf(tx, actor.Account)
	if err != nil {
		return OptOutFile{}, err
	}
	numbers, reasons := make([]string, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		n, err := phone.Parse(row.value, region)
		if numbers[i] = n.E164; err != nil {
			// It may be one that only the carrier knows: as numberOf has it.
			numbers[i], reasons[i] = row.value, string(phone.ReasonOf(err))
		}
	}
	listed, err := tx.OptOutsOf(actor.Account, numbers)
	if err != nil {
		return OptOutFile{}, err
	}
	var done OptOutFile
	for i, number := range numbers {
		if _, already := listed[number]; already {
			done.Already++
			continue
		}
		if reasons[i] != "" {
			done.Refused++
			done.Rows = append(done.Rows, RefusedNumber{Row: rows[i].line, Value: rows[i].value, Reason: reasons[i]})
			continue
		}
		o := liadesk.OptOut{Number: number, At: now, Source: SourceImport, By: actor.User}
		if err := s.OptOut(tx, actor.Account, o); err != nil {
			return OptOutFile{}, err
		}
		listed[number] = o
		done.Added++
	}
	return done, nil
}

// numberRow is a cell that should hold a number.
type numberRow struct {
	line  int
	value string
}

// numberRows reads the numbers of a file. A quote that is never closed refuses
// the file, for it hides the lines after it, and each of them is a person who
// wants no texts.
func numberRows(file io.Reader) ([]numberRow, error) {
	stored, _, err := storedText(file)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(stored)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = rune(guessDelimiter(data[:min(len(data), sniffed)])[0]), -1, true
	var rows []numberRow
	var wrong liadesk.Invalid
	column := -1
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
			wrong.Add("file", "unclosed_quote", "Row", syntax.StartLine)
			return nil, wrong.Err()
		}
		if err != nil {
			return nil, err
		}
		at, _ := r.FieldPos(0)
		if strings.HasPrefix(cells[0], "sep=") && at == 1 {
			continue // a spreadsheet's own hint
		}
		if column < 0 {
			var heading bool
			if column, heading = numberColumn(cells); heading {
				continue
			}
			if column < 0 {
				wrong.Add("file", "no_number_column")
				return nil, wrong.Err()
			}
		}
		if column < len(cells) {
			if value := clip(line(cells[column]), maxSearch); value != "" {
				rows = append(rows, numberRow{line: at, value: value})
			}
		}
	}
	if len(rows) == 0 {
		wrong.Add("file", "no_numbers")
	}
	return rows, wrong.Err()
}

// numberColumn finds the column of the numbers by the first row, and tells
// whether that row is headings. Without a heading there must be one column, or
// we would guess whom not to text; -1 says that we cannot know.
func numberColumn(cells []string) (column int, heading bool) {
	for i, cell := range cells {
		if targetOf[plain(cell)] == liadesk.ColumnPhone {
			return i, true
		}
	}
	for _, cell := range cells[1:] {
		if strings.TrimSpace(cell) != "" {
			return -1, false
		}
	}
	return 0, false
}
