package sms

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Callback is a request of the carrier, as it came.
type Callback struct {
	Inbox liadesk.ID
	// Attempt is the last part of a report's path, as it came.
	Attempt string
	// Form has the decoded parameters of the body.
	Form url.Values
	Body []byte
	// Header gives a header by name, several lines of one name joined by commas.
	Header func(name string) string
}

// ErrForged is the answer to a callback that the carrier did not sign. It does
// not tell whether the inbox exists.
var ErrForged = &liadesk.Error{Kind: liadesk.KindForbidden, Code: "bad_signature", Text: "the request does not bear the carrier's signature"}

// Where contacts learn about a number from.
const (
	sourceKeyword = "keyword"
	sourceCarrier = "carrier"
	sourceSMS     = "sms"
)

// seenEvery is how coarsely an inbox remembers its last signed callback, so
// that a storm of reports does not write it each time.
const seenEvery = time.Minute

// signed is a callback whose signature holds.
type signed struct {
	Callback
	account liadesk.ID
	inbox   liadesk.Inbox
	proof   Verified
	digest  liadesk.Digest
	// attempt is the campaign's that a report is on, nil where none was found.
	// What a report needs of it never changes, so it is read before the
	// transaction that the report shares with others; the text of no campaign
	// lies in its attempt and is read there.
	attempt *liadesk.Attempt
}

// verify holds a callback against the token of its inbox. Nothing is written.
func (s *Service) verify(ctx context.Context, cb Callback, path string) (signed, error) {
	v := signed{Callback: cb, digest: sha256.Sum256(cb.Body)}
	found := false
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		if v.account, found, err = tx.InboxAccount(cb.Inbox); err != nil || !found {
			return err
		}
		if v.inbox, found, err = tx.SharedInbox(v.account, cb.Inbox); err != nil || cb.Attempt == "" {
			return err
		}
		id, err := liadesk.ParseID(cb.Attempt)
		if err != nil {
			return nil // of nobody: what came with it may still tell something
		}
		if a, ours, err := tx.Attempt(v.account, id); err != nil {
			return err
		} else if ours && a.Cause == liadesk.CauseCampaign {
			v.attempt = &a
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	if !found || v.inbox.SMS == nil {
		return v, ErrForged
	}
	_, token, err := s.Credentials(v.inbox)
	if err != nil {
		return v, err
	}
	v.proof, err = VerifySignature(SignedRequest{
		Method: http.MethodPost, URL: strings.TrimSuffix(s.PublicURL, "/") + path, Form: cb.Form, Header: cb.Header,
	}, token)
	if err != nil || v.proof.Version == SignatureV2 && v.inbox.SMS.SignedV3 {
		return v, ErrForged
	}
	return v, nil
}

// note remembers, in the transaction of what the callback brings, that it came:
// its nonce, and on the inbox that the carrier reaches us and how it signs. It
// tells whether this very request came before, which then changes nothing.
// Nothing is written when it is a forgery.
func (s *Service) note(tx *db.Tx, v signed) (repeated bool, err error) {
	in, found, err := tx.SharedInbox(v.account, v.inbox.ID)
	if err != nil {
		return false, err
	}
	v3, known := v.proof.Version == SignatureV3, found && in.SMS != nil
	if known && !v3 && in.SMS.SignedV3 {
		return false, ErrForged // V3 was seen since it was verified
	}
	if repeated, err = s.noteNonce(tx, v); err != nil || repeated || !known {
		return repeated, err
	}
	now := s.now()
	if v3 == in.SMS.SignedV3 && now.Sub(in.SMS.CallbackSeenAt).Abs() < seenEvery {
		return false, nil
	}
	if in, found, err = tx.Inbox(v.account, v.inbox.ID); err != nil || !found { // one of our own, to change
		return false, err
	}
	in.SMS.SignedV3, in.SMS.CallbackSeenAt = v3, now
	return false, tx.PutInbox(in)
}

// noteNonce remembers a nonce. It may come again with the same body: the carrier
// repeats itself when it did not get our answer. Under V2, which does not cover
// the body, another body with a nonce that was used is a forgery by somebody who
// saw a request.
//
// Of a delivery report under V3 it need not be known: the signature covers the
// body, and the same report again changes nothing. There are as many of those
// as texts go out, and more, and each nonce would be a page of the disk.
func (s *Service) noteNonce(tx *db.Tx, v signed) (repeated bool, err error) {
	if v.proof.Version == SignatureV3 && v.Attempt != "" {
		return false, nil
	}
	now := s.now()
	same, other, err := tx.NonceSeen(v.account, v.inbox.ID, v.proof.Nonce, v.digest, now)
	if err != nil || same {
		return same, err
	}
	if other && v.proof.Version == SignatureV2 {
		return false, ErrForged
	}
	return false, tx.PutNonce(v.account, v.inbox.ID, v.proof.Nonce, v.digest, now)
}

// ReportStatus merges a delivery report. nil means that it is on the disk, or
// need not be: only then may the carrier be told so. It is harmless when it
// comes twice, late, out of order, or before the answer to the post.
func (s *Service) ReportStatus(ctx context.Context, cb Callback) error {
	v, err := s.verify(ctx, cb, StatusPath(cb.Inbox, cb.Attempt))
	if err != nil {
		return err
	}
	// A carrier reports on many texts at once: those that come together share a
	// transaction, and the counters of a campaign are written once for all. What
	// one caller does not wait for any longer others may.
	ctx = context.WithoutCancel(ctx)
	return s.reports.do(v, func(list []signed) []error { return s.storeReports(ctx, list) })
}

// storeReports merges reports in one transaction. Should one of them fail
// there, each is tried by itself, so that it fails alone.
func (s *Service) storeReports(ctx context.Context, list []signed) []error {
	var errs []error
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		errs = make([]error, len(list))
		ledgers := make(map[liadesk.ID]*ledger)
		for i, v := range list {
			id, err := liadesk.ParseID(v.Attempt)
			l := ledgers[v.account]
			if l == nil {
				l = newLedger(tx, v.account, id[15], s.now())
				ledgers[v.account] = l
			}
			if err = s.mergeReport(l, v, id, err == nil); errors.Is(err, ErrForged) {
				errs[i] = err // which has written nothing
			} else if err != nil {
				return err
			}
		}
		for _, account := range slices.SortedFunc(maps.Keys(ledgers), liadesk.ID.Compare) {
			if err := ledgers[account].close(); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		return errs
	case len(list) == 1 || liadesk.KindOf(err) == liadesk.KindUnavailable: // a full disk is full for each
		return slices.Repeat([]error{err}, len(list))
	}
	errs = nil
	for _, v := range list {
		errs = append(errs, s.storeReports(ctx, []signed{v})...)
	}
	return errs
}

// mergeReport merges one report in the ledger's transaction; ours tells whether
// id, from its address, may be that of an attempt.
func (s *Service) mergeReport(l *ledger, v signed, id liadesk.ID, ours bool) error {
	repeated, err := s.note(l.tx, v)
	if err != nil || repeated {
		return err
	}
	var a liadesk.Attempt
	switch {
	case v.attempt != nil:
		a = *v.attempt
	case ours:
		if a, ours, err = l.tx.Attempt(v.account, id); err != nil {
			return err
		}
	}
	if ours && a.InboxID == v.inbox.ID {
		return s.reported(l, a, v.Form)
	}
	return s.reportedUnknown(l, v.inbox, v.Form)
}

// reported merges a report on an attempt of ours.
func (s *Service) reported(l *ledger, a liadesk.Attempt, form url.Values) error {
	e := reportEvent(form, l.now)
	e.AttemptID = a.ID
	ch, err := l.apply(a, e)
	if err != nil || !ch.Changed {
		return err
	}
	if ch.Before.Status == liadesk.DeliveryPending && a.Cause != liadesk.CauseCampaign {
		// It waits in the outbox to be tried again, and was taken after all.
		if err := l.tx.DeleteOutbox(liadesk.OutboxItem{ID: a.ID, AccountID: a.AccountID, InboxID: a.InboxID}); err != nil {
			return err
		}
	}
	return s.concluded(l, ch)
}

// concluded draws the consequences of what the carrier said of a text, in a
// report or in its list: for the number, if it says something of that, and for
// the message that the text was.
func (s *Service) concluded(l *ledger, ch change) error {
	a, failed := ch.Attempt, ch.After.Status == liadesk.DeliveryFailed || ch.After.Status == liadesk.DeliveryUndelivered
	if ch.Changed && failed {
		var err error
		switch code := ch.After.ErrorCode; code {
		case "200": // the carrier blocks the number: it answered STOP
			var back bool
			if back, err = cameBack(l.tx, a); back || err != nil {
				break
			}
			err = s.Contacts.OptOut(l.tx, l.account, liadesk.OptOut{Number: a.Phone, At: l.now, Source: sourceCarrier, Text: code, CampaignID: a.CampaignID})
		case "50", "70": // the number is wrong, or gone for good
			err = s.Contacts.MarkBadNumber(l.tx, l.account, a.Phone, code)
		}
		if err != nil {
			return err
		}
	}
	return s.tell(l.tx, ch)
}

// cameBack tells whether a number opted in again after a text to it was begun:
// what the carrier held against that text is over.
func cameBack(tx *db.Tx, a liadesk.Attempt) (bool, error) {
	last, err := tx.OptOutHistory(a.AccountID, a.Phone, 1)
	return len(last) > 0 && !last[0].Out && !last[0].Review && last[0].OptOut.At.After(a.StartedAt), err
}

// reportedUnknown hears of a text under an attempt that this database does not
// know, as of one sent after the backup was made that the database came from.
// If the text was given to somebody who waited meanwhile, by the carrier's list,
// it is a report on that. If not, and while sending is held, the text is held against those who
// wait, like an entry of the list.
func (s *Service) reportedUnknown(l *ledger, in liadesk.Inbox, form url.Values) error {
	to, ok := carrierNumber(form.Get("To"))
	uuid := clipText(form.Get("MessageUUID"), 100)
	if !ok || uuid == "" {
		return nil
	}
	owned, err := ownedUUIDs(l.tx, in, to, []string{uuid})
	if err != nil {
		return err
	}
	if id, ours := owned[uuid]; ours {
		a, found, err := l.tx.Attempt(l.account, id)
		if err != nil || !found {
			return err
		}
		if a.Deadline.After(a.StartedAt) {
			return nil // it was posted from here, and is reported under its own attempt
		}
		return s.reported(l, a, form)
	}
	_, held, err := l.tx.Held()
	if err != nil || !held {
		return err
	}
	slots, err := s.slotsOf(l, in, to)
	if err != nil {
		return err
	}
	e := reportEvent(form, l.now)
	return s.fillSlots(l, slots, []Listed{{UUID: uuid, To: to, State: form.Get("Status"), ErrorCode: e.Code, Units: e.Segments, Amount: form.Get("TotalAmount")}})
}

// reportEvent reads a delivery report (Plivo, "Message status callbacks").
func reportEvent(form url.Values, now time.Time) liadesk.DeliveryEvent {
	e := liadesk.DeliveryEvent{
		Kind: eventOf(form.Get("Status")), At: now, Evidence: liadesk.EvidenceCallback,
		CarrierID: clipText(form.Get("MessageUUID"), 100), Code: reportedCode(form.Get("ErrorCode")),
		Segments: smallNumberOf(form.Get("Units")), Sequence: smallNumberOf(form.Get("Sequence")),
	}
	if cost, ok := millionths(form.Get("TotalAmount")); ok {
		e.Cost = &cost
	}
	return e
}

// eventOf reads the carrier's word for a state. A word that we do not know
// still proves that the carrier has the text.
func eventOf(state string) liadesk.EventKind {
	switch strings.ToLower(state) {
	case "sent":
		return liadesk.EventSent
	case "delivered", "read":
		return liadesk.EventDelivered
	case "undelivered":
		return liadesk.EventUndelivered
	case "failed", "rejected":
		return liadesk.EventFailed
	}
	return liadesk.EventAccepted
}

// reportedCode is the carrier's code verbatim; its words for success are "".
func reportedCode(s string) string {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return clipText(s, 40)
}

func clipText(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func smallNumberOf(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 1<<20 {
		return 0
	}
	return n
}

// millionths reads an amount such as 0.00350 without going through floating
// point, in millionths; ok is false when there is none or it cannot be read.
func millionths(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	whole, part, _ := strings.Cut(s, ".")
	part = (part + "000000")[:6]
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if s == "" || err != nil || n < 0 || n > math.MaxInt32*1_000_000 || errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return n, true
}
