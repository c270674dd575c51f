package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/sms"
)

func TestTheFiguresForOperatorsAreWellFormed(t *testing.T) {
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "campaigns.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	f := figures{engine: engine, texts: sms.New(sms.Options{}), talks: &conversations.Service{Live: conversations.NewHub(clockwork.NewFakeClock())}}
	problems, err := testutil.CollectAndLint(f)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	want := `
# HELP campaigns_texts_in_flight Texts that are claimed and whose outcome is not yet stored.
# TYPE campaigns_texts_in_flight gauge
campaigns_texts_in_flight 0
`
	if err := testutil.CollectAndCompare(f, strings.NewReader(want), "campaigns_texts_in_flight"); err != nil {
		t.Error(err)
	}
}
