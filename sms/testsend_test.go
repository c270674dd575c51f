package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

func TestATestGoesToOnesOwnNumberAheadOfEverythingAndCountsNowhere(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	two := b.person(1, nil)
	c := b.schedule(func(in *Input) { in.Draft = true })
	b.clock.Advance(12 * time.Hour) // the middle of the night
	sent, err := b.svc.SendTest(t.Context(), b.admin, c.ID, "+46 70 174 06 90", two.ID)
	if err != nil || sent.Number != "+46701740690" || sent.Text != "Hi Person1, sale!" || sent.Cost.Segments != 1 {
		t.Fatalf("%+v, %v", sent, err)
	}
	b.restart() // and then the power went
	b.work()
	if len(b.carrier.taken) != 1 || b.carrier.taken[0].To != sent.Number || b.carrier.taken[0].Text != sent.Text {
		t.Fatalf("sent: %+v", b.carrier.taken)
	}
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Targeted != nil || p.Taken() != 0 {
		t.Errorf("it counts in the campaign: %+v", p)
	}
	for to, want := range map[string]string{"": "to:required", "12": "to:too_short", "hello": "to:letters", "+1 800 555 0199": ""} {
		_, err := b.svc.SendTest(t.Context(), b.admin, c.ID, to, liadesk.ID{})
		if got := codesOf(err); err == nil || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %v, want %s", to, got, want)
		}
	}
	if err := b.text("+46701740690", "STOP"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.SendTest(t.Context(), b.admin, c.ID, "+46701740690", liadesk.ID{}); !slices.Equal(codesOf(err), []string{"to:opted_out"}) {
		t.Errorf("to who opted out: %v", err)
	}
}

func TestTestsAreFewAndTheAdministratorsAlone(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	c := b.schedule(func(in *Input) { in.Draft = true })
	for range testsPerHour { // those that are refused do not count
		if _, err := b.svc.SendTest(t.Context(), b.admin, c.ID, "nobody", liadesk.ID{}); liadesk.KindOf(err) != liadesk.KindInvalid {
			t.Fatal(err)
		}
	}
	for range testsPerHour {
		if _, err := b.svc.SendTest(t.Context(), b.admin, c.ID, number(90), liadesk.ID{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.svc.SendTest(t.Context(), b.admin, c.ID, number(90), liadesk.ID{}); !errors.Is(err, ErrTooManyTests) {
		t.Errorf("one more: %v", err)
	}
	b.clock.Advance(time.Hour)
	if _, err := b.svc.SendTest(t.Context(), b.admin, c.ID, number(90), liadesk.ID{}); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	agent, stranger := b.admin, b.admin
	agent.Role, stranger.Account = liadesk.RoleAgent, b.options.IDs()
	if _, err := b.svc.SendTest(t.Context(), agent, c.ID, number(90), liadesk.ID{}); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("an agent: %v", err)
	}
	if _, err := b.svc.SendTest(t.Context(), stranger, c.ID, number(90), liadesk.ID{}); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("another account: %v", err)
	}
}

// Whoever gets a test may try the link in it: that opts out their own number,
// and not the customer's that the test is filled in with. What the team only
// looks at leads nowhere.
func TestTheLinkInATestOptsOutNoCustomer(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(func(in *Input) { in.Message, in.Draft = "Sale! {{ contact.opt_out_link }}", true })
	sent, err := b.svc.SendTest(t.Context(), b.admin, c.ID, number(90), liadesk.ID{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := b.svc.OptOutByLink(t.Context(), sent.Text[strings.LastIndex(sent.Text, "/")+1:])
	if err != nil || page.Number != number(90) {
		t.Errorf("the test's link opts out %q, %v", page.Number, err)
	}
	review, err := b.svc.Review(t.Context(), b.admin, c.ID, 0)
	if err != nil || review.Text == "" {
		t.Fatalf("%+v, %v", review, err)
	}
	if _, err := b.svc.OptOutByLink(t.Context(), review.Text[strings.LastIndex(review.Text, "/")+1:]); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("the preview's link opts out somebody: %v", err)
	}
	if review.Cost.Units != len(sent.Text) {
		t.Errorf("the preview has %d characters, the test %d", review.Cost.Units, len(sent.Text))
	}
}
