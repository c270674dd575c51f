package sms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/phone"
)

// plivoTime is how Plivo takes instants, always in UTC.
const plivoTime = "2006-01-02 15:04:05.000000"

// listParams are the filters of GET Message/. The library's own struct lacks
// the two numbers.
type listParams struct {
	Direction  string `url:"message_direction"`
	Since      string `url:"message_time__gte"`
	Until      string `url:"message_time__lte"`
	FromNumber string `url:"from_number,omitempty"`
	ToNumber   string `url:"to_number,omitempty"`
	Limit      int    `url:"limit"`
	Offset     int    `url:"offset,omitempty"`
}

// listedRecord is one object of the list, with what the library's struct lacks
// (units) or would stumble over (an error code that is a number).
type listedRecord struct {
	UUID      string          `json:"message_uuid"`
	From      string          `json:"from_number"`
	To        string          `json:"to_number"`
	Direction string          `json:"message_direction"`
	State     string          `json:"message_state"`
	Time      string          `json:"message_time"`
	ErrorCode json.RawMessage `json:"error_code"`
	Units     json.RawMessage `json:"units"`
	Amount    json.RawMessage `json:"total_amount"`
}

// List reads one page. Every object is held against the query again: the
// filters by number are not documented, and a server that does not know a
// filter ignores it.
func (c *plivoCarrier) List(ctx context.Context, q ListQuery) (ListPage, error) {
	if q.Since.IsZero() || q.Until.Before(q.Since) || q.Offset < 0 {
		return ListPage{}, invalid(errors.New("the range of the list is not one"))
	}
	var answer struct {
		Meta struct {
			Next  *string `json:"next"`
			Total *int    `json:"total_count"`
		} `json:"meta"`
		Objects []json.RawMessage `json:"objects"`
	}
	err := c.call(ctx, http.MethodGet, listParams{
		Direction:  "outbound",
		Since:      q.Since.UTC().Format(plivoTime),
		Until:      q.Until.UTC().Format(plivoTime),
		FromNumber: digitsOf(q.From),
		ToNumber:   digitsOf(q.To),
		Limit:      plivoPage,
		Offset:     q.Offset,
	}, &answer)
	if err != nil {
		return ListPage{}, err
	}
	var page ListPage
	for _, raw := range answer.Objects {
		switch text, ok := readListed(raw); {
		case !ok:
			page.Unreadable++
		case text.matches(q):
			page.Texts = append(page.Texts, text.Listed)
		}
	}
	n, seen := len(answer.Objects), q.Offset+len(answer.Objects)
	more := answer.Meta.Next != nil && *answer.Meta.Next != ""
	if total := answer.Meta.Total; total != nil {
		more = more || *total > seen
	} else {
		more = more || n == plivoPage // neither is promised: a full page may have a successor
	}
	if more && n > 0 {
		page.Next = seen
	}
	return page, nil
}

// listedText is a record of the list whose direction is not yet checked.
type listedText struct {
	Listed
	direction string
}

// readListed reads one object; false if it is an outbound text, or may be one,
// that cannot be told from others.
func readListed(raw json.RawMessage) (listedText, bool) {
	var r listedRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return listedText{}, false
	}
	t := listedText{direction: r.Direction, Listed: Listed{
		UUID: r.UUID, From: listedNumber(r.From), To: listedNumber(r.To),
		State: r.State, ErrorCode: errorCode(scalar(r.ErrorCode)), Amount: scalar(r.Amount),
	}}
	if r.Direction == "inbound" {
		return t, true
	}
	t.Units, _ = strconv.Atoi(scalar(r.Units))
	var ok bool
	t.At, ok = parseListedTime(r.Time)
	return t, ok && r.UUID != "" && r.Direction == "outbound" && phone.IsE164(t.To) && r.From != ""
}

func (t listedText) matches(q ListQuery) bool {
	return t.direction == "outbound" &&
		!t.At.Before(q.Since) && !t.At.After(q.Until) &&
		(q.From == "" || digitsOf(q.From) == digitsOf(t.From)) &&
		(q.To == "" || digitsOf(q.To) == digitsOf(t.To))
}

// parseListedTime reads "2021-07-13 13:04:06.799021+05:30", with none to six
// digits of fraction, and RFC 3339. A time without a zone is not guessed at.
func parseListedTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04:05Z07:00", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// listedNumber puts the plus sign back that Plivo leaves out of full numbers.
// Short codes (up to six digits) and sender ids have none.
func listedNumber(s string) string {
	if d := digitsOf(s); len(d) > 6 && strings.Trim(d, "0123456789") == "" {
		return "+" + d
	}
	return s
}

// digitsOf is a number or sender id as Plivo compares them.
func digitsOf(s string) string { return strings.TrimPrefix(s, "+") }

// errorCode makes the ways of saying "no error" one.
func errorCode(code string) string {
	if strings.Trim(code, "0") == "" {
		return ""
	}
	return code
}
