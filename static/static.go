// Package static holds the files that browsers load. The bundles in dist are
// built by make from css, ts, icons and the widget, and embedded from there.
package static

import (
	"embed"
	"io/fs"
)

//go:embed *
var files embed.FS

// Dist is the folder of built bundles. On a checkout where nothing was built
// yet it cannot be read, which handlers.New says with the way to mend it.
func Dist() fs.FS {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path: this cannot be
	}
	return dist
}
