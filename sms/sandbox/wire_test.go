package sandbox_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

const messages = "/v1/Account/" + account + "/Message/"

func TestOnlyTheAccountItselfIsServed(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	receipt, err := s.send(handset, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, id, token string }{
		{messages, account, "wrong"},
		{messages, account, ""},
		{messages, "MANOBODY", ""},
		{messages, "MAOTHER", "token of other"}, // good, but not for this path
		{messages + receipt.UUID + "/", "MAOTHER", "token of other"},
	} {
		status, answer := s.raw("GET", c.path, "", c.id, c.token)
		if status != 401 || answer["plain"] != "Could not verify your access level for that URL." {
			t.Errorf("%+v: %d %v", c, status, answer)
		}
	}
	if status, _ := s.raw("GET", "/v1/Account/MAOTHER/Message/"+receipt.UUID+"/", "", "MAOTHER", "token of other"); status != 404 {
		t.Errorf("another account's text: %d", status)
	}
	if status, _ := s.raw("PUT", messages, "", account, token); status != 405 {
		t.Errorf("PUT: %d", status)
	}
	if status, answer := s.raw("GET", "/v1/Account/"+account+"/Call/", "", account, token); status != 404 || answer["error"] != "not found" {
		t.Errorf("%d %v", status, answer)
	}
}

func TestRequestsThatMakeNoSenseAreRefusedInTheCarriersWords(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	long := strings.Repeat("a", 1601)
	var crowd []string
	for i := range 1001 {
		crowd = append(crowd, fmt.Sprintf("1212555%04d", i))
	}
	for body, want := range map[string]string{
		`{"dst":"12125550101","text":"x"}`:                                                    "src parameter is missing",
		`{"src":"12025550100","text":"x"}`:                                                    "dst parameter is missing",
		`{"src":"12025550100","dst":"12125550101"}`:                                           "text parameter is missing",
		`{"src":"12025550100","dst":"1111111","text":"x"}`:                                    "'1111111' is not a valid phone number.",
		`{"src":"12025550100","dst":"<<","text":"x"}`:                                         "'' is not a valid phone number.",
		`{"src":"A name too long","dst":"12125550101","text":"x"}`:                            "'A name too long' is not a valid caller ID.",
		`{"src":"12025550100","dst":"12125550101","text":"x","type":"fax"}`:                   "type parameter is invalid",
		`{"src":"12025550100","dst":"12125550101","text":"x","url":"here"}`:                   "url parameter is invalid",
		`{"src":"12025550100","dst":"12125550101","text":"x","method":"PUT"}`:                 "method parameter is invalid",
		`{"src":"12025550100","dst":"12125550101","text":"x","message_expiry":4}`:             "message_expiry parameter is invalid",
		`{"src":"12025550100","dst":"12125550101","text":"` + long + `"}`:                     "text parameter length exceeds 1600 characters",
		`{"src":"12025550100","dst":"12125550101","text":"` + strings.Repeat("你", 246) + `"}`: "text parameter length exceeds 737 unicode characters",
		`{"src":"12025550100","dst":"` + strings.Join(crowd, "<") + `","text":"x"}`:           "dst parameter holds more than 1000 destinations",
		`[`: "the body is not JSON",
	} {
		status, answer := s.raw("POST", messages, body, account, token)
		if status != 400 || answer["error"] != want || answer["api_id"] == "" {
			t.Errorf("%.80s: %d %v, want %q", body, status, answer, want)
		}
	}
}

func TestOneRequestCanNameSeveralDestinations(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	body := `{"src":"12025550100","dst":"+1 (212) 555-0101<12125550102<12125550101<77","text":"x"}`
	status, answer := s.raw("POST", messages, body, account, token)
	uuids, _ := answer["message_uuid"].([]any)
	if status != 202 || len(uuids) != 2 || !cmp.Equal(answer["invalid_number"], []any{"77"}) {
		t.Errorf("%d %v", status, answer)
	}
	if got := s.Accepted(); !cmp.Equal(got, map[string]int{"+12125550101": 1, "+12125550102": 1}) {
		t.Error(got)
	}
}

func TestTheListIsPagedFilteredAndNewestFirst(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	var sent []string
	for i := range 45 {
		receipt, err := s.send(fmt.Sprintf("+121255501%02d", i), "Hello")
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, receipt.UUID)
		s.idle()
		s.clock.Advance(time.Second)
	}
	slices.Reverse(sent)
	var listed []string
	query := sms.ListQuery{Since: start, Until: start.Add(time.Hour), From: number}
	for pages := 0; ; pages++ {
		page, err := s.carrier.List(t.Context(), query)
		if err != nil || page.Unreadable != 0 || pages > 3 {
			t.Fatalf("%+v %v", page, err)
		}
		for _, text := range page.Texts {
			listed = append(listed, text.UUID)
		}
		if query.Offset = page.Next; page.Next == 0 {
			break
		}
	}
	if diff := cmp.Diff(sent, listed); diff != "" {
		t.Error(diff)
	}
	page, err := s.carrier.List(t.Context(), sms.ListQuery{Since: start.Add(10 * time.Second), Until: start.Add(12 * time.Second)})
	if err != nil || len(page.Texts) != 3 || page.Next != 0 {
		t.Errorf("%+v %v", page, err)
	}
	for filter, want := range map[string]int{
		"message_state=delivered":                             20,
		"message_state=failed":                                0,
		"message_direction=inbound":                           0,
		"to_number=12125550107":                               1,
		"to=12125550107":                                      1,
		"message_time__gt=2026-12-01+10:00:40":                4,
		"message_time__lt=2026-12-01+10:00:02":                2,
		"message_time=2026-12-01+10:00:02":                    1,
		"message_time__lte=2026-12-01+10:00&limit=7":          1,
		"limit=7&offset=42":                                   3,
		"limit=7&offset=420":                                  0,
		"message_time__gte=2026-12-01+10:00:44.000001":        0,
		"message_type=mms&message_time__gte=2026-12-01+10:00": 0,
	} {
		status, answer := s.raw("GET", messages+"?"+filter, "", account, token)
		objects, _ := answer["objects"].([]any)
		if status != 200 || len(objects) != want {
			t.Errorf("%s: %d, %d objects, want %d", filter, status, len(objects), want)
		}
	}
	for _, filter := range []string{"limit=21", "limit=0", "offset=-1", "message_time=yesterday", "message_time__ish=2026-12-01+10:00"} {
		if status, _ := s.raw("GET", messages+"?"+filter, "", account, token); status != 400 {
			t.Errorf("%s: %d", filter, status)
		}
	}
	s.clock.Advance(24 * time.Hour)
	if _, answer := s.raw("GET", messages, "", account, token); len(answer["objects"].([]any)) != 0 {
		t.Error("texts of the day before are listed without being asked for")
	}
}

func TestTextsShowUpLate(t *testing.T) {
	s := newStage(t, sandbox.Options{ListDelay: time.Minute})
	s.SetBehaviour(handset, sandbox.Behaviour{Hidden: time.Minute})
	receipt, err := s.send(handset, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	s.idle()
	seen := func() bool {
		page, err := s.carrier.List(t.Context(), sms.ListQuery{Since: start, Until: start})
		if err != nil {
			t.Fatal(err)
		}
		status, _ := s.raw("GET", messages+receipt.UUID+"/", "", account, token)
		if (status == 200) != (len(page.Texts) == 1) {
			t.Errorf("record says %d, list %d", status, len(page.Texts))
		}
		return status == 200
	}
	s.clock.Advance(2*time.Minute - 1)
	if seen() {
		t.Error("seen before its time")
	}
	s.clock.Advance(1)
	if !seen() {
		t.Error("not seen at its time")
	}
}

func TestRatesOfTheAccountAreHeld(t *testing.T) {
	s := newStage(t, sandbox.Options{PostsPer5s: 2, ListsPerMinute: 1})
	try := func(want sms.Reason) {
		t.Helper()
		_, err := s.send(handset, "Hello")
		if e, ok := errors.AsType[*sms.SendError](err); ok != (want != "") || ok && e.Reason != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	try("")
	try("")
	try(sms.ReasonThrottled)
	s.clock.Advance(5 * time.Second)
	try("")
	query := sms.ListQuery{Since: start, Until: start}
	if _, err := s.carrier.List(t.Context(), query); err != nil {
		t.Error(err)
	}
	if _, err := s.carrier.List(t.Context(), query); err == nil {
		t.Error("a second list within a minute")
	}
	if got := s.Requests()[handset]; got != 4 {
		t.Errorf("%d requests counted", got)
	}
}

func TestTheQueueGoesOutAtItsPaceAndExpires(t *testing.T) {
	s := newStage(t, sandbox.Options{MessagesPerSecond: 0.2})
	s.SetDefault(sandbox.Behaviour{Outcome: sandbox.Sent, FinalOnly: true})
	for range 4 {
		body := fmt.Sprintf(`{"src":%q,"dst":%q,"text":"x","url":%q,"message_expiry":10}`, number, handset, s.app.URL+"/status/1")
		if status, answer := s.raw("POST", messages, body, account, token); status != 202 {
			t.Fatal(answer)
		}
	}
	got := []string{s.next().form.Get("Status")} // the first at once
	s.advance(3, 5*time.Second)
	got = append(got, s.next().form.Get("Status"))
	s.clock.Advance(5 * time.Second) // the third, and the fourth expires
	last := []string{s.next().form.Get("Status"), s.next().form.Get("Status")}
	slices.Sort(last)
	if diff := cmp.Diff([]string{"sent", "sent", "failed", "sent"}, append(got, last...)); diff != "" {
		t.Error(diff)
	}
	s.idle()
	if m := s.Messages([]string{account}, handset); m[3].ErrorCode != "420" {
		t.Errorf("%+v", m[3])
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	s := newStage(t, sandbox.Options{MaxConversations: 2})
	for i := range 5 {
		for range 3 {
			if _, err := s.send(fmt.Sprintf("+1212555010%d", i), "Hello"); err != nil {
				t.Fatal(err)
			}
			s.idle()
		}
	}
	threads := s.Threads([]string{account})
	if len(threads) != 2 || threads[0].Handset != "+12125550104" || threads[1].Handset != "+12125550103" || threads[0].Count != 3 {
		t.Errorf("%+v", threads)
	}
	page, err := s.carrier.List(t.Context(), sms.ListQuery{Since: start, Until: start})
	if err != nil || len(page.Texts) != 6 {
		t.Errorf("%d listed, %v", len(page.Texts), err)
	}
	for range 250 {
		if _, err := s.send("+12125550104", "Hello"); err != nil {
			t.Fatal(err)
		}
	}
	s.idle()
	if n := len(s.Messages([]string{account}, "+12125550104")); n != 200 {
		t.Errorf("%d texts of one conversation are kept", n)
	}
	if n := s.Accepted()["+12125550104"]; n != 253 {
		t.Errorf("%d counted", n)
	}
}

func TestManyAtOnceEachOnce(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := s.send(fmt.Sprintf("+1212555%04d", worker*50+i), "Hello"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.idle()); n != 1200 {
		t.Errorf("%d reports of 400 texts", n)
	}
	for to, n := range s.Accepted() {
		if n != 1 || s.Requests()[to] != 1 {
			t.Errorf("%s: %d", to, n)
		}
	}
}

func TestClosingForgetsWhatWasStillToCome(t *testing.T) {
	s := newStage(t, sandbox.Options{Timeline: sandbox.Timeline{Sent: time.Hour}})
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	s.next()
	s.advance(1, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(2 * time.Hour)
	if more := s.idle(); len(more) != 0 {
		t.Errorf("%v", more)
	}
}

func TestIdleConnectionsCanBeDroppedWithoutAWord(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	for range 5 {
		_, err := s.send(handset, "Hello")
		// The client may have noticed in time, or not: then it cannot know.
		if e, ok := errors.AsType[*sms.SendError](err); ok && e.Class == sms.Refused {
			t.Error(err)
		}
		s.DropIdleConnections()
	}
	if requests, accepted := s.Requests()[handset], s.Accepted()[handset]; requests != accepted || requests > 5 {
		t.Errorf("%d requests, %d accepted", requests, accepted)
	}
}

func TestItListensOnThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		if s, err := sandbox.Start(sandbox.Options{Directory: &stage{}, Addr: addr}); err == nil {
			s.Close()
			t.Errorf("%s was taken", addr)
		}
	}
	if _, err := sandbox.Start(sandbox.Options{}); err == nil {
		t.Error("a sandbox without customers was started")
	}
}

func TestInboundTextsAreHandedToTheAccount(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	uuid, err := s.Reply([]string{"MAOTHER", account}, handset, number, "Olá! & 5 €\r\nbye")
	if err != nil {
		t.Fatal(err)
	}
	e := s.next()
	want := url.Values{"MessageUUID": {uuid}, "From": {handset[1:]}, "To": {number[1:]}, "Text": {"Olá! & 5 €\nbye"}, "Type": {"sms"},
		"Units": {"1"}, "TotalRate": {"0.00000"}, "TotalAmount": {"0.00000"}, "MessageIntent": {""}, "PowerpackUUID": {""}}
	if diff := cmp.Diff(want, e.form); diff != "" || e.path != "/inbound" || e.version != sms.SignatureV3 {
		t.Errorf("%s %+v", diff, e)
	}
	for _, text := range []string{"", "  ", strings.Repeat("a", 2000)} {
		if _, err := s.Reply([]string{account}, handset, number, text); err == nil {
			t.Errorf("%.10q was taken", text)
		}
	}
}

func TestAHandsetShowsTheGivenAccountsOnly(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	s.idle()
	if threads := s.Threads([]string{"MAOTHER"}); len(threads) != 0 {
		t.Errorf("%+v", threads)
	}
	if seen := s.Messages([]string{"MAOTHER"}, handset); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
	if _, err := s.Reply([]string{"MAOTHER"}, handset, number, "Hi"); !errors.Is(err, sandbox.ErrNoInbox) {
		t.Error(err)
	}
	threads := s.Threads([]string{account})
	if len(threads) != 1 || threads[0].Number != number || threads[0].Handset != handset || threads[0].Last.Text != "Hello" {
		t.Errorf("%+v", threads)
	}
}

func TestStopBlocksWithTheCarrierUntilStart(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetDefault(sandbox.Behaviour{FinalOnly: true})
	reply := func(text, intent string) {
		t.Helper()
		if _, err := s.Reply([]string{account}, handset, number, text); err != nil {
			t.Fatal(err)
		}
		if e := s.next(); e.form.Get("MessageIntent") != intent {
			t.Errorf("%q: intent %q, want %q", text, e.form.Get("MessageIntent"), intent)
		}
	}
	send := func(want string) {
		t.Helper()
		if _, err := s.send(handset, "Hello"); err != nil {
			t.Fatal(err)
		}
		if got := states(s.idle()); !cmp.Equal(got, []string{want}) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	reply("Stop it!", "")
	send("delivered")
	reply("stop all \n", "optout")
	if m := s.Messages([]string{account}, handset); !m[len(m)-1].Carrier || !m[len(m)-1].Received() {
		t.Errorf("no confirmation: %+v", m)
	}
	s.clock.Advance(5 * time.Minute)
	send("delivered") // the account's own confirmation
	send("failed 200")
	reply("start", "optin")
	send("delivered")
	reply("STOP", "optout")
	s.clock.Advance(5*time.Minute + time.Second)
	send("failed 200")
	reply("Help", "help")
}

func TestThePersonAnswersWhatIsDelivered(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetBehaviour(handset, sandbox.Behaviour{FinalOnly: true, Reply: "STOP"})
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	events := s.idle()
	if len(events) != 2 || events[0].form.Get("Status") != "delivered" || events[1].form.Get("Text") != "STOP" || events[1].form.Get("MessageIntent") != "optout" {
		t.Errorf("%+v", events)
	}
}

func TestLastDigitsDecideWhereTheRuleIsOn(t *testing.T) {
	s := newStage(t, sandbox.Options{DigitRules: true, Timeline: sandbox.Timeline{}})
	for last, want := range map[string][]string{
		"01": {"queued", "sent", "delivered"},
		"91": {"queued", "sent", "undelivered 80"},
		"92": {"queued", "failed 50"},
		"93": {"queued", "sent", "undelivered 30"},
		"94": {},
		"96": {"queued", "sent", "delivered", ""},
		"97": {"queued", "sent", "delivered", ""},
		"98": {"queued", "sent"},
	} {
		if _, err := s.send("+121255501"+last, "Hello"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, states(s.idle())); diff != "" {
			t.Errorf("%s: %s", last, diff)
		}
	}
	if _, err := s.send("+12125550199", "Hello"); err == nil {
		t.Error("99 was accepted")
	}
	if _, err := s.send("+12125550195", "Hello"); err != nil {
		t.Fatal(err)
	}
	s.advance(1, 30*time.Second)
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, states(s.idle())); diff != "" {
		t.Error(diff)
	}
	s.SetBehaviour("+12125550192", sandbox.Behaviour{})
	if _, err := s.send("+12125550192", "Hello"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, states(s.idle())); diff != "" {
		t.Errorf("what is said of a number goes before the rule: %s", diff)
	}
}
