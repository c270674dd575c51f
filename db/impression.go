package db

import (
	"math"
	"strconv"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// The kinds of figures that are counted for a live chat campaign.
const (
	FigureShown     = "shown"
	FigureOpened    = "opened"
	FigureDismissed = "dismissed"
	FigureAnswered  = "answered"
	// FigureArmed counts page views that waited for the campaign's conditions.
	FigureArmed = "armed"
	// FigureHandedOver counts conversations that it began and the bot handed to
	// the team.
	FigureHandedOver = "handed_over"
	// FigureClicked counts impressions whose message had a link followed.
	FigureClicked = "clicked"
	// FigureGoals counts visitors who did what the message was for.
	FigureGoals = "goals"
)

// chatFigureNames are all figures of a live chat campaign.
var chatFigureNames = []string{FigureArmed, FigureShown, FigureOpened, FigureDismissed, FigureClicked, FigureAnswered, FigureHandedOver, FigureGoals}

func impressionKey(account, id liadesk.ID) key { return in(account, nImpression).id(id) }

// Impression reads one.
func (tx *Tx) Impression(account, id liadesk.ID) (liadesk.Impression, bool, error) {
	return get[liadesk.Impression](tx, impressionKey(account, id))
}

// PutImpression writes one.
func (tx *Tx) PutImpression(account liadesk.ID, i liadesk.Impression) error {
	return put(tx, impressionKey(account, i.ID), i)
}

// chatFigures is the beginning of a live chat campaign's counters.
func chatFigures(campaign liadesk.ID) string { return "chat/" + campaign.String() + "/" }

// CountChat adds one to a figure of a live chat campaign, in total and for the
// day (UTC) of at.
func (tx *Tx) CountChat(account, campaign liadesk.ID, figure string, seed byte, at time.Time) error {
	return tx.CountChatMany(account, campaign, figure, seed, at, 1)
}

// CountChatMany is CountChat for several at once.
func (tx *Tx) CountChatMany(account, campaign liadesk.ID, figure string, seed byte, at time.Time, n int64) error {
	if err := tx.Add(account, chatFigures(campaign)+figure, seed, n); err != nil {
		return err
	}
	return tx.Add(account, chatFigures(campaign)+"day/"+at.UTC().Format(time.DateOnly)+"/"+figure, seed, n)
}

// The tallies of a live chat campaign, behind chatFigures.
const (
	chatQuiet  = "quiet"  // page views on which it was not shown, by reason
	chatWorth  = "worth"  // hundredths of what goals were worth, by currency
	chatWaited = "waited" // conversations by how long people waited, see AnsweredAfter
)

// CountChatQuiet counts page views on which a campaign was not shown, by their
// reasons.
func (tx *Tx) CountChatQuiet(account, campaign liadesk.ID, reasons map[string]int64) error {
	return tx.AddTally(account, chatFigures(campaign)+chatQuiet, campaign[15], reasons)
}

// CountChatWorth adds what a goal was worth, in hundredths of its currency.
func (tx *Tx) CountChatWorth(account, campaign liadesk.ID, currency string, seed byte, hundredths int64) error {
	return tx.AddTally(account, chatFigures(campaign)+chatWorth, seed, map[string]int64{currency: hundredths})
}

// CountChatWait notes that a person of the team answered a conversation that a
// campaign began, so long after the visitor had written.
func (tx *Tx) CountChatWait(account, campaign liadesk.ID, seed byte, waited time.Duration) error {
	return tx.AddTally(account, chatFigures(campaign)+chatWaited, seed, map[string]int64{waitBucket(waited): 1})
}

// waitBucket is the name of the range of waits that a wait is in. Each range is
// the square root of two times as long as the one before.
func waitBucket(waited time.Duration) string {
	seconds := max(waited.Seconds(), 1)
	return strconv.Itoa(int(math.Ceil(2 * math.Log2(seconds))))
}

// ChatAside is what is counted for a campaign besides its figures.
type ChatAside struct {
	Quiet map[string]int64 // page views without the message, by reason
	Worth map[string]int64 // hundredths, by currency
	// Answered is how many conversations a person answered, Waited how long
	// visitors waited for it in the middle (the median, within a fifth).
	Answered int64
	Waited   time.Duration
}

// ChatAsideOf reads what is counted for a campaign besides its figures.
func (tx *Tx) ChatAsideOf(account, campaign liadesk.ID) (ChatAside, error) {
	base := chatFigures(campaign)
	tallies, err := tx.Tallies(account, base+chatQuiet, base+chatWorth, base+chatWaited)
	if err != nil {
		return ChatAside{}, err
	}
	out := ChatAside{Quiet: tallies[0], Worth: tallies[1]}
	for _, n := range tallies[2] {
		out.Answered += n
	}
	// Halfway through the ranges, in their order.
	seen := int64(0)
	for bucket := 0; bucket < 64 && out.Answered > 0; bucket++ {
		if seen += tallies[2][strconv.Itoa(bucket)]; 2*seen >= out.Answered {
			out.Waited = time.Duration(math.Pow(2, float64(bucket)/2-0.25) * float64(time.Second)).Round(time.Second)
			break
		}
	}
	return out, nil
}

// ChatFigures reads the totals of a live chat campaign, by figure.
func (tx *Tx) ChatFigures(account, campaign liadesk.ID) (map[string]int64, error) {
	out := make(map[string]int64, len(chatFigureNames))
	for _, figure := range chatFigureNames {
		n, err := tx.Count(account, chatFigures(campaign)+figure)
		if err != nil {
			return nil, err
		}
		out[figure] = n
	}
	return out, nil
}
