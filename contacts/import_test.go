package contacts_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
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
