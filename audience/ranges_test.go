package audience_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// Moments, numbers and parts of texts are found by sets with names that sort.
// Whatever the values and the range, that agrees with looking at everybody.
func TestRangesAgreeWithLookingAtEveryone(t *testing.T) {
	numbers := []string{"0", "-0", "1", "5", "5.0", "5.001", "5.0195", "6", "-5", "-5.1", "511", "512.5", "1e6", "1000000.5", "0.1", "1e-300", "-1e300", "many", "0x5", "NaN", "1_000"}
	dates := []string{"2026-11-24", "2026-11-25", "2026-11-25T23:59:59Z", "2026-11-25T23:59:59-05:00", "0001-01-01", "9998-12-31", "25.11.2026"}
	texts := []string{"São Paulo", "sao bernardo", "LUND", strings.Repeat("x", 250) + " Rome", ""}
	start := time.Date(2026, 11, 24, 22, 50, 0, 0, time.UTC)
	moments := make([]time.Time, 0, 40)
	for i := range 40 {
		moments = append(moments, start.Add(time.Duration(i*i)*7*time.Minute+time.Duration(i%3)*time.Second))
	}
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		s := dbtest.Open(t)
		account, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
		account.Settings.TimeZone = "America/Sao_Paulo"
		var people []liadesk.Contact
		dbtest.Update(t, s, func(tx *db.Tx) error {
			people = nil
			batch := tx.ContactBatch(account.ID)
			for i := range rapid.IntRange(1, 30).Draw(r, "people") {
				c := liadesk.Contact{ID: liadesk.ID{1, byte(i)}, AccountID: account.ID, CreatedAt: rapid.SampledFrom(moments).Draw(r, "created"), Attributes: map[string]string{}}
				if rapid.Bool().Draw(r, "wrote") {
					c.LastRepliedAt = rapid.SampledFrom(moments).Draw(r, "replied")
				}
				c.Attributes["orders"] = rapid.SampledFrom(append(numbers, dates...)).Draw(r, "orders")
				c.Attributes["city"] = rapid.SampledFrom(texts).Draw(r, "city")
				if err := batch.Put(nil, &c); err != nil {
					return err
				}
				people = append(people, c)
			}
			if err := batch.Flush(); err != nil {
				return err
			}
			return tx.PutAccount(account)
		})
		field := rapid.SampledFrom([]string{"created_at", "last_replied_at", "attributes.Orders", "attributes.city"}).Draw(r, "field")
		part := liadesk.Rule{Field: field, Value: &liadesk.RuleValue{}}
		day := rapid.SampledFrom([]string{"2026-11-24", "2026-11-25", "2026-11-26", "2026-12-01", "2026-11-25T10:07:01Z",
			moments[7].Format(time.RFC3339), "2026-11-25T00:00:00-03:00"}).Draw(r, "day")
		switch {
		case field == "attributes.city":
			part.Op, part.Value.Text = "contains", new(rapid.SampledFrom([]string{"SÃO", "und", "rome", "zzz"}).Draw(r, "text"))
		case strings.HasPrefix(field, "attributes.") && rapid.Bool().Draw(r, "number"):
			part.Op = rapid.SampledFrom([]string{"gt", "gte", "lt", "lte"}).Draw(r, "op")
			part.Value.Number = new(rapid.SampledFrom([]float64{0, 1, 5, 5.001, 5.0199, -5, -5.05, 511, 512.5, 1e6, 1e-300, -1e300}).Draw(r, "than"))
		default:
			part.Op = rapid.SampledFrom([]string{"before", "after", "gt", "gte", "lt", "lte"}).Draw(r, "op")
			part.Value.Text = &day
		}
		want := map[uint32]bool{}
		for _, c := range people {
			if within(part, c, zone) {
				want[c.Dense] = true
			}
		}
		dbtest.View(t, s, func(tx *db.Tx) error {
			for _, not := range []bool{false, true} {
				rule := part
				if not {
					rule = liadesk.Rule{Not: &part}
				}
				split, err := audience.Evaluate(tx, account.ID, rule, liadesk.PurposeMarketing)
				if err != nil {
					r.Fatal(err)
				}
				for _, c := range people {
					if split.Matched.Contains(c.Dense) == (want[c.Dense] == not) {
						r.Fatalf("%s, not %v, wants %v: %+v", audience.Sentence(plainSpeaker{}, part), not, want[c.Dense], c)
					}
				}
				chunk, err := audience.EvaluateChunk(tx, account.ID, rule, liadesk.PurposeMarketing, 0, audience.Outcomes{})
				if err != nil || !chunk.Matched.Equals(split.Matched) {
					r.Fatalf("the chunk: %v, %v", chunk.Matched, err)
				}
			}
			return nil
		})
	})
}

// within looks at one person.
func within(r liadesk.Rule, c liadesk.Contact, zone *time.Location) bool {
	value := c.Attributes[strings.ToLower(strings.TrimPrefix(r.Field, "attributes."))]
	if r.Op == "contains" {
		plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ã", "a") }
		return strings.Contains(plain(value), plain(*r.Value.Text))
	}
	if r.Value.Number != nil {
		var n float64
		if _, err := fmt.Sscanf(value, "%g", &n); err != nil || slices.Contains([]string{"0x5", "NaN", "1_000"}, value) || strings.ContainsAny(value, ":") || strings.Count(value, "-") > 1 || strings.Count(value, ".") > 1 {
			return false
		}
		than := *r.Value.Number
		return map[string]bool{"gt": n > than, "gte": n >= than, "lt": n < than, "lte": n <= than}[r.Op]
	}
	var at time.Time
	switch r.Field {
	case "created_at":
		at = c.CreatedAt
	case "last_replied_at":
		at = c.LastRepliedAt
	default:
		zone = time.UTC
		var err error
		if at, err = time.Parse("2006-01-02", value); err != nil {
			at, _ = time.Parse(time.RFC3339, value)
		}
		if at.IsZero() && value != "0001-01-01" {
			return false
		}
	}
	if at.IsZero() && r.Field == "last_replied_at" {
		return false
	}
	from, err := time.ParseInLocation("2006-01-02", *r.Value.Text, zone)
	to := from.AddDate(0, 0, 1)
	if err != nil {
		from, _ = time.Parse(time.RFC3339, *r.Value.Text)
		to = from.Add(1)
	}
	return map[string]bool{"before": at.Before(from), "lt": at.Before(from), "gte": !at.Before(from), "after": !at.Before(to), "gt": !at.Before(to), "lte": at.Before(to)}[r.Op]
}

func TestARangeReadsAsOneSentence(t *testing.T) {
	catalogue, err := texts.New()
	if err != nil {
		t.Fatal(err)
	}
	l := catalogue.For("en")
	var got []string
	for _, text := range []string{
		`{"field":"attributes.orders","op":"gte","value":5}`,
		`{"field":"attributes.renewal","op":"lt","value":"2026-12-24"}`,
		`{"field":"attributes.city","op":"contains","value":"paul"}`,
		`{"all":[{"field":"created_at","op":"after","value":"2026-11-01"},{"not":{"field":"last_replied_at","op":"exists","value":true}}]}`,
		`{"not":{"field":"created_at","op":"before","value":"2026-11-01"}}`,
	} {
		got = append(got, audience.Sentence(l, rule(t, text)))
	}
	want := []string{
		"Everyone whose “orders” is 5 or more",
		"Everyone whose “renewal” is before 2026-12-24",
		"Everyone whose “city” contains “paul”",
		"Everyone who was added after 2026-11-01, but who never wrote to us",
		"Everyone who was not added before 2026-11-01",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// plainSpeaker says what it was asked to say.
type plainSpeaker struct{}

func (plainSpeaker) T(id string, args ...any) string {
	return fmt.Sprint(append([]any{id}, args...)...)
}

// In Chile the clocks go from midnight to one o'clock: the day begins then, and
// the one before ends then.
func TestADayWithoutMidnightBeginsAfterTheGap(t *testing.T) {
	s := dbtest.Open(t)
	account, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	account.Settings.TimeZone = "America/Santiago"
	gap := time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC)
	var before, first, last uint32
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for i, c := range []struct {
			at    time.Time
			dense *uint32
		}{{gap.Add(-time.Minute), &before}, {gap, &first}, {gap.Add(23*time.Hour - time.Minute), &last}} {
			p := liadesk.Contact{ID: liadesk.ID{1, byte(i)}, AccountID: account.ID, CreatedAt: c.at}
			if err := tx.PutContact(nil, &p); err != nil {
				return err
			}
			*c.dense = p.Dense
		}
		return tx.PutAccount(account)
	})
	dbtest.View(t, s, func(tx *db.Tx) error {
		for text, want := range map[string][]uint32{
			`{"field":"created_at","op":"before","value":"2026-09-06"}`: {before},
			`{"field":"created_at","op":"lte","value":"2026-09-05"}`:    {before},
			`{"field":"created_at","op":"gte","value":"2026-09-06"}`:    {first, last},
			`{"field":"created_at","op":"after","value":"2026-09-06"}`:  {},
			`{"field":"created_at","op":"after","value":"2026-09-05"}`:  {first, last},
		} {
			split, err := audience.Evaluate(tx, account.ID, rule(t, text), liadesk.PurposeMarketing)
			if err != nil {
				return err
			}
			if got := split.Matched.ToArray(); !slices.Equal(got, want) {
				t.Errorf("%s: %v, not %v", text, got, want)
			}
		}
		return nil
	})
}
