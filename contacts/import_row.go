package contacts

import (
	"errors"
	"strings"
	"time"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// parsedRow is a row of a file as the contact it asks for, before it meets the
// contacts that exist.
type parsedRow struct {
	Row     int
	Cells   []string
	Contact liadesk.Contact
	// HasCountry says that the file names the country, rather than the number.
	HasCountry bool
	Errors     []liadesk.ImportRowError
	// Before and After are the outdated number and its present form.
	Before, After string
}

// parseRow reads a row as the options say. It touches nothing: numbers are the
// dear part of an import, and are read outside of any transaction.
func parseRow(row fileRow, o liadesk.ImportOptions, now time.Time) parsedRow {
	out := parsedRow{Row: row.Row, Cells: row.Cells}
	if row.Bad {
		out.fail("", clip(row.Cells[0], 200), "row", "bad_quotes", nil)
		return out
	}
	in := Input{Source: SourceImport, Attributes: map[string]string{}}
	columnOf := map[string]int{}
	var first, last string
	for i, column := range o.Columns {
		if i >= len(row.Cells) || row.Cells[i] == "" {
			continue
		}
		cell, field := row.Cells[i], string(column.Target)
		switch column.Target {
		case liadesk.ColumnName:
			in.Name = cell
		case liadesk.ColumnFirstName:
			first, field = cell, "name"
		case liadesk.ColumnLastName:
			last, field = cell, "name"
		case liadesk.ColumnPhone:
			in.Phone = cell
		case liadesk.ColumnEmail:
			in.Email = cell
		case liadesk.ColumnTags:
			in.Tags = append(in.Tags, strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == ',' || r == '|' })...)
		case liadesk.ColumnTimeZone:
			in.TimeZone = cell
		case liadesk.ColumnLanguage:
			in.Language = strings.ReplaceAll(cell, "_", "-")
		case liadesk.ColumnCountry:
			in.Country, out.HasCountry = cell, true
		case liadesk.ColumnAttribute:
			in.Attributes[column.Header] = cell
			field = "attributes." + liadesk.AttributeName(column.Header)
		default:
			continue
		}
		if _, taken := columnOf[field]; !taken {
			columnOf[field] = i
		}
	}
	if in.Name == "" {
		in.Name = strings.TrimSpace(first + " " + last)
	}
	in.Tags = append(in.Tags, o.Tags...)
	var v liadesk.Invalid
	in.fill(&v, &out.Contact, o.Region)
	if v.Has("phone") {
		// Asked only now: looking for a repair costs as much as reading the number.
		var outdated bool
		if out.Before, out.After, outdated = phone.Suggest(in.Phone, o.Region); outdated && o.RepairNumbers {
			in.Phone, v, out.Contact = out.After, liadesk.Invalid{}, liadesk.Contact{}
			in.fill(&v, &out.Contact, o.Region)
		}
	}
	required(&v, out.Contact)
	out.Contact.CreatedAt, out.Contact.UpdatedAt = now, now
	if e, ok := errors.AsType[*liadesk.Error](v.Err()); ok {
		for _, f := range e.Fields {
			i, known := columnOf[f.Field]
			if !known {
				out.fail("", "", f.Field, f.Code, f.Args)
				continue
			}
			out.fail(o.Columns[i].Header, row.Cells[i], f.Field, f.Code, f.Args)
		}
	}
	return out
}

func (p *parsedRow) fail(column, value, field, reason string, args map[string]any) {
	e := liadesk.ImportRowError{Column: column, Value: clip(value, 200), Field: field, Reason: reason}
	for k, v := range args {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[k] = sprint(v)
	}
	p.Errors = append(p.Errors, e)
}

// merge brings a row of an import to a contact that exists. The policy: what
// the file says wins, what it leaves empty stays; tags and attributes are
// added to, never taken away; a number is only ever given to a contact that
// has none. Consent is added, but never over a refusal, and an opt-out of the
// number holds whatever the file says.
func merge(old liadesk.Contact, row parsedRow) liadesk.Contact {
	c, in := old, row.Contact
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&c.Name, in.Name)
	set(&c.Email, in.Email)
	set(&c.TimeZone, in.TimeZone)
	set(&c.Language, in.Language)
	if row.HasCountry || c.Country == "" {
		set(&c.Country, in.Country)
	}
	c.Tags = union(c.Tags, in.Tags)
	if len(in.Attributes) > 0 {
		all := make(map[string]string, len(c.Attributes)+len(in.Attributes))
		for k, v := range c.Attributes {
			all[k] = v
		}
		for k, v := range in.Attributes {
			all[k] = v
		}
		c.Attributes = all
	}
	switch {
	case c.Phone == "" && in.Phone != "":
		c.Phone, c.PhoneKind, c.CannotText, c.Class = in.Phone, in.PhoneKind, in.CannotText, in.Class
		if c.TimeZone != in.TimeZone {
			c.Class = phone.ClassOf(c.Phone, c.TimeZone).Key
		}
	case c.Phone != "" && c.TimeZone != old.TimeZone:
		c.Class = phone.ClassOf(c.Phone, c.TimeZone).Key
	}
	return c
}

// tooMuch tells which bound a merged contact passes, "" when none.
func tooMuch(c liadesk.Contact) (field string, most int) {
	switch {
	case len(c.Tags) > MaxContactTags:
		return "tags", MaxContactTags
	case len(c.Attributes) > MaxAttributes:
		return "attributes", MaxAttributes
	}
	return "", 0
}
