package db

import (
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// The kinds of figures that are counted for a live chat campaign.
const (
	FigureShown     = "shown"
	FigureOpened    = "opened"
	FigureDismissed = "dismissed"
	FigureAnswered  = "answered"
)

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
	if err := tx.Add(account, chatFigures(campaign)+figure, seed, 1); err != nil {
		return err
	}
	return tx.Add(account, chatFigures(campaign)+"day/"+at.UTC().Format(time.DateOnly)+"/"+figure, seed, 1)
}

// ChatFigures reads the totals of a live chat campaign, by figure.
func (tx *Tx) ChatFigures(account, campaign liadesk.ID) (map[string]int64, error) {
	out := make(map[string]int64, 4)
	for _, figure := range []string{FigureShown, FigureOpened, FigureDismissed, FigureAnswered} {
		n, err := tx.Count(account, chatFigures(campaign)+figure)
		if err != nil {
			return nil, err
		}
		out[figure] = n
	}
	return out, nil
}
