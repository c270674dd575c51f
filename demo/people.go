package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/liadesk"
)

// region is a place where contacts live. Their numbers are taken from the end
// of the list, so no two people share one.
type region struct {
	people      int
	city        string
	language    string
	first, last []string
	numbers     []string
}

var (
	englishFirst = []string{"Ava", "Noah", "Grace", "Liam", "Zoe", "Ethan", "Ruby", "Caleb", "Nora", "Owen", "Hazel", "Jonah", "Iris", "Marcus", "Priya", "Daniel",
		"Mei", "Andre", "Leila", "Samuel", "Imani", "Victor", "Rosa", "Henry", "Jade", "Omar", "Elena", "Theo", "Camila", "Dev"}
	englishLast = []string{"Whitfield", "Okonkwo", "Castellano", "Brandt", "Nakamura", "Delgado", "Pruitt", "Haverford", "Iyer", "Kowalski", "Lindgren",
		"Moreau", "Abernathy", "Vance", "Solis", "Petrov", "Ashworth", "Quimby", "Rasmussen", "Tran", "Bellweather", "Garza", "Holloway", "Yoon", "Fairbanks"}
	frenchFirst  = []string{"Élodie", "Mathieu", "Chloé", "Étienne", "Maude", "Félix", "Amélie", "Loïc", "Noémie", "Zacharie"}
	frenchLast   = []string{"Tremblay-Roy", "Gagné", "Bélanger", "Côté", "Lavoie", "Desrosiers", "Thériault", "Vézina"}
	swedishFirst = []string{"Astrid", "Björn", "Saga", "Nils", "Freja", "Åke", "Elin", "Gösta", "Maja", "Sixten"}
	swedishLast  = []string{"Lindqvist", "Åberg", "Söderström", "Hallgren", "Ekdahl", "Öberg", "Norrman"}
)

// fiction are the last two digits that the North American plan keeps free for
// fiction in every area code: 555-0100 to 555-0199.
func fiction(area string) []string {
	list := make([]string, 0, 100)
	for n := range 100 {
		list = append(list, fmt.Sprintf("+1%s55501%02d", area, n))
	}
	return list
}

// regions are where the contacts live. The Australian numbers are those that
// ACMA, the Swedish ones those that PTS keeps free for fiction.
func regions() []region {
	usa := func(area, city string, people int) region {
		return region{people, city, "en-US", englishFirst, englishLast, fiction(area)}
	}
	var australia, sweden []string
	for _, n := range strings.Fields("006 156 157 158 159 110 313 737") {
		australia = append(australia, "+61491570"+n)
	}
	for _, n := range strings.Fields("266 491 804") {
		australia = append(australia, "+61491571"+n)
	}
	for _, n := range strings.Fields("549 665 983") {
		australia = append(australia, "+61491572"+n)
	}
	for n := 605; n <= 699; n++ {
		sweden = append(sweden, fmt.Sprintf("+46701740%d", n))
	}
	return []region{
		usa("212", "New York", 52), usa("718", "Brooklyn", 40), usa("617", "Boston", 24), usa("312", "Chicago", 28),
		usa("415", "San Francisco", 26), usa("512", "Austin", 18), usa("206", "Seattle", 14),
		{22, "Toronto", "en-CA", englishFirst, englishLast, fiction("416")},
		{20, "Montréal", "fr-CA", frenchFirst, frenchLast, fiction("514")},
		{12, "Kingston", "en-JM", englishFirst, englishLast, fiction("876")},
		{14, "Melbourne", "en-AU", englishFirst, englishLast, australia},
		{16, "Malmö", "sv-SE", swedishFirst, swedishLast, sweden},
		{14, "", "", englishFirst, englishLast, nil}, // e-mail only
	}
}

// consentSources are where people were asked.
var consentSources = []string{"newsletter form of the shop", "checkout, box ticked by the customer", "at the till in Brooklyn", "spring market, signed list"}

// invented makes the contacts as input. The same seed makes the same people at
// every start.
func invented(now time.Time) []contacts.Input {
	chance := rand.New(rand.NewPCG(4, 2026))
	one := func(of []string) string { return of[chance.IntN(len(of))] }
	taken := map[string]bool{}
	var list []contacts.Input
	for _, r := range regions() {
		numbers := chance.Perm(len(r.numbers))
		for i := range r.people {
			name := one(r.first) + " " + one(r.last)
			for taken[name] {
				name = one(r.first) + " " + one(r.last)
			}
			taken[name] = true
			in := contacts.Input{Name: name, Language: r.language, Source: contacts.SourceTeam, Attributes: map[string]string{}}
			if len(r.numbers) > 0 {
				in.Phone = r.numbers[numbers[i]]
			}
			if in.Phone == "" || chance.IntN(10) < 7 {
				in.Email = mailbox(name)
			}
			if r.city != "" {
				in.Attributes["city"] = r.city
			}
			tag := func(name string, outOfTen int) {
				if chance.IntN(10) < outOfTen {
					in.Tags = append(in.Tags, name)
				}
			}
			tag("customers", 7)
			tag("newsletter", 4)
			tag("spring-sale", 3)
			tag("vip", 1)
			if chance.IntN(25) == 0 {
				in.Tags = append(in.Tags, "wholesale")
			}
			if len(in.Tags) > 0 && in.Tags[0] == "customers" {
				in.Attributes["favourite"] = one([]string{"monstera", "snake plant", "pilea", "olive tree", "fern", "cactus"})
			}
			asked := now.Add(-time.Duration(30+chance.IntN(500)) * 24 * time.Hour)
			switch n := chance.IntN(20); {
			case n < 16:
				in.Consent = &contacts.ConsentInput{Granted: true, Source: one(consentSources), At: asked}
			case n < 17:
				in.Consent = &contacts.ConsentInput{Granted: false, Source: "asked to be left alone on the phone", At: asked}
			}
			list = append(list, in)
		}
	}
	chance.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// mailbox is an address under a domain that nobody can own (RFC 2606).
func mailbox(name string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), name)
	if err != nil {
		plain = name
	}
	return strings.ToLower(strings.ReplaceAll(plain, " ", ".")) + "@mail.example"
}

func (s *seeder) contacts(ctx context.Context) error {
	people := invented(s.Clock.Now())
	for _, in := range people {
		if _, err := s.Contacts.Create(ctx, s.actor, in); err != nil {
			return fmt.Errorf("%s, %s: %w", in.Name, in.Phone, err)
		}
	}
	// Some have said stop before, one of them on paper.
	notes := []string{"wrote STOP", "asked at the till", "sent a letter"}
	for _, in := range people {
		if len(notes) == 0 {
			break
		}
		if in.Phone == "" || in.Consent == nil || !in.Consent.Granted {
			continue
		}
		if _, err := s.Contacts.AddOptOut(ctx, s.actor, in.Phone, contacts.SourceTeam, notes[0]); err != nil {
			return err
		}
		notes = notes[1:]
	}
	return nil
}

// The audiences of the campaigns.
func tagged(tags ...string) liadesk.Rule {
	var all []liadesk.Rule
	for _, t := range tags {
		all = append(all, liadesk.Rule{Tag: t})
	}
	return liadesk.Rule{All: &all}
}
