package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// The server dies again and again in the middle of conversations, as at a loss
// of power. Both sides send what got no answer again, under the same client id,
// as the widget and the dashboard do. In the end each thread has every message
// once, those of each side in their order, and a page that comes back each time
// has seen every one of them once.
func TestAConversationLosesAndDoublesNothingWhenTheServerDies(t *testing.T) {
	const threads, each = 6, 25
	app := install(t, "CAMPAIGNS_TRUSTED_PROXIES=127.0.0.1")
	a := app.setup("Shop", "ada@shop.example")
	server := app.start("serve")
	api := app.client(a.Token)
	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"127.0.0.1"}})

	// alive is held while the server is down; whoever got no answer waits for it.
	var alive sync.RWMutex
	// taken counts what was answered: every so many, the server dies.
	taken := make(chan struct{}, 2*threads*each)
	var asked atomic.Uint64
	// post tries until the server has answered.
	post := func(url, contentType, token string, body object) object {
		data, err := json.Marshal(body)
		if err != nil {
			t.Error(err)
			return nil
		}
		for {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(data))
			if err != nil {
				t.Error(err)
				return nil
			}
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Origin", "http://127.0.0.1:8080")
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			// Each from an address of its own, so that no limit slows it down.
			n := asked.Add(1)
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
			resp, err := http.DefaultClient.Do(r)
			if err == nil {
				raw, readErr := io.ReadAll(resp.Body)
				resp.Body.Close()
				if readErr == nil && resp.StatusCode < 300 {
					var answer object
					if err := json.Unmarshal(raw, &answer); err != nil {
						t.Error(err)
					}
					return answer
				}
				if readErr == nil && resp.StatusCode < 500 {
					t.Errorf("%s answered %d %s", url, resp.StatusCode, raw)
					return nil
				}
			}
			alive.RLock()
			over := t.Context().Err() != nil
			alive.RUnlock()
			if over {
				return nil
			}
		}
	}
	widget := func(name string, body object) object {
		body["inbox"] = inbox.str("key")
		return post(app.url+"/widget/v1/"+name, "text/plain", "", body)
	}

	var sent, running sync.WaitGroup
	stop := make(chan struct{})
	type page struct {
		token, talk string
		seen        []string
	}
	pages := make([]*page, threads)
	for n := range threads {
		p := &page{}
		pages[n] = p
		first := widget("message", object{"text": "v 0", "client_id": fmt.Sprintf("thread-%025d", n)})
		p.token, p.talk = first.str("token"), first.str("conversation")
		sent.Go(func() {
			for i := 1; i < each; i++ {
				widget("message", object{"token": p.token, "text": fmt.Sprintf("v %d", i), "client_id": fmt.Sprintf("visitor-%d-%020d", n, i)})
				taken <- struct{}{}
			}
		})
		sent.Go(func() {
			for i := range each {
				post(app.url+"/api/v1/conversations/"+p.talk+"/messages", "application/json", a.Token, object{"text": fmt.Sprintf("a %d", i), "client_id": fmt.Sprintf("agent-%d-%020d", n, i)})
				taken <- struct{}{}
			}
		})
		running.Go(func() { // the page reads what is behind the last one that it knows
			last := ""
			for done := false; ; {
				ask := object{"token": p.token}
				if last != "" {
					ask["after"] = last
				}
				for _, m := range widget("thread", ask).list("messages") {
					p.seen = append(p.seen, m.str("text"))
					last = m.str("id")
				}
				if done {
					return
				}
				select {
				case <-stop:
					done = true // and once more
				default:
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { sent.Wait(); close(written) }()
	died := 0
	for over, since := false, 0; !over; {
		select {
		case <-written:
			over = true
		case <-taken:
			if since++; since < threads*each*2/10 {
				continue
			}
			since = 0
			alive.Lock()
			server.kill() // with requests on their way
			server = app.start("serve")
			alive.Unlock()
			died++
		}
	}
	close(stop)
	running.Wait()
	if died < 3 {
		t.Errorf("the server died only %d times", died)
	}
	for n, p := range pages {
		var want [2][]string
		for i := range each {
			want[0], want[1] = append(want[0], fmt.Sprintf("v %d", i)), append(want[1], fmt.Sprintf("a %d", i))
		}
		stored := []string{}
		for _, m := range api.get("/conversations/" + p.talk).list("messages") {
			stored = append(stored, m.str("text"))
		}
		for where, list := range map[string][]string{"stored": stored, "seen by the page": p.seen} {
			var got [2][]string
			for _, text := range list {
				switch text[:2] {
				case "v ":
					got[0] = append(got[0], text)
				case "a ":
					got[1] = append(got[1], text)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("thread %d, %s, after %d deaths:\n%v\nwant\n%v", n, where, died, got, want)
			}
		}
	}
}
