package sms

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/wording"
)

// Forecast is what a campaign would do, before anybody schedules it: worked out
// by the same rules that send it, from what is known now.
type Forecast struct {
	ID    liadesk.ID    `json:"id"`
	State ForecastState `json:"state"`

	Matched   int64                        `json:"matched"`
	Reachable int64                        `json:"reachable"`
	Skipped   map[liadesk.SkipReason]int64 `json:"skipped"`
	// ByHour says how many texts go out in each hour, by texting hours, the
	// recipients' clocks and the inbox's pace; hours without any are left out.
	// Other campaigns of the inbox are not foreseen. It ends after two weeks:
	// Later are those who come after. Never have no known hour at all. TooLate
	// are not reached before the campaign's end and get nothing; who they are
	// shows only then, so what is measured counts them too.
	ByHour  []HourForecast `json:"by_hour"`
	Later   int64          `json:"later"`
	Never   int64          `json:"never"`
	TooLate int64          `json:"too_late"`

	// Measured is how many texts were written and measured so far; what follows
	// is of these, and of all when the state is completed.
	Measured int64 `json:"measured"`
	Segments int64 `json:"segments"`
	// Unicode is how many of the texts are UCS-2, for some character of theirs.
	Unicode int64 `json:"unicode"`
	// Gaps are the variables of which some people have nothing, not even a
	// default, and how many of them; in most texts first.
	Gaps []GapForecast `json:"gaps"`
	// TooLong are texts over the limit of segments: they would be refused.
	TooLong   int64             `json:"too_long"`
	Countries []CountryForecast `json:"countries"` // the dearest, or largest, first
	Dearest   []DearText        `json:"dearest"`
	Costly    []CostlyForecast  `json:"costly"` // in most texts first

	// Cost is what the segments to countries with a price come to, in millionths
	// of Currency; Unpriced are the people in the others. Prices are the
	// account's own, of its contract with the carrier.
	Cost     int64  `json:"-"`
	Currency string `json:"currency"`
	Unpriced int64  `json:"unpriced"`
}

// ForecastState is how far a forecast is.
type ForecastState string

// The states of a forecast.
const (
	ForecastRunning   ForecastState = "running"
	ForecastCompleted ForecastState = "completed"
	ForecastFailed    ForecastState = "failed"
)

// HourForecast is how many texts go out in the hour from At.
type HourForecast struct {
	At    time.Time `json:"at"`
	Count int64     `json:"count"`
}

// CountryForecast is what the texts to one country come to. Country is that of
// the number, "" if nobody knows.
type CountryForecast struct {
	Country  string `json:"country"`
	People   int64  `json:"people"`
	Segments int64  `json:"segments"`
	// Cost is in millionths of Forecast.Currency, nil where the account has no
	// price.
	Cost *int64 `json:"-"`
}

// DearText is one of the texts that cost most or, where no price is known, of
// those with the most segments.
type DearText struct {
	ContactID liadesk.ID `json:"contact_id"`
	Name      string     `json:"name"`
	Phone     string     `json:"phone"`
	Segments  int        `json:"segments"`
	Text      string     `json:"text"`
	// Cost is in millionths of Forecast.Currency, nil where the account has no
	// price.
	Cost *int64 `json:"-"`
}

// CostlyForecast is a character that makes texts dear, and how many it does.
type CostlyForecast struct {
	Costly
	Texts int64 `json:"texts"`
}

// GapForecast is a variable that leaves a gap in texts, and in how many.
type GapForecast struct {
	Variable string `json:"variable"`
	Texts    int64  `json:"texts"`
}

const (
	forecastPage = 1000 // people that one transaction reads
	dearestKept  = 5
	// forecastsKept and forecastKept bound what is remembered. Nothing of it is
	// stored: after a restart one asks again.
	forecastsKept = 200
	forecastKept  = time.Hour
	// costlyKept bounds the different characters that are counted.
	costlyKept = 200
)

// forecasts are those that are worked out or were lately.
type forecasts struct {
	mu   sync.Mutex
	list map[liadesk.ID]*forecastRun
	work sync.WaitGroup
}

type forecastRun struct {
	account, user liadesk.ID
	begun         time.Time
	cancel        context.CancelFunc
	now           Forecast // guarded by forecasts.mu, as is costly
	costly        map[Costly]int64
}

// StartForecast checks a campaign as Create would, and begins to work out what
// it would do. A newer one of the same user ends the older: only one is looked
// at. Nothing is stored.
func (s *Service) StartForecast(ctx context.Context, actor liadesk.Actor, in Input) (Forecast, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Forecast{}, err
	}
	f := forecaster{s: s}
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		c := liadesk.SMSCampaign{AccountID: actor.Account} // replaces nothing, so fill writes nothing
		in.Draft = true
		if err := s.fill(tx, &c, in); err != nil {
			return err
		}
		if c.ScheduledAt.Before(s.now()) {
			c.ScheduledAt = s.now()
		}
		f.c = c
		return f.count(tx)
	})
	if err != nil {
		return Forecast{}, err
	}
	work, cancel := context.WithCancel(context.Background())
	run := &forecastRun{account: actor.Account, user: actor.User, begun: s.now(), cancel: cancel, now: f.out, costly: make(map[Costly]int64)}
	run.now.ID, run.now.State = s.IDs(), ForecastRunning
	fs := &s.forecasts
	fs.mu.Lock()
	if fs.list == nil {
		fs.list = make(map[liadesk.ID]*forecastRun)
	}
	for id, old := range fs.list {
		if old.user == actor.User && old.now.State == ForecastRunning {
			old.cancel()
		}
		if run.begun.Sub(old.begun) > forecastKept || len(fs.list) >= forecastsKept && old.now.State != ForecastRunning {
			delete(fs.list, id)
		}
	}
	fs.list[run.now.ID] = run
	first := run.now
	fs.mu.Unlock()
	fs.work.Go(func() {
		defer cancel()
		state := ForecastCompleted
		if err := f.measure(work, run); err != nil {
			state = ForecastFailed
			if work.Err() == nil {
				s.Log.Error("a forecast failed", "error", err)
			}
		}
		fs.mu.Lock()
		run.now.State = state
		fs.mu.Unlock()
	})
	return first, nil
}

// Forecast reads how far a forecast of the account is. One that nobody looked
// at for long, or that a restart ended, gives liadesk.ErrNotFound.
func (s *Service) Forecast(actor liadesk.Actor, id liadesk.ID) (Forecast, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Forecast{}, err
	}
	s.forecasts.mu.Lock()
	defer s.forecasts.mu.Unlock()
	run := s.forecasts.list[id]
	if run == nil || run.account != actor.Account {
		return Forecast{}, liadesk.ErrNotFound
	}
	return run.now, nil
}

// stopForecasts ends those that are worked out, for nobody will read them.
func (s *Service) stopForecasts() {
	s.forecasts.mu.Lock()
	for _, run := range s.forecasts.list {
		run.cancel()
	}
	s.forecasts.mu.Unlock()
	s.forecasts.work.Wait()
}

// forecaster works out one forecast.
type forecaster struct {
	s         *Service
	c         liadesk.SMSCampaign
	account   liadesk.Account
	reachable *roaring.Bitmap
	out       Forecast
}

// count works out who and when, in one read.
func (f *forecaster) count(tx *db.Tx) error {
	var err error
	if f.account, _, err = tx.Account(f.c.AccountID); err != nil {
		return err
	}
	split, err := audience.Evaluate(tx, f.c.AccountID, f.c.Audience, f.c.Purpose)
	if err != nil {
		return err
	}
	n := split.Figures()
	f.out = Forecast{Matched: n.Matched, Reachable: n.Reachable, Skipped: n.Skipped, ByHour: []HourForecast{}, Countries: []CountryForecast{},
		Dearest: []DearText{}, Costly: []CostlyForecast{}, Gaps: []GapForecast{}}
	restrained, lately, err := f.s.restrainedOf(tx, f.account, f.c, split.Reachable, f.c.ScheduledAt)
	if err != nil {
		return err
	}
	if lately.Count > 0 {
		f.out.Skipped[liadesk.SkipRecentlyTexted] = lately.Count
		f.out.Reachable -= lately.Count
		split.Reachable.AndNot(restrained) // neither texted nor measured
	}
	f.reachable, f.out.Currency = split.Reachable, f.account.Settings.Currency
	inbox, _, err := tx.Inbox(f.c.AccountID, f.c.InboxID)
	if err != nil {
		return err
	}
	classes, err := tx.ContactClasses(f.c.AccountID)
	if err != nil {
		return err
	}
	refs := make([]db.SetRef, len(classes))
	for i, class := range classes {
		refs[i] = db.SetClass(class)
	}
	sets, err := tx.ReadSets(f.c.AccountID, refs)
	if err != nil {
		return err
	}
	waiting := make(map[string]int64, len(classes))
	for i, class := range classes {
		if n := split.Reachable.AndCardinality(sets[i]); n > 0 {
			waiting[class] = int64(n)
		}
	}
	pace := 1.0
	if inbox.SMS != nil {
		pace = inbox.SMS.MessagesPerSecond
	}
	p := planned(f.account, f.c, waiting, pace, f.c.ScheduledAt)
	if p.hours != nil {
		f.out.ByHour = p.hours
	}
	f.out.Later, f.out.Never, f.out.TooLate = p.later, p.never, p.late
	return nil
}

// measured are the figures of texts, of one of those who measure.
type measured struct {
	n, segments, unicode, tooLong int64
	countries                     map[string]*CountryForecast
	dearest                       []DearText
	costly                        map[Costly]int64
	gaps                          map[string]int64
}

// measure writes and measures the text of everybody in reach, page by page on
// all processors, and tells the run as it goes.
func (f *forecaster) measure(ctx context.Context, run *forecastRun) error {
	pages := make(chan []uint32)
	var all sync.WaitGroup
	var once sync.Once
	var failed error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for page := range pages {
				m, err := f.page(ctx, page)
				if err != nil {
					once.Do(func() { failed = err; cancel() })
					return
				}
				f.add(run, m)
			}
		})
	}
	it := f.reachable.ManyIterator()
	for {
		page := make([]uint32, forecastPage)
		n := it.NextMany(page)
		if n == 0 {
			break
		}
		select {
		case pages <- page[:n]:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(pages)
	all.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// page measures the texts of some people. Texts that came out the same are
// measured once.
func (f *forecaster) page(ctx context.Context, dense []uint32) (measured, error) {
	m := measured{countries: make(map[string]*CountryForecast), costly: make(map[Costly]int64), gaps: make(map[string]int64)}
	var people []liadesk.Contact
	var texted map[string][]liadesk.Texted
	err := f.s.Store.View(ctx, func(tx *db.Tx) (err error) {
		if people, err = tx.ContactsByDense(f.c.AccountID, dense); err != nil || !f.account.Settings.Introduce {
			return err
		}
		numbers := make([]string, len(people))
		for i, p := range people {
			numbers[i] = p.Phone
		}
		texted, err = tx.Texted(f.c.AccountID, numbers)
		return err
	})
	if err != nil {
		return m, err
	}
	last, lastText := Measurement{}, ""
	prices := f.account.Settings
	template, err := f.s.templates.get(WordingOf(f.c, false))
	if err != nil {
		return m, err
	}
	for _, p := range people {
		for _, name := range template.Gaps(wording.Vars{Contact: p, AccountName: f.account.Name}) {
			m.gaps[name]++
		}
		text, err := f.s.Render(f.account, WordingOf(f.c, isFirst(texted[p.Phone], f.c.ID)).AsSample(), p)
		if err != nil {
			m.tooLong++ // it would be refused the same
			continue
		}
		if text != lastText {
			last, lastText = Measure(text), text
		}
		if CheckLength(last, f.account.Settings.MaxSegments) != nil {
			m.tooLong++
		}
		m.n++
		m.segments += int64(last.Segments)
		if last.Encoding == UCS2 {
			m.unicode++
			for _, c := range last.Costly {
				if _, known := m.costly[c]; known || len(m.costly) < costlyKept {
					m.costly[c]++
				}
			}
		}
		country := ""
		if class, err := phone.ParseClass(p.Class); err == nil {
			country = class.Country
		}
		of := m.countries[country]
		if of == nil {
			of = &CountryForecast{Country: country}
			m.countries[country] = of
		}
		of.People++
		of.Segments += int64(last.Segments)
		dear := DearText{ContactID: p.ID, Name: p.Name, Phone: p.Phone, Segments: last.Segments, Text: text}
		if price, known := prices.PriceOf(country); known {
			cost := price * int64(last.Segments)
			dear.Cost = &cost
		}
		if len(m.dearest) < dearestKept || byCost(dear, m.dearest[len(m.dearest)-1]) < 0 {
			m.dearest = dearest(append(m.dearest, dear))
		}
	}
	return m, nil
}

func dearest(list []DearText) []DearText {
	slices.SortStableFunc(list, func(a, b DearText) int { return cmp.Or(byCost(a, b), strings.Compare(a.Phone, b.Phone)) })
	return list[:min(len(list), dearestKept)]
}

// byCost orders texts with the dearest first; those without a price come last,
// the longest of them first.
func byCost(a, b DearText) int {
	return cmp.Or(compareCost(a.Cost, b.Cost), cmp.Compare(b.Segments, a.Segments))
}

// compareCost orders costs with the highest first, and what is not known last.
func compareCost(a, b *int64) int {
	switch {
	case a != nil && b != nil:
		return cmp.Compare(*b, *a)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}

// add brings the figures of a page into the run. Lists are made anew, for
// others may be reading those that were there.
func (f *forecaster) add(run *forecastRun, m measured) {
	f.s.forecasts.mu.Lock()
	defer f.s.forecasts.mu.Unlock()
	now := &run.now
	now.Measured += m.n
	now.Segments += m.segments
	now.Unicode += m.unicode
	now.TooLong += m.tooLong
	for _, old := range now.Countries {
		if of := m.countries[old.Country]; of != nil {
			of.People, of.Segments = of.People+old.People, of.Segments+old.Segments
		} else {
			m.countries[old.Country] = &old
		}
	}
	now.Countries = make([]CountryForecast, 0, len(m.countries))
	now.Cost, now.Unpriced = 0, 0
	for _, of := range m.countries {
		of.Cost = nil
		if price, known := f.account.Settings.PriceOf(of.Country); known {
			cost := of.Segments * price
			of.Cost = &cost
			now.Cost += cost
		} else {
			now.Unpriced += of.People
		}
		now.Countries = append(now.Countries, *of)
	}
	slices.SortFunc(now.Countries, func(a, b CountryForecast) int {
		return cmp.Or(compareCost(a.Cost, b.Cost), cmp.Compare(b.Segments, a.Segments), strings.Compare(a.Country, b.Country))
	})
	now.Dearest = dearest(append(slices.Clone(now.Dearest), m.dearest...))
	for c, n := range m.costly {
		if _, known := run.costly[c]; known || len(run.costly) < costlyKept {
			run.costly[c] += n
		}
	}
	for _, old := range now.Gaps {
		m.gaps[old.Variable] += old.Texts
	}
	now.Gaps = make([]GapForecast, 0, len(m.gaps))
	for name, n := range m.gaps {
		now.Gaps = append(now.Gaps, GapForecast{name, n})
	}
	slices.SortFunc(now.Gaps, func(a, b GapForecast) int {
		return cmp.Or(cmp.Compare(b.Texts, a.Texts), strings.Compare(a.Variable, b.Variable))
	})
	now.Costly = make([]CostlyForecast, 0, len(run.costly))
	for c, n := range run.costly {
		now.Costly = append(now.Costly, CostlyForecast{c, n})
	}
	slices.SortFunc(now.Costly, func(a, b CostlyForecast) int {
		return cmp.Or(cmp.Compare(b.Texts, a.Texts), strings.Compare(a.Char, b.Char))
	})
	now.Costly = now.Costly[:min(len(now.Costly), maxCostly)]
}
