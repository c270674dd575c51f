package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	fast "github.com/fasthttp/websocket"
)

// audience is a number of visitors, each at an address of their own, with a
// conversation and its socket open.
type audience struct {
	b      *testing.B
	url    string
	key    string
	people []*onlooker
}

// onlooker is one visitor.
type onlooker struct {
	token, talk string
	socket      *fast.Conn
	// heard gets the moment at which a message of the team arrived.
	heard chan time.Time
}

// call sends a request of visitor n's widget.
func (c *audience) call(n int, name string, body object) (object, error) {
	body["inbox"] = c.key
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(c.b.Context(), http.MethodPost, c.url+"/widget/v1/"+name, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	r.Header.Set("Origin", "https://shop.example")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d %s", name, resp.StatusCode, raw)
	}
	var answer object
	return answer, json.Unmarshal(raw, &answer)
}

// join lets visitor n begin a conversation and listen to it.
func (c *audience) join(n int) (*onlooker, error) {
	said, err := c.call(n, "message", object{"text": "Hello", "client_id": fmt.Sprintf("visitor-%024d", n)})
	if err != nil {
		return nil, err
	}
	p := &onlooker{token: said.str("token"), talk: said.str("conversation"), heard: make(chan time.Time, 4)}
	ticket, err := c.call(n, "ticket", object{"token": p.token})
	if err != nil {
		return nil, err
	}
	dialer := fast.Dialer{ReadBufferSize: 512, WriteBufferSize: 512}
	p.socket, _, err = dialer.DialContext(c.b.Context(), strings.Replace(c.url, "http", "ws", 1)+"/widget/v1/live?ticket="+ticket.str("ticket"),
		http.Header{"Origin": {"https://shop.example"}, "X-Forwarded-For": {fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255)}})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			_, text, err := p.socket.ReadMessage()
			if err != nil {
				return
			}
			if bytes.Contains(text, []byte(`"from":"agent"`)) {
				p.heard <- time.Now()
			}
		}
	}()
	return p, nil
}

// grow lets visitors join until there are so many.
func (c *audience) grow(size int) {
	c.b.Helper()
	first := len(c.people)
	c.people = append(c.people, make([]*onlooker, size-first)...)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := range next {
				p, err := c.join(n)
				if err != nil {
					c.b.Error(err)
				}
				c.people[n] = p
			}
		})
	}
	for n := first; n < size; n++ {
		next <- n
	}
	close(next)
	wg.Wait()
	if c.b.Failed() {
		c.b.FailNow()
	}
}

// BenchmarkSockets holds visitors' sockets open and sends answers of the team to
// some of them, from 8 connections, first with 100 sockets, then with 10,000. It
// reports the memory of the server in all and a socket, the 95th percentile from
// the answer's post to its arrival with all of them, and that as a ratio to the
// one with few.
func BenchmarkSockets(b *testing.B) {
	const few, many = 100, 10_000
	app := installed(b, plain, []string{"CAMPAIGNS_TRUSTED_PROXIES=127.0.0.1"})
	a := app.setup("Shop", "ada@shop.example")
	server := app.start("serve")
	api := app.client(a.Token)
	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"shop.example"}})
	c := &audience{b: b, url: app.url, key: inbox.str("key")}
	before := memory(b, server.cmd.Process.Pid)
	c.grow(few)
	base := c.answers(api)
	c.grow(many)
	idle := memory(b, server.cmd.Process.Pid)
	full := c.answers(api)
	after := memory(b, server.cmd.Process.Pid)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(max(idle, after))/1e6, "MB")
	b.ReportMetric(float64(max(idle, after)-before)/many/1000, "kB/socket")
	b.ReportMetric(float64(full.Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(full)/float64(base), "ratio")
}

// answers sends answers to visitors and gives the 95th percentile of the times
// until they arrived.
func (c *audience) answers(api client) time.Duration {
	c.b.Helper()
	const count = 2000
	took := make([]time.Duration, count)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range next {
				p := c.people[i*7919%len(c.people)]
				for len(p.heard) > 0 {
					<-p.heard
				}
				from := time.Now()
				if status, _, raw, err := api.try(http.MethodPost, "/conversations/"+p.talk+"/messages", "application/json", []byte(`{"text":"Hi"}`)); err != nil || status != http.StatusCreated {
					c.b.Errorf("%d %s %v", status, raw, err)
					continue
				}
				select {
				case at := <-p.heard:
					took[i] = at.Sub(from)
				case <-time.After(10 * time.Second):
					c.b.Error("an answer did not arrive")
				}
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	wg.Wait()
	slices.Sort(took)
	return took[count*95/100]
}

// memory is what a process holds, in bytes.
func memory(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("there is no /proc here")
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kB, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kB << 10
		}
	}
	b.Fatal("the process has no memory")
	return 0
}
