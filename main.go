// Command campaigns is LiaDesk Campaigns in one binary: the dashboard, the
// API, the widget's server, the sender of texts, and the commands that an
// operator needs. It is wiring only: the rules live in the rooms.
package main

import (
	"context"
	"os"
	"runtime/debug"

	_ "time/tzdata" // a machine without its own time zones has them too
)

func main() {
	collectLess()
	keepPrivate()
	meetFileLimit()
	os.Exit(openTerminal(context.Background()))
}

// collectLess lets the heap grow to three times what is in use, not twice,
// before garbage is collected, unless the operator says otherwise (GOGC). What is
// in use is little, some tens of megabytes, and an import of a large file is a
// fifth quicker for it.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}
