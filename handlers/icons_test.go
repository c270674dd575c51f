package handlers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// knownIcons are those that the sprite is made of.
func knownIcons(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile("../static/icons/icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name := range strings.FieldsSeq(string(data)) {
		known[name] = true
	}
	return known
}

var iconCall = regexp.MustCompile(`(?:icon|"Icon"|"LinkIcon"|\(or \.(?:Link)?Icon) "([a-z0-9-]+)"|Icon: +"([a-z0-9-]+)"`)

// usedIcons are those that templates and handlers name.
func usedIcons(t *testing.T) []string {
	t.Helper()
	var used []string
	for _, pattern := range []string{"../views/*/*.html", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range iconCall.FindAllStringSubmatch(string(data), -1) {
				used = append(used, m[1]+m[2])
			}
		}
	}
	for _, tone := range []Tone{ToneInfo, ToneSuccess, ToneWarning, ToneDanger} {
		used = append(used, toneIcon(tone))
	}
	if len(used) < 20 {
		t.Fatalf("only %d icons were found: this test looks in the wrong place", len(used))
	}
	return used
}

func TestEveryIconThatIsUsedIsInTheSprite(t *testing.T) {
	known := knownIcons(t)
	for _, name := range usedIcons(t) {
		if !known[name] {
			t.Errorf("the icon %q is used and not in static/icons/icons.txt", name)
		}
	}
}
