package handlers

import (
	"fmt"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/views/texts"
)

// smsCard is an SMS campaign as its card and its page show it.
type smsCard struct {
	Campaign liadesk.SMSCampaign
	Progress sms.Progress
	Status   smsStatus
	Audience string // who, as a sentence
	Quote    []Piece
	Inbox    string
	Zone     string // in which its times are read
	Bar      smsBar
	Lines    []smsLine
	// Every is the seconds after which its figures are looked at again, 0 for
	// never.
	Every   int
	Actions []string // what this viewer may do, in the order of the menu
	Main    string   // the action that has a button of its own
}

// Path is the campaign's own page.
func (v smsCard) Path() string { return "/campaigns/sms/" + v.Campaign.ID.String() }

// smsStatus is how a status looks. Key differs whenever anything about a card
// but its figures does.
type smsStatus struct {
	Key, Text, Icon string
	Tone            Tone
	Live            bool
}

// smsBar is the bar of a card. Without Max there is none; Open means that
// there is no telling how far it is.
type smsBar struct {
	Label, Note string
	Value, Max  int64
	Tone        Tone
	Open        bool
}

// smsLine is a sentence under the bar.
type smsLine struct {
	Tone Tone
	Text string
}

// cardLength is about how many characters of the message a card shows.
const cardLength = 140

// smsCard says in words and figures where a campaign stands.
func (s *Server) smsCard(c *fiber.Ctx, card sms.Card, inboxes smsInboxes) smsCard {
	l, k, p := s.localizer(c), card.Campaign, card.Progress
	v := smsCard{
		Campaign: k, Progress: p, Audience: audience.Sentence(s.ruleSpeaker(c, l), k.Audience), Quote: pieces(shorten(k.Message, cardLength)),
		Zone: k.TimeZone,
	}
	if v.Zone == "" || k.InOwnZones() {
		v.Zone = viewer(c).Account.Settings.TimeZone
	}
	switch inbox, found := inboxes.byID[k.InboxID]; {
	case found:
		v.Inbox = inbox.Name
	case k.InboxName != "":
		v.Inbox = l.T("sms.inbox_gone", "Name", k.InboxName)
	default:
		v.Inbox = l.T("sms.no_inbox")
	}
	v.Status = s.smsStatus(c, k, p)
	v.Bar = s.smsBar(c, k, p)
	v.Lines = s.smsLines(c, k, p, v.Zone)
	if k.InOwnZones() && !k.Status.Ended() {
		v.Lines = append(v.Lines, smsLine{Text: l.T("ownzone.line")})
	}
	if k.Override != nil {
		v.Lines = append(v.Lines, smsLine{Text: l.T("restraint.lifted", "Reason", k.Override.Reason)})
	}
	if text := s.smsEnd(c, v, inboxes.byID[k.InboxID]); text != "" && !inboxes.held {
		v.Lines = append([]smsLine{{Text: text}}, v.Lines...)
	}
	v.Every = lookAgain(k, p, s.Clock.Now())
	if viewer(c).User.Role == liadesk.RoleAdministrator {
		v.Actions, v.Main = smsActions(k)
	}
	return v
}

func (s *Server) smsStatus(c *fiber.Ctx, k liadesk.SMSCampaign, p sms.Progress) smsStatus {
	st := smsStatus{Key: string(k.Status), Text: s.t(c, fmt.Sprintf("sms.status.%s", k.Status))}
	switch k.Status {
	case liadesk.SMSDraft:
		st.Icon = "pencil"
	case liadesk.SMSScheduled:
		st.Icon, st.Tone = "calendar-clock", ToneInfo
	case liadesk.SMSSending:
		st.Tone, st.Live = ToneInfo, true
	case liadesk.SMSPaused:
		st.Icon, st.Tone, st.Key = "pause", ToneWarning, st.Key+"-"+string(k.Reason)
	case liadesk.SMSCompleted:
		st.Icon, st.Tone = "check", ToneSuccess
		if p.Problems() {
			st = smsStatus{Key: "problems", Text: s.t(c, "sms.status.problems"), Icon: "triangle-alert", Tone: ToneWarning}
		}
	case liadesk.SMSCancelled:
		st.Icon = "ban"
	}
	return st
}

// smsBar shows how far a campaign is: while it runs, how many of those who are
// to get the text were handed over; afterwards, how many have it.
func (s *Server) smsBar(c *fiber.Ctx, k liadesk.SMSCampaign, p sms.Progress) smsBar {
	l := s.localizer(c)
	if p.Targeted == nil {
		switch k.Status {
		case liadesk.SMSSending:
			return smsBar{Label: l.T("sms.bar.choosing"), Open: true, Max: 1}
		case liadesk.SMSCancelled:
			return smsBar{Label: l.T("sms.bar.none")}
		}
		return smsBar{}
	}
	all := *p.Targeted - p.SkippedTotal()
	if !k.Status.Ended() {
		done := p.Done() - p.SkippedTotal()
		b := smsBar{Label: l.T("sms.bar.sending", "Done", done, "All", all), Value: done, Max: max(all, 1), Tone: ToneInfo,
			Note: l.Percent(float64(done), float64(all))}
		if k.Status == liadesk.SMSPaused {
			b.Tone = ToneWarning
		}
		return b
	}
	taken := p.Taken()
	if taken == 0 {
		return smsBar{Label: l.T("sms.bar.nobody")}
	}
	b := smsBar{Label: l.T("sms.bar.delivered", "Done", p.Delivered, "All", taken), Value: p.Delivered, Max: taken, Tone: ToneSuccess,
		Note: l.Percent(float64(p.Delivered), float64(taken))}
	if p.Problems() {
		b.Tone = ToneWarning
	}
	return b
}

// smsLines say what a bar cannot: why it stands still, who waits, what failed.
func (s *Server) smsLines(c *fiber.Ctx, k liadesk.SMSCampaign, p sms.Progress, zone string) []smsLine {
	l, in := s.localizer(c), toZone(zone)
	var lines []smsLine
	add := func(tone Tone, text string) { lines = append(lines, smsLine{tone, text}) }
	switch {
	case k.Status == liadesk.SMSPaused:
		add(ToneWarning, l.T(fmt.Sprintf("sms.pause.%s", k.Reason)))
	case k.Status == liadesk.SMSDraft && !k.ScheduledAt.IsZero():
		add("", l.T("sms.line.planned", "When", l.DateTime(k.ScheduledAt, in)))
	}
	if waiting := p.Deferred - p.TooLate; waiting > 0 && !k.Status.Ended() {
		if p.DeferredUntil.IsZero() {
			add("", l.T("sms.line.deferred_never", "Count", waiting))
		} else {
			add("", l.T("sms.line.deferred_until", "Count", waiting, "When", l.DateTime(p.DeferredUntil, in)))
		}
	}
	if p.TooLate > 0 && !k.Status.Ended() {
		add("", l.T("sms.line.too_late", "Count", p.TooLate, "When", l.DateTime(k.ExpiresAt, in)))
	}
	failed := p.Failed + p.Undelivered
	if failed > 0 && p.Problems() && (k.Status.Ended() || p.Taken() >= enoughToTell) {
		f := sms.Failure{Code: "unknown", Count: failed}
		if len(p.Failures) > 0 {
			f = p.Failures[0]
		}
		add(ToneWarning, l.T("sms.line.failed", "Share", l.Percent(float64(failed), float64(p.Taken())),
			"Reason", s.carrierCode(l, f.Code), "Count", f.Count))
	}
	if p.Unconfirmed > 0 {
		add(ToneWarning, l.T("sms.line.unconfirmed", "Count", p.Unconfirmed))
	}
	if p.Expired > 0 {
		add("", l.T("sms.line.expired", "Count", p.Expired))
	}
	if open := p.Accepted + p.Sent; k.Status.Ended() && open > 0 && !p.SettlingUntil.IsZero() {
		add("", l.T("sms.line.settling", "Count", open))
	}
	if n := p.SkippedTotal(); n > 0 {
		add("", l.T("sms.line.skipped", "Count", n))
	}
	return lines
}

// enoughToTell is from how many texts on a share of failures says something
// while a campaign still runs.
const enoughToTell = 20

// carrierCode is a code of the carrier's in words, without a capital.
func (s *Server) carrierCode(l *texts.Localizer, code string) string {
	switch id := fmt.Sprintf("sms.code.code_%s", code); {
	case code == "" || code == "unknown":
		return l.T("sms.code.unknown")
	case s.texts.Has(id):
		return l.T(id)
	}
	return l.T("sms.code.any", "Code", code)
}

const (
	runningLook = 2 // seconds: what moves
	settledLook = 5
	// patience is how long reports are waited for on the page after the end.
	patience = 15 * time.Minute
	// longestLook is the longest that a page waits for what is to come.
	longestLook = 5 * time.Minute
)

// lookAgain is the number of seconds after which the figures of a campaign may
// have moved, 0 when they will not.
func lookAgain(k liadesk.SMSCampaign, p sms.Progress, now time.Time) int {
	switch {
	case k.Status == liadesk.SMSSending, k.Sweep != liadesk.SweepNone && k.CompletedAt.Add(patience).After(now):
		return runningLook
	case k.Status == liadesk.SMSScheduled:
		wait := min(k.ScheduledAt.Sub(now), longestLook-time.Second) + time.Second
		return max(int(wait/time.Second), runningLook)
	case k.Status == liadesk.SMSPaused && p.Sending > 0:
		return runningLook
	case k.Status.Ended() && !p.SettlingUntil.IsZero() && k.CompletedAt.Add(patience).After(now):
		return settledLook
	}
	return 0
}

// smsActions are the moves that a campaign's status allows, and the one that
// people mostly want.
func smsActions(k liadesk.SMSCampaign) (list []string, main string) {
	switch k.Status {
	case liadesk.SMSDraft:
		return []string{"duplicate", "delete"}, "continue"
	case liadesk.SMSScheduled:
		return []string{"replace", "duplicate", "cancel", "delete"}, "pause"
	case liadesk.SMSSending:
		return []string{"duplicate", "cancel"}, "pause"
	case liadesk.SMSPaused:
		list := []string{"duplicate", "cancel", "delete"}
		if k.Reason == liadesk.PauseInbox {
			return list, ""
		}
		return list, "resume"
	}
	return []string{"duplicate", "delete"}, ""
}

// Starts tells whether resuming sends at once.
func (v smsCard) Starts(now time.Time) bool {
	return v.Campaign.Reason == liadesk.PauseMissed || !v.Campaign.Frozen && !v.Campaign.ScheduledAt.After(now)
}

// smsInboxes are the account's inboxes that text.
type smsInboxes struct {
	list []liadesk.Inbox
	byID map[liadesk.ID]liadesk.Inbox
	held bool // nothing goes out from any of them; see smsSenders
}

// smsSenders is smsInboxes for cards that say when texts will be out: where one
// of them sends, it knows whether all sending is held.
func (s *Server) smsSenders(c *fiber.Ctx, cards ...sms.Card) (smsInboxes, error) {
	boxes, err := s.smsInboxes(c)
	if err != nil || !slices.ContainsFunc(cards, func(k sms.Card) bool { return k.Campaign.Status == liadesk.SMSSending }) {
		return boxes, err
	}
	_, boxes.held, err = s.SMS.Held(c.UserContext())
	return boxes, err
}

// smsInboxes reads the SMS inboxes that the viewer sees.
func (s *Server) smsInboxes(c *fiber.Ctx) (smsInboxes, error) {
	all, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	if err != nil {
		return smsInboxes{}, err
	}
	boxes := smsInboxes{byID: map[liadesk.ID]liadesk.Inbox{}}
	for _, in := range all {
		if in.Kind == liadesk.InboxSMS && in.SMS != nil {
			boxes.list = append(boxes.list, in)
			boxes.byID[in.ID] = in
		}
	}
	return boxes, nil
}
