package e2e

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// crashes is one installation on which the power goes again and again.
type crashes struct {
	t       *testing.T
	app     *installation
	api     client
	server  *process
	carrier *carrier
	inbox   string
	numbers []string
	csv     string
	before  map[string]int // requests by number, when the campaign began
	kills   int
	doubts  int // the most texts that one kill made uncertain
}

// within is a moment within some milliseconds, counted from when it is asked
// for.
func within(ms int) func() bool {
	at := time.Now().Add(time.Duration(rand.IntN(ms*1000)) * time.Microsecond)
	return func() bool { return !time.Now().Before(at) }
}

// kill takes the power away, and gives it back.
func (c *crashes) kill() {
	c.server.kill()
	c.kills++
	c.server = c.app.start("serve")
}

// importing kills while a file of people comes in, who are all there already
// and get another value of an attribute. Every row is counted once all the same.
func (c *crashes) importing(cycle string) {
	c.t.Helper()
	csv := strings.ReplaceAll(strings.Replace(c.csv, "order\n", "order,cycle\x00", 1), "\n", ","+cycle+"\n")
	csv = strings.Replace(csv, "\x00", "\n", 1)
	status, answer, raw, err := c.api.try(http.MethodPost, "/contacts/import?region=US&consent=web+form", "text/csv", []byte(csv))
	if err != nil || status != http.StatusAccepted {
		c.t.Fatalf("the import was answered %d %s, %v", status, raw, err)
	}
	c.server.await("a moment of the import", within(150))
	c.kill()
	var im object
	c.server.await("the end of the import", func() bool {
		im = c.api.get("/imports/" + answer.str("id"))
		return im.str("state") == "completed" || im.str("state") == "failed"
	})
	if im.str("state") != "completed" || im.num("updated") != len(c.numbers) || im.num("created")+im.num("rejected") != 0 {
		c.t.Errorf("the import ended as %v", im)
	}
	if n := c.api.ask(http.StatusOK, http.MethodPost, "/audience/count", object{"rule": object{"field": "attributes.cycle", "op": "eq", "value": cycle}}).num("matched"); n != len(c.numbers) {
		c.t.Errorf("%d people have the value", n)
	}
}

// backup kills the server, or the command, while a backup is made. What lies
// there afterwards is nothing, or a whole backup.
func (c *crashes) backup() {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "backup.zip")
	cmd := c.app.command("backup", file)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.server.await("a moment of the backup", within(60))
	// How the command ended is seen by the file. With the server gone it may go on
	// by itself, with the database in its own hands.
	if rand.IntN(2) == 0 {
		_ = cmd.Process.Kill() // it may be over already
		_ = cmd.Wait()
		c.kills++
	} else {
		c.server.kill()
		_ = cmd.Wait()
		c.kills++
		c.server = c.app.start("serve")
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return
	}
	other := installed(c.t, func() (string, error) { return c.app.path, nil }, nil)
	other.must("", "restore", file)
	other.must("", "check")
}

// migrate kills while the data of an older version are brought up to this one.
func (c *crashes) migrate() {
	c.t.Helper()
	c.server.kill()
	engine, err := bolt.Open(filepath.Join(c.app.data, "campaigns.db"), bolt.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	// A record is a version, a sum and CBOR, here of {1: 1}: the first step is done.
	body := []byte{0xa1, 1, 1}
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	record := append([]byte{1, byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, body...)
	err = engine.Update(c.t.Context(), func(tx kv.Tx) error { return tx.Put([]byte("m/schema"), record) })
	if err := errors.Join(err, engine.Close()); err != nil {
		c.t.Fatal(err)
	}
	cmd := c.app.command("serve")
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	await(c.t, "a moment of the upgrade", within(150))
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed
	c.kills++
	c.server = c.app.start("serve")
}

func (c *crashes) status(campaign string) string {
	return c.api.get("/sms-campaigns/" + campaign).str("status")
}

func (c *crashes) unconfirmed(campaign string) int {
	return c.api.get("/sms-campaigns/" + campaign).obj("progress").num("unconfirmed")
}

// some waits for the next part of a campaign's texts, and for a moment that
// falls anywhere between claiming, posting, answering and recording.
func (c *crashes) some(campaign string, most int) {
	until := c.carrier.taken() + rand.IntN(most)
	c.server.await("some texts", func() bool { return c.carrier.taken() >= until || c.status(campaign) == "completed" })
}

// sending kills while texts go out; or ends the server as an operator does,
// which leaves nothing uncertain.
func (c *crashes) sending(campaign string, kindly bool) {
	c.t.Helper()
	c.some(campaign, 40)
	before := c.unconfirmed(campaign)
	if kindly {
		c.server.stop()
		c.server = c.app.start("serve")
	} else {
		c.kill()
	}
	// Reports settle some meanwhile; nothing but a kill adds any.
	switch doubts := c.unconfirmed(campaign) - before; {
	case kindly && doubts > 0:
		c.t.Errorf("a stop made %d texts uncertain", doubts)
	case doubts > workers:
		c.t.Errorf("a kill made %d texts uncertain, of %d in flight at most", doubts, workers)
	default:
		c.doubts = max(c.doubts, doubts)
	}
}

// workers is how many posts are in flight at most, by default.
const workers = 64

// TestThePowerGoesInEveryPhase kills the server in imports, freezes, sending,
// backups and upgrades, over one campaign after another to the same people, and
// holds each campaign against the carrier's books.
func TestThePowerGoesInEveryPhase(t *testing.T) {
	n := rounds(t)
	program := binary
	if n > 100 {
		program = plain // the longer look is at the program as operators have it
	}
	c := &crashes{t: t, carrier: slowCarrier(t)}
	c.app = installed(t, program, []string{"CAMPAIGNS_PLIVO_URL=" + c.carrier.URL()})
	account := c.app.setup("Northwind Bikes", "ana@northwind.example")
	c.api = c.app.client(account.Token)
	c.server = c.app.start("serve")
	c.csv, c.numbers = people(300)
	importCSV(c.api, c.csv)
	c.inbox = c.carrier.inbox(c.api, 200)
	for cycle := 0; c.kills < n; cycle++ {
		c.cycle(cycle)
	}
	c.server.stop()
	t.Logf("%d kills; one made at most %d texts uncertain", c.kills, c.doubts)
}

func (c *crashes) cycle(cycle int) {
	c.t.Helper()
	c.importing(strconv.Itoa(cycle))
	c.migrate()
	word := fmt.Sprintf("Ready for the %d. time:", cycle)
	c.before = c.carrier.Requests()
	at := time.Now().Add(700 * time.Millisecond)
	campaign := c.api.post("/sms-campaigns", object{"title": word, "message": word + " order {{contact.attributes.order}}.",
		"inbox_id": c.inbox, "purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}},
		"scheduled_at": at.UTC().Format(time.RFC3339Nano)}).str("id")
	// The freeze, and what comes right before and after it.
	c.server.await("the time of the campaign", func() bool { return time.Now().After(at.Add(-50 * time.Millisecond)) })
	c.server.await("a moment of the freeze", within(300))
	c.kill()
	for i := range 5 {
		c.sending(campaign, i == 2)
	}
	c.backup()
	c.server.await("the end of the campaign", func() bool { return c.status(campaign) == "completed" })
	c.server.await("the last reports", func() bool {
		return c.unconfirmed(campaign) == 0 || c.carrier.Idle(c.t.Context()) == nil
	})
	c.once(campaign, word)
}

// once holds one campaign against the carrier's books.
func (c *crashes) once(campaign, word string) {
	c.t.Helper()
	requests := c.carrier.Requests()
	listed := map[string]string{}
	for _, d := range c.api.all("/sms-campaigns/" + campaign + "/deliveries") {
		if _, twice := listed[d.str("phone")]; twice {
			c.t.Errorf("%s is listed twice", d.str("phone"))
		}
		listed[d.str("phone")] = d.str("status")
	}
	for _, number := range c.numbers {
		texts := 0
		for _, m := range c.carrier.texts(number) {
			if strings.HasPrefix(m.Text, word) {
				texts++
			}
		}
		if asked := requests[number] - c.before[number]; texts > 1 || asked > 1 {
			c.t.Errorf("%s was texted %d times in %d requests", number, texts, asked)
		}
		allowed := []string{"accepted", "sent", "delivered"}
		if texts == 0 {
			allowed = []string{"unconfirmed"} // claimed, and the power went before the post
		}
		if !slices.Contains(allowed, listed[number]) {
			c.t.Errorf("%s is %q, and the carrier has %d texts for it", number, listed[number], texts)
		}
	}
	adds(c.t, c.api.get("/sms-campaigns/"+campaign))
}

// A person who has no time stops the server twice: then it ends at once, and
// what was under way is found as after a crash.
func TestASecondSignalEndsTheServerAtOnce(t *testing.T) {
	carrier := startCarrier(t, nil)
	carrier.SetDefault(sandbox.Behaviour{AnswerDelay: time.Hour, Silent: true})
	app := install(t, "CAMPAIGNS_PLIVO_URL="+carrier.URL())
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	api := app.client(account.Token)
	server := app.start("serve")
	csv, numbers := people(3)
	importCSV(api, csv)
	campaign := api.post("/sms-campaigns", object{"title": "Ready", "message": "It is ready.", "inbox_id": carrier.inbox(api, 100),
		"purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}}, "scheduled_at": soon()}).str("id")
	server.await("the posts", func() bool { return len(carrier.Requests()) == len(numbers) })
	for _, says := range []string{"a second signal ends at once", "ended at once by a second signal"} {
		if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		server.match(says)
	}
	if err := <-server.done; err == nil {
		t.Error("it ended as if nothing had been under way")
	}
	server = app.start("serve")
	server.await("the uncertain texts", func() bool {
		return api.get("/sms-campaigns/"+campaign).obj("progress").num("unconfirmed") == len(numbers)
	})
	server.stop()
}
