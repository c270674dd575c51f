package contacts_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func (d *desk) upload(file string) liadesk.Import {
	d.t.Helper()
	im, err := d.Upload(d.t.Context(), d.admin, "people.csv", strings.NewReader(file))
	if err != nil {
		d.t.Fatal(err)
	}
	return im
}

// imported uploads, starts and finishes a file. change edits the options.
func (d *desk) imported(file string, change ...func(*liadesk.ImportOptions)) liadesk.Import {
	d.t.Helper()
	im := d.upload(file)
	o := im.Options
	for _, f := range change {
		f(&o)
	}
	if _, err := d.StartImport(d.t.Context(), d.admin, im.ID, &o); err != nil {
		d.t.Fatal(err)
	}
	return d.finish(im.ID)
}

func (d *desk) finish(id liadesk.ID) liadesk.Import {
	d.t.Helper()
	if err := d.Tick(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	im, err := d.Import(d.t.Context(), d.admin, id)
	if err != nil {
		d.t.Fatal(err)
	}
	if im.Total != im.Created+im.Updated+im.Rejected {
		d.t.Errorf("%d rows are not %d created, %d updated and %d rejected", im.Total, im.Created, im.Updated, im.Rejected)
	}
	return im
}

func figures(im liadesk.Import) string {
	return fmt.Sprintf("%s %d = %d + %d + %d", im.State, im.Total, im.Created, im.Updated, im.Rejected)
}

// people writes every contact as name|phone|email|tags, oldest first.
func (d *desk) people() []string {
	d.t.Helper()
	page, err := d.List(d.t.Context(), d.admin, contacts.Query{Page: db.Page{Limit: 200}})
	if err != nil {
		d.t.Fatal(err)
	}
	out := []string{}
	for _, c := range slices.Backward(page.Items) {
		out = append(out, strings.Join([]string{c.Name, c.Phone, c.Email, strings.Join(c.Tags, ",")}, "|"))
	}
	return out
}

// errorsOf reads the error file back as row/column/value/reason.
func (d *desk) errorsOf(id liadesk.ID) []string {
	d.t.Helper()
	var b bytes.Buffer
	if err := d.WriteImportErrors(d.t.Context(), d.admin, id, &b, func(_, reason string, _ map[string]any) string { return reason }); err != nil {
		d.t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		d.t.Fatal(err)
	}
	out := []string{}
	for _, r := range rows[1:] {
		out = append(out, strings.Join(r, "/"))
	}
	return out
}

func encoded(t *testing.T, s string, e transform.Transformer) string {
	t.Helper()
	out, _, err := transform.String(e, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFilesAreReadAsTheyAreWritten(t *testing.T) {
	const file = "Nome,Celular,E-mail\r\nJosé Ñandú,+1 212-555-0101,jose@example.org\r\n\"Silva, Ana\",+12125550102,\r\n"
	want := []string{"José Ñandú|+12125550101|jose@example.org|", "Silva, Ana|+12125550102||"}
	le, be := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	for name, bytes := range map[string]string{
		"UTF-8":                  file,
		"UTF-8 with BOM":         "\uFEFF" + file,
		"UTF-16 LE":              encoded(t, file, le.NewEncoder()),
		"UTF-16 BE":              encoded(t, file, be.NewEncoder()),
		"UTF-16 LE without mark": encoded(t, file, le.NewEncoder())[2:],
		"UTF-16 BE without mark": encoded(t, file, be.NewEncoder())[2:],
		"Windows-1252":           encoded(t, file, charmap.Windows1252.NewEncoder()),
		"LF":                     strings.ReplaceAll(file, "\r\n", "\n"),
		"CR":                     strings.ReplaceAll(file, "\r\n", "\r"),
		"no last line end":       strings.TrimRight(file, "\r\n"),
		"semicolon":              "Nombre;Móvil;Correo electrónico\nJosé Ñandú;+1 212-555-0101;jose@example.org\n\"Silva, Ana\";+12125550102;\n",
		"tab":                    "Name\tMobile phone\tE-mail address\nJosé Ñandú\t+1 212-555-0101\tjose@example.org\nSilva, Ana\t+12125550102\t\n",
		"a spreadsheet's hint":   "sep=;\r\nName;Phone;Email\r\nJosé Ñandú;+12125550101;jose@example.org\r\nSilva, Ana;+12125550102;\r\n",
		"empty lines":            "\n" + strings.ReplaceAll(file, "\r\n", "\r\n\r\n") + "\n,,\n",
		"first and last name":    "Nombre,Apellidos,Teléfono,Correo\nJosé,Ñandú,+12125550101,jose@example.org\n\"Silva,\",Ana,+12125550102,\n",
		"no header":              "José Ñandú,+12125550101,jose@example.org\n\"Silva, Ana\",+12125550102,\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			im := d.imported(bytes)
			if diff := cmp.Diff(want, d.people()); diff != "" || figures(im) != "completed 2 = 2 + 0 + 0" {
				t.Errorf("%s, read as %s: %s", figures(im), im.Written, diff)
			}
		})
	}
}

func TestALateAccentDecidesBetweenUTF8AndWindows1252(t *testing.T) {
	d := open(t)
	var b strings.Builder
	b.WriteString("name\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "P%d\n", i%3)
	}
	im := d.upload(b.String() + "Jos\xe9\n")
	if im.Encoding != "Windows-1252" || im.Parts < 2 {
		t.Errorf("%s in %d parts", im.Encoding, im.Parts)
	}
	if im = d.upload(b.String() + "José\n"); im.Encoding != "UTF-8" {
		t.Error(im.Encoding)
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	d := open(t)
	for file, want := range map[string]string{
		"":                        "file empty_file",
		"\n\n  \n":                "file empty_file",
		"\uFEFF":                  "file empty_file",
		"PK\x03\x04xl/worksheets": "file spreadsheet_file",
		"%PDF-1.7":                "file not_a_table",
		"name\x00,phone\n":        "file not_a_table",
	} {
		_, err := d.Upload(t.Context(), d.admin, "x", strings.NewReader(file))
		if got := fields(t, err); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
	_, err := d.Upload(t.Context(), d.admin, "x", io.MultiReader(strings.NewReader("name\nAna\n"), brokenReader{}))
	if !errors.Is(err, errBroken) {
		t.Errorf("a connection that broke: %v", err)
	}
	list, err := d.Imports(t.Context(), d.admin)
	if err != nil || len(list) != 0 {
		t.Errorf("refused files left %v, %v", list, err)
	}
}

var errBroken = errors.New("the connection broke")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestHeadersAreGuessedInThreeLanguages(t *testing.T) {
	d := open(t)
	for header, want := range map[string]string{
		"Name,Phone,Email,Tags,Shoe size":                         "name phone email tags attribute",
		"FIRST NAME,Last_Name,Mobile Phone,E-mail,Time Zone":      "first_name last_name phone email time_zone",
		"Nombre,Teléfono móvil,Correo electrónico,Etiquetas,País": "name phone email tags country",
		"Nombre,Apellidos,Celular,Idioma":                         "first_name last_name phone language",
		"Nome completo,Celular,E-mail,Marcadores,Fuso horário":    "name phone email tags time_zone",
		"Primeiro nome,Sobrenome,Telemóvel,Endereço de e-mail":    "first_name last_name phone email",
		"Phone,Mobile,ID,,Name":                                   "phone attribute skip skip name",
	} {
		im := d.upload(header + "\n")
		var got []string
		for _, c := range im.Options.Columns {
			got = append(got, string(c.Target))
		}
		if strings.Join(got, " ") != want || !im.Options.HeaderRow {
			t.Errorf("%s: %v, want %s", header, got, want)
		}
	}
}

func TestDamageIsRefusedWithRowColumnValueAndReason(t *testing.T) {
	d := open(t)
	im := d.imported(strings.Join([]string{
		"Name,Mobile,Email,Tags,Team",
		"Ana,+12125550101,ana@example.org,vip; new,red",
		"Exponent,4.47911E+11,,,",
		"Decimal,12125550102.0,,,",
		"Two,+12125550102 / +12125550103,,,",
		"Mail,,not a mail,,",
		"\"Folded",
		"name\",+12125550104,,,",
		"Short,123,,,",
		",,,vip,",
		"Formula,=cmd|' /C calc'!A0,,,",
		"Quote \"in\" it,+12125550105,,,",
		"\"Open,+12125550106,,,",
		"After,+12125550107,,,",
		"Bob,'+12125550108,,a;b;a,blue",
		"One cell",
	}, "\r\n") + "\r\n")
	want := []string{
		"3/Mobile/4.47911E+11/spreadsheet_exponent",
		"4/Mobile/12125550102.0/spreadsheet_decimal",
		"5/Mobile/'+12125550102 / +12125550103/several_numbers",
		"6/Email/not a mail/bad_email",
		"8/Mobile/123/short_code",
		"9///contact_empty",
		"10/Mobile/'=cmd|' /C calc'!A0/letters",
		"12//\"Open,+12125550106,,,/bad_quotes",
	}
	if diff := cmp.Diff(want, d.errorsOf(im.ID)); diff != "" {
		t.Error(diff)
	}
	people := []string{"Ana|+12125550101|ana@example.org|new,vip", "Folded name|+12125550104||", `Quote "in" it|+12125550105||`,
		"After|+12125550107||", "Bob|+12125550108||a,b", "One cell|||"}
	if diff := cmp.Diff(people, d.people()); diff != "" {
		t.Error(diff)
	}
	if figures(im) != "completed 14 = 6 + 0 + 8" {
		t.Error(figures(im))
	}
}

func TestAQuoteThatIsNeverClosedCostsOneLine(t *testing.T) {
	d := open(t)
	var b strings.Builder
	b.WriteString("name,phone\n\"Ana,+12125550101\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "P%d,\n", i)
	}
	if im := d.imported(b.String()); figures(im) != "completed 10001 = 10000 + 0 + 1" {
		t.Error(figures(im))
	}
}

func TestOldBrazilianMobilesAreOfferedBeforeAndAfter(t *testing.T) {
	const file = "nome;celular\nAna;(11) 8765-4321\nBia;(11) 98765-4322\n"
	d := open(t)
	im := d.upload(file)
	o := im.Options
	o.Region = "BR"
	p, err := d.Preview(t.Context(), d.admin, im.ID, &o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]contacts.Outdated{{Before: "+551187654321", After: "+5511987654321"}}, p.Outdated); diff != "" || p.Looked != 2 || p.Rejected != 1 {
		t.Errorf("%d of %d: %s", p.Rejected, p.Looked, diff)
	}
	if im := d.imported(file, func(o *liadesk.ImportOptions) { o.Region = "BR" }); !slices.Equal(d.errorsOf(im.ID), []string{"2/celular/(11) 8765-4321/ninth_digit"}) {
		t.Errorf("not repaired unless asked: %v", d.errorsOf(im.ID))
	}
	im = d.imported(file, func(o *liadesk.ImportOptions) { o.Region, o.RepairNumbers = "BR", true })
	if want := []string{"Bia|+5511987654322||", "Ana|+5511987654321||"}; !slices.Equal(d.people(), want) || figures(im) != "completed 2 = 1 + 1 + 0" {
		t.Errorf("%s: %v", figures(im), d.people())
	}
}

func TestAPreviewShowsFiveRowsAsRead(t *testing.T) {
	d := open(t)
	im := d.upload("name;phone\nA, B;2125550101\nC;x\nD;\nE;\nF;\nG;\n")
	p, err := d.Preview(t.Context(), d.admin, im.ID, nil)
	if err != nil || len(p.Rows) != 5 || p.Looked != 6 || p.Rejected != 1 || p.Invalid != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	if p.Rows[0].Contact.Phone != "+12125550101" || p.Rows[0].Contact.Name != "A, B" || p.Rows[1].Errors[0].Reason != "letters" {
		t.Errorf("%+v", p.Rows[:2])
	}
	// Another delimiter means other columns.
	o := im.Options
	o.Delimiter = ","
	if p, err = d.Preview(t.Context(), d.admin, im.ID, &o); err != nil || len(p.Options.Columns) != 1 || fields(t, p.Invalid) != "columns nothing_mapped" {
		t.Errorf("%+v, %v", p.Options, err)
	}
	o = im.Options
	o.Columns = []liadesk.ImportColumn{{Header: "name", Target: "phone"}, {Header: "phone", Target: "phone"}}
	o.Consent, o.Region = true, "XX"
	p, err = d.Preview(t.Context(), d.admin, im.ID, &o)
	if err != nil || fields(t, p.Invalid) != "columns.1 column_twice, region bad_country, consent_source required" {
		t.Errorf("%v, %v", p.Invalid, err)
	}
	if _, err := d.StartImport(t.Context(), d.admin, im.ID, &o); liadesk.KindOf(err) != liadesk.KindInvalid {
		t.Errorf("it could be started: %v", err)
	}
	if _, err := d.Preview(t.Context(), d.other, im.ID, nil); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
}

func TestDuplicatesBecomeOneContactAndNothingIsTakenAway(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Tags: []string{"old"}, Attributes: map[string]string{"shoe": "38", "hat": "M"}})
	mail := d.create(contacts.Input{Name: "Mail only", Email: "Mail@example.org"})
	d.create(contacts.Input{Name: "Info 1", Email: "info@shop.example"})
	d.create(contacts.Input{Name: "Info 2", Email: "info@shop.example"})
	if _, err := d.Update(t.Context(), d.admin, ana.ID, contacts.Patch{Consent: &contacts.ConsentInput{Source: "said no"}}); err != nil {
		t.Fatal(err)
	}
	im := d.imported("name,phone,email,tags,shoe\n"+
		"Ana María,212 555 0101,,new,39\n"+ // an existing number
		",+12125550102,x@example.org,,\n"+ // new
		"Xavier,+1 (212) 555-0102,,late,\n"+ // the same number again
		"Found,+12125550103,mail@example.org,,\n"+ // e-mail of a contact without a number
		"Shared,,info@shop.example,,\n", // whose?
		func(o *liadesk.ImportOptions) {
			o.Tags, o.Consent, o.ConsentSource = []string{"Fair"}, true, "paper list at the fair"
		})
	want := []string{"Ana María|+12125550101||fair,new,old", "Found|+12125550103|mail@example.org|fair", "Info 1||info@shop.example|",
		"Info 2||info@shop.example|", "Xavier|+12125550102|x@example.org|fair,late"}
	if diff := cmp.Diff(want, d.people()); diff != "" || figures(im) != "completed 5 = 1 + 3 + 1" {
		t.Errorf("%s: %s", figures(im), diff)
	}
	got := d.contact(ana.ID)
	if got.Attributes["shoe"] != "39" || got.Attributes["hat"] != "M" {
		t.Errorf("attributes %v", got.Attributes)
	}
	if got.Consent.State != liadesk.ConsentRefused {
		t.Error("a file overruled what Ana said herself")
	}
	if c := d.contact(mail.ID).Consent; c.State != liadesk.ConsentGranted || c.Source != "paper list at the fair" {
		t.Errorf("consent %+v", c)
	}
	if !slices.Equal(d.errorsOf(im.ID), []string{"6/email/info@shop.example/email_shared"}) {
		t.Error(d.errorsOf(im.ID))
	}
	// The same file again changes the same contacts and adds none.
	if im := d.imported("phone\n+12125550101\n+12125550102\n"); figures(im) != "completed 2 = 0 + 2 + 0" {
		t.Error(figures(im))
	}
}

// countingCtx ends after so many looks at it, which is between two transactions.
type countingCtx struct {
	context.Context
	left int
}

func (c *countingCtx) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnImportStoppedAnywhereGoesOnWithoutDoubling(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,phone,note\n")
	for i := range 2100 {
		fmt.Fprintf(&b, "\"P\n%d\",+1212555%04d,x\n", i, 100+i%50) // 50 numbers, mostly duplicates
		if i%100 == 0 {
			b.WriteString("bad,4.4E+11,\n")
		}
	}
	whole := open(t)
	want := whole.imported(b.String())
	wantPeople := whole.people()
	wantErrors := whole.errorsOf(want.ID)

	d := open(t)
	im := d.upload(b.String())
	if _, err := d.StartImport(t.Context(), d.admin, im.ID, nil); err != nil {
		t.Fatal(err)
	}
	stops := 0
	for {
		// Each round a fresh room, as after a crash, gets one look further.
		fresh := contacts.New(d.store, d.clock, liadesk.RandomIDs(d.clock.Now))
		if err := fresh.Tick(&countingCtx{t.Context(), 8 + stops%5}); err == nil {
			break
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if stops++; stops > 500 {
			t.Fatal("it makes no progress")
		}
	}
	if stops < 3 {
		t.Errorf("it was stopped only %d times", stops)
	}
	got := d.finish(im.ID)
	if figures(got) != figures(want) {
		t.Errorf("%s, want %s", figures(got), figures(want))
	}
	if diff := cmp.Diff(wantPeople, d.people()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantErrors, d.errorsOf(im.ID)); diff != "" {
		t.Error(diff)
	}
	// The file itself is gone.
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		part, err := tx.ImportPart(d.account.ID, im.ID, 0)
		if part != nil {
			t.Error("the uploaded file was kept")
		}
		due, err2 := tx.ImportsDue(d.account.ID, 10)
		if len(due) != 0 {
			t.Error("it is still listed as work")
		}
		return errors.Join(err, err2)
	})
}

func TestUndoTakesBackWhatNobodyHasWorkedOnSince(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Tags: []string{"old"}})
	bob := d.create(contacts.Input{Name: "Bob", Phone: "+12125550102"})
	before := d.people()
	im := d.imported("name,phone\nAna changed,+12125550101\nBob changed,+12125550102\nNew,+12125550103\nNew again,+12125550103\nEdited,+12125550104\nTexted,+12125550105\n",
		func(o *liadesk.ImportOptions) {
			o.Tags, o.Consent, o.ConsentSource = []string{"fair"}, true, "list"
		})
	if _, err := d.Update(t.Context(), d.agent, bob.ID, contacts.Patch{Email: ptr("bob@example.org")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.mustList("Edited") {
		if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Email: ptr("e@example.org")}); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.PutDelivery(d.account.ID, liadesk.Delivery{}, liadesk.Delivery{CampaignID: liadesk.ID{0: 1, 1: 3}, Phone: "+12125550105", StartedAt: dbtest.Now})
	})
	d.clock.Advance(time.Hour)
	if _, err := d.UndoImport(t.Context(), d.other, im.ID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
	for range 2 { // asked twice
		if _, err := d.UndoImport(t.Context(), d.admin, im.ID); err != nil {
			t.Fatal(err)
		}
	}
	got := d.finish(im.ID)
	if got.State != liadesk.ImportUndone || got.Removed != 1 || got.Restored != 1 || got.Kept != 3 {
		t.Errorf("%s: removed %d, restored %d, kept %d", got.State, got.Removed, got.Restored, got.Kept)
	}
	want := append(slices.Clone(before), "Edited|+12125550104|e@example.org|fair", "Texted|+12125550105||fair")
	want[1] = "Bob changed|+12125550102|bob@example.org|fair"
	if diff := cmp.Diff(want, d.people()); diff != "" {
		t.Error(diff)
	}
	kept, err := d.ImportKept(t.Context(), d.admin, im.ID, 10)
	var reasons []string
	for _, k := range kept {
		reasons = append(reasons, fmt.Sprint(k.Row, " ", k.Label, " ", k.Reason))
	}
	if diff := cmp.Diff([]string{"3 Bob changed changed", "6 Edited changed", "7 Texted in_touch"}, reasons); diff != "" || err != nil {
		t.Error(diff, err)
	}
	history, err := d.ConsentHistory(t.Context(), d.admin, ana.ID)
	if err != nil || len(history) != 2 || history[0].Consent.State != liadesk.ConsentUnknown || history[0].Consent.Source != contacts.SourceUndo {
		t.Errorf("history %+v, %v", history, err)
	}
	if n := len(d.set(db.SetConsent)); n != 3 {
		t.Errorf("%d have consent", n)
	}
}

func (d *desk) mustList(text string) []contacts.View {
	d.t.Helper()
	page, err := d.List(d.t.Context(), d.admin, contacts.Query{Text: text})
	if err != nil {
		d.t.Fatal(err)
	}
	return page.Items
}

func TestUndoneImportsGoBackStepByStep(t *testing.T) {
	d := open(t)
	first := d.imported("name,phone\nAna,+12125550101\n")
	second := d.imported("name,phone\nAnna,+12125550101\n")
	undo := func(im liadesk.Import) liadesk.Import {
		if _, err := d.UndoImport(t.Context(), d.admin, im.ID); err != nil {
			t.Fatal(err)
		}
		return d.finish(im.ID)
	}
	if got := undo(second); got.Restored != 1 || d.people()[0] != "Ana|+12125550101||" {
		t.Errorf("restored %d: %v", got.Restored, d.people())
	}
	if got := undo(first); got.Removed != 1 || len(d.people()) != 0 {
		t.Errorf("removed %d: %v", got.Removed, d.people())
	}
}

func TestAbandonedFilesAreThrownAway(t *testing.T) {
	d := open(t)
	im := d.upload("name\nAna\n")
	d.finish(im.ID)
	d.clock.Advance(25 * time.Hour)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Import(t.Context(), d.admin, im.ID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Error(err)
	}
}

func TestAFileWithoutEndOfTagsDoesNotFillTheAccount(t *testing.T) {
	d := open(t)
	var b strings.Builder
	b.WriteString("name,tags\n")
	for i := range db.MaxTags + 5 {
		fmt.Fprintf(&b, "P,t%d\n", i)
	}
	if im := d.imported(b.String()); im.Created != db.MaxTags || im.Rejected != 5 {
		t.Error(figures(im))
	}
}

func FuzzAnyFileIsAnswered(f *testing.F) {
	for _, seed := range []string{"name,phone\nAna,+12125550101\n", "a;b\n\"x;1\n\"\"\"\n", "\xff\xfea\x00,\x00\n\x00", "sep=;\n", "\"", "\"\"\"\"\"\n\"",
		"name\n" + strings.Repeat("\"", 70_000), "name\r\rAna\r", "a,b\n\"x\ny\",z\n\x00", "name,tags\nA,;;;,\nB,\xff\xfe\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d := open(t)
		im, err := d.Upload(t.Context(), d.admin, "x.csv", bytes.NewReader(file))
		if err != nil {
			if liadesk.KindOf(err) != liadesk.KindInvalid {
				t.Fatal(err)
			}
			return
		}
		if _, err := d.Preview(t.Context(), d.admin, im.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := d.StartImport(t.Context(), d.admin, im.ID, nil); err != nil {
			if liadesk.KindOf(err) != liadesk.KindInvalid {
				t.Fatal(err)
			}
			return
		}
		if im = d.finish(im.ID); im.State != liadesk.ImportCompleted {
			t.Fatal(im.State)
		}
	})
}
