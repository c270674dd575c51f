package db_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

var (
	modelPhones = []string{"", "+12125550101", "+12125550102", "+13055550103", "+46701740601"}
	modelTags   = []string{"vip", "new", "old", "madrid"}
	modelNames  = []string{"", "Ana Núñez", "Anabel", "Bob O'Neil", "Øystein Åse", "ana", "Nunez Ana Bob"}
	modelEmails = []string{"", "ana@example.org", "Ana@Example.org", "bob.neil@shop.example"}
	modelClass  = map[string]string{"+12125550101": "US/NY/America/New_York", "+12125550102": "US/NY/America/New_York",
		"+13055550103": "US/FL/America/New_York", "+46701740601": "SE//Europe/Stockholm"}
)

// model is what the sets should hold, computed from the contacts alone.
type model struct {
	contacts map[liadesk.ID]liadesk.Contact
	optOuts  map[string]bool
	tags     map[string]bool // every tag that was ever used
	dense    map[uint32]bool // every dense number ever handed out
}

func (m *model) naive(in func(liadesk.Contact) bool) []uint32 {
	var out []uint32
	for _, c := range m.contacts {
		if in(c) {
			out = append(out, c.Dense)
		}
	}
	slices.Sort(out)
	return out
}

func drawContact(r *rapid.T, c *liadesk.Contact) {
	c.Name = rapid.SampledFrom(modelNames).Draw(r, "name")
	c.Email = rapid.SampledFrom(modelEmails).Draw(r, "email")
	c.Phone = rapid.SampledFrom(modelPhones).Draw(r, "phone")
	c.Class = modelClass[c.Phone]
	c.CannotText = c.Phone == "+46701740601"
	c.BadNumber = ""
	if c.Phone != "" && rapid.Bool().Draw(r, "bad") {
		c.BadNumber = "50"
	}
	c.Tags = nil
	for _, t := range modelTags {
		if rapid.Bool().Draw(r, "tag "+t) {
			c.Tags = append(c.Tags, t)
		}
	}
	c.Consent.State = rapid.SampledFrom([]liadesk.ConsentState{"", liadesk.ConsentGranted, liadesk.ConsentRefused}).Draw(r, "consent")
}

func TestEverySetAgreesWithTheContactsAfterAnyChanges(t *testing.T) {
	s := dbtest.Open(t)
	ids := liadesk.RandomIDs(time.Now)
	rapid.Check(t, func(r *rapid.T) {
		account := ids()
		m := &model{contacts: map[liadesk.ID]liadesk.Contact{}, optOuts: map[string]bool{}, tags: map[string]bool{}, dense: map[uint32]bool{}}
		pick := func() (liadesk.Contact, bool) {
			if len(m.contacts) == 0 {
				return liadesk.Contact{}, false
			}
			all := slices.SortedFunc(maps.Values(m.contacts), func(a, b liadesk.Contact) int { return int(a.Dense) - int(b.Dense) })
			return rapid.SampledFrom(all).Draw(r, "which"), true
		}
		keep := func(old *liadesk.Contact, c liadesk.Contact) {
			err := s.Update(t.Context(), func(tx *db.Tx) error { return tx.PutContact(old, &c) })
			var taken *db.PhoneTakenError
			for _, other := range m.contacts {
				if other.ID != c.ID && c.Phone != "" && other.Phone == c.Phone {
					if !errors.As(err, &taken) || taken.ID != other.ID {
						r.Fatalf("two contacts with %s: %v", c.Phone, err)
					}
					return
				}
			}
			if err != nil {
				r.Fatal(err)
			}
			if old == nil && m.dense[c.Dense] {
				r.Fatalf("dense number %d was handed out twice", c.Dense)
			}
			m.dense[c.Dense] = true
			m.contacts[c.ID] = c
			for _, tag := range c.Tags {
				m.tags[tag] = true
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"create": func(r *rapid.T) {
				c := liadesk.Contact{ID: ids(), AccountID: account, CreatedAt: dbtest.Now}
				drawContact(r, &c)
				keep(nil, c)
			},
			"change": func(r *rapid.T) {
				old, ok := pick()
				if !ok {
					return
				}
				c := old
				drawContact(r, &c)
				keep(&old, c)
			},
			"delete": func(r *rapid.T) {
				c, ok := pick()
				if !ok {
					return
				}
				dbtest.Update(t, s, func(tx *db.Tx) error { return tx.DeleteContact(c) })
				delete(m.contacts, c.ID)
			},
			"opt out": func(r *rapid.T) {
				n := rapid.SampledFrom(modelPhones[1:]).Draw(r, "number")
				dbtest.Update(t, s, func(tx *db.Tx) error {
					return tx.PutOptOut(account, ids(), liadesk.OptOut{Number: n, At: dbtest.Now, Source: "keyword"})
				})
				m.optOuts[n] = true
			},
			"opt in": func(r *rapid.T) {
				n := rapid.SampledFrom(modelPhones[1:]).Draw(r, "number")
				dbtest.Update(t, s, func(tx *db.Tx) error {
					had, err := tx.DeleteOptOut(account, ids(), liadesk.OptOut{Number: n, At: dbtest.Now})
					if had != m.optOuts[n] {
						r.Errorf("opt-out of %s: found %v, want %v", n, had, m.optOuts[n])
					}
					return err
				})
				delete(m.optOuts, n)
			},
			"": func(r *rapid.T) { checkModel(t, r, s, account, m) },
		})
	})
}

func checkModel(t *testing.T, r *rapid.T, s *db.Store, account liadesk.ID, m *model) {
	sets := map[db.SetRef]func(liadesk.Contact) bool{
		db.SetAll:        func(liadesk.Contact) bool { return true },
		db.SetPhone:      func(c liadesk.Contact) bool { return c.Phone != "" },
		db.SetConsent:    func(c liadesk.Contact) bool { return c.Consent.State == liadesk.ConsentGranted },
		db.SetOptOut:     func(c liadesk.Contact) bool { return m.optOuts[c.Phone] },
		db.SetCannotText: func(c liadesk.Contact) bool { return c.CannotText },
		db.SetBadNumber:  func(c liadesk.Contact) bool { return c.BadNumber != "" },
	}
	for _, tag := range modelTags {
		sets[db.SetTag(tag)] = func(c liadesk.Contact) bool { return slices.Contains(c.Tags, tag) }
	}
	for _, class := range modelClass {
		sets[db.SetClass(class)] = func(c liadesk.Contact) bool { return c.Class == class }
	}
	refs := slices.Collect(maps.Keys(sets))
	dbtest.View(t, s, func(tx *db.Tx) error {
		got, err := tx.ReadSets(account, refs)
		if err != nil {
			return err
		}
		for i, ref := range refs {
			if d := cmp.Diff(m.naive(sets[ref]), got[i].ToArray(), cmp.Comparer(slices.Equal[[]uint32])); d != "" {
				r.Fatalf("set %v: %s", ref, d)
			}
		}
		rows, err := tx.Tags(account)
		if err != nil {
			return err
		}
		if len(rows) != len(m.tags) {
			r.Fatalf("%d tags, want %d", len(rows), len(m.tags))
		}
		for _, row := range rows {
			if want := len(m.naive(sets[db.SetTag(row.Name)])); int(row.Count) != want {
				r.Fatalf("tag %s counts %d, want %d", row.Name, row.Count, want)
			}
		}
		for _, n := range modelPhones[1:] {
			c, ok, err := tx.ContactByPhone(account, n)
			if err != nil {
				return err
			}
			want := m.naive(func(c liadesk.Contact) bool { return c.Phone == n })
			if ok != (len(want) == 1) || ok && c.Dense != want[0] {
				r.Fatalf("%s leads to %v, %v; want %v", n, c.Dense, ok, want)
			}
		}
		searches := map[string]func(liadesk.Contact) bool{
			"":          func(liadesk.Contact) bool { return true },
			"ana":       hasWord("ana"),
			"NUÑ":       hasWord("nun"),
			"nunez ana": func(c liadesk.Contact) bool { return hasWord("nunez")(c) && hasWord("ana")(c) },
			"Øyst":      hasWord("oyst"),
			"ana@ex":    func(c liadesk.Contact) bool { return strings.HasPrefix(strings.ToLower(c.Email), "ana@ex") },
			"0101":      func(c liadesk.Contact) bool { return strings.HasSuffix(c.Phone, "101") },
			"+1 (212)":  func(c liadesk.Contact) bool { return strings.HasPrefix(c.Phone, "+1212") },
			"305555":    func(c liadesk.Contact) bool { return strings.HasPrefix(c.Phone, "+1305555") },
			"nobody":    func(liadesk.Contact) bool { return false },
		}
		for text, in := range searches {
			page, err := tx.Contacts(account, db.ContactQuery{Text: text, CallingCode: 1, Page: db.Page{Limit: 200}})
			if err != nil {
				return err
			}
			var got []uint32
			for _, c := range page.Items {
				got = append(got, c.Dense)
			}
			slices.Reverse(got)
			if want := m.naive(in); !slices.Equal(got, want) || page.Total != uint64(len(want)) {
				r.Fatalf("search %q: %v, want %v", text, got, want)
			}
		}
		return nil
	})
}

func hasWord(beginning string) func(liadesk.Contact) bool {
	fold := strings.NewReplacer("ú", "u", "ñ", "n", "ø", "o", "å", "a")
	return func(c liadesk.Contact) bool {
		text := fold.Replace(strings.ToLower(c.Name + " " + strings.TrimSuffix(c.Email, c.Email[strings.LastIndex(c.Email, ".")+1:])))
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z') }) {
			if strings.HasPrefix(w, beginning) {
				return true
			}
		}
		return false
	}
}

func TestAListGoesFromPageToPageWithoutGapsOrDoubles(t *testing.T) {
	s := dbtest.Open(t)
	a, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	ids := liadesk.RandomIDs(func() time.Time { return dbtest.Now })
	dbtest.Update(t, s, func(tx *db.Tx) error {
		b := tx.ContactBatch(a.ID)
		for i := range 23 {
			c := liadesk.Contact{ID: ids(), AccountID: a.ID, Name: fmt.Sprintf("Person %d", i)}
			if i%2 == 0 {
				c.Tags = []string{"even"}
			}
			if err := b.Put(nil, &c); err != nil {
				return err
			}
		}
		return b.Flush()
	})
	var seen []string
	after := ""
	for {
		var page db.ContactPage
		dbtest.View(t, s, func(tx *db.Tx) (err error) {
			page, err = tx.Contacts(a.ID, db.ContactQuery{Tag: "even", Page: db.Page{Limit: 5, After: after}})
			return err
		})
		if page.Total != 12 {
			t.Fatalf("total %d", page.Total)
		}
		for _, c := range page.Items {
			seen = append(seen, c.Name)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 12 || seen[0] != "Person 22" || seen[11] != "Person 0" {
		t.Errorf("saw %v", seen)
	}
}

func TestAPageOfContactsTakesFewRoundTrips(t *testing.T) {
	s, counter := dbtest.OpenCounting(t)
	a, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	ids := liadesk.RandomIDs(func() time.Time { return dbtest.Now })
	dbtest.Update(t, s, func(tx *db.Tx) error {
		b := tx.ContactBatch(a.ID)
		for i := range 100 {
			c := liadesk.Contact{ID: ids(), AccountID: a.ID, Name: fmt.Sprintf("Ana %d", i), Tags: []string{"vip"}}
			if err := b.Put(nil, &c); err != nil {
				return err
			}
		}
		return b.Flush()
	})
	counter.Reset()
	dbtest.View(t, s, func(tx *db.Tx) error {
		page, err := tx.Contacts(a.ID, db.ContactQuery{Tag: "vip", Text: "ana"})
		if len(page.Items) != 50 {
			t.Errorf("%d on the page", len(page.Items))
		}
		return err
	})
	if n := counter.Counts(); n.RoundTrips() > 6 {
		t.Error(n)
	}
}

func TestOptOutsAreListedNewestFirstAndByNumber(t *testing.T) {
	s := dbtest.Open(t)
	a, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	b, _ := dbtest.Account(t, s, "other", liadesk.PlanGrowth)
	ids := liadesk.RandomIDs(func() time.Time { return dbtest.Now })
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for i := range 7 {
			if err := tx.PutOptOut(a.ID, ids(), liadesk.OptOut{Number: fmt.Sprintf("+1212555010%d", i), At: dbtest.Now.Add(time.Duration(i) * time.Hour)}); err != nil {
				return err
			}
		}
		// A second STOP changes nothing but the history.
		return tx.PutOptOut(a.ID, ids(), liadesk.OptOut{Number: "+12125550100", At: dbtest.Now.Add(24 * time.Hour)})
	})
	dbtest.View(t, s, func(tx *db.Tx) error {
		var seen []string
		after := ""
		for {
			items, next, err := tx.OptOuts(a.ID, "", db.Page{Limit: 3, After: after})
			if err != nil {
				return err
			}
			for _, o := range items {
				seen = append(seen, o.Number[len(o.Number)-1:])
			}
			if after = next; after == "" {
				break
			}
		}
		if got := strings.Join(seen, ""); got != "6543210" {
			t.Errorf("order %s", got)
		}
		items, _, err := tx.OptOuts(a.ID, "+12125550103", db.Page{})
		if err != nil || len(items) != 1 {
			t.Errorf("by number: %v, %v", items, err)
		}
		history, err := tx.OptOutHistory(a.ID, "+12125550100", 10)
		if err != nil || len(history) != 2 {
			t.Errorf("history: %v, %v", history, err)
		}
		none, _, err := tx.OptOuts(b.ID, "", db.Page{})
		if len(none) != 0 {
			t.Errorf("another account sees %v", none)
		}
		return err
	})
}
