package bolt_test

import (
	"fmt"
	"os"
	"testing"
)

// child names what this test binary does instead of testing, when a test starts
// it again as a process of its own: to be killed, or to have no room to write.
const child = "KV_BOLT_TEST_CHILD"

var children = map[string]func(path string) error{}

func TestMain(m *testing.M) {
	name := os.Getenv(child)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
