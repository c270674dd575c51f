package sms

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestASenderThatCannotBeAnsweredNeedsAWayOut(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.inbox.SMS.Number = "ACME"
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	create := func(change func(*Input)) []string {
		in := b.input()
		change(&in)
		_, err := b.svc.Create(t.Context(), b.admin, in)
		return codesOf(err)
	}
	for name, c := range map[string]struct {
		change func(*Input)
		want   []string
	}{
		"marketing":     {func(*Input) {}, []string{"message:opt_out_link_needed"}},
		"with the link": {func(in *Input) { in.Message = "Sale! {{ contact.opt_out_link }}" }, nil},
		"transactional": {func(in *Input) { in.Purpose = liadesk.PurposeTransactional }, nil},
	} {
		if got := create(c.change); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	b.account.Settings.Footer = "Stop: {{contact.opt_out_link}}"
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	if got := create(func(*Input) {}); got != nil {
		t.Errorf("with the link in the footer: %v", got)
	}
}

// An opt-out by the page stands as one by STOP does: it wins over a text that
// was claimed and not posted yet, and counts once for the campaign.
func TestAnOptOutByTheLinkWinsBetweenClaimAndPost(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(1, nil)
	c := b.sends(func(in *Input) { in.Message = "Sale! {{ contact.opt_out_link }}" })
	text := b.carrier.taken[0].Text
	token := text[strings.LastIndex(text, "/")+1:]
	if m, err := b.svc.Measure(t.Context(), b.admin, Wording{Message: "Sale! {{ contact.opt_out_link }}", Purpose: liadesk.PurposeMarketing}); err != nil || m.Units != len(text) {
		t.Errorf("measured as %d characters, and it has %d: %v", m.Units, len(text), err)
	}
	two := b.schedule(nil)
	b.due()
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	for range 2 {
		page, err := b.svc.OptOutByLink(t.Context(), token)
		if err != nil || !page.Out || page.Number != number(1) || page.Account != "Acme" || !page.CanText {
			t.Fatalf("%+v, %v", page, err)
		}
	}
	if err := b.svc.record(t.Context(), []result{b.svc.post(t.Context(), jobs[0])}); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(two.ID); len(b.carrier.taken) != 1 || p.Skipped[liadesk.SkipOptedOut] != 1 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
	// The text that was begun last is the one that it answers: that is the one
	// which never went, and is no row any more, or the one before.
	if one := b.progress(c.ID); one.OptOuts+b.progress(two.ID).OptOuts != 1 {
		t.Errorf("it counts %d and %d times", one.OptOuts, b.progress(two.ID).OptOuts)
	}
}

// An address is passed on and stands in logs: it does not tell the number, nor
// do those of two numbers look alike. Those of before they were masked are on
// people's phones, and still lead to the page.
func TestAnOptOutLinkTellsNobodysNumber(t *testing.T) {
	b := newBench(t)
	var account liadesk.Account
	b.update(func(tx *db.Tx) (err error) {
		account, _, err = tx.Account(b.account.ID)
		return err
	})
	digits := func(of string) []byte {
		n, err := strconv.ParseUint(strings.TrimPrefix(of, "+"), 10, 56)
		if err != nil {
			t.Fatal(err)
		}
		return binary.BigEndian.AppendUint64(nil, n)[1:]
	}
	var tokens []string
	for i := range 2 {
		link, err := b.svc.OptOutLink(account, number(i))
		if err != nil {
			t.Fatal(err)
		}
		token := link[strings.LastIndex(link, "/")+1:]
		raw, ok := tokenRaw(token)
		if !ok || bytes.Contains(raw, digits(number(i))) {
			t.Errorf("%s tells %s", link, number(i))
		}
		tokens = append(tokens, token)
	}
	if tokens[0][:4] == tokens[1][:4] {
		t.Errorf("two numbers look alike: %v", tokens)
	}
	plain := append(binary.BigEndian.AppendUint32(nil, account.LinkCode)[1:], digits(number(7))...)
	mac := hmac.New(sha256.New, b.options.LinkKey)
	mac.Write(plain)
	old := tokenAlphabet.EncodeToString(append(plain, mac.Sum(nil)[:5]...))
	if page, err := b.svc.OptOutPage(t.Context(), old); err != nil || page.Number != number(7) {
		t.Errorf("a link of before: %+v, %v", page, err)
	}
	tracked, err := b.svc.trackedAddress(account.LinkCode, number(7), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.OptOutPage(t.Context(), tracked[strings.LastIndex(tracked, "/")+1:]); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("a link whose openings are counted is one to opt out: %v", err)
	}
}

// Whoever guesses gets nothing, and neither does a link of another key.
func FuzzAnOptOutLink(f *testing.F) {
	b := newBench(f)
	b.options.LinkKey = []byte("links")
	b.restart()
	var account liadesk.Account
	b.update(func(tx *db.Tx) (err error) {
		account, _, err = tx.Account(b.account.ID)
		return err
	})
	real, err := b.svc.OptOutLink(account, number(1))
	if err != nil {
		f.Fatal(err)
	}
	real = real[strings.LastIndex(real, "/")+1:]
	others := b.options
	others.LinkKey = []byte("others")
	foreign, err := New(others).OptOutLink(account, number(1))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{real, foreign[strings.LastIndex(foreign, "/")+1:], "", "x", strings.Repeat("A", tokenChars), real + "=", real + "\n", real[:4] + "\n" + real[4:], real[:tokenChars-1], strings.ToUpper(real)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		page, err := b.svc.OptOutPage(t.Context(), token)
		if token == real {
			if err != nil || page.Number != number(1) || page.Out {
				t.Errorf("the real one: %+v, %v", page, err)
			}
			return
		}
		if !errors.Is(err, liadesk.ErrNotFound) || page.Out || page.Account != "" {
			t.Errorf("%q: %+v, %v", token, page, err)
		}
	})
}

// Accounts have codes of their own, also when their ids end alike.
func TestEveryAccountHasAnOptOutCodeOfItsOwn(t *testing.T) {
	b := newBench(t)
	codes := map[uint32]bool{}
	for i := range 5 {
		id := liadesk.ID{1, byte(i + 1)} // all end in noughts
		b.update(func(tx *db.Tx) error {
			return tx.PutAccount(liadesk.Account{ID: id, Name: "A", Plan: liadesk.PlanGrowth, CreatedAt: time.Now()})
		})
		b.update(func(tx *db.Tx) error {
			a, _, err := tx.Account(id)
			if err != nil || a.LinkCode == 0 || codes[a.LinkCode] {
				t.Errorf("%d, %v", a.LinkCode, err)
			}
			codes[a.LinkCode] = true
			if of, found, err := tx.LinkAccount(a.LinkCode); err != nil || !found || of != id {
				t.Errorf("its account is %v, %v", of, err)
			}
			return tx.PutAccount(a) // a change keeps it
		})
		b.update(func(tx *db.Tx) error {
			a, _, err := tx.Account(id)
			if !codes[a.LinkCode] {
				t.Error("it changed")
			}
			return err
		})
	}
}
