package sms

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Progress is where the recipients of a campaign are. Targeted is the sum of
// all the others and Skipped; each recipient is in exactly one.
type Progress struct {
	// Targeted is nil until the audience is frozen, and never changes after.
	Targeted    *int64                       `json:"targeted"`
	Skipped     map[liadesk.SkipReason]int64 `json:"skipped"`
	Pending     int64                        `json:"pending"`
	Deferred    int64                        `json:"deferred"`
	Sending     int64                        `json:"sending"`
	Unconfirmed int64                        `json:"unconfirmed"`
	Accepted    int64                        `json:"accepted"`
	Sent        int64                        `json:"sent"`
	Delivered   int64                        `json:"delivered"`
	Undelivered int64                        `json:"undelivered"`
	Failed      int64                        `json:"failed"`
	Expired     int64                        `json:"expired"`

	Replies  int64  `json:"-"`
	Clicks   Clicks `json:"-"`
	OptOuts  int64  `json:"-"`
	Segments int64  `json:"-"`
	Cost     int64  `json:"-"` // millionths of the carrier's currency
	// Failures are the carrier's codes with how often each was the end, the
	// most frequent first.
	Failures []Failure `json:"-"`
	// DeferredUntil is the next moment at which a window opens for somebody who
	// is deferred; zero when nobody is, or no such moment is known. TooLate are
	// those of Deferred whose window opens after the campaign's end: they get
	// nothing.
	DeferredUntil time.Time `json:"-"`
	TooLate       int64     `json:"-"`
	// SettlingUntil is until when a completed campaign may still change: three
	// days after it ended the carrier reports no more. Zero when every text has
	// its final report.
	SettlingUntil time.Time `json:"-"`
	// Sharing is how many campaigns send now from its number, it among them; 0
	// where none does.
	Sharing int `json:"-"`

	estimated Estimated
	refused   int64    // of Failed, those that the carrier never took
	next      []nextUp // Pending, in the order in which they are sent; while it sends
}

// Clicks are how often the links of a campaign were opened.
type Clicks struct {
	People   int64 // who opened one, each once
	Times    int64 // by people, again and again
	Machines int64 // by programs, or too soon to be a person
}

// Estimated holds what texts should have cost by the account's own prices, as
// they were when each was posted, against what the carrier charged for the same
// texts: those of countries with a price of which it has said the last. Amounts
// are in millionths.
type Estimated struct {
	Texts    int64
	Estimate int64
	Charged  int64
}

// Failure is a reason for which texts of a campaign failed.
type Failure struct {
	Code  string `json:"code"` // the carrier's, "unknown" when it gave none
	Count int64  `json:"count"`
}

// SkippedTotal is how many were left out, whatever the reason.
func (p Progress) SkippedTotal() int64 {
	var n int64
	for _, k := range p.Skipped {
		n += k
	}
	return n
}

// Taken is how many texts the carrier took.
func (p Progress) Taken() int64 {
	// Those failed without having been taken are told apart in Report alone.
	return p.Accepted + p.Sent + p.Delivered + p.Undelivered + p.Failed
}

// Done is how many recipients need no more work, of Targeted.
func (p Progress) Done() int64 {
	return p.SkippedTotal() + p.Unconfirmed + p.Taken() + p.Expired
}

// Problems tells whether more than one in twenty of those handed over failed.
func (p Progress) Problems() bool {
	return (p.Failed+p.Undelivered)*20 > p.Taken()
}

// settlingFor is how long after its end a campaign's reports may come.
const settlingFor = 72 * time.Hour

// Progress reads where the recipients of a campaign are.
func (s *Service) Progress(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Progress, error) {
	card, err := s.Card(ctx, actor, id)
	return card.Progress, err
}

// Card reads one campaign with its progress.
func (s *Service) Card(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Card, error) {
	var card Card
	if err := actor.Campaigns(); err != nil {
		return card, err
	}
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		c, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		cards, err := s.cards(tx, actor.Account, c)
		if err != nil {
			return err
		}
		card = cards[0]
		return nil
	})
	return card, err
}

// cards finds the progress of campaigns, of all of them in one round trip.
func (s *Service) cards(tx *db.Tx, id liadesk.ID, list ...liadesk.SMSCampaign) ([]Card, error) {
	account, _, err := tx.Account(id)
	if err != nil {
		return nil, err
	}
	ids := make([]liadesk.ID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	t, err := figuresOf(tx, id, ids...)
	if err != nil {
		return nil, err
	}
	sending, err := sendingFrom(tx, id, list)
	if err != nil {
		return nil, err
	}
	cards := make([]Card, len(list))
	for i, c := range list {
		cards[i] = Card{Campaign: c, Progress: Progress{Skipped: map[liadesk.SkipReason]int64{}}}
		if c.Frozen {
			cards[i].Progress = s.progressOf(account, c, t[i])
			cards[i].Progress.Sharing = sending[c.InboxID]
		}
	}
	return cards, nil
}

// sendingFrom counts the campaigns that send now by inbox, if any of a list does.
func sendingFrom(tx *db.Tx, account liadesk.ID, list []liadesk.SMSCampaign) (map[liadesk.ID]int, error) {
	if !slices.ContainsFunc(list, func(c liadesk.SMSCampaign) bool { return c.Status == liadesk.SMSSending }) {
		return nil, nil
	}
	all, err := tx.SMSCampaignsDue(account, liadesk.SMSSending, time.Time{})
	n := make(map[liadesk.ID]int)
	for _, c := range all {
		n[c.InboxID]++
	}
	return n, err
}

// progressOf says where the recipients of a campaign with these figures are.
func (s *Service) progressOf(account liadesk.Account, c liadesk.SMSCampaign, t tallied) Progress {
	p, now := Progress{}, s.now()
	p.Targeted, p.Skipped = &c.Targeted, t.skipped
	for _, class := range slices.Sorted(maps.Keys(t.pending)) {
		n := t.pending[class]
		at, ok := opening(account, c, class, now)
		switch {
		case ok && !at.After(now):
			p.Pending += n
			if c.Status == liadesk.SMSSending {
				p.next = append(p.next, nextOf(account, c, class, n, now))
			}
			continue
		case ok && isOver(c, at):
			p.TooLate += n
		case ok && (p.DeferredUntil.IsZero() || at.Before(p.DeferredUntil)):
			p.DeferredUntil = at
		}
		p.Deferred += n
	}
	p.Sending = t.rows[liadesk.DeliverySending]
	p.Unconfirmed = t.rows[liadesk.DeliveryUnconfirmed]
	p.Accepted = t.rows[liadesk.DeliveryAccepted]
	p.Sent = t.rows[liadesk.DeliverySent]
	p.Delivered = t.rows[liadesk.DeliveryDelivered]
	p.Undelivered = t.rows[liadesk.DeliveryUndelivered]
	p.Failed = t.rows[liadesk.DeliveryFailed]
	p.Expired = t.rows[liadesk.DeliveryExpired]
	p.Replies, p.OptOuts = t.other["replies"], t.other["opt_outs"]
	p.Clicks = Clicks{People: t.other["clickers"], Times: t.other["clicks"], Machines: t.other["machine_clicks"]}
	p.Segments, p.Cost = t.other["segments"], t.other["cost"]
	p.refused = t.other["refused"]
	p.estimated = Estimated{Texts: t.other["priced"], Estimate: t.other["estimated"], Charged: t.other["charged"]}
	p.Failures = t.failures
	if c.Status.Ended() && p.Unconfirmed+p.Accepted+p.Sent > 0 {
		if until := c.CompletedAt.Add(settlingFor); until.After(now) {
			p.SettlingUntil = until
		}
	}
	return p
}

// Report is what came of a campaign. Each rate is the quotient of two counts
// that stand beside it, and absent (nil) where nothing can be divided by.
type Report struct {
	Campaign liadesk.SMSCampaign
	Progress Progress
	// Attempted is targeted less skipped; Accepted is what the carrier took,
	// Refused what it did not.
	Attempted, Accepted, Refused int64
	// DeliveryRate is delivered ÷ accepted; ConfirmedShare is (delivered +
	// undelivered + failed) ÷ accepted: how much of it is known.
	DeliveryRate, ConfirmedShare *float64
	// ReplyRate is people with a reply within 72 hours that is no keyword ÷
	// delivered; OptOutRate is opt-outs within 72 hours ÷ delivered. Where
	// nothing is known to be delivered, they are ÷ accepted and OfAccepted is
	// set.
	ReplyRate, OptOutRate *float64
	// ClickRate is people who opened a link ÷ the same, nil for a campaign that
	// does not count them.
	ClickRate  *float64
	OfAccepted bool
	// CostPerDelivered is in millionths of the carrier's currency.
	CostPerDelivered *float64
	// CostPerReply is cost ÷ people with a reply, in the same.
	CostPerReply *float64
	// Estimated is nil where no text has both a price and a final report.
	Estimated *Estimated
	// Unknown is how many texts the carrier took, or may have taken, of which
	// nothing final was heard within the three days after the campaign ended;
	// before that it is 0. UnknownShare is of accepted + unconfirmed, nil before.
	Unknown      int64
	UnknownShare *float64
	// ToArrive is how long texts took from accepted to delivered, ToAnswer how
	// long people took from delivered, else accepted, to their first reply. They
	// are nil where nothing is known of that.
	ToArrive, ToAnswer *Took
	// Alarms are the shares that are too high, or too low.
	Alarms []Alarm

	settled bool // the three days after its end are over
}

// Report reads the figures of a campaign.
func (s *Service) Report(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Report, error) {
	card, err := s.Card(ctx, actor, id)
	if err != nil {
		return Report{}, err
	}
	p := card.Progress
	r := Report{Campaign: card.Campaign, Progress: p}
	if p.Targeted != nil {
		r.Attempted = *p.Targeted - p.SkippedTotal()
	}
	r.Refused = p.refused
	r.Accepted = p.Taken() - r.Refused
	r.DeliveryRate = ratio(p.Delivered, r.Accepted)
	r.ConfirmedShare = ratio(p.Delivered+p.Undelivered+p.Failed-r.Refused, r.Accepted)
	base := p.Delivered
	if base == 0 {
		base, r.OfAccepted = r.Accepted, true
	}
	r.ReplyRate, r.OptOutRate = ratio(p.Replies, base), ratio(p.OptOuts, base)
	if r.Campaign.TrackClicks {
		r.ClickRate = ratio(p.Clicks.People, base)
	}
	r.CostPerDelivered, r.CostPerReply = ratio(p.Cost, p.Delivered), ratio(p.Cost, p.Replies)
	if e := p.estimated; e.Texts > 0 {
		r.Estimated = &e
	}
	k := r.Campaign
	if r.settled = k.Frozen && k.Status.Ended() && !k.CompletedAt.Add(settlingFor).After(s.now()); r.settled {
		r.Unknown = p.Unconfirmed + p.Accepted + p.Sent
		r.UnknownShare = ratio(r.Unknown, r.Accepted+p.Unconfirmed)
	}
	r.Alarms = r.alarms()
	r.ToArrive, r.ToAnswer, err = s.times(ctx, actor.Account, id)
	return r, err
}

func ratio(n, of int64) *float64 {
	if of <= 0 {
		return nil
	}
	q := float64(n) / float64(of)
	return &q
}
