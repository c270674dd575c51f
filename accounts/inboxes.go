package accounts

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// Pace of an SMS inbox, in messages per second. DefaultPace is what the
// carrier gives a new account.
const (
	DefaultPace = 5
	minPace     = 0.01
	maxPace     = 1_000_000
)

// InboxPatch is what can be said about an inbox; nil leaves a field as it is
// or, for a new inbox, takes the default. Fields of the other kind are
// refused.
type InboxPatch struct {
	Name *string

	// Website.
	Domains *[]string
	Hours   *hours.Schedule
	// CountVisits, MessagesPerDay and Look are as in liadesk.Website.
	CountVisits    *bool
	PreviewDomains *[]string
	MessagesPerDay *int
	Look           *liadesk.WidgetLook
	Bot            *liadesk.WebsiteBot
	// ReplyInbox is as in liadesk.Website.ReplyInboxID; the zero id is for none.
	ReplyInbox *liadesk.ID
	// Files lets visitors send files.
	Files *bool

	// SMS. AuthToken is the carrier's secret; nil or "" keeps the stored one.
	Number            *string
	AuthID            *string
	AuthToken         *string
	MessagesPerSecond *float64

	// Version is the one that the change was made from; 0 saves over any.
	Version uint64
}

// Inboxes lists the account's inboxes, oldest first: all for administrators,
// for agents those that they serve.
func (s *Service) Inboxes(ctx context.Context, actor liadesk.Actor) ([]liadesk.Inbox, error) {
	var list []liadesk.Inbox
	err := s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		all, err := tx.Inboxes(actor.Account)
		for _, i := range all {
			if actor.Serves(i.ID) {
				list = append(list, i)
			}
		}
		return err
	})
	return list, err
}

// Inbox reads one inbox that the actor serves.
func (s *Service) Inbox(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Inbox, error) {
	var i liadesk.Inbox
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		i, err = inbox(tx, actor.Account, id)
		return err
	})
	if err == nil && !actor.Serves(id) {
		return liadesk.Inbox{}, liadesk.ErrNotFound
	}
	return i, err
}

// CreateInbox makes an inbox of a kind.
func (s *Service) CreateInbox(ctx context.Context, actor liadesk.Actor, kind liadesk.InboxKind, p InboxPatch) (liadesk.Inbox, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Inbox{}, err
	}
	id := s.ids()
	i := liadesk.Inbox{ID: id, AccountID: actor.Account, Kind: kind, CreatedAt: s.clock.Now().UTC(), Version: 1}
	var v liadesk.Invalid
	require(&p.Name)
	switch kind {
	case liadesk.InboxWebsite:
		require(&p.Domains)
		a, err := s.Account(ctx, actor)
		if err != nil {
			return liadesk.Inbox{}, err
		}
		i.Website = &liadesk.Website{Key: s.publicKey(), Hours: officeHours(a.Settings.TimeZone)}
	case liadesk.InboxSMS:
		require(&p.Number)
		require(&p.AuthID)
		i.SMS = &liadesk.SMSInbox{MessagesPerSecond: DefaultPace}
	case "":
		v.Add("kind", "required")
	default:
		v.Add("kind", "unknown_kind")
	}
	if err := v.Err(); err != nil {
		return liadesk.Inbox{}, err
	}
	if err := s.applyInbox(&i, p); err != nil {
		return liadesk.Inbox{}, err
	}
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		all, err := tx.Inboxes(actor.Account)
		if err != nil {
			return err
		}
		if len(all) >= db.MaxInboxes {
			return liadesk.Conflict("too_many_inboxes", "the account has as many inboxes as it may")
		}
		if err := checkReplyInbox(tx, i, p); err != nil {
			return err
		}
		return tx.PutInbox(i)
	})
	return i, err
}

// require makes an absent field an empty one, so that it is checked.
func require[T any](p **T) {
	if *p == nil {
		*p = new(T)
	}
}

// EditInbox changes an inbox.
func (s *Service) EditInbox(ctx context.Context, actor liadesk.Actor, id liadesk.ID, p InboxPatch) (liadesk.Inbox, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Inbox{}, err
	}
	var i liadesk.Inbox
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if i, err = inbox(tx, actor.Account, id); err != nil {
			return err
		}
		old := i
		i = copyInbox(i)
		if err := s.applyInbox(&i, p); err != nil {
			return err
		}
		if p.Version != 0 && p.Version != old.Version {
			if err := liadesk.Changed(old.Version, inboxChanges(old, i)...); err != nil {
				return err
			}
		}
		if err := checkReplyInbox(tx, i, p); err != nil {
			return err
		}
		i.Version++
		return tx.PutInbox(i)
	})
	return i, err
}

// checkReplyInbox refuses an inbox for answers by text that cannot be answered
// by text itself.
func checkReplyInbox(tx *db.Tx, i liadesk.Inbox, p InboxPatch) error {
	if p.ReplyInbox == nil || p.ReplyInbox.IsZero() {
		return nil
	}
	texts, found, err := tx.Inbox(i.AccountID, *p.ReplyInbox)
	if err != nil {
		return err
	}
	if !found || texts.SMS == nil || !texts.SMS.CanReceive() {
		var v liadesk.Invalid
		v.Add("reply_inbox_id", "not_a_number_that_receives")
		return v.Err()
	}
	return nil
}

// copyInbox keeps the stored inbox apart from the one that is being changed.
func copyInbox(i liadesk.Inbox) liadesk.Inbox {
	if i.Website != nil {
		w := *i.Website
		i.Website = &w
	}
	if i.SMS != nil {
		sms := *i.SMS
		i.SMS = &sms
	}
	return i
}

// applyInbox checks a patch and changes i as it says.
func (s *Service) applyInbox(i *liadesk.Inbox, p InboxPatch) error {
	var v liadesk.Invalid
	if p.Name != nil {
		i.Name = checkName(&v, "name", *p.Name)
	}
	if w := i.Website; w != nil {
		s.applyWebsite(&v, w, p)
	} else {
		refuse(&v, "count_visits", p.CountVisits != nil)
		refuse(&v, "preview_domains", p.PreviewDomains != nil)
		refuse(&v, "messages_per_day", p.MessagesPerDay != nil)
		refuse(&v, "widget", p.Look != nil)
		refuse(&v, "bot", p.Bot != nil)
		refuse(&v, "reply_inbox_id", p.ReplyInbox != nil)
		refuse(&v, "files", p.Files != nil)
		refuse(&v, "domains", p.Domains != nil)
		refuse(&v, "business_hours", p.Hours != nil)
	}
	if sms := i.SMS; sms != nil {
		s.applySMS(&v, i, sms, p)
	} else {
		refuse(&v, "number", p.Number != nil)
		refuse(&v, "auth_id", p.AuthID != nil)
		refuse(&v, "auth_token", p.AuthToken != nil && *p.AuthToken != "")
		refuse(&v, "messages_per_second", p.MessagesPerSecond != nil)
	}
	return v.Err()
}

func refuse(v *liadesk.Invalid, field string, given bool) {
	if given {
		v.Add(field, "other_kind")
	}
}

func (s *Service) applySMS(v *liadesk.Invalid, i *liadesk.Inbox, sms *liadesk.SMSInbox, p InboxPatch) {
	if p.Number != nil {
		sms.Number = checkSender(v, "number", *p.Number)
	}
	token := ""
	if p.AuthToken != nil {
		token = strings.TrimSpace(*p.AuthToken)
		if !credential(token) {
			v.Add("auth_token", "not_a_credential")
		}
	}
	if p.AuthID != nil {
		id := strings.TrimSpace(*p.AuthID)
		switch {
		case id == "":
			v.Add("auth_id", "required")
			if sms.SealedToken == nil && token == "" {
				v.Add("auth_token", "required")
			}
		case !liadesk.IsAuthID(id):
			v.Add("auth_id", "not_a_credential")
		case (id != sms.AuthID || sms.SealedToken == nil) && token == "":
			// A token belongs to its id; the old one would be refused.
			v.Add("auth_token", "required")
		}
		sms.AuthID = id
	}
	if token != "" {
		sms.SealedToken = s.secrets.seal(token, i.AccountID, i.ID)
	}
	if token != "" || p.Number != nil {
		// What was wrong may be mended now; the next text tells.
		sms.Trouble = liadesk.TroubleNone
	}
	if p.MessagesPerSecond != nil {
		pace := *p.MessagesPerSecond
		if math.IsNaN(pace) || pace < minPace || pace > maxPace {
			v.Add("messages_per_second", "out_of_range", "Min", "0.01", "Max", "1,000,000")
		}
		sms.MessagesPerSecond = pace
	}
}

// credential tells whether a text can be a name or password of HTTP's basic
// authentication: visible ASCII without the colon that parts the two.
func credential(s string) bool {
	return len(s) <= 200 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' })
}

// checkSender reads a sender: a number with its country code, written with or
// without blanks, or an alphanumeric sender id (3GPP TS 23.040 §9.1.2.5: at
// most 11 characters). Digits alone are ambiguous and refused.
func checkSender(v *liadesk.Invalid, field, text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		v.Add(field, "required")
		return ""
	}
	if rest, plus := strings.CutPrefix(text, "+"); plus {
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -.()\u00a0", r) {
				return -1
			}
			return r
		}, rest)
		// ITU-T E.164 §6: at most 15 digits, no country code begins with 0.
		if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || !isDigits(digits) {
			v.Add(field, "not_a_number")
			return ""
		}
		return "+" + digits
	}
	if isDigits(strings.Map(dropPunctuation, text)) {
		v.Add(field, "needs_country_code")
		return ""
	}
	if len(text) > 11 || strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		v.Add(field, "not_a_sender")
		return ""
	}
	return text
}

func dropPunctuation(r rune) rune {
	if strings.ContainsRune(" -.()/\u00a0", r) {
		return -1
	}
	return r
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func inboxChanges(theirs, yours liadesk.Inbox) []liadesk.Change {
	var list []liadesk.Change
	add := func(field string, differ bool, a, b any) {
		if differ {
			list = append(list, liadesk.Change{Field: field, Theirs: a, Yours: b})
		}
	}
	add("name", theirs.Name != yours.Name, theirs.Name, yours.Name)
	if a, b := theirs.Website, yours.Website; a != nil && b != nil {
		add("domains", !slices.Equal(a.Domains, b.Domains), a.Domains, b.Domains)
		add("preview_domains", !slices.Equal(a.PreviewDomains, b.PreviewDomains), a.PreviewDomains, b.PreviewDomains)
		add("count_visits", a.CountVisits != b.CountVisits, a.CountVisits, b.CountVisits)
		add("messages_per_day", a.DailyCap() != b.DailyCap(), a.DailyCap(), b.DailyCap())
		addLook(add, a.Look, b.Look)
		add("bot.policy", a.Bot.Policy != b.Bot.Policy, a.Bot.Policy, b.Bot.Policy)
		add("bot.asks", !slices.Equal(a.Bot.Asks, b.Bot.Asks), a.Bot.Asks, b.Bot.Asks)
		add("files", a.NoFiles != b.NoFiles, !a.NoFiles, !b.NoFiles)
		add("reply_inbox_id", a.ReplyInboxID != b.ReplyInboxID, a.ReplyInboxID, b.ReplyInboxID)
		add("bot.vip_tag", a.Bot.VIPTag != b.Bot.VIPTag, a.Bot.VIPTag, b.Bot.VIPTag)
		add("business_hours", !sameHours(a.Hours, b.Hours), a.Hours, b.Hours)
	}
	if a, b := theirs.SMS, yours.SMS; a != nil && b != nil {
		add("number", a.Number != b.Number, a.Number, b.Number)
		add("auth_id", a.AuthID != b.AuthID, a.AuthID, b.AuthID)
		add("messages_per_second", a.MessagesPerSecond != b.MessagesPerSecond, a.MessagesPerSecond, b.MessagesPerSecond)
	}
	return list
}

func addLook(add func(string, bool, any, any), a, b liadesk.WidgetLook) {
	text := func(field, a, b string) { add("widget."+field, a != b, a, b) }
	text("colour", a.Colour, b.Colour)
	text("title", a.Title, b.Title)
	text("attended", a.Attended, b.Attended)
	text("unattended", a.Unattended, b.Unattended)
	text("privacy", a.Privacy, b.Privacy)
	text("privacy_url", a.PrivacyURL, b.PrivacyURL)
	add("widget.left", a.Left != b.Left, a.Left, b.Left)
	add("widget.launcher", a.Launcher != b.Launcher, a.Launcher, b.Launcher)
	add("widget.offset_x", a.OffsetX != b.OffsetX, a.OffsetX, b.OffsetX)
	add("widget.offset_y", a.OffsetY != b.OffsetY, a.OffsetY, b.OffsetY)
}

// InboxUse reads an inbox with the campaigns that use it, for the question
// before it is deleted.
func (s *Service) InboxUse(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (i liadesk.Inbox, campaigns []liadesk.Ref, err error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Inbox{}, nil, err
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		campaigns = nil
		if i, err = inbox(tx, actor.Account, id); err != nil || !actor.Plan.Paid() {
			return err // accounts without campaigns are told of none
		}
		for _, uses := range s.inboxUsers {
			refs, err := uses(tx, i)
			if err != nil {
				return err
			}
			campaigns = append(campaigns, refs...)
		}
		return nil
	})
	return i, campaigns, err
}

// DeleteInbox removes an inbox. Its campaigns are disabled or paused, nobody
// serves it any more, its snippet and its callbacks stop working; conversations
// and what was sent stay.
func (s *Service) DeleteInbox(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		i, err := inbox(tx, actor.Account, id)
		if err != nil {
			return err
		}
		for _, gone := range s.onInboxDelete {
			if err := gone(tx, i); err != nil {
				return err
			}
		}
		users, err := tx.Users(actor.Account)
		if err != nil {
			return err
		}
		for _, u := range users {
			if n := slices.Index(u.InboxIDs, id); n >= 0 {
				u.InboxIDs = slices.Delete(u.InboxIDs, n, n+1)
				if err := tx.PutUser(u); err != nil {
					return err
				}
			}
		}
		return tx.DeleteInbox(i)
	})
}

// Credentials opens an SMS inbox's carrier credentials.
func (s *Service) Credentials(i liadesk.Inbox) (authID, authToken string, err error) {
	if i.SMS == nil {
		return "", "", liadesk.Conflict("not_sms", "this inbox does not text")
	}
	authToken, err = s.secrets.open(i.SMS.SealedToken, i.AccountID, i.ID)
	return i.SMS.AuthID, authToken, err
}

// SnippetSeen notes that a page with an inbox's snippet was viewed. The widget
// gathers these in memory and tells about once a minute. An inbox that has
// gone is fine.
func (s *Service) SnippetSeen(tx *db.Tx, account, id liadesk.ID, seen Seen) error {
	i, found, err := tx.Inbox(account, id)
	if err != nil || !found || i.Website == nil || !seen.At.After(i.Website.SnippetSeenAt) {
		return err
	}
	i.Website.SnippetSeenAt, i.Website.SnippetSeenURL = seen.At.UTC(), cut(seen.URL, 500)
	return tx.PutInbox(i)
}
