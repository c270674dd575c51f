package contacts

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// headers are the names that columns go by in English, Spanish and
// Portuguese, as plain makes them.
var headers = map[liadesk.ImportTarget]string{
	liadesk.ColumnName: "name, full name, contact, contact name, customer, customer name, display name, person, " +
		"nombre, nombre completo, nombre y apellido, nombre y apellidos, contacto, cliente, nombre cliente, " +
		"nome, nome completo, contato, nome do contato, nome do cliente, razon social",
	liadesk.ColumnFirstName: "first name, firstname, first, given name, givenname, forename, primer nombre, nombre de pila, nombres, " +
		"primeiro nome, nome proprio",
	liadesk.ColumnLastName: "last name, lastname, last, surname, family name, familyname, apellido, apellidos, primer apellido, " +
		"sobrenome, ultimo nome, apelido",
	liadesk.ColumnPhone: "phone, phone number, phonenumber, telephone, tel, mobile, mobile phone, mobile number, mobilephone, cell, " +
		"cell phone, cellphone, cell number, whatsapp, number, msisdn, sms, phone 1 value, primary phone, " +
		"telefono, telefono movil, telefono celular, numero de telefono, numero telefonico, movil, celular, numero de celular, numero, " +
		"telefone, telefone celular, telemovel, numero de telefone, fone, tel celular, numero do celular",
	liadesk.ColumnEmail: "email, e mail, mail, email address, e mail address, emailaddress, e mail 1 value, primary email, " +
		"correo, correo electronico, direccion de correo, direccion de correo electronico, " +
		"endereco de email, endereco de e mail, correio eletronico",
	liadesk.ColumnTags:     "tags, tag, labels, label, groups, group, lists, list, etiquetas, etiqueta, grupos, grupo, marcadores, marcador, segmento, segment",
	liadesk.ColumnTimeZone: "time zone, timezone, tz, zona horaria, huso horario, fuso horario, fuso",
	liadesk.ColumnLanguage: "language, lang, locale, preferred language, idioma, lengua, lingua",
	liadesk.ColumnCountry:  "country, country code, pais, codigo de pais, codigo do pais",
	liadesk.ColumnSkip:     "id, contact id, row, no, nr, uuid",
}

var targetOf = func() map[string]liadesk.ImportTarget {
	m := map[string]liadesk.ImportTarget{}
	for target, names := range headers {
		for _, name := range strings.Split(names, ", ") {
			m[name] = target
		}
	}
	return m
}()

// plain writes a header as the table above has it: small letters without
// accents, words with one space between.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return ' '
	}, norm.NFKD.String(strings.ToLower(s)))
	return strings.Join(strings.Fields(s), " ")
}

// guessColumns says what columns probably mean. Each of a person's own fields
// is given once, to the first that fits; what is not recognised becomes an
// attribute of that name, so that nothing of the file is lost. A column
// without a name is left out.
func guessColumns(names []string) []liadesk.ImportColumn {
	out := make([]liadesk.ImportColumn, len(names))
	used := map[liadesk.ImportTarget]bool{}
	for i, name := range names {
		name = clip(line(name), MaxSource)
		target, known := targetOf[plain(name)]
		switch {
		case name == "":
			target = liadesk.ColumnSkip
		case !known || used[target] && target != liadesk.ColumnSkip && target != liadesk.ColumnTags:
			target = liadesk.ColumnAttribute
			if liadesk.AttributeName(name) == "" {
				target = liadesk.ColumnSkip
			}
		}
		used[target] = true
		out[i] = liadesk.ImportColumn{Header: name, Target: target}
	}
	if used[liadesk.ColumnName] && used[liadesk.ColumnLastName] && !used[liadesk.ColumnFirstName] {
		// "Nombre" beside "Apellidos" is a first name.
		for i := range out {
			if out[i].Target == liadesk.ColumnName {
				out[i].Target = liadesk.ColumnFirstName
			}
		}
	}
	return out
}

// looksLikeData tells whether a first row is a person already and no header.
func looksLikeData(cells []string, region string) bool {
	for _, cell := range cells {
		if _, known := targetOf[plain(cell)]; known {
			return false
		}
	}
	for _, cell := range cells {
		if _, err := phone.Parse(cell, region); err == nil {
			return true
		}
		var v liadesk.Invalid
		if cleanEmail(&v, cell) != "" && v.Err() == nil {
			return true
		}
	}
	return false
}

// guessData names the columns of a file without a header by what stands in
// its first row.
func guessData(cells []string, region string) []liadesk.ImportColumn {
	out := make([]liadesk.ImportColumn, len(cells))
	used := map[liadesk.ImportTarget]bool{}
	for i, cell := range cells {
		target := liadesk.ColumnSkip
		var v liadesk.Invalid
		switch _, err := phone.Parse(cell, region); {
		case err == nil:
			target = liadesk.ColumnPhone
		case cleanEmail(&v, cell) != "" && v.Err() == nil:
			target = liadesk.ColumnEmail
		case !used[liadesk.ColumnName] && strings.IndexFunc(cell, unicode.IsLetter) >= 0:
			target = liadesk.ColumnName
		}
		if used[target] {
			target = liadesk.ColumnSkip
		}
		used[target] = true
		out[i] = liadesk.ImportColumn{Header: strconv.Itoa(i + 1), Target: target}
	}
	return out
}

// checkOptions checks what a person chose for an import and cleans it.
func checkOptions(o *liadesk.ImportOptions) error {
	var v liadesk.Invalid
	used := map[liadesk.ImportTarget]bool{}
	for i, c := range o.Columns {
		known := false
		for _, t := range liadesk.ImportTargets {
			known = known || t == c.Target
		}
		field := "columns." + strconv.Itoa(i)
		switch {
		case !known:
			v.Add(field, "bad_target")
		case c.Target == liadesk.ColumnSkip, c.Target == liadesk.ColumnTags:
		case c.Target == liadesk.ColumnAttribute:
			if name := liadesk.AttributeName(c.Header); name == "" || len(name) > MaxAttributeName {
				v.Add(field, "bad_attribute", "Name", c.Header)
			}
		case used[c.Target]:
			v.Add(field, "column_twice")
		}
		used[c.Target] = true
	}
	if !used[liadesk.ColumnPhone] && !used[liadesk.ColumnEmail] && !used[liadesk.ColumnName] && !used[liadesk.ColumnFirstName] {
		v.Add("columns", "nothing_mapped")
	}
	if !strings.Contains(",;\t", o.Delimiter) || len(o.Delimiter) != 1 {
		v.Add("delimiter", "bad_delimiter")
	}
	o.Region = strings.ToUpper(strings.TrimSpace(o.Region))
	if o.Region != "" && !phone.ValidRegion(o.Region) {
		v.Add("region", "bad_country")
	}
	o.Tags = cleanTags(&v, o.Tags)
	o.ConsentSource = line(o.ConsentSource)
	tooLong(&v, "consent_source", o.ConsentSource, MaxSource)
	if o.Consent && o.ConsentSource == "" {
		v.Add("consent_source", "required")
	}
	return v.Err()
}
