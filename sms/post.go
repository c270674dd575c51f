package sms

import (
	"context"
	"errors"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// result is what became of a claimed text, on its way into the ledger.
type result struct {
	job   *job
	event liadesk.DeliveryEvent
	// condition is set when the carrier refused the inbox as a whole.
	condition *SendError
	// posted tells whether the carrier was asked at all.
	posted bool
}

// post hands one claimed text to the carrier, unless something changed since
// the claim that forbids it. It always comes back with a result, whatever
// happens on the wire.
//
// If the power goes before the post, in it or after it, the row says "sending"
// and the next epoch holds it for unconfirmed: from the outside the three
// cannot be told apart.
func (s *Service) post(ctx context.Context, j *job) result {
	r := result{job: j, event: liadesk.DeliveryEvent{AttemptID: j.attempt.ID, Evidence: liadesk.EvidenceResponse}}
	verdict, reason, err := s.mayPost(ctx, j)
	if err != nil {
		s.Log.Error("a text could not be checked before sending", "attempt", j.attempt.ID.String(), "error", err)
		verdict = liadesk.EventNotTaken // it was not posted, which is certain
	}
	if verdict != "" {
		r.event.Kind, r.event.Reason, r.event.At = verdict, reason, s.now()
		return r
	}
	text, segments, err := s.textOf(j)
	if err != nil {
		r.event.Kind, r.event.At = liadesk.EventRefused, s.now()
		r.event.Code, r.event.Text = liadesk.CodeNotSendable, err.Error()
		return r
	}
	credentials, err := j.credentials()
	if err != nil {
		r.event.Kind, r.event.At = liadesk.EventNotTaken, s.now()
		r.condition = &SendError{Class: NotSent, Reason: ReasonUnauthorised, Text: err.Error(), Err: err}
		return r
	}
	// Looking took time; a post begins only while the lease surely holds.
	if s.Monotonic()-j.leased >= leaseTime*2/3 {
		r.event.Kind, r.event.At = liadesk.EventNotTaken, s.now()
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, s.PostTimeout)
	defer cancel()
	r.posted = true
	out := Outgoing{From: j.inbox.SMS.Number, To: j.attempt.Phone, Text: text, CallbackURL: s.callbackURL(j.attempt)}
	if !j.ends.IsZero() {
		// A carrier that is handed more than it sends queues the rest, for hours
		// if need be: into the night of who is to get it.
		out.Keep = max(leastKept, j.ends.Sub(s.now()))
	}
	receipt, err := s.Dialer.Carrier(credentials).Send(ctx, out)
	r.event.At, r.event.Segments = s.now(), segments
	// Estimates are for the reports of campaigns.
	if price, known := j.account.Settings.PriceOf(phone.CountryOfClass(j.class)); known && j.campaign != nil {
		r.event.Estimate = price * int64(segments)
	}
	if err == nil && receipt.UUID != "" {
		r.event.Kind, r.event.CarrierID = liadesk.EventAccepted, receipt.UUID
		return r
	}
	r.refusal(err)
	return r
}

// leastKept is how long a carrier may keep any text: less than a few seconds is
// what it needs to send one.
const leastKept = 5 * time.Second

// refusal sorts what a carrier said into the outcomes of a text. What is not
// certain is uncertain.
func (r *result) refusal(err error) {
	e, ok := errors.AsType[*SendError](err)
	if !ok {
		r.event.Kind, r.event.Code = liadesk.EventUncertain, string(ReasonNoAnswer)
		if err != nil {
			r.event.Text = err.Error()
		}
		return
	}
	r.event.Code, r.event.Text = e.Code, e.Text
	if r.event.Code == "" {
		r.event.Code = string(e.Reason)
	}
	switch {
	case e.OfInbox():
		r.event.Kind, r.condition = liadesk.EventNotTaken, e
	case e.Class == NotSent:
		r.event.Kind = liadesk.EventNotTaken
	case e.Class == Refused:
		r.event.Kind = liadesk.EventRefused
	default:
		r.event.Kind = liadesk.EventUncertain
	}
}

// textOf is the text as it goes out, with its segments. A long value can make a
// text that nobody was ever shown: it is measured again.
func (s *Service) textOf(j *job) (string, int, error) {
	if j.item != nil {
		text := Normalise(j.item.Text)
		m := Measure(text)
		return text, m.Segments, CheckLength(m, 0)
	}
	w := WordingOf(*j.campaign, j.first)
	if w.ClickCode == 0 {
		w = w.AsWritten() // never a sample that leads nowhere
	}
	text, err := s.Render(*j.account, w, *j.contact)
	if err != nil {
		return "", 0, err
	}
	m := Measure(text)
	return text, m.Segments, CheckLength(m, j.account.Settings.MaxSegments)
}

// mayPost looks again, in the last moment, whether a claimed text may go. The
// empty kind says that it may; else it is what becomes of the claim.
func (s *Service) mayPost(ctx context.Context, j *job) (liadesk.EventKind, liadesk.SkipReason, error) {
	if s.Monotonic()-j.leased >= leaseTime*2/3 {
		return liadesk.EventNotTaken, "", nil
	}
	if shuts, _ := s.Store.Shuts(); j.known && shuts == j.shuts && j.undisturbed(s.now()) {
		return "", "", nil
	}
	var kind liadesk.EventKind
	var reason liadesk.SkipReason
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		kind, reason, err = s.check(tx, j)
		return err
	})
	return kind, reason, err
}

// undisturbed tells whether a campaign's text may go if nothing changed since its
// claim but the time.
func (j *job) undisturbed(now time.Time) bool {
	return j.campaign != nil && !j.probe && now.Before(j.until) && !now.Before(j.attempt.StartedAt)
}

func (s *Service) check(tx *db.Tx, j *job) (liadesk.EventKind, liadesk.SkipReason, error) {
	const back = liadesk.EventNotTaken
	held, gate, err := tx.HeldAndGate(j.account.ID)
	if err != nil || held {
		return back, "", err
	}
	now := s.now()
	if gate == j.gate && j.undisturbed(now) {
		return "", "", nil
	}
	account, found, err := tx.SharedAccount(j.account.ID)
	if err != nil || !found {
		return back, "", err
	}
	inbox, found, err := tx.SharedInbox(account.ID, j.inbox.ID)
	if err != nil || !found || inbox.SMS == nil {
		return back, "", err
	}
	if !j.probe && mustRest(inbox.SMS.Trouble) {
		return back, "", nil
	}
	_, optedOut, err := tx.OptOutOf(account.ID, j.attempt.Phone)
	if err != nil {
		return back, "", err
	}
	if j.campaign == nil {
		// The one answer to STOP is a confirmation; nothing else goes to
		// somebody who said it.
		if optedOut && j.attempt.Cause != liadesk.CauseConfirmation {
			return liadesk.EventSkip, liadesk.SkipOptedOut, nil
		}
		a, found, err := tx.Attempt(account.ID, j.attempt.ID)
		if err != nil || !found || a.Alone == nil || a.Alone.Status != liadesk.DeliverySending {
			return back, "", err
		}
		return "", "", nil
	}
	row, found, err := tx.Delivery(account.ID, j.campaign.ID, j.attempt.Phone)
	if err != nil || !found || row.Status != liadesk.DeliverySending || row.AttemptID != j.attempt.ID {
		return back, "", err // settled already, or not ours any more
	}
	c, found, err := tx.SharedSMSCampaign(account.ID, j.campaign.ID)
	if err != nil || !found {
		return back, "", err
	}
	switch {
	case optedOut:
		return liadesk.EventSkip, liadesk.SkipOptedOut, nil
	case c.Status == liadesk.SMSCancelled:
		return liadesk.EventSkip, liadesk.SkipCancelled, nil
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return liadesk.EventExpire, "", nil
	case c.Status != liadesk.SMSSending, !account.Plan.Paid(), !mayText(account, c, j.class, now):
		return back, "", nil
	}
	p, known, err := tx.Contact(account.ID, j.attempt.ContactID)
	if err != nil {
		return back, "", err
	}
	if known && (p.Phone != j.attempt.Phone || p.Class != "" && p.Class != j.class) {
		return back, "", nil // the next claim goes to the number of now, by its zone
	}
	if reason := barred(&c, &p, known, optedOut, false); reason != "" {
		return liadesk.EventSkip, reason, nil
	}
	if c.Purpose != liadesk.PurposeTransactional {
		if _, held, err := tx.HoldOf(account.ID, j.attempt.Phone); err != nil || held {
			return liadesk.EventSkip, liadesk.SkipHeld, err
		}
	}
	lately, err := tx.Texted(account.ID, []string{j.attempt.Phone})
	if err != nil {
		return back, "", err
	}
	switch restraint(account, c, j.class, lately[j.attempt.Phone], now) {
	case leftOut:
		return liadesk.EventSkip, liadesk.SkipRecentlyTexted, nil
	case waits:
		return back, "", nil
	}
	return "", "", nil
}

// mustRest tells whether an inbox in this trouble sends nothing but a probe.
func mustRest(t liadesk.InboxTrouble) bool {
	return t == liadesk.TroubleUnauthorised || t == liadesk.TroubleNoCredit
}

// troubleOf is the trouble of an inbox that a carrier's answer shows.
func troubleOf(e *SendError) (trouble liadesk.InboxTrouble, asked time.Duration) {
	switch e.Reason {
	case ReasonUnauthorised:
		return liadesk.TroubleUnauthorised, mendWait
	case ReasonNoCredit:
		return liadesk.TroubleNoCredit, mendWait
	case ReasonThrottled:
		return liadesk.TroubleThrottled, e.RetryAfter
	case ReasonMisconfigured:
		return liadesk.TroubleMisconfigured, 0
	}
	return liadesk.TroubleNoConnection, 0
}
