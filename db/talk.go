package db

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// What is counted about conversations, by day (UTC).
const (
	TalkBegun      = "begun"
	TalkBotSolved  = "bot_solved"  // LiaDesk answered, and the visitor said that it helped
	TalkBotAnswers = "bot_answers" // threads in which LiaDesk answered
	TalkHandedOver = "handed/"     // and the reason
	TalkWrong      = "wrong/"      // and the reason: handed over, and a person thought wrongly
	TalkAnswered   = "answered"    // threads that a person answered for the first time since the handoff
	TalkAbandoned  = "abandoned"   // visitors who left, or took it back, before a person came
	TalkResolved   = "resolved"
	TalkReplies    = "replies" // messages of people of the team
	TalkRated      = "rated/"  // and 1 to 5
	TalkMissed     = "missed"  // offers that somebody let pass
	talkWaited     = "waited/" // and a range of waits
)

// What is counted about a question that LiaDesk knows.
const (
	BotAsked  = "asked"
	BotSolved = "solved"
)

func talkDay(day string) string { return "talk/day/" + day }
func talkWho(day string) string { return "talk/who/" + day }

// talkFrom are the campaigns' shares.
func talkFrom(day string) string { return "talk/from/" + day }

func talkWait(inbox liadesk.ID, day string) string { return "talk/wait/" + inbox.String() + "/" + day }

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// CountTalk counts something that happened in a conversation, for the day and
// for the campaign that it answers.
func (tx *Tx) CountTalk(c liadesk.Conversation, what string, at time.Time) error {
	return tx.CountTalkMany(c, what, at, 1)
}

// CountTalkMany is CountTalk for several at once, or for taking back.
func (tx *Tx) CountTalkMany(c liadesk.Conversation, what string, at time.Time, n int64) error {
	seed := c.ID[15]
	if err := tx.AddTally(c.AccountID, talkDay(dayOf(at)), seed, map[string]int64{what: n}); err != nil || c.CampaignID.IsZero() {
		return err
	}
	return tx.AddTally(c.AccountID, talkFrom(dayOf(at)), seed, map[string]int64{c.CampaignID.String() + "/" + what: n})
}

// CountTalkOf counts what a person of the team did in a conversation.
func (tx *Tx) CountTalkOf(c liadesk.Conversation, who liadesk.ID, what string, at time.Time) error {
	return tx.CountTalkOfMany(c, who, what, at, 1)
}

// CountTalkOfMany is CountTalkOf for several at once, or for taking back.
func (tx *Tx) CountTalkOfMany(c liadesk.Conversation, who liadesk.ID, what string, at time.Time, n int64) error {
	return tx.AddTally(c.AccountID, talkWho(dayOf(at)), c.ID[15], map[string]int64{who.String() + "/" + what: n})
}

// CountTalkWait notes how long a visitor waited for the first answer of a
// person.
func (tx *Tx) CountTalkWait(c liadesk.Conversation, who liadesk.ID, waited time.Duration, at time.Time) error {
	bucket := talkWaited + waitBucket(waited)
	if err := tx.CountTalk(c, bucket, at); err != nil {
		return err
	}
	if err := tx.CountTalkOf(c, who, bucket, at); err != nil {
		return err
	}
	return tx.AddTally(c.AccountID, talkWait(c.InboxID, dayOf(at)), c.ID[15], map[string]int64{bucket: 1})
}

// TalkSum are counts of conversations, with how long people waited.
type TalkSum map[string]int64

// Of is how often something happened.
func (t TalkSum) Of(what string) int64 { return t[what] }

// Under sums everything that begins with a name, such as all handoffs.
func (t TalkSum) Under(name string) (n int64) {
	for what, count := range t {
		if strings.HasPrefix(what, name) {
			n += count
		}
	}
	return n
}

// Waited is how long visitors waited for a person: the share of them, 0.5 for
// the median, that waited no longer. Right within a fifth, for waits are kept in
// ranges. Zero when nobody waited.
func (t TalkSum) Waited(share float64) time.Duration {
	total := t.Under(talkWaited)
	seen := int64(0)
	for bucket := 0; bucket < 64 && total > 0; bucket++ {
		if seen += t[talkWaited+strconv.Itoa(bucket)]; float64(seen) >= share*float64(total) {
			return time.Duration(math.Pow(2, float64(bucket)/2-0.25) * float64(time.Second)).Round(time.Second)
		}
	}
	return 0
}

// Rating is the mean of ratings and how many there were.
func (t TalkSum) Rating() (mean float64, n int64) {
	var sum int64
	for r := int64(1); r <= 5; r++ {
		count := t[TalkRated+strconv.FormatInt(r, 10)]
		n += count
		sum += r * count
	}
	if n == 0 {
		return 0, 0
	}
	return float64(sum) / float64(n), n
}

func (t TalkSum) add(other map[string]int64) {
	for what, n := range other {
		t[what] += n
	}
}

// TalkFigures are the counts of a range of days.
type TalkFigures struct {
	Days []TalkSum // one a day
	All  TalkSum
	// Who and From hold the shares of people and of campaigns.
	Who, From map[liadesk.ID]TalkSum
}

// TalkFiguresOf reads the counts of so many days up to and with the last one.
func (tx *Tx) TalkFiguresOf(account liadesk.ID, last time.Time, days int) (TalkFigures, error) {
	f := TalkFigures{All: TalkSum{}, Who: map[liadesk.ID]TalkSum{}, From: map[liadesk.ID]TalkSum{}}
	names := make([]string, 0, 3*days)
	for i := range days {
		day := dayOf(last.AddDate(0, 0, i-days+1))
		names = append(names, talkDay(day), talkWho(day), talkFrom(day))
	}
	tallies, err := tx.Tallies(account, names...)
	if err != nil {
		return f, err
	}
	split := func(into map[liadesk.ID]TalkSum, counts map[string]int64) {
		for name, n := range counts {
			id, what, _ := strings.Cut(name, "/")
			who, err := liadesk.ParseID(id)
			if err != nil {
				continue
			}
			if into[who] == nil {
				into[who] = TalkSum{}
			}
			into[who][what] += n
		}
	}
	for i := range days {
		f.Days = append(f.Days, TalkSum(tallies[3*i]))
		f.All.add(tallies[3*i])
		split(f.Who, tallies[3*i+1])
		split(f.From, tallies[3*i+2])
	}
	return f, nil
}

// ExpectedWait is how long visitors of an inbox waited for a person in the
// middle, today and the day before, and how many did.
func (tx *Tx) ExpectedWait(account, inbox liadesk.ID, now time.Time) (time.Duration, int64, error) {
	tallies, err := tx.Tallies(account, talkWait(inbox, dayOf(now)), talkWait(inbox, dayOf(now.AddDate(0, 0, -1))))
	if err != nil {
		return 0, 0, err
	}
	sum := TalkSum{}
	sum.add(tallies[0])
	sum.add(tallies[1])
	return sum.Waited(0.5), sum.Under(talkWaited), nil
}

// CountBotEntry counts something about a question that LiaDesk knows.
func (tx *Tx) CountBotEntry(account, entry liadesk.ID, what string, seed byte) error {
	return tx.AddTally(account, "bot/"+entry.String(), seed, map[string]int64{what: 1})
}

// BotEntryCounts reads what was counted about questions, by their ids.
func (tx *Tx) BotEntryCounts(account liadesk.ID) (map[liadesk.ID]map[string]int64, error) {
	named, err := tx.TalliesUnder(account, "bot/")
	out := make(map[liadesk.ID]map[string]int64, len(named))
	for name, counts := range named {
		if id, err := liadesk.ParseID(name); err == nil {
			out[id] = counts
		}
	}
	return out, err
}
