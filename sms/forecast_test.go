package sms

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// forecast works one out to its end.
func (b *bench) forecast(in Input) Forecast {
	b.t.Helper()
	f, err := b.svc.StartForecast(b.t.Context(), b.admin, in)
	if err != nil {
		b.t.Fatal(err)
	}
	b.svc.forecasts.work.Wait()
	if f, err = b.svc.Forecast(b.admin, f.ID); err != nil {
		b.t.Fatal(err)
	}
	return f
}

func TestAForecastSaysWhatTheCampaignThenDoes(t *testing.T) {
	b := newBench(t)
	b.account.Settings.Prices = map[string]int64{"SE": 50_000, "US": 8_000}
	b.account.Settings.Currency = "EUR"
	b.account.Settings.Footer = "Reply STOP to opt out"
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	for i := range 40 {
		b.person(i, func(c *liadesk.Contact) {
			switch {
			case i%10 == 1:
				c.Name = "Zoë-" + strings.Repeat("ê", 30) + " Long" // another alphabet, two segments
			case i%10 == 2:
				c.Name = strings.Repeat("n", 150) + " Long"
			case i%10 == 3:
				c.Phone, c.Class = "+1305555010"+string(rune('0'+i/10)), "US/FL/America/New_York"
			case i%10 == 4:
				c.Consent.State = liadesk.ConsentUnknown
			case i%10 == 5:
				c.Class = "BR//America/Sao_Paulo"
			}
		})
	}
	b.sends(func(in *Input) {
		in.Audience = liadesk.Rule{Field: "country", Op: "exists", Value: &liadesk.RuleValue{Yes: new(bool)}}
	})
	b.clock.Advance(25 * time.Hour)
	one := b.person(50, nil)
	b.sends(func(in *Input) { in.Title = "just now" })
	b.clock.Advance(23 * time.Hour)
	in := b.input()
	in.Message = "Hi {{ contact.first_name }}, come and see what is new."
	f := b.forecast(in)
	c := b.schedule(func(i *Input) { *i = in })
	if f.State != ForecastCompleted {
		t.Fatalf("%+v", f)
	}
	b.due()
	b.clock.Advance(2 * time.Hour) // and who waited for minutes is free
	b.work()
	p := b.progress(c.ID)
	if f.Matched != *p.Targeted || f.Skipped[liadesk.SkipNoConsent] != p.Skipped[liadesk.SkipNoConsent] {
		t.Errorf("who: forecast %d of which %v, then %d of which %v", f.Matched, f.Skipped, *p.Targeted, p.Skipped)
	}
	if one.Phone == "" || f.Skipped[liadesk.SkipRecentlyTexted] == 0 {
		t.Errorf("who got a text lately: %v", f.Skipped)
	}
}

func TestAForecastMeasuresEveryText(t *testing.T) {
	b := newBench(t)
	b.account.Settings.Prices = map[string]int64{"SE": 50_000}
	b.account.Settings.Currency = "EUR"
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	for i := range 30 {
		b.person(i, func(c *liadesk.Contact) {
			switch {
			case i < 3:
				c.Name = strings.Repeat("ê", 60) + " Long"
			case i == 3:
				c.Name = strings.Repeat("n", 400) + " Long"
			case i == 4:
				c.Phone, c.Class = "+13055550100", "US/FL/America/New_York"
			}
		})
	}
	in := b.input()
	in.Message = "Hi {{ contact.first_name }}, come and see what is new."
	f := b.forecast(in)
	c := b.schedule(func(i *Input) { *i = in })
	b.due()
	b.work()
	p := b.progress(c.ID)
	if f.State != ForecastCompleted || f.Measured != 30 || p.Accepted != 30 || f.Segments != p.Segments || f.Unicode != 3 {
		t.Errorf("forecast %d texts of %d segments, %d in UCS-2; then %d of %d", f.Measured, f.Segments, f.Unicode, p.Accepted, p.Segments)
	}
	if len(f.Dearest) != 5 || f.Dearest[0].Segments != 3 || *f.Dearest[0].Cost != 150_000 || f.Dearest[0].Phone != number(3) || f.Dearest[1].Segments != 2 {
		t.Errorf("the dearest: %+v", f.Dearest)
	}
	if len(f.Costly) != 1 || f.Costly[0].Char != "ê" || f.Costly[0].Texts != 3 {
		t.Errorf("what makes them dear: %+v", f.Costly)
	}
	if f.Cost != (f.Segments-1)*50_000 || f.Unpriced != 1 || f.Currency != "EUR" || len(f.Countries) != 2 || f.Countries[0].Country != "SE" {
		t.Errorf("cost %d %s, %d without a price, %+v", f.Cost, f.Currency, f.Unpriced, f.Countries)
	}
}

func TestAForecastKeepsToHoursAndPace(t *testing.T) {
	b := newBench(t) // 18:00 in Stockholm, whose window closes at 20:00
	b.inbox.SMS.MessagesPerSecond = 0.01
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	for i := range 100 {
		b.person(i, nil)
	}
	b.person(200, func(c *liadesk.Contact) { c.Class = "" })
	f := b.forecast(b.input())
	var sum int64
	for _, h := range f.ByHour {
		sum += h.Count
		if local := h.At.Add(time.Hour).Hour(); h.Count > 37 || local < 9 || local >= 20 {
			t.Errorf("%d texts at %s", h.Count, h.At)
		}
	}
	if sum != 100 || f.Later != 0 || !f.ByHour[len(f.ByHour)-1].At.Equal(time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%d in all, %d later: %+v", sum, f.Later, f.ByHour)
	}
}

func TestAForecastOfAnotherAccountIsNotThereAndANewerEndsTheOlder(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	in := b.input()
	in.ScheduledAt = time.Time{}
	f := b.forecast(in)
	stranger := b.admin
	stranger.Account = b.options.IDs()
	if _, err := b.svc.Forecast(stranger, f.ID); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("another account reads it: %v", err)
	}
	agent := b.admin
	agent.Role = liadesk.RoleAgent
	if _, err := b.svc.StartForecast(t.Context(), agent, in); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("an agent: %v", err)
	}
	in.Message = "{{ contact.shoe }}"
	if _, err := b.svc.StartForecast(t.Context(), b.admin, in); !slices.Equal(codesOf(err), []string{"message:template_variable"}) {
		t.Errorf("a text with a mistake: %v", err)
	}
	b.clock.Advance(2 * time.Hour)
	b.forecast(b.input())
	if _, err := b.svc.Forecast(b.admin, f.ID); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("an old one is still there: %v", err)
	}
}

// A forecast that counted the segments of people who are then left out would
// be dearer than the campaign.
func TestAForecastNeitherMeasuresNorPlansWhoGotATextLately(t *testing.T) {
	b := newBench(t)
	for i := range 6 {
		b.person(i, func(c *liadesk.Contact) {
			if i < 4 {
				c.Tags = []string{"vip", "early"}
			}
		})
	}
	b.sends(func(in *Input) { in.Audience = liadesk.Rule{Tag: "early"} })
	in := b.input()
	f := b.forecast(in)
	var planned int64
	for _, h := range f.ByHour {
		planned += h.Count
	}
	if f.Reachable != 2 || f.Skipped[liadesk.SkipRecentlyTexted] != 4 || f.Measured != 2 || planned+f.Later != 2 {
		t.Errorf("reachable %d, measured %d, planned %d, %v", f.Reachable, f.Measured, planned, f.Skipped)
	}
	c := b.schedule(func(i *Input) { *i = in })
	b.due()
	b.work()
	if p := b.progress(c.ID); p.Accepted != f.Measured || p.Segments != f.Segments {
		t.Errorf("then %d texts of %d segments, forecast %d of %d", p.Accepted, p.Segments, f.Measured, f.Segments)
	}
}

func TestAForecastWithAnOverrideLeavesOutWhomALawProtects(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(0, func(c *liadesk.Contact) { c.Phone, c.Class = "+13055550100", "US/FL/America/New_York" })
	b.person(1, nil)
	for range 3 {
		b.sends(nil)
	}
	in := b.input()
	in.OverrideReason = "a recall"
	if f := b.forecast(in); f.Skipped[liadesk.SkipRecentlyTexted] != 1 || f.Measured != 1 {
		t.Errorf("%+v", f)
	}
}

// The dearest are those that cost most, which need not be the longest.
func TestTheDearestTextsAreThoseThatCostMost(t *testing.T) {
	b := newBench(t)
	b.account.Settings.Prices = map[string]int64{"SE": 50_000, "US": 1_000}
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	b.person(0, nil)
	b.person(1, func(c *liadesk.Contact) {
		c.Name, c.Phone, c.Class = strings.Repeat("n", 200), "+13055550100", "US/FL/America/New_York"
	})
	b.person(2, func(c *liadesk.Contact) {
		c.Name, c.Phone, c.Class = strings.Repeat("n", 400), "+61491570006", "AU//Australia/Sydney"
	})
	f := b.forecast(b.input())
	if len(f.Dearest) != 3 || f.Dearest[0].Phone != number(0) || f.Dearest[1].Segments != 2 || f.Dearest[2].Cost != nil || f.Countries[0].Country != "SE" {
		t.Errorf("%+v, %+v", f.Dearest, f.Countries)
	}
}

// A misspelt field would go out as a gap in every text.
func TestAForecastTellsOfGaps(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.person(i, func(c *liadesk.Contact) {
			if i < 2 {
				c.Name = ""
			}
			c.Attributes = map[string]string{"renewal_date": "2 May"}
		})
	}
	in := b.input()
	in.Message = "Hi {{ contact.first_name }}{{ contact.last_name | default: 'x' }}, it renews on {{ contact.attributes.renwal_date }}, not {{ contact.attributes.renewal_date }}. {{ contact.opt_out_link }}"
	if got := b.forecast(in).Gaps; !slices.Equal(got, []GapForecast{{"contact.attributes.renwal_date", 5}, {"contact.first_name", 2}}) {
		t.Errorf("%v", got)
	}
}
