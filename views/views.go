// Package views holds the HTML templates, one folder per noun of the product,
// one level deep: contacts/list.html is the template "contacts/list". All
// templates share one namespace, so a fragment is named by its path and lives
// in a file of its own: contacts/row.html is "contacts/row".
//
// A page composes its frame itself:
//
//	{{template "layout/top" .}} … {{template "layout/bottom" .}}
//
// and every sentence comes from the catalogue in views/texts.
package views

import "embed"

// FS holds every template. File names must not begin with "_" or ".".
//
//go:embed */*.html
var FS embed.FS
