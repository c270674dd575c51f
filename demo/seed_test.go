package demo

import (
	"slices"
	"testing"
	"time"
)

// The last two digits of a number decide how the sandbox's phones behave. The
// campaign that goes out first should look like one that a careful company
// sends: a few texts fail, somebody answers, somebody has had enough.
func TestTheFirstCampaignMeetsABitOfEverything(t *testing.T) {
	reached, behaves := 0, map[string]int{}
	for _, in := range invented(time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)) {
		if in.Phone == "" || !slices.Contains(in.Tags, "newsletter") || in.Consent == nil || !in.Consent.Granted {
			continue
		}
		reached++
		behaves[in.Phone[len(in.Phone)-2:]]++
	}
	failing := behaves["91"] + behaves["92"] + behaves["93"] + behaves["99"]
	if reached < 80 || failing == 0 || failing*25 > reached {
		t.Errorf("of %d texts %d fail", reached, failing)
	}
	if behaves["97"] == 0 || behaves["96"] == 0 {
		t.Errorf("%d answer yes and %d say stop", behaves["97"], behaves["96"])
	}
}
