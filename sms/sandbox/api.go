package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/sms"
)

const unauthorised = "Could not verify your access level for that URL."

// maxSegments is the carrier's most for one text.
const maxSegments = 11

// Handler is the wire of the sandbox, as Start serves it.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/Account/{account}/Message/{$}", s.messages)
	mux.HandleFunc("/v1/Account/{account}/Message/{uuid}/{$}", s.message)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, 404, "not found") })
	return mux
}

func (s *Sandbox) messages(w http.ResponseWriter, r *http.Request) {
	switch {
	case !s.signedIn(w, r):
	case r.Method == http.MethodPost:
		s.send(w, r)
	case r.Method == http.MethodGet:
		s.list(w, r)
	default:
		s.fail(w, 405, "method not allowed")
	}
}

// signedIn refuses in plain text, as Plivo does, whoever is not the account of
// the path with its token.
func (s *Sandbox) signedIn(w http.ResponseWriter, r *http.Request) bool {
	id, token, ok := r.BasicAuth()
	want, known := s.opts.Directory.Token(id)
	if ok && known && want != "" && id == r.PathValue("account") && subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1 {
		return true
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	io.WriteString(w, unauthorised)
	return false
}

func (s *Sandbox) answer(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = 500, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	w.Write(data)
}

func (s *Sandbox) fail(w http.ResponseWriter, status int, text string) {
	s.answer(w, status, map[string]any{"api_id": s.opts.NewID(), "error": text})
}

// sendRequest is the body of a request to send.
type sendRequest struct {
	Src       string          `json:"src"`
	Powerpack string          `json:"powerpack_uuid"`
	Dst       string          `json:"dst"`
	Text      string          `json:"text"`
	Type      string          `json:"type"`
	URL       string          `json:"url"`
	Method    string          `json:"method"`
	Expiry    json.RawMessage `json:"message_expiry"`
}

// order is a request to send that makes sense.
type order struct {
	src          string
	destinations []string // digits, each once
	invalid      []string // as given
	text         string
	units        int // segments, which is what Plivo calls units in its reports
	url, method  string
	expiry       time.Duration
	behaviour    Behaviour // of the first destination; it decides the answer
	uuids        []string
}

// read checks a request as Plivo documents it; the answer is its error text.
func (q sendRequest) read() (order, string) {
	o := order{src: digits(q.Src), text: q.Text, url: q.URL, method: q.Method, expiry: 3 * time.Hour}
	if o.method == "" {
		o.method = http.MethodPost
	}
	numeric := strings.Trim(o.src, "0123456789") == ""
	switch {
	case q.Powerpack != "":
		return o, "powerpack_uuid parameter is not supported"
	case o.src == "":
		return o, "src parameter is missing"
	case numeric && len(o.src) > 14, !numeric && len(o.src) > 11:
		return o, fmt.Sprintf("'%.40s' is not a valid caller ID.", q.Src)
	case q.Dst == "":
		return o, "dst parameter is missing"
	case q.Text == "":
		return o, "text parameter is missing"
	case q.Type != "" && q.Type != "sms":
		return o, "type parameter is invalid"
	case o.method != http.MethodPost && o.method != http.MethodGet:
		return o, "method parameter is invalid"
	}
	if q.URL != "" {
		if u, err := url.Parse(q.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return o, "url parameter is invalid"
		}
	}
	if expiry := strings.Trim(string(q.Expiry), `"`); expiry != "" && expiry != "null" {
		seconds, err := strconv.Atoi(expiry)
		if err != nil || seconds < 5 || seconds > 10799 {
			return o, "message_expiry parameter is invalid"
		}
		o.expiry = time.Duration(seconds) * time.Second
	}
	if err := checkText(q.Text, &o); err != "" {
		return o, err
	}
	return o, o.address(q.Dst)
}

func checkText(text string, o *order) string {
	enc, units := sms.Segments(text)
	o.units = units
	switch n := len(text); {
	case enc == sms.UCS2 && n > sms.CarrierMaxBytesUCS2:
		return "text parameter length exceeds 737 unicode characters"
	case enc == sms.GSM7 && n > sms.CarrierMaxUnitsGSM && sms.Measure(text).Units > sms.CarrierMaxUnitsGSM:
		return "text parameter length exceeds 1600 characters"
	}
	return ""
}

// address reads up to 1,000 destinations joined by "<".
func (o *order) address(dst string) string {
	strip := strings.NewReplacer("-", "", ".", "", "+", "", "(", "", ")", "", " ", "")
	for _, d := range strings.Split(dst, "<") {
		number := strip.Replace(d)
		switch {
		case len(number) < 8 || len(number) > 14 || strings.Trim(number, "0123456789") != "" || number[0] == '0':
			o.invalid = append(o.invalid, d)
		case !slices.Contains(o.destinations, number):
			o.destinations = append(o.destinations, number)
		}
		if len(o.destinations)+len(o.invalid) > 1000 {
			return "dst parameter holds more than 1000 destinations"
		}
	}
	if len(o.destinations) == 0 {
		return fmt.Sprintf("'%.40s' is not a valid phone number.", o.invalid[0])
	}
	return ""
}

func (s *Sandbox) send(w http.ResponseWriter, r *http.Request) {
	var q sendRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		s.fail(w, 400, "the body could not be read")
		return
	}
	if err := json.Unmarshal(body, &q); err != nil {
		s.fail(w, 400, "the body is not JSON")
		return
	}
	o, problem := q.read()

	account := r.PathValue("account")
	s.mu.Lock()
	for _, d := range o.destinations {
		countIn(s.requests, d)
	}
	allowed := s.allow(account+" posts", s.opts.PostsPer5s, 5*time.Second)
	if allowed && problem == "" {
		o.behaviour = s.behaviourOf(o.destinations[0])
	}
	s.mu.Unlock()
	switch {
	case !allowed:
		s.fail(w, 429, "too many requests")
	case problem != "":
		s.fail(w, 400, problem)
	default:
		s.take(w, r, account, o)
	}
}

// take makes the texts of an order, answers as the behaviour has it, and only
// then lets the texts go their way, so that no report comes before the answer
// unless it is meant to.
func (s *Sandbox) take(w http.ResponseWriter, r *http.Request, account string, o order) {
	done := s.hold()
	defer done()
	b := o.behaviour
	var lives []func()
	if b.Answer == nil || b.Answer.Created {
		lives = s.create(account, &o)
	}
	if b.Early {
		for i := range lives {
			lives[i]()
		}
	} else {
		// Also when the answer ends in a dropped connection, which is a panic.
		defer func() {
			for _, live := range lives {
				live()
			}
		}()
	}
	if b.AnswerDelay > 0 {
		select {
		case <-s.clock.After(b.AnswerDelay):
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	}
	if b.Answer == nil {
		body := map[string]any{"api_id": s.opts.NewID(), "message": "message(s) queued", "message_uuid": o.uuids}
		if len(o.invalid) > 0 {
			body["invalid_number"] = o.invalid
		}
		s.answer(w, 202, body)
	} else {
		b.Answer.give(w)
	}
	// If the client has gone, the text lives all the same.
	_ = http.NewResponseController(w).Flush()
}

// give answers, or drops the connection, which it does by panicking as
// net/http provides for.
func (a *Answer) give(w http.ResponseWriter) {
	if a.Drop {
		panic(http.ErrAbortHandler)
	}
	contentType := a.ContentType
	if contentType == "" {
		contentType = "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	if a.Status/100 == 3 {
		w.Header().Set("Location", "/v1/")
	}
	w.WriteHeader(a.Status)
	io.WriteString(w, a.Body)
}

// create makes the texts of an order and gives what starts each on its way.
func (s *Sandbox) create(account string, o *order) []func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var lives []func()
	for i, d := range o.destinations {
		b := o.behaviour
		if i > 0 {
			b = s.behaviourOf(d)
		}
		m := &record{parties: parties{account, o.src, d}, uuid: s.opts.NewID(), text: o.text, units: o.units,
			at: now, visible: now.Add(s.opts.ListDelay + b.Hidden), updatedAt: now, state: "queued",
			url: o.url, method: o.method, behaviour: b}
		countIn(s.accepted, d)
		s.add(m)
		o.uuids = append(o.uuids, m.uuid)
		steps := s.steps(m, o.expiry)
		lives = append(lives, func() { s.begin(m, steps) })
	}
	return lives
}

// begin sets a text on its way; with Early, its first report is made before
// this returns.
func (s *Sandbox) begin(m *record, steps []step) {
	if m.behaviour.Early && !m.behaviour.Reversed {
		s.enter(m, steps[0], len(steps) == 1)()
		steps = steps[1:]
	}
	s.live(m, steps, nil)
}

// message answers for one text.
func (s *Sandbox) message(w http.ResponseWriter, r *http.Request) {
	if !s.signedIn(w, r) {
		return
	}
	if r.Method != http.MethodGet {
		s.fail(w, 405, "method not allowed")
		return
	}
	s.mu.Lock()
	m := s.byUUID[r.PathValue("uuid")]
	if m == nil || m.account != r.PathValue("account") || m.visible.After(s.clock.Now()) {
		s.mu.Unlock()
		s.fail(w, 404, "not found")
		return
	}
	body := m.object()
	s.mu.Unlock()
	body["api_id"] = s.opts.NewID()
	s.answer(w, 200, body)
}
