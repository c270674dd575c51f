package liadesk

import "testing"

func TestAColourTakesTheInkThatIsReadBetterOnIt(t *testing.T) {
	for colour, want := range map[string]string{"#5157d8": "#fff", "#ffd400": "#000", "#000000": "#fff", "#ffffff": "#000", "#0a7d5a": "#fff", "": "", "red": ""} {
		if got := (WidgetLook{Colour: colour}).Ink(); got != want {
			t.Errorf("%q: %q, want %q", colour, got, want)
		}
	}
}
