package e2e

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// fill lets the server's files grow no further, as a full disk does, and
// empty gives the room back.
func (p *process) fill(most uint64) {
	p.t.Helper()
	var limit unix.Rlimit
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &limit); err != nil {
		p.t.Fatal(err)
	}
	limit.Cur = min(most, limit.Max)
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) empty() { p.fill(unix.RLIM_INFINITY) }

// The disk fills up in the middle of a campaign: what is in flight waits in
// memory, nothing more is claimed, who saves something reads why it cannot be
// saved, and pages go on. With room again it all goes on by itself; and whoever
// kills or stops the server meanwhile makes at most those uncertain that were in
// flight, whom the carrier's reports settle.
func TestAFullDiskTextsNobodyTwiceAndLosesNobody(t *testing.T) {
	carrier := slowCarrier(t)
	app := install(t, "CAMPAIGNS_PLIVO_URL="+carrier.URL())
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	api := app.client(account.Token)
	server := app.start("serve")
	csv, numbers := people(600)
	importCSV(api, csv)
	campaign := api.post("/sms-campaigns", object{"title": "Ready", "message": "Order {{contact.attributes.order}} is ready.",
		"inbox_id": carrier.inbox(api, 100), "purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}}, "scheduled_at": soon()}).str("id")
	progress := func() object { return api.get("/sms-campaigns/" + campaign).obj("progress") }

	for round, end := range []string{"room", "kill", "stop", "room"} {
		until := carrier.taken() + 40
		server.await("some texts", func() bool { return carrier.taken() >= until })
		server.fill(64 << 10)
		var said string
		server.await("the first write that is refused", func() bool {
			status, _, raw, err := api.try(http.MethodPost, "/contacts", "application/json", []byte(`{"name":"Written"}`))
			said = string(raw)
			return err == nil && status == http.StatusServiceUnavailable
		})
		if !strings.Contains(said, "disk") {
			t.Errorf("a write is refused with %s", said)
		}
		// The posts that were under way come to their end, and then it is quiet.
		var quiet, was int
		server.await("no more posts", func() bool {
			if n := carrier.taken(); n == was {
				quiet++
			} else {
				was, quiet = n, 0
			}
			return quiet > 20
		})
		stuck := progress()
		if n := stuck.num("sending"); n > workers {
			t.Errorf("%d texts are in flight", n)
		}
		switch end {
		case "room":
			server.empty()
			server.await("what waited in memory", func() bool { return carrier.taken() > was })
			if n := progress().num("unconfirmed"); n > 0 && round == 0 {
				t.Errorf("a disk that was full for a while made %d texts uncertain", n)
			}
			continue
		case "kill":
			server.kill()
		case "stop":
			if err := server.end(); (err == nil) != (stuck.num("sending") == 0) {
				t.Errorf("with %d texts in flight, the server ended with %v", stuck.num("sending"), err)
			}
		}
		server = app.start("serve")
		if n := progress().num("unconfirmed") - stuck.num("unconfirmed"); n > stuck.num("sending") {
			t.Errorf("%d texts became uncertain, of %d in flight", n, stuck.num("sending"))
		}
	}
	server.await("the end of the campaign", func() bool { return api.get("/sms-campaigns/"+campaign).str("status") == "completed" })
	server.await("the last reports", func() bool { return progress().num("unconfirmed") == 0 })
	if err := carrier.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	once(t, carrier, api, campaign, numbers)
	server.stop()
}
