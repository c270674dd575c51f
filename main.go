// Command campaigns is LiaDesk Campaigns in one binary: the dashboard, the
// API, the widget's server, the sender of texts, and the commands that an
// operator needs. It is wiring only: the rules live in the rooms.
package main

import (
	"context"
	"os"

	_ "time/tzdata" // a machine without its own time zones has them too
)

func main() {
	keepPrivate()
	meetFileLimit()
	os.Exit(openTerminal(context.Background()))
}
