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
	OutcomeReplied:     {liadesk.DeliveryAccepted, liadesk.DeliverySent, liadesk.DeliveryDelivered, liadesk.DeliveryUndelivered},
	OutcomeUnreachable: {liadesk.DeliveryFailed, liadesk.DeliveryUndelivered},
}

// outcomePage is how many rows are read at a time.
const outcomePage = 2000

// CampaignOutcome is the set of the contacts for whom a campaign had an
// outcome. Who opened a link is a set; who was sent or got the text stands in
// the index by status; the others are read from their rows, page by page.
func (tx *Tx) CampaignOutcome(account, campaign liadesk.ID, o Outcome) (*roaring.Bitmap, error) {
	if o == OutcomeClicked {
		return tx.clicked(account, campaign)
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
				if o != OutcomeReplied && o != OutcomeUnreachable && decode(p.Value, &dense) == nil {
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
				if o == OutcomeReplied && d.RepliedAt.IsZero() || o == OutcomeUnreachable && !liadesk.MayPass(d.ErrorCode) {
					continue
				}
				out.Add(d.Dense)
			}
			from = key(pairs[len(pairs)-1].Key).after()
		}
	}
	return out, nil
}
