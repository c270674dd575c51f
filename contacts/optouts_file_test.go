package contacts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func (d *desk) importOptOuts(file string) contacts.OptOutFile {
	d.t.Helper()
	got, err := d.ImportOptOuts(d.t.Context(), d.admin, strings.NewReader(file))
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

// optOutRows reads the whole list as the file has it.
func (d *desk) optOutRows() (rows [][]string) {
	d.t.Helper()
	for after := ""; ; {
		page, next, err := d.OptOutRows(d.t.Context(), d.admin, after)
		if err != nil {
			d.t.Fatal(err)
		}
		if rows = append(rows, page...); next == "" {
			return rows
		}
		after = next
	}
}

func TestAFileOfOptOuts(t *testing.T) {
	for name, file := range map[string]string{
		"a plain list":       "+1 212 555 0101\n(212) 555-0102\n\n212-555-0101\n12\n",
		"a table":            "name,Phone Number\nAna,+1 212 555 0101\nBia,(212) 555-0102\nAna,212-555-0101\nEve,12\n",
		"semicolons":         "sep=;\nnombre;teléfono\nAna;+1 212 555 0101\nBia;(212) 555-0102\nAna;212-555-0101\nEve;12\n",
		"an old spreadsheet": "\xFF\xFE" + strings.Join(strings.Split("number\n+12125550101\n2125550102\n+12125550101\n12\n", ""), "\x00") + "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101"})
			got := d.importOptOuts(file)
			if got.Added != 2 || got.Already != 1 || got.Refused != 1 || len(got.Rows) != 1 || got.Rows[0].Value != "12" || got.Rows[0].Reason == "" {
				t.Fatalf("%+v", got)
			}
			v := d.contact(ana.ID)
			if v.OptOut == nil || v.OptOut.Source != contacts.SourceImport || v.OptOut.By != d.admin.User {
				t.Errorf("%+v", v.OptOut)
			}
			// The same file again changes nothing, its history neither.
			if got = d.importOptOuts(file); got.Added != 0 || got.Already != 3 || got.Refused != 1 {
				t.Errorf("again: %+v", got)
			}
			dbtest.View(t, d.store, func(tx *db.Tx) error {
				history, err := tx.OptOutHistory(d.account.ID, "+12125550101", 9)
				if len(history) != 1 {
					t.Errorf("history: %+v", history)
				}
				return err
			})
		})
	}
}

func TestAFileOfOptOutsThatCannotBeReadAddsNothing(t *testing.T) {
	d := open(t)
	for file, want := range map[string]string{
		"":                                "file no_numbers",
		"number\n":                        "file no_numbers",
		"Ana,+12125550101\n":              "file no_number_column",
		"PK\x03\x04":                      "file spreadsheet_file",
		"+12125550101\n\"+12125550102\n3": "file unclosed_quote",
	} {
		_, err := d.ImportOptOuts(t.Context(), d.admin, strings.NewReader(file))
		if got := fields(t, err); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
	if rows := d.optOutRows(); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

func TestALongFileOfOptOutsIsAddedInParts(t *testing.T) {
	d := open(t)
	var file strings.Builder
	for i := range 100 {
		fmt.Fprintf(&file, "+1212555%04d\n", 100+i)
	}
	file.WriteString(strings.Repeat("12\n", 600))
	got := d.importOptOuts(file.String())
	if got.Added != 100 || got.Refused != 600 || len(got.Rows) != contacts.MaxRefusedShown || got.Rows[0].Row != 101 {
		t.Fatalf("%+v", got)
	}
	// More than a page: the file has everybody once.
	file.Reset()
	for i := range 200 {
		fmt.Fprintf(&file, "+1%d555%04d\n", []int{646, 310}[i%2], 100+i/2)
	}
	d.importOptOuts(file.String())
	seen := map[string]int{}
	for _, row := range d.optOutRows() {
		seen[row[0]]++
	}
	if len(seen) != 300 || seen["+12125550100"] != 1 {
		t.Errorf("the file has %d numbers", len(seen))
	}
}

func TestTheFileOfOptOutsRunsNothing(t *testing.T) {
	d := open(t)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		for number, text := range map[string]string{"+12125550101": "=1+1", "+1=cmd": "STOP"} {
			if err := d.OptOut(tx, d.account.ID, liadesk.OptOut{Number: number, At: dbtest.Now, Source: contacts.SourceKeyword, Text: text}); err != nil {
				return err
			}
		}
		return nil
	})
	at := dbtest.Now.UTC().Format("2006-01-02T15:04:05Z07:00")
	want := [][]string{{"'+1=cmd", at, "keyword", "STOP"}, {"+12125550101", at, "keyword", "'=1+1"}}
	if diff := cmp.Diff(want, d.optOutRows()); diff != "" {
		t.Error(diff)
	}
	// What was written can be read: nothing is new to the list.
	if got := d.importOptOuts("number,at\n+12125550101,x\n"); got.Already != 1 || got.Added != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFilesOfOptOutsAreForAdministrators(t *testing.T) {
	d := open(t)
	_, err := d.ImportOptOuts(t.Context(), d.agent, strings.NewReader("+12125550101\n"))
	_, _, err2 := d.OptOutRows(t.Context(), d.agent, "")
	if !errors.Is(err, liadesk.ErrForbidden) || !errors.Is(err2, liadesk.ErrForbidden) {
		t.Errorf("%v, %v", err, err2)
	}
	// Another account's list stays its own.
	d.importOptOuts("+12125550101\n")
	rows, _, err := d.OptOutRows(t.Context(), d.other, "")
	if err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
}
