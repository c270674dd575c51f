package contacts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// BenchmarkImport reads a file of different people. Its bound is the part that
// no import can do without, reading the numbers, measured in the same run.
func BenchmarkImport(b *testing.B) {
	const people = 20_000
	firsts := []string{"Ana", "Bruno", "Carla", "Diego", "Elena", "Fábio", "Gloria", "Hugo"}
	lasts := []string{"Silva", "Núñez", "Smith", "Okafor", "García", "Souza", "Jones"}
	var file strings.Builder
	file.WriteString("name,phone,email,tags,city\n")
	numbers := make([]string, people)
	for i := range people {
		// 555-01xx is too small a range for so many: these are Swedish numbers
		// of a range kept for fiction, and their neighbours.
		numbers[i] = fmt.Sprintf("+46701%06d", 700000+i)
		first, last := firsts[i%len(firsts)], lasts[i%len(lasts)]
		fmt.Fprintf(&file, "%s %s,%s,%s.%s.%d@example.org,vip;t%d,Madrid\n", first, last, numbers[i], first, last, i, i%20)
	}
	for b.Loop() {
		start := time.Now()
		for _, n := range numbers {
			if _, err := phone.Parse(n, ""); err != nil {
				b.Fatal(n, err)
			}
		}
		bound := time.Since(start)

		s := dbtest.Open(b)
		a, u := dbtest.Account(b, s, "acme", liadesk.PlanGrowth)
		room := contacts.New(s, clockwork.NewRealClock(), liadesk.RandomIDs(time.Now))
		admin := liadesk.ActorOf(a, u)
		start = time.Now()
		im, err := room.Upload(b.Context(), admin, "people.csv", strings.NewReader(file.String()))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := room.StartImport(b.Context(), admin, im.ID, nil); err != nil {
			b.Fatal(err)
		}
		if err := room.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		if im, err = room.Import(b.Context(), admin, im.ID); err != nil || im.Created != people {
			b.Fatalf("%+v, %v", im, err)
		}
		b.ReportMetric(people/took.Seconds(), "rows/s")
		b.ReportMetric(float64(took)/float64(bound), "x-reading-numbers")
	}
}
