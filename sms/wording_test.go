package sms

import (
	"strings"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAccentsAreLeftOutOnlyWhereThatSavesSegmentsAndSomebodyAsked(t *testing.T) {
	long := strings.Repeat("a", 80) + " {{ contact.first_name }}"
	for _, c := range []struct {
		name, message, person string
		fold                  bool
		want                  string
	}{
		{"a long text", long, "Łukasz", true, strings.Repeat("a", 80) + " Lukasz"},
		{"nobody asked", long, "Łukasz", false, strings.Repeat("a", 80) + " Łukasz"},
		{"one segment anyway", "Hi {{ contact.first_name }}", "Łukasz", true, "Hi Łukasz"},
		{"letters that GSM-7 has", long, "Zoé", true, strings.Repeat("a", 80) + " Zoé"},
		{"letters that nothing stands for", long, "Мария", true, strings.Repeat("a", 80) + " Мария"},
	} {
		b := newBench(t)
		b.person(1, func(p *liadesk.Contact) { p.Name = c.person })
		sent := b.sends(func(in *Input) { in.Message, in.Fold, in.Purpose = c.message, c.fold, liadesk.PurposeTransactional })
		if got := b.carrier.taken[0].Text; got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
		if p := b.progress(sent.ID); p.Segments != int64(Measure(c.want).Segments) {
			t.Errorf("%s: counts as %d segments", c.name, p.Segments)
		}
		if InputOf(sent).Fold != c.fold {
			t.Errorf("%s: a change forgets it", c.name)
		}
	}
}

func TestTheFirstTextToAPersonSaysWhoSendsIt(t *testing.T) {
	b := newBench(t)
	b.often()
	b.account.Settings.Introduce, b.account.Settings.Footer = true, ""
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	b.person(1, nil)
	for range 2 {
		b.sends(func(in *Input) { in.Message = "Sale!" })
	}
	b.person(2, nil)
	b.sends(func(in *Input) { in.Message = "Sale at ACME!" })
	if f := b.forecast(func() Input { in := b.input(); in.Message = "Sale!"; return in }()); f.Dearest[0].Text != "Sale!" {
		t.Errorf("the forecast has %q for people who were texted before", f.Dearest[0].Text)
	}
	b.person(3, nil)
	draft := b.draft(func(in *Input) { in.Message = "Sale!" })
	said := map[string]bool{}
	for n := range uint64(3) {
		r, err := b.svc.Review(t.Context(), b.admin, draft.ID, n)
		if err != nil {
			t.Fatal(err)
		}
		said[r.Sample.Phone+" "+r.Text] = true
	}
	for _, want := range []string{number(1) + " Sale!", number(2) + " Sale!", number(3) + " Acme: Sale!"} {
		if !said[want] {
			t.Errorf("the review has no %q, but %v", want, said)
		}
	}
	var texts []string
	for _, m := range b.carrier.taken {
		texts = append(texts, m.To[len(m.To)-1:]+" "+m.Text)
	}
	if got := strings.Join(texts, "|"); got != "1 Acme: Sale!|1 Sale!|1 Sale at ACME!|2 Sale at ACME!" {
		t.Errorf("texts: %s", got)
	}
	// The thread of an answer shows what the person read.
	if err := b.text(number(1), "Which sale?"); err != nil {
		t.Fatal(err)
	}
}
