package db

import (
	"time"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// MaxLiveChatCampaigns is the most live chat campaigns that an account may
// have: those of a website are compared with each page view, so they are kept
// in memory, and an account's are read in one scan.
const MaxLiveChatCampaigns = 500

func chatCampaignKey(account, id liadesk.ID) key { return in(account, nChatCampaign).id(id) }

// LiveChatCampaign reads one campaign.
func (tx *Tx) LiveChatCampaign(account, id liadesk.ID) (liadesk.LiveChatCampaign, bool, error) {
	return get[liadesk.LiveChatCampaign](tx, chatCampaignKey(account, id))
}

// PutLiveChatCampaign writes a campaign, new or changed.
func (tx *Tx) PutLiveChatCampaign(c liadesk.LiveChatCampaign) error {
	return put(tx, chatCampaignKey(c.AccountID, c.ID), c)
}

// DeleteLiveChatCampaign removes a campaign. Its figures and the conversations
// that it began stay: a message once shown can still be answered.
func (tx *Tx) DeleteLiveChatCampaign(account, id liadesk.ID) error {
	return tx.kv.Delete(chatCampaignKey(account, id))
}

// LiveChatCampaigns lists campaigns, the newest first, beginning behind the
// one with the id after (zero: from the newest).
func (tx *Tx) LiveChatCampaigns(account, after liadesk.ID, limit int) ([]liadesk.LiveChatCampaign, error) {
	base := in(account, nChatCampaign)
	to := base.end()
	if !after.IsZero() {
		to = chatCampaignKey(account, after)
	}
	list, _, err := scan[liadesk.LiveChatCampaign](tx, base, to, limit, true)
	return list, err
}

// AllLiveChatCampaigns reads every campaign of an account, the newest first.
func (tx *Tx) AllLiveChatCampaigns(account liadesk.ID) ([]liadesk.LiveChatCampaign, error) {
	return tx.LiveChatCampaigns(account, liadesk.ID{}, MaxLiveChatCampaigns)
}

// ChatFiguresOf reads the totals of several campaigns in one round trip: by
// campaign, then by figure.
func (tx *Tx) ChatFiguresOf(account liadesk.ID, campaigns []liadesk.ID) (map[liadesk.ID]map[string]int64, error) {
	names := make([]string, 0, len(campaigns)*len(chatFigureNames))
	for _, id := range campaigns {
		for _, figure := range chatFigureNames {
			names = append(names, chatFigures(id)+figure)
		}
	}
	sums, err := tx.countMany(account, names)
	if err != nil {
		return nil, err
	}
	out := make(map[liadesk.ID]map[string]int64, len(campaigns))
	for i, id := range campaigns {
		out[id] = make(map[string]int64, len(chatFigureNames))
		for j, figure := range chatFigureNames {
			out[id][figure] = sums[i*len(chatFigureNames)+j]
		}
	}
	return out, nil
}

// chatDayFigures are the figures that are read by day.
var chatDayFigures = []string{FigureArmed, FigureShown, FigureOpened, FigureAnswered, FigureDismissed, FigureGoals}

// ChatDays reads the figures of one campaign for each of the days (UTC) up to
// and including the last, oldest first, in one round trip.
func (tx *Tx) ChatDays(account, campaign liadesk.ID, last time.Time, days int) ([]map[string]int64, error) {
	names := make([]string, 0, len(chatDayFigures)*days)
	for i := range days {
		day := last.UTC().AddDate(0, 0, i-days+1).Format(time.DateOnly)
		for _, figure := range chatDayFigures {
			names = append(names, chatFigures(campaign)+"day/"+day+"/"+figure)
		}
	}
	sums, err := tx.countMany(account, names)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]int64, days)
	for i := range out {
		out[i] = make(map[string]int64, len(chatDayFigures))
		for j, figure := range chatDayFigures {
			out[i][figure] = sums[i*len(chatDayFigures)+j]
		}
	}
	return out, nil
}

// countMany reads counters in one round trip, in the order of their names.
func (tx *Tx) countMany(account liadesk.ID, names []string) ([]int64, error) {
	if len(names) == 0 {
		return nil, nil
	}
	keys := make([][]byte, 0, len(names)*counterShards)
	for _, name := range names {
		for shard := range byte(counterShards) {
			keys = append(keys, in(account, nCounter).str(name).raw([]byte{shard}))
		}
	}
	values, err := tx.kv.GetMulti(keys)
	if err != nil {
		return nil, err
	}
	sums := make([]int64, len(names))
	for i, b := range values {
		if b == nil {
			continue
		}
		var n int64
		if err := decode(b, &n); err != nil {
			return nil, err
		}
		sums[i/counterShards] += n
	}
	return sums, nil
}

// CountImpressions counts the impressions that were shown before an instant,
// up to limit.
func (tx *Tx) CountImpressions(account liadesk.ID, before time.Time, limit int) (int, error) {
	pairs, err := tx.oldImpressions(account, before, limit)
	return len(pairs), err
}

// PruneImpressions removes at most limit impressions that were shown before an
// instant, the oldest first, and tells how many it removed. The figures stay;
// what goes is which page somebody looked at.
func (tx *Tx) PruneImpressions(account liadesk.ID, before time.Time, limit int) (int, error) {
	pairs, err := tx.oldImpressions(account, before, limit)
	if err != nil {
		return 0, err
	}
	for _, p := range pairs {
		if err := tx.kv.Delete(p.Key); err != nil {
			return 0, err
		}
	}
	return len(pairs), nil
}

func (tx *Tx) oldImpressions(account liadesk.ID, before time.Time, limit int) ([]kv.Pair, error) {
	// Ids begin with the time of their birth, so the range is one of time.
	var bound liadesk.ID
	ms := before.UnixMilli()
	for i := range 6 {
		bound[i] = byte(ms >> (8 * (5 - i)))
	}
	base := in(account, nImpression)
	return tx.kv.Scan(base, base.clone().id(bound), limit, false)
}
