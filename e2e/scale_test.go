package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// many is how many contacts BenchmarkManyContacts brings in;
// CAMPAIGNS_BENCH_CONTACTS sets another number, such as 1000000.
func many(b *testing.B) int {
	text := os.Getenv("CAMPAIGNS_BENCH_CONTACTS")
	if text == "" {
		return 50_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 || n > 1_000_000 {
		b.Fatalf("CAMPAIGNS_BENCH_CONTACTS is %q: write a number from 1000 to 1000000", text)
	}
	return n
}

// crowd writes a file of n people, one after another. Their numbers are of the
// block around the Swedish range that is kept for fiction, for that range has
// room for a hundred alone. Nothing is ever texted to them.
func crowd(w io.Writer, n int) error {
	buf := bufio.NewWriter(w)
	cities := []string{"Madrid", "Lund", "Porto", "Quito", "Lima"}
	fmt.Fprintln(buf, "name,phone,email,tags,city,order")
	for i := range n {
		fmt.Fprintf(buf, "Person%d Example,+46701%06d,p%d@example.org,t%d;u%d,%s,A-%d\n", i, i, i, i%20, i%7, cities[i%5], 1000+i)
	}
	return buf.Flush()
}

// latencies are how long answers took.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) time(do func()) {
	start := time.Now()
	do()
	took := time.Since(start)
	l.mu.Lock()
	l.list = append(l.list, took)
	l.mu.Unlock()
}

// at is the time within which so many of the answers came, of 1.
func (l *latencies) at(share float64) time.Duration {
	slices.Sort(l.list)
	if len(l.list) == 0 {
		return 0
	}
	return l.list[min(int(share*float64(len(l.list))), len(l.list)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkManyContacts runs the program as an operator does, brings in a file
// of people while somebody reads and writes, and then asks what an account of
// that size asks all day. The bounds are of the same run: an answer that reads
// nothing (/healthz), and the start of the program with an empty folder.
func BenchmarkManyContacts(b *testing.B) {
	n := many(b)
	for b.Loop() {
		app := installed(b, plain, nil)
		account := app.setup("Northwind Bikes", "ana@northwind.example")
		var empty latencies
		for range 3 {
			var p *process
			empty.time(func() { p = app.start("serve") })
			p.stop()
		}
		server := app.start("serve")
		api, desk := app.client(account.Token), app.signIn("ana@northwind.example")
		note := api.post("/contacts", object{"name": "Someone"}).str("id")

		get := func(path string) {
			resp, err := desk.http.Get(app.url + path)
			if err != nil {
				b.Fatal(err)
			}
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatal(path, resp.StatusCode, err)
			}
		}
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(crowd(w, n)) }()
		req, err := http.NewRequest(http.MethodPost, app.url+"/api/v1/contacts/import?region=SE&consent=web+form", r)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+account.Token)
		req.Header.Set("Content-Type", "text/csv")
		began := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusAccepted {
			b.Fatal(resp, err)
		}
		var taken object
		err = json.NewDecoder(resp.Body).Decode(&taken)
		_ = resp.Body.Close()
		if err != nil {
			b.Fatal(err)
		}

		done := make(chan struct{})
		var reads, writes latencies
		var all sync.WaitGroup
		pause := func() bool {
			select {
			case <-done:
				return false
			case <-time.After(20 * time.Millisecond):
				return true
			}
		}
		all.Go(func() {
			for pause() {
				reads.time(func() { get("/contacts") })
			}
		})
		all.Go(func() {
			for i := 0; pause(); i++ {
				writes.time(func() {
					api.ask(http.StatusOK, http.MethodPatch, "/contacts/"+note, object{"name": fmt.Sprint("Someone ", i)})
				})
			}
		})
		var im object
		for im.str("state") != "completed" && im.str("state") != "failed" {
			<-time.After(100 * time.Millisecond)
			im = api.get("/imports/" + taken.str("id"))
		}
		took := time.Since(began)
		close(done)
		all.Wait()
		if im.num("created") != n {
			b.Fatalf("the import: %v", im)
		}
		b.ReportMetric(float64(n)/took.Seconds(), "rows/s")
		b.ReportMetric(ms(reads.at(.99)), "ms-read-p99-meanwhile")
		b.ReportMetric(ms(writes.at(.99)), "ms-write-p99-meanwhile")

		var health latencies
		for range 50 {
			health.time(func() { get("/healthz") })
		}
		bound := health.at(.5)
		b.ReportMetric(ms(bound), "ms-healthz")
		ask := func(name string, do func(i int)) {
			var l latencies
			for i := range 50 {
				l.time(func() { do(i) })
			}
			b.ReportMetric(ms(l.at(.5)), "ms-"+name)
			b.ReportMetric(float64(l.at(.5))/float64(bound), "x-healthz-"+name)
		}
		ask("page", func(int) { get("/contacts") })
		ask("search-page", func(i int) { get(fmt.Sprintf("/contacts?q=person%d", i*n/60)) })
		ask("phone", func(i int) { api.get(fmt.Sprintf("/contacts?q=%%2B46701%06d", i*n/60)) })
		ask("count", func(int) {
			api.ask(http.StatusOK, http.MethodPost, "/audience/count", object{"rule": object{"all": []object{
				{"any": []object{{"tag": "t1"}, {"tag": "t2"}, {"tag": "u3"}}}, {"not": object{"tag": "u4"}},
				{"field": "attributes.city", "op": "in", "value": []string{"Lund", "Porto"}},
				{"field": "country", "op": "eq", "value": "SE"}, {"field": "has_email", "op": "eq", "value": true}}}})
		})
		inbox := api.post("/inboxes", object{"kind": "sms", "name": "Texts", "number": "+46701740600", "auth_id": "MAXXXXXXXXXXXXXXXXXX",
			"auth_token": "secret", "messages_per_second": 100}).str("id")
		campaign := object{"title": "News", "message": "Hi {{ contact.first_name }}, news from {{ contact.attributes.city }}.", "inbox_id": inbox,
			"audience": object{"rule": object{"all": []object{}}}}
		var counts, exact latencies
		for range 3 {
			var f object
			exact.time(func() {
				counts.time(func() { f = api.ask(http.StatusAccepted, http.MethodPost, "/forecasts", campaign) })
				for f.str("state") == "running" {
					<-time.After(5 * time.Millisecond)
					f = api.get("/forecasts/" + f.str("id"))
				}
			})
			if f.str("state") != "completed" || f.num("measured") != n {
				b.Fatalf("the forecast: %v", f)
			}
		}
		b.ReportMetric(ms(counts.at(.5)), "ms-forecast-counts")
		b.ReportMetric(ms(exact.at(.5)), "ms-forecast-exact")
		b.ReportMetric(float64(n)/exact.at(.5).Seconds(), "forecast-texts/s")
		server.stop()
		var full latencies
		for range 3 {
			var p *process
			full.time(func() { p = app.start("serve") })
			p.stop()
		}
		b.ReportMetric(ms(full.at(.5)), "ms-start")
		b.ReportMetric(float64(full.at(.5))/float64(empty.at(.5)), "x-empty-start")
		if info, err := os.Stat(app.data + "/campaigns.db"); err == nil {
			b.ReportMetric(float64(info.Size())/float64(n), "B/contact")
		}
	}
}
