package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/liadesk/campaigns/sms/sandbox"
)

// rounds is how often the power goes in a test; CAMPAIGNS_CRASH_ROUNDS sets
// another number for a longer look.
func rounds(t *testing.T) int {
	text := os.Getenv("CAMPAIGNS_CRASH_ROUNDS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CAMPAIGNS_CRASH_ROUNDS is %q: write a number", text)
	}
	return n
}

// slowCarrier answers after a moment, so that there are always texts of which
// the server does not know yet whether they went out.
func slowCarrier(t *testing.T) *carrier {
	c := startCarrier(t, nil)
	c.SetDefault(sandbox.Behaviour{AnswerDelay: 20 * time.Millisecond})
	return c
}

// notes is a writer that remembers what was acknowledged.
type notes struct {
	mu  sync.Mutex
	ids []string
	n   int
}

// write adds contacts until the server is gone, and keeps the id of each that
// was acknowledged.
func (n *notes) write(ctx context.Context, c client) {
	for ctx.Err() == nil {
		n.mu.Lock()
		n.n++
		body := fmt.Sprintf(`{"name":"Written %d"}`, n.n)
		n.mu.Unlock()
		status, answer, _, err := c.try(http.MethodPost, "/contacts", "application/json", []byte(body))
		if err != nil {
			return
		}
		if status == http.StatusCreated {
			n.mu.Lock()
			n.ids = append(n.ids, answer.str("id"))
			n.mu.Unlock()
		}
	}
}

func (c *carrier) taken() (n int) {
	for _, times := range c.Accepted() {
		n += times
	}
	return n
}

// once holds what the carrier has against what the server says of everybody:
// nobody twice, nobody lost, and doubt only where nobody can know.
func once(t *testing.T, carrier *carrier, api client, campaign string, numbers []string) {
	t.Helper()
	accepted, requests := carrier.Accepted(), carrier.Requests()
	states := map[string]int{}
	listed := map[string]string{}
	for _, d := range api.all("/sms-campaigns/" + campaign + "/deliveries") {
		if _, twice := listed[d.str("phone")]; twice {
			t.Errorf("%s is listed twice", d.str("phone"))
		}
		listed[d.str("phone")] = d.str("status")
		states[d.str("status")]++
	}
	for _, number := range numbers {
		if accepted[number] > 1 || requests[number] > 1 {
			t.Errorf("%s was texted %d times in %d requests", number, accepted[number], requests[number])
		}
		if state, allowed := listed[number], carrier.known(number); !slices.Contains(allowed, state) {
			t.Errorf("%s is %q, and what the carrier has and was thanked for allows %q", number, state, allowed)
		}
	}
	t.Logf("the deliveries are %v", states)
	adds(t, api.get("/sms-campaigns/"+campaign))
}

// known are the states in which the server may have a recipient, by what the
// carrier did and which of its reports were taken with a 2xx: that is the word
// of the server that it will not forget.
func (c *carrier) known(number string) []string {
	texts := c.texts(number)
	if len(texts) == 0 {
		return []string{"unconfirmed"} // claimed, and the power went before the post
	}
	told := ""
	for _, r := range texts[0].Reports {
		if r.Status/100 == 2 && told != "delivered" {
			told = r.State
		}
	}
	switch told {
	case "delivered":
		return []string{"delivered"}
	case "sent":
		return []string{"sent", "delivered"}
	case "queued":
		return []string{"accepted", "sent", "delivered"}
	}
	return []string{"unconfirmed", "accepted", "sent", "delivered"} // no report was thanked for
}

func TestKillingTheServerTextsNobodyTwiceAndLosesNobody(t *testing.T) {
	n := rounds(t)
	carrier := slowCarrier(t)
	app := install(t, "CAMPAIGNS_PLIVO_URL="+carrier.URL())
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	api := app.client(account.Token)
	server := app.start("serve")
	csv, numbers := people(800)
	importCSV(api, csv)
	inbox := carrier.inbox(api, 100)
	campaign := api.post("/sms-campaigns", object{"title": "Ready", "message": "Order {{contact.attributes.order}} is ready.",
		"inbox_id": inbox, "purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}}, "scheduled_at": soon()}).str("id")

	var written notes
	for round := range n {
		ctx, cancel := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() { written.write(ctx, api) })
		}
		// Somewhere in the next part of the audience, at a moment that falls
		// anywhere between claiming, posting, answering and recording. The first
		// round also meets the freeze.
		until := carrier.taken() + rand.IntN(2*len(numbers)/(3*n)+1)
		server.await("some texts", func() bool {
			return carrier.taken() >= until || api.get("/sms-campaigns/"+campaign).str("status") == "completed"
		})
		server.kill()
		cancel()
		writers.Wait()
		t.Logf("round %d: killed after %d texts", round+1, carrier.taken())
		server = app.start("serve")
	}
	server.await("the end of the campaign", func() bool { return api.get("/sms-campaigns/"+campaign).str("status") == "completed" })
	// Each report is taken by now, or given up by the carrier.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := carrier.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	once(t, carrier, api, campaign, numbers)

	if len(written.ids) == 0 {
		t.Error("no write was acknowledged: this test sees nothing")
	}
	for _, id := range written.ids {
		api.get("/contacts/" + id)
	}
	t.Logf("%d acknowledged writes are all there", len(written.ids))
	server.stop()
}

func TestARestoredBackupTextsNobodyTwice(t *testing.T) {
	carrier := slowCarrier(t)
	app := install(t, "CAMPAIGNS_PLIVO_URL="+carrier.URL())
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	api := app.client(account.Token)
	server := app.start("serve")
	csv, numbers := people(300)
	importCSV(api, csv)
	inbox := carrier.inbox(api, 30)
	campaign := api.post("/sms-campaigns", object{"title": "Ready", "message": "Order {{contact.attributes.order}} is ready.",
		"inbox_id": inbox, "purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}}, "scheduled_at": soon()}).str("id")

	server.await("a part of the texts", func() bool { return carrier.taken() >= 60 })
	backup := filepath.Join(t.TempDir(), "backup.zip")
	app.must("", "backup", backup)
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v, %v", info.Mode(), err)
	}
	atBackup := carrier.taken()
	server.await("more texts", func() bool { return carrier.taken() >= min(atBackup+60, len(numbers)) }) // a slow machine may have sent them all
	server.stop()
	app.must("", "restore", backup)
	atRestore := carrier.taken()
	t.Logf("the backup was made after about %d texts and restored after %d", atBackup, atRestore)

	server = app.start("serve")
	// Nothing may go out. The same clock that would begin to send brings
	// imports in: when these are done, it has ticked more than once.
	for n := range 3 {
		importCSV(api, fmt.Sprintf("name\nAfter The Restore %d\n", n))
	}
	if got := carrier.taken(); got != atRestore {
		t.Fatalf("a restored server sent %d texts before anybody released it", got-atRestore)
	}
	release(t, app, account)
	server.await("the end of the campaign", func() bool { return api.get("/sms-campaigns/"+campaign).str("status") == "completed" })
	server.await("the last reports", func() bool {
		p := api.get("/sms-campaigns/" + campaign).obj("progress")
		return p.num("pending")+p.num("deferred")+p.num("sending") == 0 && carrier.taken() >= len(numbers)-p.num("unconfirmed")
	})
	accepted := carrier.Accepted()
	for _, number := range numbers {
		if accepted[number] > 1 {
			t.Errorf("%s was texted %d times", number, accepted[number])
		}
	}
	adds(t, api.get("/sms-campaigns/"+campaign))
	t.Logf("in the end %d of %d were texted", carrier.taken(), len(numbers))
}
