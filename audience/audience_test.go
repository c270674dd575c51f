package audience_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

func rule(t *testing.T, s string) liadesk.Rule {
	t.Helper()
	var r liadesk.Rule
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARuleThatMeansNothingIsRefused(t *testing.T) {
	deep := strings.Repeat(`{"not":`, 20) + `{"tag":"a"}` + strings.Repeat("}", 20)
	for s, want := range map[string]string{
		`{}`:                             "rule rule_empty",
		`{"all":[{}]}`:                   "rule.all.0 rule_empty",
		`{"not":{}}`:                     "rule.not rule_empty",
		`{"tag":"a","any":[]}`:           "rule rule_ambiguous",
		`{"all":[{"tag":"a","all":[]}]}`: "rule.all.0 rule_ambiguous",
		deep:                             "rule rule_too_large",
		`{"tag":"a","op":"eq"}`:          "rule rule_ambiguous",
		`{"field":"contry","op":"eq","value":"BR"}`: "rule.field field_unknown",
		`{"value":"BR"}`: "rule.field field_unknown",
		`{"field":"attributes.","op":"eq","value":"x"}`:                                 "rule.field field_unknown",
		`{"not":{"field":"created_at","op":"before","value":"x"}}`:                      "rule.not.value value_moment",
		`{"field":"created_at","op":"eq","value":"2026-11-25"}`:                         "rule.op op_unknown",
		`{"field":"created_at","op":"contains","value":"2026"}`:                         "rule.op op_unknown",
		`{"field":"country","op":"gt","value":"BR"}`:                                    "rule.op op_unknown",
		`{"field":"has_email","op":"gt","value":5}`:                                     "rule.op op_unknown",
		`{"field":"attributes.a","op":"gt","value":"many"}`:                             "rule.value value_number",
		`{"field":"attributes.a","op":"before","value":5}`:                              "rule.value value_moment",
		`{"field":"attributes.a","op":"contains","value":" "}`:                          "rule.value value_text",
		`{"field":"attributes.a","op":"contains","value":"\u0301"}`:                     "rule.value value_text",
		`{"field":"country","op":"eq","value":5}`:                                       "rule.value value_text",
		`{"field":"attributes.a","op":"gte","value":-2.5}`:                              "",
		`{"field":"attributes.a","op":"eq","value":5}`:                                  "",
		`{"field":"attributes.a","op":"lt","value":"2026-12-24"}`:                       "",
		`{"field":"last_seen_at","op":"after","value":"2026-11-25T10:00:00+01:00"}`:     "",
		`{"field":"last_replied_at","op":"exists","value":false}`:                       "",
		`{"field":"campaign.x","op":"eq","value":"sent"}`:                               "rule.field campaign_unknown",
		`{"field":"country","op":"contains","value":"B"}`:                               "",
		`{"field":"country","value":"BR"}`:                                              "rule.op op_unknown",
		`{"field":"has_phone","op":"in","value":["BR"]}`:                                "rule.op op_unknown",
		`{"field":"country","op":"eq"}`:                                                 "rule.value value_text",
		`{"field":"country","op":"eq","value":["BR"]}`:                                  "rule.value value_text",
		`{"field":"country","op":"eq","value":" "}`:                                     "rule.value value_text",
		`{"field":"country","op":"ne","value":"Brazil"}`:                                "rule.value bad_country",
		`{"field":"language","op":"ne","value":"not a language"}`:                       "rule.value bad_language",
		`{"field":"phone_type","op":"ne","value":"mobil"}`:                              "rule.value bad_phone_type",
		`{"field":"country","op":"in","value":[]}`:                                      "rule.value value_list",
		`{"field":"country","op":"in","value":"BR"}`:                                    "rule.value value_list",
		`{"field":"country","op":"exists","value":"BR"}`:                                "rule.value value_yes_or_no",
		`{"field":"has_email","op":"eq","value":"true"}`:                                "rule.value value_yes_or_no",
		`{"field":"attributes.a","op":"eq","value":"` + strings.Repeat("x", 201) + `"}`: "rule.value too_long",
		`{"field":"attributes.City","op":"in","value":["São Paulo"]}`:                   "",
		`{"field":"time_zone","op":"ne","value":"America/Sao_Paulo"}`:                   "",
		`{"field":"has_email","op":"exists","value":false}`:                             "",
		`{"field":"time_zone","op":"ne","value":"europe/madrid"}`:                       "",
		`{"field":"time_zone","op":"ne","value":"Europe/Nowhere"}`:                      "rule.value bad_time_zone",
		`{"not":{"tag":" \u200b"}}`:                                                     "rule.not.tag required",
		`{"all":[]}`:                                                                    "",
		`{"any":[]}`:                                                                    "",
		`{"not":{"any":[{"tag":"vip"}]}}`:                                               "",
	} {
		err := audience.Validate(rule(t, s))
		var got []string
		if e, ok := errors.AsType[*liadesk.Error](err); ok {
			for _, f := range e.Fields {
				got = append(got, f.Field+" "+f.Code)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %s", s, got, want)
		}
	}
	wide := liadesk.Rule{Any: &[]liadesk.Rule{}}
	for range 600 {
		*wide.Any = append(*wide.Any, liadesk.Rule{Tag: "a"})
	}
	if audience.Validate(wide) == nil {
		t.Error("a rule of 600 parts was taken")
	}
}

// TestASplitAgreesWithLookingAtEveryone evaluates random rules over random
// contacts, and compares with asking each contact.
func TestASplitAgreesWithLookingAtEveryone(t *testing.T) {
	s := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	ids := liadesk.RandomIDs(clock.Now)
	room := contacts.New(s, clock, ids)
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	admin := liadesk.ActorOf(a, u)
	tags := []string{"vip", "new", "old"}
	numbers := []string{"", "+12125550101", "+12125550102", "+46701740601", "+14155550103", "+12125550104", "+442079460000"} // the last is a landline
	all := map[uint32]contacts.View{}
	for i := range 30 {
		in := contacts.Input{Name: "P", Consent: &contacts.ConsentInput{Granted: i%3 > 0, Source: "form"}}
		if i < len(numbers) {
			in.Phone = numbers[i]
		}
		in.Country = []string{"", "BR", "SE"}[i/2%3]
		in.Language = []string{"", "pt-BR", "en"}[i/3%3]
		in.TimeZone = []string{"", "America/Sao_Paulo"}[i/5%2]
		if i%4 == 1 {
			in.Email = "p@example.org"
		}
		in.Attributes = map[string]string{"City": []string{"", "São Paulo", "sao paulo", "Lund", strings.Repeat("x", 300)}[i%5]}
		for n, tag := range tags {
			if i>>n&1 == 1 {
				in.Tags = append(in.Tags, tag)
			}
		}
		if _, err := room.Create(t.Context(), admin, in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := room.AddOptOut(t.Context(), admin, numbers[1], contacts.SourceTeam, ""); err != nil {
		t.Fatal(err)
	}
	dbtest.Update(t, s, func(tx *db.Tx) error { return room.MarkBadNumber(tx, a.ID, numbers[2], "50") })
	if _, err := room.RenameTag(t.Context(), admin, "old", "former"); err != nil {
		t.Fatal(err)
	}
	page, err := room.List(t.Context(), admin, contacts.Query{Page: db.Page{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Items {
		all[c.Dense] = c
	}

	var generate func(r *rapid.T, depth int) liadesk.Rule
	generate = func(r *rapid.T, depth int) liadesk.Rule {
		kinds := []string{"tag", "field", "all", "any", "not"}
		if depth > 2 {
			kinds = kinds[:2]
		}
		list := func() *[]liadesk.Rule {
			out := []liadesk.Rule{}
			for range rapid.IntRange(0, 3).Draw(r, "parts") {
				out = append(out, generate(r, depth+1))
			}
			return &out
		}
		switch rapid.SampledFrom(kinds).Draw(r, "kind") {
		case "all":
			return liadesk.Rule{All: list()}
		case "any":
			return liadesk.Rule{Any: list()}
		case "not":
			part := generate(r, depth+1)
			return liadesk.Rule{Not: &part}
		case "field":
			return drawField(r)
		}
		return liadesk.Rule{Tag: rapid.SampledFrom([]string{"vip", "NEW", "old", "former", "never used"}).Draw(r, "tag")}
	}
	var is func(r liadesk.Rule, c contacts.View) bool
	is = func(r liadesk.Rule, c contacts.View) bool {
		switch {
		case r.All != nil:
			return !slices.ContainsFunc(*r.All, func(p liadesk.Rule) bool { return !is(p, c) })
		case r.Any != nil:
			return slices.ContainsFunc(*r.Any, func(p liadesk.Rule) bool { return is(p, c) })
		case r.Not != nil:
			return !is(*r.Not, c)
		case r.Field != "":
			return fulfils(r, c.Contact)
		}
		name := strings.ToLower(r.Tag)
		if name == "old" {
			name = "former"
		}
		return slices.Contains(c.Tags, name)
	}
	reason := func(c contacts.View, p liadesk.Purpose) liadesk.SkipReason {
		switch {
		case c.Phone == "":
			return liadesk.SkipNoNumber
		case c.BadNumber != "":
			return liadesk.SkipInvalidNumber
		case c.CannotText:
			return liadesk.SkipCannotText
		case c.OptOut != nil:
			return liadesk.SkipOptedOut
		case p == liadesk.PurposeMarketing && c.Consent.State != liadesk.ConsentGranted:
			return liadesk.SkipNoConsent
		}
		return audience.Reached
	}
	rapid.Check(t, func(r *rapid.T) {
		rule := generate(r, 0)
		purpose := rapid.SampledFrom([]liadesk.Purpose{liadesk.PurposeMarketing, liadesk.PurposeTransactional}).Draw(r, "purpose")
		want := map[liadesk.SkipReason][]uint32{}
		for n, c := range all {
			if is(rule, c) {
				want[reason(c, purpose)] = append(want[reason(c, purpose)], n)
			}
		}
		for _, list := range want {
			slices.Sort(list)
		}
		check := func(what string, s audience.Split) {
			got := map[liadesk.SkipReason][]uint32{}
			union := s.Reachable.Clone()
			for reason, set := range s.Skipped {
				got[reason] = set.ToArray()
				if set.Intersects(union) {
					r.Fatalf("%s: somebody counts twice", what)
				}
				union.Or(set)
			}
			if !s.Reachable.IsEmpty() {
				got[audience.Reached] = s.Reachable.ToArray()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.Fatalf("%s of %+v: %s", what, rule, diff)
			}
			if !union.Equals(s.Matched) {
				r.Fatalf("%s: matched is not the sum", what)
			}
		}
		dbtest.View(t, s, func(tx *db.Tx) error {
			whole, err := audience.Evaluate(tx, a.ID, rule, purpose)
			if err != nil {
				return err
			}
			check("all at once", whole)
			chunk, err := audience.EvaluateChunk(tx, a.ID, rule, purpose, 0, audience.Outcomes{})
			if err != nil {
				return err
			}
			check("the chunk", chunk)
			beyond, err := audience.EvaluateChunk(tx, a.ID, rule, purpose, 7, audience.Outcomes{})
			if err == nil && !beyond.Matched.IsEmpty() {
				r.Fatal("somebody is in a chunk that does not exist")
			}
			return err
		})
	})
}

// fieldValues are the values that random rules ask for.
var fieldValues = map[string][]string{
	"country":         {"BR", "se", "US"},
	"language":        {"pt-br", "en", "fr"},
	"time_zone":       {"America/Sao_Paulo", "Europe/Rome"},
	"phone_type":      {"mobile", "FIXED", "fixed_or_mobile"},
	"attributes.city": {"SAO PAULO", "são paulo", "Lund", "Rome"},
	"attributes.City": {"lund"},
	"attributes.none": {"x"},
	"has_email":       nil,
	"has_phone":       nil,
}

func drawField(r *rapid.T) liadesk.Rule {
	field := rapid.SampledFrom(slices.Sorted(maps.Keys(fieldValues))).Draw(r, "field")
	values, ops := fieldValues[field], []string{"eq", "ne", "exists"}
	if values != nil {
		ops = append(ops, "in")
	}
	part := liadesk.Rule{Field: field, Op: rapid.SampledFrom(ops).Draw(r, "op"), Value: &liadesk.RuleValue{}}
	switch {
	case values == nil, part.Op == "exists":
		part.Value.Yes = new(rapid.Bool().Draw(r, "yes"))
	case part.Op == "in":
		part.Value.List = new(rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(r, "list"))
	default:
		part.Value.Text = new(rapid.SampledFrom(values).Draw(r, "text"))
	}
	return part
}

// fulfils asks one person what a part about a field asks the sets.
func fulfils(r liadesk.Rule, c liadesk.Contact) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ã", "a") }
	var has string
	switch r.Field {
	case "country":
		has = c.Country
	case "language":
		has = c.Language
	case "time_zone":
		has = c.TimeZone
	case "phone_type":
		has = c.PhoneKind
	case "has_email":
		has = c.Email
	case "has_phone":
		has = c.Phone
	default:
		has = c.Attributes[strings.ToLower(strings.TrimPrefix(r.Field, "attributes."))]
	}
	switch {
	case r.Value.Yes != nil:
		return ((has != "") == *r.Value.Yes) != (r.Op == "ne")
	case r.Op == "in":
		return slices.ContainsFunc(*r.Value.List, func(s string) bool { return plain(s) == plain(has) })
	}
	return (plain(has) == plain(*r.Value.Text)) != (r.Op == "ne")
}

func TestACountTellsReasonsInOrderAndListsThosePeople(t *testing.T) {
	s, counter := dbtest.OpenCounting(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	room, counts := contacts.New(s, clock, liadesk.RandomIDs(clock.Now)), audience.New(s, clock, liadesk.RandomIDs(clock.Now))
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	admin := liadesk.ActorOf(a, u)
	yes := &contacts.ConsentInput{Granted: true, Source: "form"}
	for _, in := range []contacts.Input{
		{Name: "Ana", Phone: "+12125550101", Tags: []string{"vip"}, Consent: yes},
		{Name: "Bob", Phone: "+12125550102", Tags: []string{"vip"}},
		{Name: "Eve", Tags: []string{"vip"}, Consent: yes},
		{Name: "Kim", Phone: "+12125550104", Consent: yes},
	} {
		if _, err := room.Create(t.Context(), admin, in); err != nil {
			t.Fatal(err)
		}
	}
	counter.Reset()
	vip := rule(t, `{"tag":"vip"}`)
	got, err := counts.Count(t.Context(), admin, vip, "")
	if err != nil || got.Matched != 3 || got.Reachable != 1 || !slices.Equal(got.Reasons(), []liadesk.SkipReason{liadesk.SkipNoNumber, liadesk.SkipNoConsent}) {
		t.Errorf("%+v, %v", got, err)
	}
	if n := counter.Counts(); n.RoundTrips() > 6 {
		t.Error(n)
	}
	for reason, want := range map[liadesk.SkipReason]string{"": "Eve Bob Ana", audience.Reached: "Ana", liadesk.SkipNoConsent: "Bob", liadesk.SkipNoNumber: "Eve", liadesk.SkipOptedOut: ""} {
		within, err := counts.Left(admin, vip, "", reason)
		if err != nil {
			t.Fatal(err)
		}
		page, err := room.List(t.Context(), admin, contacts.Query{Within: within})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range page.Items {
			names = append(names, c.Name)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%q: %v, want %s", reason, names, want)
		}
	}
	free, agent := admin, admin
	free.Plan, agent.Role = liadesk.PlanFree, liadesk.RoleAgent
	if _, err := counts.Count(t.Context(), free, vip, ""); !errors.Is(err, liadesk.ErrPlanRequired) {
		t.Error(err)
	}
	if _, err := counts.Left(agent, vip, "", ""); !errors.Is(err, liadesk.ErrForbidden) {
		t.Error(err)
	}
	if _, err := counts.Count(t.Context(), admin, vip, "spam"); liadesk.KindOf(err) != liadesk.KindInvalid {
		t.Error(err)
	}
	b, v := dbtest.Account(t, s, "rival", liadesk.PlanGrowth)
	if got, err := counts.Count(t.Context(), liadesk.ActorOf(b, v), rule(t, `{"all":[]}`), ""); err != nil || got.Matched != 0 {
		t.Errorf("another account sees %+v, %v", got, err)
	}
}

func TestARuleReadsAsOneSentence(t *testing.T) {
	catalogue, err := texts.New()
	if err != nil {
		t.Fatal(err)
	}
	l := catalogue.For("en")
	for s, want := range map[string]string{
		`{"all":[]}`:                                "Everyone",
		`{"any":[]}`:                                "Nobody",
		`{"tag":"vip"}`:                             "Everyone tagged “vip”",
		`{"any":[{"tag":"a"},{"tag":"b"}]}`:         "Everyone tagged “a” or “b”",
		`{"all":[{"tag":"a"},{"tag":"b"}]}`:         "Everyone tagged “a” and “b”",
		`{"not":{"tag":"staff"}}`:                   "Everyone not tagged “staff”",
		`{"all":[{"tag":"a"},{"not":{"tag":"b"}}]}`: "Everyone tagged “a”, but not tagged “b”",
		`{"all":[{"any":[{"tag":"vip"},{"tag":"new"}]},{"all":[{"tag":"madrid"}]},{"not":{"any":[{"tag":"staff"},{"tag":"press"}]}}]}`: "Everyone tagged “vip” or “new”, and tagged “madrid”, but not tagged “staff” or “press”",
		`{"any":[{"all":[{"tag":"a"},{"tag":"b"}]},{"tag":"c"}]}`:                                                                      "Everyone (tagged “a” and “b”) or tagged “c”",
		`{"field":"country","op":"eq","value":"BR"}`:                                                                                   "Everyone whose country is “BR”",
		`{"not":{"field":"country","op":"in","value":["BR","PT"]}}`:                                                                    "Everyone whose country is not “BR” or “PT”",
		`{"all":[{"tag":"vip"},{"field":"attributes.city","op":"ne","value":"Lund"}]}`:                                                 "Everyone tagged “vip”, and whose “city” is not “Lund”",
		`{"any":[{"field":"has_email","op":"eq","value":false},{"field":"language","op":"exists","value":true}]}`:                      "Everyone without an e-mail address or whose language is known",
		`{"all":[{"tag":"a"},{"not":{"any":[{"field":"attributes.plan","op":"eq","value":"Free"},{"tag":"b"}]}}]}`:                     "Everyone tagged “a”, but whose “plan” is not “Free”, and not tagged “b”",
		`{"any":[{"tag":"a"},{"not":{"any":[{"field":"has_email","op":"eq","value":true},{"tag":"b"}]}}]}`:                             "Everyone tagged “a” or (without an e-mail address, and not tagged “b”)",
		`{"not":{"all":[{"tag":"a"},{"tag":"b"}]}}`:                                                                                    "Everyone who is not (tagged “a” and “b”)",
	} {
		if got := audience.Sentence(l, rule(t, s)); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
	for _, r := range liadesk.SkipReasons {
		if !catalogue.Has("audience.skip." + string(r)) {
			t.Errorf("no words for %s", r)
		}
	}
}

// BenchmarkCountOverAMillion evaluates five criteria over a million contacts.
// The bound, five plain unions of the same sets, is measured in the same run.
func BenchmarkCountOverAMillion(b *testing.B) {
	s := dbtest.Open(b)
	a, _ := dbtest.Account(b, s, "acme", liadesk.PlanGrowth)
	ids := liadesk.RandomIDs(time.Now)
	const people, step = 1_000_000, 20_000
	tags := []string{"a", "b", "c", "d", "e"}
	for from := 0; from < people; from += step {
		dbtest.Update(b, s, func(tx *db.Tx) error {
			batch := tx.ContactBatch(a.ID)
			for i := from; i < from+step; i++ {
				c := liadesk.Contact{ID: ids(), AccountID: a.ID, Consent: liadesk.Consent{State: liadesk.ConsentGranted}}
				for n, tag := range tags {
					if i%(n+2) == 0 {
						c.Tags = append(c.Tags, tag)
					}
				}
				if err := batch.Put(nil, &c); err != nil {
					return err
				}
			}
			return batch.Flush()
		})
	}
	r := liadesk.Rule{Any: &[]liadesk.Rule{}}
	for _, tag := range tags {
		*r.Any = append(*r.Any, liadesk.Rule{Tag: tag})
	}
	var bound time.Duration
	dbtest.View(b, s, func(tx *db.Tx) error {
		refs := make([]db.SetRef, len(tags))
		for i, tag := range tags {
			refs[i] = db.SetTag(tag)
		}
		sets, err := tx.ReadSets(a.ID, refs)
		start := time.Now()
		for range 20 {
			roaring.FastOr(sets...)
		}
		bound = time.Since(start) / 20
		return err
	})
	b.ResetTimer()
	start := time.Now()
	for range b.N {
		dbtest.View(b, s, func(tx *db.Tx) error {
			_, err := audience.Evaluate(tx, a.ID, r, liadesk.PurposeMarketing)
			return err
		})
	}
	b.ReportMetric(float64(time.Since(start))/float64(b.N)/float64(bound), "x-plain-unions")
}

// Rules of programs write languages, countries and tags in their own ways. Under
// "not" a value that nobody has would mean everybody.
func TestARuleMeansWhatContactsHaveHoweverItIsWritten(t *testing.T) {
	s := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	room := contacts.New(s, clock, liadesk.RandomIDs(clock.Now))
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	admin := liadesk.ActorOf(a, u)
	for _, in := range []contacts.Input{{Name: "Ana", Language: "pt_BR", Country: "UK", Tags: []string{"Cafe\u0301 Club"}}, {Name: "Bob", Language: "en", Country: "SE"}} {
		if _, err := room.Create(t.Context(), admin, in); err != nil {
			t.Fatal(err)
		}
	}
	counts := audience.New(s, clock, liadesk.RandomIDs(clock.Now))
	for text, want := range map[string]int64{
		`{"field":"language","op":"eq","value":"pt_BR"}`: 1, `{"field":"language","op":"ne","value":"pt-br"}`: 1, `{"field":"language","op":"eq","value":"eng"}`: 1,
		`{"field":"country","op":"eq","value":"UK"}`: 1, `{"field":"country","op":"eq","value":"gb"}`: 1, `{"field":"country","op":"ne","value":"UK"}`: 1,
		`{"tag":"CAFÉ  club"}`: 1, `{"not":{"tag":"cafe\u0301 club"}}`: 1,
	} {
		if got, err := counts.Count(t.Context(), admin, rule(t, text), ""); err != nil || got.Matched != want {
			t.Errorf("%s: %d, %v", text, got.Matched, err)
		}
	}
	// Rules of before, which an earlier version took, still mean what they meant.
	dbtest.View(t, s, func(tx *db.Tx) error {
		for _, text := range []string{`{"not":{"field":"time_zone","op":"eq","value":"us/pacific"}}`, `{"field":"time_zone","op":"ne","value":"Europe/Nowhere"}`} {
			if split, err := audience.Evaluate(tx, a.ID, rule(t, text), ""); err != nil || split.Matched.GetCardinality() != 2 {
				t.Errorf("%s: %v", text, err)
			}
		}
		return nil
	})
	if r := rule(t, `{"all":[{"not":{"tag":"VIP "}}]}`); !r.AsksTag("vip") || r.AsksTag("") {
		t.Error("a tag that is written otherwise is not found in the rule, and might be deleted under it")
	}
}
