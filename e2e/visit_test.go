package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// BenchmarkVisit holds page views against the server's own smallest answer, from
// 64 connections: 200 enabled campaigns on one host, addresses at random. It
// reports visits a second, their ratio to the smallest answer, and the 99th
// percentile of their times.
func BenchmarkVisit(b *testing.B) {
	app := installed(b, plain, nil)
	a := app.setup("Shop", "ada@shop.example")
	app.start("serve")
	api := app.client(a.Token)
	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"shop.example"}})
	for i := range 200 {
		url := fmt.Sprintf("https://shop.example/products/%d", i)
		switch i % 4 {
		case 1:
			url += "/*"
		case 2:
			url = fmt.Sprintf("https://shop.example/*/sale-%d", i)
		case 3:
			url = fmt.Sprintf("https://shop.example/c%d/:item", i)
		}
		api.post("/live-chat-campaigns", object{"title": "Campaign", "message": "<p>Hi</p>", "inbox_id": inbox.str("id"),
			"sender": object{"kind": "bot"}, "trigger": object{"url": url, "time_on_page": 5}})
	}
	pages := []string{"products/%d", "products/%d/red", "sale/sale-%d", "c%d/thing", "about/%d", "a/b/c/%d?utm_source=mail"}
	visit := func(i int) []byte {
		return fmt.Appendf(nil, `{"inbox":%q,"url":"https://shop.example/`+pages[i%len(pages)]+`","referrer":"https://news.example/","language":"en-GB","device":"desktop","seen":[]}`,
			inbox.str("key"), (i*7919)%1000)
	}
	var rates [2][]float64
	var slowest []time.Duration
	for range 3 {
		hello, _ := load(b, app.url+"/healthz", nil)
		visits, p99 := load(b, app.url+"/widget/v1/visit", visit)
		rates[0], rates[1] = append(rates[0], hello), append(rates[1], visits)
		slowest = append(slowest, p99)
	}
	middle := func(list []float64) float64 { slices.Sort(list); return list[len(list)/2] }
	slices.Sort(slowest)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middle(rates[0]), "smallest/s")
	b.ReportMetric(middle(rates[1]), "visits/s")
	b.ReportMetric(middle(rates[1])/middle(rates[0]), "ratio")
	b.ReportMetric(float64(slowest[len(slowest)/2].Microseconds())/1000, "p99-ms")
}

// load asks from 64 connections for three seconds.
func load(b *testing.B, url string, body func(int) []byte) (perSecond float64, p99 time.Duration) {
	b.Helper()
	const connections = 64
	client := &fasthttp.Client{MaxConnsPerHost: connections}
	var all [connections][]time.Duration
	begin := time.Now()
	end := begin.Add(3 * time.Second)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			req.SetRequestURI(url)
			for i := c; ; i += connections {
				if body != nil {
					req.Header.SetMethod(http.MethodPost)
					req.Header.SetContentType("text/plain")
					req.SetBody(body(i))
				}
				from := time.Now()
				if from.After(end) {
					return
				}
				if err := client.Do(req, resp); err != nil || resp.StatusCode() != http.StatusOK {
					b.Errorf("%s: %d, %v", url, resp.StatusCode(), err)
					return
				}
				all[c] = append(all[c], time.Since(from))
			}
		})
	}
	wg.Wait()
	times := slices.Concat(all[:]...)
	slices.Sort(times)
	return float64(len(times)) / time.Since(begin).Seconds(), times[len(times)*99/100]
}
