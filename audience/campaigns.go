package audience

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// campaignField begins a field that asks what came of an SMS campaign for a
// person: "campaign." and its id, with eq or ne and an outcome.
const campaignField = "campaign."

// outcomes are what such a field is compared with.
var outcomes = map[string]db.Outcome{
	"sent": db.OutcomeSent, "delivered": db.OutcomeDelivered, "replied": db.OutcomeReplied, "clicked": db.OutcomeClicked, "unreachable": db.OutcomeUnreachable,
}

// campaignOf is the campaign and outcome that a valid part asks for.
func campaignOf(r liadesk.Rule) (liadesk.ID, db.Outcome, bool) {
	name, ok := strings.CutPrefix(r.Field, campaignField)
	if !ok || r.Value == nil || r.Value.Text == nil {
		return liadesk.ID{}, "", false
	}
	id, err := liadesk.ParseID(name)
	return id, outcomes[*r.Value.Text], err == nil
}

func checkCampaign(v *liadesk.Invalid, at string, r liadesk.Rule) {
	name := strings.TrimPrefix(r.Field, campaignField)
	if _, err := liadesk.ParseID(name); err != nil {
		v.Add(at+".field", "campaign_unknown", "Name", clip(name))
		return
	}
	if r.Op != opEq && r.Op != opNe {
		v.Add(at+".op", "op_unknown", "Name", clip(r.Op))
		return
	}
	if r.Value == nil || r.Value.Text == nil || outcomes[*r.Value.Text] == "" {
		v.Add(at+".value", "outcome_unknown")
	}
}

// asked is a campaign and what came of it.
type asked struct {
	campaign liadesk.ID
	outcome  db.Outcome
}

// campaignsOf lists what the parts of a rule ask about campaigns.
func campaignsOf(r liadesk.Rule, list []asked) []asked {
	if id, outcome, ok := campaignOf(r); ok {
		if a := (asked{id, outcome}); !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	for _, parts := range []*[]liadesk.Rule{r.All, r.Any} {
		if parts != nil {
			for _, part := range *parts {
				list = campaignsOf(part, list)
			}
		}
	}
	if r.Not != nil {
		list = campaignsOf(*r.Not, list)
	}
	return list
}

// Outcomes are who had which outcome of the campaigns that a rule asks for, at
// the moment when they were read. The zero value has none.
type Outcomes struct {
	sets map[asked]*roaring.Bitmap
}

// ReadOutcomes reads what a rule asks about campaigns. It reads an index entry
// for each text of a campaign, which for a large one takes too long for a
// transaction that writes: read them before, and give them to EvaluateChunk.
func ReadOutcomes(tx *db.Tx, account liadesk.ID, rule liadesk.Rule) (Outcomes, error) {
	sets, err := readCampaigns(tx, account, rule, Outcomes{})
	return Outcomes{sets}, err
}

// readCampaigns is who has which outcome of the campaigns that a rule asks for:
// what was read before, and the rest.
func readCampaigns(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, before Outcomes) (map[asked]*roaring.Bitmap, error) {
	out := make(map[asked]*roaring.Bitmap)
	for _, a := range campaignsOf(rule, nil) {
		if set := before.sets[a]; set != nil {
			out[a] = set
			continue
		}
		set, err := tx.CampaignOutcome(account, a.campaign, a.outcome)
		if err != nil {
			return nil, err
		}
		out[a] = set
	}
	return out, nil
}

// matchCampaign is the set of those who fulfil a part about a campaign.
func (e *evaluation) matchCampaign(r liadesk.Rule) *roaring.Bitmap {
	all := e.sets[db.SetAll]
	id, outcome, _ := campaignOf(r)
	set := e.campaigns[asked{id, outcome}]
	if set == nil {
		set = roaring.New()
	}
	if r.Op == opNe {
		return roaring.AndNot(all, set)
	}
	return roaring.And(all, set)
}

// checkCampaigns refuses a rule about a campaign that the account has not.
func checkCampaigns(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, v *liadesk.Invalid) error {
	for _, a := range campaignsOf(rule, nil) {
		if _, found, err := tx.SharedSMSCampaign(account, a.campaign); err != nil {
			return err
		} else if !found {
			v.Add("rule", "campaign_unknown", "Name", a.campaign.String())
			return nil
		}
	}
	return nil
}

// Titler is a Speaker who knows the titles of campaigns.
type Titler interface {
	CampaignTitle(id string) string
}

// campaignPhrase reads a part about a campaign, or its contrary.
func campaignPhrase(l Speaker, r liadesk.Rule, contrary bool) string {
	name := strings.TrimPrefix(r.Field, campaignField)
	if t, ok := l.(Titler); ok {
		name = t.CampaignTitle(name)
	}
	outcome := "sent"
	if _, o, ok := campaignOf(r); ok && o != "" {
		outcome = string(o)
	}
	which := ""
	if (r.Op == opNe) != contrary {
		which = "not_"
	}
	return l.T("audience.campaign."+which+outcome, "Campaign", l.T("audience.quoted", "Tag", name))
}
