package db

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// Outcome is what came of a campaign for a person, as audiences ask for it.
type Outcome string

// The outcomes.
const (
	OutcomeSent        Outcome = "sent"        // the carrier took the text, and it did not fail
	OutcomeDelivered   Outcome = "delivered"   // it is on the phone
	OutcomeReplied     Outcome = "replied"     // the person answered it
	OutcomeClicked     Outcome = "clicked"     // the person opened a link in it
	OutcomeUnreachable Outcome = "unreachable" // it failed for a reason that may pass
)

// outcomeStates are the states of the rows among which an outcome is found.
var outcomeStates = map[Outcome][]liadesk.DeliveryStatus{
	OutcomeSent:        {liadesk.DeliveryAccepted, liadesk.DeliverySent, liadesk.DeliveryDelivered, liadesk.DeliveryUndelivered},
	OutcomeDelivered:   {liadesk.DeliveryDelivered},
	OutcomeUnreachable: {liadesk.DeliveryFailed, liadesk.DeliveryUndelivered},
}

// outcomePage is how many rows are read at a time.
const outcomePage = 2000

// CampaignOutcome is the set of the contacts for whom a campaign had an
// outcome. Who answered or opened a link is a set; who was sent or got the text
// stands in the index by status; whom it did not reach is read from the rows of
// those, page by page.
func (tx *Tx) CampaignOutcome(account, campaign liadesk.ID, o Outcome) (*roaring.Bitmap, error) {
	switch o {
	case OutcomeClicked:
		return tx.clicked(account, campaign)
	case OutcomeReplied:
		return wholeSet(tx, repliedSet(account, campaign))
	}
	out := roaring.New()
	for _, state := range outcomeStates[o] {
		base := in(account, nDeliveryState).id(campaign).str(string(state))
		for from := base; ; {
			pairs, err := tx.kv.Scan(from, base.end(), outcomePage, false)
			if err != nil {
				return nil, err
			}
			if len(pairs) == 0 {
				break
			}
			var keys []key
			for _, p := range pairs {
				var dense uint32
				// Entries of before have the number as their value.
				if o != OutcomeUnreachable && decode(p.Value, &dense) == nil {
					out.Add(dense)
					continue
				}
				keys = append(keys, deliveryKey(account, campaign, phoneOfState(base, p.Key)))
			}
			rows, err := getMany[liadesk.Delivery](tx, keys)
			if err != nil {
				return nil, err
			}
			for _, d := range rows {
				if o != OutcomeUnreachable || liadesk.MayPass(d.ErrorCode) {
					out.Add(d.Dense)
				}
			}
			from = key(pairs[len(pairs)-1].Key).after()
		}
	}
	return out, nil
}

// repliedSet is the place of the set of the contacts who answered a campaign. It
// changes with their rows.
func repliedSet(account, campaign liadesk.ID) key { return in(account, nReplied).id(campaign) }

// markReplied brings the set up to a row that is written in place of old.
func (tx *Tx) markReplied(account liadesk.ID, old, d liadesk.Delivery) error {
	if old.RepliedAt.IsZero() == d.RepliedAt.IsZero() {
		return nil
	}
	return setBit(tx, repliedSet(account, d.CampaignID), d.Dense, !d.RepliedAt.IsZero())
}

// gatherReplied makes the sets for campaigns that were answered before there
// were any.
var gatherReplied = overRecords(nDelivery, indexPart, func(tx *Tx, account liadesk.ID, list []liadesk.Delivery) error {
	for _, d := range list {
		if err := tx.markReplied(account, liadesk.Delivery{}, d); err != nil {
			return err
		}
	}
	return nil
})
