package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsRoutes are the pages of SMS campaigns. Words come before :id, for the
// first that matches answers.
func (s *Server) smsRoutes(desk fiber.Router) {
	g := desk.Group("/campaigns/sms", s.requireCampaigns)
	g.Get("/", s.listSMSCampaigns)
	g.Post("/", s.createSMSCampaign)
	g.Get("/new", s.newSMSCampaign)
	g.Post("/check", s.checkSMSCampaign)
	g.Post("/audience", s.chooseSMSAudience)
	g.Post("/stop", s.stopAllSMS)
	g.Get("/release", s.showRelease)
	g.Post("/release", s.releaseSending)
	g.Get("/:id", s.showSMSCampaign)
	g.Post("/:id", s.updateSMSCampaign)
	g.Delete("/:id", s.deleteSMSCampaign)
	g.Get("/:id/edit", s.editSMSCampaign)
	g.Get("/:id/card", s.lookAtSMSCard)
	g.Get("/:id/figures", s.lookAtSMSFigures)
	g.Get("/:id/recipients", s.listSMSRecipients)
	g.Get("/:id/recipients.csv", s.downloadSMSRecipients)
	g.Get("/:id/review", s.reviewSMSCampaign)
	g.Get("/:id/forecast", s.showForecast)
	g.Post("/:id/test", s.sendSMSTest)
	g.Get("/:id/unconfirmed", s.showSMSUnconfirmed)
	g.Post("/:id/unconfirmed", s.settleSMSUnconfirmed)
	g.Post("/:id/schedule", s.scheduleSMSCampaign)
	g.Post("/:id/pause", s.smsMove((*sms.Service).Pause, "sms.done.paused"))
	g.Post("/:id/resume", s.smsMove((*sms.Service).Resume, "sms.done.resumed"))
	g.Post("/:id/cancel", s.smsMove((*sms.Service).Cancel, "sms.done.cancelled"))
	g.Post("/:id/duplicate", s.smsCopy((*sms.Service).Duplicate, "sms.done.duplicated"))
	g.Post("/:id/retry", s.smsCopy((*sms.Service).RetryFailed, "retry.done"))
	g.Post("/:id/replace", s.smsCopy((*sms.Service).Replace, "sms.done.replaced"))
	g.Post("/:id/delete", s.deleteSMSCampaign) // for pages without scripts
}

// requireManager keeps the forms from people who could not send them.
func requireManager(c *fiber.Ctx) error { return actor(c).ManageCampaigns() }

// smsList is a page of campaigns.
type smsList struct {
	Cards []smsCard
	Next  string
	First bool
	// Stoppable tells whether any campaign sends or waits for its time.
	Stoppable bool
}

// cardsPerPage is how many campaigns one page shows.
const cardsPerPage = 24

func (s *Server) listSMSCampaigns(c *fiber.Ctx) error {
	cards, next, err := s.SMS.List(c.UserContext(), actor(c), db.Page{After: c.Query("after"), Limit: cardsPerPage})
	if err != nil {
		return err
	}
	inboxes, err := s.smsSenders(c, cards...)
	if err != nil {
		return err
	}
	list := smsList{First: c.Query("after") == ""}
	for _, card := range cards {
		list.Cards = append(list.Cards, s.smsCard(c, card, inboxes))
		list.Stoppable = list.Stoppable || card.Campaign.Status == liadesk.SMSSending || card.Campaign.Status == liadesk.SMSScheduled
	}
	if !list.Stoppable && (next != "" || !list.First) { // there are others
		if list.Stoppable, err = s.SMS.Stoppable(c.UserContext(), actor(c)); err != nil {
			return err
		}
	}
	if next != "" {
		list.Next, err = query("/campaigns/sms", "after", next)
		if err != nil {
			return err
		}
	}
	banners, err := s.smsBanners(c, inboxes, list.Cards)
	if err == nil {
		banners, err = s.holdBanner(c, banners)
	}
	if err != nil {
		return err
	}
	return s.page(c, "sms/list", Page{Title: s.t(c, "sms.title"), Nav: "sms", Data: list, Banners: banners})
}

// smsView reads one campaign for its card or page.
func (s *Server) smsView(c *fiber.Ctx) (smsCard, smsInboxes, error) {
	id, err := pathID(c)
	if err != nil {
		return smsCard{}, smsInboxes{}, err
	}
	card, err := s.SMS.Card(c.UserContext(), actor(c), id)
	if err != nil {
		return smsCard{}, smsInboxes{}, err
	}
	inboxes, err := s.smsSenders(c, card)
	return s.smsCard(c, card, inboxes), inboxes, err
}

// lookAtSMSCard is what a running card asks every few seconds. While nothing
// but its figures changed it gets those; when its status did, the whole card,
// so that an open menu is not closed under somebody's hand without need.
func (s *Server) lookAtSMSCard(c *fiber.Ctx) error {
	v, _, err := s.smsView(c)
	if err != nil {
		return err
	}
	if c.Query("seen") == v.Status.Key {
		return s.fragment(c, "sms/live", Page{Nav: "sms", Data: v})
	}
	return s.smsWholeCard(c, v)
}

func (s *Server) smsWholeCard(c *fiber.Ctx, v smsCard) error {
	c.Set("HX-Retarget", "#sms-"+v.Campaign.ID.String())
	c.Set("HX-Reswap", "outerHTML")
	return s.fragment(c, "sms/card", Page{Nav: "sms", Data: v})
}

// smsVerb changes one campaign, or makes another of it.
type smsVerb func(*sms.Service, context.Context, liadesk.Actor, liadesk.ID) (liadesk.SMSCampaign, error)

// smsMove makes the handler of a verb that changes where a campaign stands. On
// a card the answer is the card; on the campaign's page, the page.
func (s *Server) smsMove(verb smsVerb, done string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := pathID(c)
		if err != nil {
			return err
		}
		if _, err := verb(s.SMS, c.UserContext(), actor(c), id); err != nil {
			return err
		}
		s.toast(c, ToneSuccess, s.t(c, done))
		if !wantsFragment(c) {
			return s.redirect(c, "/campaigns/sms/"+id.String())
		}
		v, _, err := s.smsView(c)
		if err != nil {
			return err
		}
		return s.smsWholeCard(c, v)
	}
}

// smsCopy makes the handler of a verb that makes a draft to be worked on.
func (s *Server) smsCopy(verb smsVerb, done string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, err := pathID(c)
		if err != nil {
			return err
		}
		draft, err := verb(s.SMS, c.UserContext(), actor(c), id)
		if err != nil {
			return err
		}
		s.toast(c, ToneSuccess, s.t(c, done))
		return s.redirect(c, "/campaigns/sms/"+draft.ID.String()+"/edit")
	}
}

func (s *Server) deleteSMSCampaign(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	campaign, err := s.SMS.Get(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	if err := s.SMS.Delete(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "sms.done.deleted", "Title", campaign.Title))
	// The list says what is left, and shows the empty state when nothing is.
	return s.redirect(c, "/campaigns/sms")
}

// smsReport is the page of one campaign.
type smsReport struct {
	smsCard
	Report       smsFigures
	FailedTone   Tone
	OptOutTone   Tone
	SettlingText string
	Costs        smsCosts
	Alarms       []smsAlarm
	Shares       []smsShare
	Skipped      []smsCount
	Failures     []smsCount
	Timeline     *smsTimeline
	Arrive       *smsTook
	Answer       *smsTook
	Message      []Piece
	Recipients   smsRecipients
}

// smsFigures are a report's counts, and those that its rates are quotients of.
type smsFigures struct{ sms.Report }

// Targeted is how many were in the audience; the page asks only when it is known.
func (f smsFigures) Targeted() int64 { return *f.Progress.Targeted }

// Waiting is how many are still to be handed over.
func (f smsFigures) Waiting() int64 { return f.Progress.Pending + f.Progress.Deferred }

// Lost is how many texts did not arrive, of Tried.
func (f smsFigures) Lost() int64 { return f.Progress.Failed + f.Progress.Undelivered }

// Tried is how many texts the carrier answered for, whatever it said.
func (f smsFigures) Tried() int64 { return f.Progress.Taken() }

// Confirmed is how many of those accepted have a final report.
func (f smsFigures) Confirmed() int64 { return f.Progress.Delivered + f.Lost() - f.Refused }

// Base is what replies and opt-outs are shares of.
func (f smsFigures) Base() int64 {
	if f.OfAccepted {
		return f.Accepted
	}
	return f.Progress.Delivered
}

// smsShare is a stretch of the bar that shows where everyone is, in
// thousandths of its length.
type smsShare struct {
	Status     liadesk.DeliveryStatus
	Label      string
	Count      int64
	Tone       Tone
	From, Wide float64
}

// smsCount is a reason in words with how many it holds for.
type smsCount struct {
	Key, Label string
	Count      int64
}

// Coded tells whether the reason is one of the carrier's own codes, which people
// can look up.
func (n smsCount) Coded() bool { return isCarrierCode(n.Key) }

// isCarrierCode tells the carrier's codes, which are figures, from ours.
func isCarrierCode(code string) bool { return code != "" && strings.Trim(code, "0123456789") == "" }

// Tones of the states of recipients.
var deliveryTones = map[liadesk.DeliveryStatus]Tone{
	liadesk.DeliveryDelivered: ToneSuccess, liadesk.DeliverySent: ToneInfo, liadesk.DeliveryAccepted: ToneInfo,
	liadesk.DeliverySending: ToneInfo, liadesk.DeliveryUnconfirmed: ToneWarning,
	liadesk.DeliveryUndelivered: ToneDanger, liadesk.DeliveryFailed: ToneDanger,
}

// deliveryStatuses in the order in which they are shown.
var deliveryStatuses = []liadesk.DeliveryStatus{
	liadesk.DeliveryDelivered, liadesk.DeliverySent, liadesk.DeliveryAccepted, liadesk.DeliverySending, liadesk.DeliveryUnconfirmed,
	liadesk.DeliveryPending, liadesk.DeliveryDeferred, liadesk.DeliveryUndelivered, liadesk.DeliveryFailed,
	liadesk.DeliveryExpired, liadesk.DeliverySkipped,
}

// deliveryCounts are the figures of a campaign by state.
func deliveryCounts(p sms.Progress) map[liadesk.DeliveryStatus]int64 {
	return map[liadesk.DeliveryStatus]int64{
		liadesk.DeliveryPending: p.Pending, liadesk.DeliveryDeferred: p.Deferred, liadesk.DeliverySending: p.Sending,
		liadesk.DeliveryUnconfirmed: p.Unconfirmed, liadesk.DeliveryAccepted: p.Accepted, liadesk.DeliverySent: p.Sent,
		liadesk.DeliveryDelivered: p.Delivered, liadesk.DeliveryUndelivered: p.Undelivered, liadesk.DeliveryFailed: p.Failed,
		liadesk.DeliveryExpired: p.Expired, liadesk.DeliverySkipped: p.SkippedTotal(),
	}
}

func (s *Server) smsReport(c *fiber.Ctx) (smsReport, smsInboxes, error) {
	id, err := pathID(c)
	if err != nil {
		return smsReport{}, smsInboxes{}, err
	}
	report, err := s.SMS.Report(c.UserContext(), actor(c), id)
	if err != nil {
		return smsReport{}, smsInboxes{}, err
	}
	card := sms.Card{Campaign: report.Campaign, Progress: report.Progress}
	inboxes, err := s.smsSenders(c, card)
	if err != nil {
		return smsReport{}, inboxes, err
	}
	r := smsReport{smsCard: s.smsCard(c, card, inboxes), Message: pieces(card.Campaign.Message)}
	r.Report.Report = report
	if r.Timeline, err = s.smsTimelineOf(c, id); err != nil {
		return r, inboxes, err
	}
	r.Arrive, r.Answer = s.smsTook(c, report.ToArrive), s.smsTook(c, report.ToAnswer)
	p := r.Report.Progress
	if p.Problems() {
		r.FailedTone = ToneWarning
	}
	r.Alarms, r.Costs = s.smsAlarms(c, r.Report.Report), s.smsCosts(c, r.Report.Report)
	for _, a := range r.Report.Alarms {
		if a.Kind == sms.AlarmOptOuts {
			r.OptOutTone = ToneWarning
		}
	}
	if !p.SettlingUntil.IsZero() {
		r.SettlingText = s.t(c, "sms.report.settling", "When", s.localizer(c).DateTime(p.SettlingUntil, zone(c)))
	}
	for _, f := range p.Failures {
		r.Failures = append(r.Failures, smsCount{f.Code, s.carrierCode(s.localizer(c), f.Code), f.Count})
	}
	for _, reason := range liadesk.SkipReasons {
		if n := p.Skipped[reason]; n > 0 {
			r.Skipped = append(r.Skipped, smsCount{string(reason), s.t(c, fmt.Sprintf("audience.skip.%s", reason)), n})
		}
	}
	if p.Targeted != nil && *p.Targeted > 0 {
		counts, at := deliveryCounts(p), 0.0
		for _, status := range deliveryStatuses {
			if n := counts[status]; n > 0 {
				wide := float64(n) * 1000 / float64(*p.Targeted)
				r.Shares = append(r.Shares, smsShare{status, s.t(c, fmt.Sprintf("sms.delivery.%s", status)), n, deliveryTones[status], at, wide})
				at += wide
			}
		}
	}
	return r, inboxes, nil
}

func (s *Server) showSMSCampaign(c *fiber.Ctx) error {
	r, inboxes, err := s.smsReport(c)
	if err != nil {
		return err
	}
	if r.Recipients, err = s.smsRecipients(c, r.smsCard); err != nil {
		return err
	}
	banners, err := s.smsBanners(c, inboxes, []smsCard{r.smsCard})
	if err != nil {
		return err
	}
	return s.page(c, "sms/report", Page{Title: r.Campaign.Title, Nav: "sms", Data: r, Banners: banners})
}

// lookAtSMSFigures is what the page of a running campaign asks every few
// seconds. A change of status changes the whole page, which keeps its filter.
func (s *Server) lookAtSMSFigures(c *fiber.Ctx) error {
	r, _, err := s.smsReport(c)
	if err != nil {
		return err
	}
	if c.Query("seen") != r.Status.Key {
		return s.redirect(c, shownAt(c, r.Path()))
	}
	return s.fragment(c, "sms/figures", Page{Nav: "sms", Data: r})
}

// shownAt is the address of the page that asks, if it is the one at a path: with
// what it was filtered by.
func shownAt(c *fiber.Ctx, path string) string {
	if u, err := url.Parse(c.Get("HX-Current-URL")); err == nil && u.Path == path {
		return u.RequestURI()
	}
	return path
}

// smsRecipients is a page of the list of everyone.
type smsRecipients struct {
	ID         liadesk.ID
	Frozen     bool
	Filter     string
	Reason     string
	Query      string // the name or number that is looked for
	Path       string
	Tabs       []tabLink
	Rows       []smsRow
	Next, Self string
	File       string // where the same people are as a file
	Every      int
	Zone       *time.Location
}

// tabLink is a link of a row of them.
type tabLink struct {
	Link, Label string
	Count       int64
	Current     bool
}

type smsRow struct {
	sms.Recipient
	Label  string
	Tone   Tone
	Reason string // why, in words
	Code   string
}

// Coded tells whether Code is one of the carrier's own.
func (r smsRow) Coded() bool { return isCarrierCode(r.Code) }

const recipientsPerPage = 25

func (s *Server) smsRecipients(c *fiber.Ctx, v smsCard) (smsRecipients, error) {
	f, err := recipientFilter(c)
	if err != nil {
		return smsRecipients{}, err
	}
	status := f.Status
	page := smsRecipients{ID: v.Campaign.ID, Frozen: v.Campaign.Frozen, Filter: string(status), Reason: string(f.Reason), Query: f.Query, Path: v.Path(), Zone: zone(c)}
	list, next, err := s.SMS.Deliveries(c.UserContext(), actor(c), v.Campaign.ID, f, db.Page{After: c.Query("after"), Limit: recipientsPerPage})
	if err != nil {
		return page, err
	}
	for _, r := range list {
		page.Rows = append(page.Rows, s.smsRow(c, r))
	}
	here := v.Path()
	page.Self, _ = query(here+"/recipients", "status", status, "reason", f.Reason, "q", f.Query, "after", c.Query("after"))
	page.File, _ = query(here+"/recipients.csv", "status", status, "reason", f.Reason, "q", f.Query)
	if next != "" {
		page.Next, _ = query(here, "status", status, "reason", f.Reason, "after", next)
		page.Next += "#recipients"
	}
	counts := deliveryCounts(v.Progress)
	page.Tabs = append(page.Tabs, tabLink{Link: here + "#recipients", Label: s.t(c, "sms.recipients.all"), Current: status == ""})
	for _, d := range deliveryStatuses {
		if counts[d] > 0 || d == status {
			link, _ := query(here, "status", d)
			page.Tabs = append(page.Tabs, tabLink{link + "#recipients", s.t(c, fmt.Sprintf("sms.delivery.%s", d)), counts[d], d == status})
		}
	}
	if c.Query("after") == "" && v.Every > 0 && v.Every <= settledLook {
		page.Every = 2 * v.Every
	}
	return page, nil
}

// recipientFilter is what ?status= and ?reason= ask for.
func recipientFilter(c *fiber.Ctx) (sms.RecipientFilter, error) {
	f := sms.RecipientFilter{Status: liadesk.DeliveryStatus(c.Query("status")), Reason: liadesk.SkipReason(c.Query("reason")),
		Query: strings.TrimSpace(c.Query("q"))}
	if f.Status != "" && !slices.Contains(deliveryStatuses, f.Status) {
		var v liadesk.Invalid
		v.Add("status", "unknown_status")
		return f, v.Err()
	}
	return f, nil
}

func (s *Server) smsRow(c *fiber.Ctx, r sms.Recipient) smsRow {
	row := smsRow{Recipient: r, Label: s.t(c, fmt.Sprintf("sms.delivery.%s", r.Status)), Tone: deliveryTones[r.Status], Code: r.ErrorCode}
	switch r.Status {
	case liadesk.DeliverySkipped:
		row.Reason = s.t(c, fmt.Sprintf("audience.skip.%s", r.SkipReason))
	case liadesk.DeliveryDeferred:
		if !r.NextAt.IsZero() {
			row.Reason = s.t(c, "sms.recipients.next", "When", s.localizer(c).DateTime(r.NextAt, zone(c)))
		}
	case liadesk.DeliveryFailed, liadesk.DeliveryUndelivered:
		row.Reason = s.carrierCode(s.localizer(c), r.ErrorCode)
		if r.Error != "" {
			row.Reason += " " + s.t(c, "sms.recipients.said", "Text", r.Error)
		}
	}
	return row
}

func (s *Server) listSMSRecipients(c *fiber.Ctx) error {
	v, _, err := s.smsView(c)
	if err != nil {
		return err
	}
	page, err := s.smsRecipients(c, v)
	if err != nil {
		return err
	}
	if !wantsFragment(c) {
		return c.Redirect(v.Path()+"?"+string(c.Request().URI().QueryString())+"#recipients", http.StatusSeeOther)
	}
	return s.fragment(c, "sms/recipients", Page{Nav: "sms", Data: page})
}
