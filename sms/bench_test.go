//go:build unix

package sms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	plivo "github.com/plivo/plivo-go/v7"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// sink is the quickest carrier there can be: it takes every text and forgets it.
type sink struct {
	*httptest.Server
	taken atomic.Int64
	want  int64
	all   chan struct{} // closed when want texts were taken

	mu   sync.Mutex
	kept []keptText // if they are to be reported
	keep bool
}

// keptText is where a text is to be reported, and what the sink called it.
type keptText struct{ url, uuid string }

func startSink(want int, latency time.Duration) *sink {
	s := &sink{want: int64(want), all: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		if s.keep {
			var m struct{ URL string }
			json.NewDecoder(r.Body).Decode(&m)
			s.mu.Lock()
			s.kept = append(s.kept, keptText{m.URL, id})
			s.mu.Unlock()
		}
		io.Copy(io.Discard, r.Body)
		if latency > 0 {
			time.Sleep(latency) // the carrier's own time, which is what is measured
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		json.NewEncoder(w).Encode(map[string]any{"api_id": "a", "message": "message(s) queued", "message_uuid": []string{id}})
		if s.taken.Add(1) == s.want {
			close(s.all)
		}
	}))
	return s
}

// benchNumber is of a Swedish range kept for fiction, or its neighbour.
func benchNumber(i int) string { return fmt.Sprintf("+46701%06d", 700000+i) }

// asServed sets the garbage collector as the server does for a heap as small as
// these, for client and ledger alike.
func asServed(b *testing.B) {
	was := debug.SetGCPercent(300)
	b.Cleanup(func() { debug.SetGCPercent(was) })
}

// spent is what a part of a benchmark took, of the clock and of the processors.
type spent struct{ wall, cpu time.Duration }

// since is what was spent since a moment that now gave.
func (s spent) since() spent {
	n := now()
	return spent{n.wall - s.wall, n.cpu - s.cpu}
}

func (s spent) plus(o spent) spent { return spent{s.wall + o.wall, s.cpu + o.cpu} }

func now() spent {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return spent{time.Since(epoch), time.Duration(u.Utime.Nano() + u.Stime.Nano())}
}

var epoch = time.Now()

func benchPlivo(b *testing.B, at string, workers int) *sms.Plivo {
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: at, Workers: workers})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(plivo.CloseIdleConnections)
	return plivo
}

// bareSend is the bound: a client alone, with as many workers, that keeps no
// books at all.
func bareSend(b *testing.B, texts, workers int, latency time.Duration, client func(at string) func(sms.Outgoing) error) spent {
	s := startSink(texts, latency)
	defer s.Close()
	send := client(s.URL)
	var next atomic.Int64
	var posts sync.WaitGroup
	begin := now()
	for range workers {
		posts.Go(func() {
			for i := next.Add(1); i <= int64(texts); i = next.Add(1) {
				if err := send(sms.Outgoing{From: "+12025550100", To: benchNumber(int(i)),
					Text: "Hi Ana, the sale begins.", CallbackURL: s.URL + "/x"}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	posts.Wait()
	return begin.since()
}

// library is the carrier's client library as it comes.
func library(b *testing.B) func(at string) func(sms.Outgoing) error {
	return func(at string) func(sms.Outgoing) error {
		client, err := plivo.NewClient(authID, authToken, &plivo.ClientOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if client.BaseUrl, err = url.Parse(at); err != nil {
			b.Fatal(err)
		}
		return func(m sms.Outgoing) error {
			_, err := client.Messages.Create(plivo.MessageCreateParams{Src: m.From, Dst: m.To, Text: m.Text, URL: m.CallbackURL})
			return err
		}
	}
}

// tuned is the library on the transport that the sender gives it: it keeps a
// connection for each worker, where the library's own keeps two.
func tuned(b *testing.B, workers int) func(at string) func(sms.Outgoing) error {
	return func(at string) func(sms.Outgoing) error {
		carrier := benchPlivo(b, at, workers).Carrier(sms.Credentials{AuthID: authID, AuthToken: authToken})
		return func(m sms.Outgoing) error {
			_, err := carrier.Send(context.Background(), m)
			return err
		}
	}
}

// ledgerSend sends a campaign of as many texts with everything that the ledger
// writes, until the last outcome is on the disk, as quickly as it goes.
func ledgerSend(b *testing.B, texts, workers int, latency time.Duration, after ...func(svc *sms.Service, inbox liadesk.ID, kept []keptText)) spent {
	return pacedSend(b, 1_000_000, texts, workers, latency, after...)
}

// pacedSend is ledgerSend from a number with a pace, in texts a second.
func pacedSend(b *testing.B, pace float64, texts, workers int, latency time.Duration, after ...func(svc *sms.Service, inbox liadesk.ID, kept []keptText)) spent {
	s := startSink(texts, latency)
	s.keep = len(after) > 0
	defer s.Close()
	store := dbtest.Open(b)
	defer store.Close()
	clock := clockwork.NewRealClock()
	ids := liadesk.RandomIDs(clock.Now)
	account, user := dbtest.Account(b, store, "acme", liadesk.PlanGrowth)
	account.Settings.RoundTheClock = true // the benchmark runs at night too
	inbox := liadesk.Inbox{ID: ids(), AccountID: account.ID, Kind: liadesk.InboxSMS, Name: "Texts", Version: 1, CreatedAt: clock.Now(),
		SMS: &liadesk.SMSInbox{Number: "+12025550100", AuthID: authID, MessagesPerSecond: pace}}
	dbtest.Update(b, store, func(tx *db.Tx) error {
		if err := tx.PutAccount(account); err != nil {
			return err
		}
		return tx.PutInbox(inbox)
	})
	for from := 0; from < texts; from += 1000 {
		dbtest.Update(b, store, func(tx *db.Tx) error {
			batch := tx.ContactBatch(account.ID)
			for i := from; i < min(texts, from+1000); i++ {
				c := liadesk.Contact{ID: ids(), AccountID: account.ID, Name: "Ana Roe", Phone: benchNumber(i), Tags: []string{"vip"},
					Class: "SE//Europe/Stockholm", Version: 1, CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
					Consent: liadesk.Consent{State: liadesk.ConsentGranted, Source: "test", At: clock.Now()}}
				if err := batch.Put(nil, &c); err != nil {
					return err
				}
			}
			return batch.Flush()
		})
	}
	people := contacts.New(store, clock, ids)
	svc := sms.New(sms.Options{
		Store: store, Clock: clock, IDs: ids, PublicURL: s.URL, Workers: workers, Dialer: benchPlivo(b, s.URL, workers),
		Credentials:   func(in liadesk.Inbox) (string, string, error) { return in.SMS.AuthID, authToken, nil },
		Contacts:      people,
		Conversations: conversations.New(store, clock, ids, people, []byte("secret")),
		Log:           slog.New(slog.DiscardHandler),
	})
	admin := liadesk.ActorOf(account, user)
	c, err := svc.Create(b.Context(), admin, sms.Input{Title: "Sale", Message: "Hi {{ contact.first_name }}, the sale begins.", InboxID: inbox.ID,
		Audience: liadesk.Rule{Tag: "vip"}, ScheduledAt: clock.Now().Add(5 * time.Millisecond)})
	if err != nil {
		b.Fatal(err)
	}
	<-clock.After(10 * time.Millisecond)
	for frozen := false; !frozen; {
		if err := svc.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
		p, err := svc.Progress(b.Context(), admin, c.ID)
		if err != nil {
			b.Fatal(err)
		}
		frozen = p.Targeted != nil
	}
	begin := now()
	svc.Start()
	<-s.all
	if err := svc.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	took := begin.since()
	p, err := svc.Progress(b.Context(), admin, c.ID)
	if err != nil || p.Accepted != int64(texts) {
		b.Fatalf("%+v, %v", p, err)
	}
	for _, then := range after {
		then(svc, inbox.ID, s.kept)
	}
	return took
}

// BenchmarkReports brings signed delivery reports, a thousand at once as a
// carrier does that is not asked to wait, each durable when its call returns,
// and compares their rate to that at which the same texts were sent in the same
// run. The more come at once, the more share a commit.
func BenchmarkReports(b *testing.B) {
	const texts, workers, atOnce = 40_000, 64, 1000
	asServed(b)
	for b.Loop() {
		var took time.Duration
		late := make([]time.Duration, texts)
		sending := ledgerSend(b, texts, workers, 0, func(svc *sms.Service, inbox liadesk.ID, kept []keptText) {
			reports := make([]sms.Callback, len(kept))
			for i, k := range kept {
				address := k.url
				u, err := url.Parse(address)
				if err != nil {
					b.Fatal(err)
				}
				form := url.Values{"MessageUUID": {k.uuid}, "To": {"46701700000"}, "From": {"12025550100"}, "Status": {"delivered"},
					"Units": {"1"}, "TotalAmount": {"0.00350"}, "Sequence": {"3"}}
				nonce := fmt.Sprintf("%020d", i)
				signature, err := sms.SignV3(http.MethodPost, address, form, nonce, authToken)
				if err != nil {
					b.Fatal(err)
				}
				header := map[string]string{"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": nonce}
				reports[i] = sms.Callback{Inbox: inbox, Attempt: path.Base(u.Path), Form: form, Body: []byte(form.Encode()),
					Header: func(name string) string { return header[name] }}
			}
			var next atomic.Int64
			var all sync.WaitGroup
			start := time.Now()
			for range atOnce {
				all.Go(func() {
					for i := next.Add(1) - 1; i < int64(len(reports)); i = next.Add(1) - 1 {
						began := time.Now()
						if err := svc.ReportStatus(b.Context(), reports[i]); err != nil {
							b.Error(err)
							return
						}
						late[i] = time.Since(began)
					}
				})
			}
			all.Wait()
			took = time.Since(start)
		})
		slices.Sort(late)
		b.ReportMetric(texts/took.Seconds(), "reports/s")
		b.ReportMetric(float64(sending.wall)/float64(took), "x-send-rate")
		b.ReportMetric(float64(late[texts*99/100])/float64(time.Millisecond), "ms-p99")
	}
}

// peakHeap is the most memory in use while do runs, looked at every so
// often, in bytes.
func peakHeap(do func()) uint64 {
	runtime.GC()
	var most atomic.Uint64
	done := make(chan struct{})
	var looker sync.WaitGroup
	looker.Go(func() {
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-done:
				return
			case <-look.C:
			}
		}
	})
	do()
	close(done)
	looker.Wait()
	return most.Load()
}

// BenchmarkSendHeap sends to ten thousand people and to many more, and compares
// the memory that the two take; CAMPAIGNS_BENCH_RECIPIENTS sets how many more,
// such as 1000000. The people are stored, chosen, frozen and sent to within it.
func BenchmarkSendHeap(b *testing.B) {
	many := 100_000
	if text := os.Getenv("CAMPAIGNS_BENCH_RECIPIENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 20_000 || n > 1_000_000 {
			b.Fatalf("CAMPAIGNS_BENCH_RECIPIENTS is %q: write a number from 20000 to 1000000", text)
		}
		many = n
	}
	for b.Loop() {
		few := peakHeap(func() { ledgerSend(b, 10_000, 64, 0) })
		all := peakHeap(func() { ledgerSend(b, many, 64, 0) })
		b.ReportMetric(float64(all)/1e6, "MB-peak")
		b.ReportMetric(float64(all)/float64(few), "x-of-10000")
	}
}

// BenchmarkSend compares sending with the full ledger to a client alone with as
// many workers on the same sink: on a carrier that answers at once, where the
// machine is the limit, and on one that takes 100 ms, where the carrier is. The
// client is the library as it comes, and the library on the sender's own
// transport, which is about twice as quick: what the ledger costs beyond it.
func BenchmarkSend(b *testing.B) {
	asServed(b)
	for _, of := range []struct {
		name           string
		texts, workers int
		latency        time.Duration
	}{
		{"at once, 64 workers", 20_000, 64, 0},
		{"at once, 256 workers", 20_000, 256, 0},
		{"100 ms, 64 workers", 6_400, 64, 100 * time.Millisecond},
	} {
		b.Run(of.name, func(b *testing.B) {
			var bare, own, took spent
			for b.Loop() {
				bare = bare.plus(bareSend(b, of.texts, of.workers, of.latency, library(b)))
				own = own.plus(bareSend(b, of.texts, of.workers, of.latency, tuned(b, of.workers)))
				took = took.plus(ledgerSend(b, of.texts, of.workers, of.latency))
			}
			texts := float64(of.texts * b.N)
			b.ReportMetric(texts/took.wall.Seconds(), "texts/s")
			b.ReportMetric(float64(bare.wall)/float64(took.wall), "of-library")
			b.ReportMetric(float64(own.wall)/float64(took.wall), "of-tuned-library")
			// Sender and sink share a process: what is more than the tuned client's
			// is the ledger's own.
			b.ReportMetric(float64((took.cpu-own.cpu).Microseconds())/texts, "own-cpu-us/text")
		})
	}
}

// BenchmarkPace sends for ten seconds from a number with a pace, on a carrier
// that answers in 30 ms, and reports how near it came: 1 is the pace itself. The
// quarter of a second's worth that may go at once, at the beginning, is left out.
func BenchmarkPace(b *testing.B) {
	for _, pace := range []float64{5, 50, 500} {
		b.Run(fmt.Sprint(pace), func(b *testing.B) {
			for b.Loop() {
				texts := int(10 * pace)
				took := pacedSend(b, pace, texts, 64, 30*time.Millisecond)
				b.ReportMetric((float64(texts)-max(1, pace/4))/took.wall.Seconds()/pace, "of-pace")
			}
		})
	}
}
