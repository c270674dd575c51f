package livechat

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Figures are what happened to a campaign's message, each impression counted
// once in each but the first and the last.
type Figures struct {
	// Armed counts page views that waited for the campaign's conditions.
	Armed     int64 `json:"armed"`
	Shown     int64 `json:"shown"`
	Opened    int64 `json:"opened"`
	Dismissed int64 `json:"dismissed"`
	Clicked   int64 `json:"clicked"`
	Answered  int64 `json:"answered"`
	// HandedOver counts conversations that the bot handed to the team.
	HandedOver int64 `json:"handed_over"`
	Goals      int64 `json:"goals"`
}

func figuresOf(m map[string]int64) Figures {
	return Figures{
		Armed: m[db.FigureArmed], Shown: m[db.FigureShown], Opened: m[db.FigureOpened], Dismissed: m[db.FigureDismissed],
		Clicked: m[db.FigureClicked], Answered: m[db.FigureAnswered], HandedOver: m[db.FigureHandedOver], Goals: m[db.FigureGoals],
	}
}

// Item is a campaign with what a card says about it.
type Item struct {
	Campaign liadesk.LiveChatCampaign
	// Inbox is the campaign's inbox; its name alone once it was deleted.
	Inbox     liadesk.Inbox
	InboxGone bool
	Speaker   Speaker
	Figures   Figures
	// Why says what keeps the campaign from being shown, or will surprise;
	// empty for one at which nothing is wrong.
	Why []Reason
}

// Listing is a page of campaigns.
type Listing struct {
	Items []Item
	Next  string // the cursor of what follows, "" at the end
}

// around is what campaigns of an account stand among.
type around struct {
	account liadesk.Account
	inboxes map[liadesk.ID]liadesk.Inbox
	users   map[liadesk.ID]liadesk.User
}

func readAround(tx *db.Tx, account liadesk.ID) (around, error) {
	x := around{inboxes: make(map[liadesk.ID]liadesk.Inbox), users: make(map[liadesk.ID]liadesk.User)}
	var err error
	if x.account, _, err = tx.Account(account); err != nil {
		return x, err
	}
	inboxes, err := tx.Inboxes(account)
	if err != nil {
		return x, err
	}
	for _, i := range inboxes {
		x.inboxes[i.ID] = i
	}
	users, err := tx.Users(account)
	for _, u := range users {
		x.users[u.ID] = u
	}
	return x, err
}

func (s *Service) item(x around, c liadesk.LiveChatCampaign, f map[string]int64) Item {
	it := Item{Campaign: c, Speaker: speaker(c.Sender, x.users[c.Sender.UserID]), Figures: figuresOf(f)}
	it.Figures.Armed += s.sights.pending(c.AccountID, c.ID)[NotBlocked]
	in, found := x.inboxes[c.InboxID]
	if it.Inbox, it.InboxGone = in, !found; !found {
		it.Inbox.Name = c.InboxName
	}
	it.Why = s.whyNot(x, c)
	return it
}

// List lists the campaigns that the actor may see, the newest first.
func (s *Service) List(ctx context.Context, actor liadesk.Actor, page db.Page) (Listing, error) {
	if err := actor.Campaigns(); err != nil {
		return Listing{}, err
	}
	var after liadesk.ID
	if page.After != "" {
		id, err := liadesk.ParseID(page.After)
		if err != nil {
			var v liadesk.Invalid
			v.Add("after", "bad_cursor")
			return Listing{}, v.Err()
		}
		after = id
	}
	var out Listing
	err := s.store.View(ctx, func(tx *db.Tx) error {
		out = Listing{}
		list, more, err := visible(tx, actor, after, page.Size())
		if err != nil || len(list) == 0 {
			return err
		}
		if more {
			out.Next = list[len(list)-1].ID.String()
		}
		x, err := readAround(tx, actor.Account)
		if err != nil {
			return err
		}
		ids := make([]liadesk.ID, len(list))
		for i, c := range list {
			ids[i] = c.ID
		}
		figures, err := tx.ChatFiguresOf(actor.Account, ids)
		if err != nil {
			return err
		}
		for _, c := range list {
			out.Items = append(out.Items, s.item(x, c, figures[c.ID]))
		}
		return nil
	})
	return out, err
}

// visible reads a page of the campaigns that an actor may see. For agents,
// who see those of their inboxes, it looks through the account's campaigns,
// which are bounded.
func visible(tx *db.Tx, actor liadesk.Actor, after liadesk.ID, limit int) (list []liadesk.LiveChatCampaign, more bool, err error) {
	look := limit + 1
	if actor.Role != liadesk.RoleAdministrator {
		look = db.MaxLiveChatCampaigns
	}
	all, err := tx.LiveChatCampaigns(actor.Account, after, look)
	for _, c := range all {
		if !actor.Serves(c.InboxID) {
			continue
		}
		if len(list) == limit {
			return list, true, err
		}
		list = append(list, c)
	}
	return list, false, err
}

// Get reads one campaign with what its card says.
func (s *Service) Get(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Item, error) {
	if err := actor.Campaigns(); err != nil {
		return Item{}, err
	}
	var it Item
	err := s.store.View(ctx, func(tx *db.Tx) error {
		c, err := find(tx, actor, id)
		if err != nil {
			return err
		}
		x, err := readAround(tx, actor.Account)
		if err != nil {
			return err
		}
		figures, err := tx.ChatFiguresOf(actor.Account, []liadesk.ID{id})
		it = s.item(x, c, figures[id])
		return err
	})
	return it, err
}

// reportDays is how many days a report goes back.
const reportDays = 30

// Day is one day of a report, in UTC.
type Day struct {
	Date time.Time
	Figures
}

// Rate is a share of the impressions, with the formula that made it, so that
// nobody has to guess what was divided by what.
type Rate struct {
	Part, Whole int64
	// Formula names the two figures, such as "opened / shown".
	Formula string
}

// Value is the share, 0 when nothing was shown.
func (r Rate) Value() float64 {
	if r.Whole == 0 {
		return 0
	}
	return float64(r.Part) / float64(r.Whole)
}

// Report is what became of a campaign's message.
type Report struct {
	Item
	Days []Day // the last thirty, oldest first
	// Quiet are page views on which it was not shown although the address
	// matched, by reason, the most frequent first.
	Quiet []QuietReason
	// Worth is what goals were worth, by currency (ISO 4217), sorted.
	Worth []Worth
	// HumanAnswers is how many of its conversations a person answered, and
	// HumanAnswer how long visitors waited for it in the middle (the median,
	// within a fifth).
	HumanAnswers int64
	HumanAnswer  time.Duration
}

// QuietReason is how often a reason kept a campaign from being shown.
type QuietReason struct {
	Reason Blocked `json:"reason"`
	Count  int64   `json:"count"`
}

// Worth is an amount in one currency.
type Worth struct {
	Currency   string
	Hundredths int64
}

// Amount is the amount in whole units of the currency.
func (w Worth) Amount() float64 { return float64(w.Hundredths) / 100 }

// Rates are the shares that a report states.
func (f Figures) Rates() (opened, answered, dismissed Rate) {
	return Rate{f.Opened, f.Shown, "opened / shown"}, Rate{f.Answered, f.Shown, "answered / shown"},
		Rate{f.Dismissed, f.Shown, "dismissed / shown"}
}

// MoreRates are further shares: of armed page views that showed it, of shown
// ones whose visitor reached the goal, and of answers that the bot handed over.
func (f Figures) MoreRates() (shown, goals, handedOver Rate) {
	return Rate{f.Shown, f.Armed, "shown / armed"}, Rate{f.Goals, f.Shown, "goals / shown"},
		Rate{f.HandedOver, f.Answered, "handed over / answered"}
}

// Report reads a campaign's figures, in total and by day.
func (s *Service) Report(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Report, error) {
	it, err := s.Get(ctx, actor, id)
	if err != nil {
		return Report{}, err
	}
	var r Report
	err = s.store.View(ctx, func(tx *db.Tx) error {
		r = Report{Item: it}
		today := s.now().Truncate(24 * time.Hour)
		days, err := tx.ChatDays(actor.Account, id, today, reportDays)
		if err != nil {
			return err
		}
		for i, f := range days {
			r.Days = append(r.Days, Day{today.AddDate(0, 0, i-reportDays+1), figuresOf(f)})
		}
		aside, err := tx.ChatAsideOf(actor.Account, id)
		if err != nil {
			return err
		}
		r.HumanAnswers, r.HumanAnswer = aside.Answered, aside.Waited
		quiet := make(map[Blocked]int64, len(aside.Quiet))
		for reason, n := range aside.Quiet {
			quiet[Blocked(reason)] = n
		}
		for reason, n := range s.sights.pending(actor.Account, id) {
			if reason != NotBlocked {
				quiet[reason] += n
			}
		}
		for reason, n := range quiet {
			r.Quiet = append(r.Quiet, QuietReason{reason, n})
		}
		slices.SortFunc(r.Quiet, func(a, b QuietReason) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
		})
		for _, currency := range slices.Sorted(maps.Keys(aside.Worth)) {
			r.Worth = append(r.Worth, Worth{currency, aside.Worth[currency]})
		}
		return nil
	})
	if n := len(r.Days); n > 0 {
		r.Days[n-1].Armed += s.sights.pending(actor.Account, id)[NotBlocked]
	}
	return r, err
}

// Choices are what a campaign can be made of.
type Choices struct {
	Inboxes []liadesk.Inbox // of websites
	Senders []liadesk.User  // people who can speak
	Tags    []liadesk.Tag   // that contacts have
}

// Choices lists the inboxes and senders to choose from.
func (s *Service) Choices(ctx context.Context, actor liadesk.Actor) (Choices, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Choices{}, err
	}
	var out Choices
	err := s.store.View(ctx, func(tx *db.Tx) error {
		out = Choices{}
		inboxes, err := tx.Inboxes(actor.Account)
		if err != nil {
			return err
		}
		for _, i := range inboxes {
			if i.Website != nil {
				out.Inboxes = append(out.Inboxes, i)
			}
		}
		users, err := tx.Users(actor.Account)
		for _, u := range users {
			if u.Active() {
				out.Senders = append(out.Senders, u)
			}
		}
		if err != nil {
			return err
		}
		out.Tags, err = tx.Tags(actor.Account)
		return err
	})
	return out, err
}
