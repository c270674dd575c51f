package handlers

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/views/texts"
)

// deskFilter is how the list is narrowed, as the address says it.
type deskFilter struct {
	Status   string // "" for open, snoozed or resolved
	Who      string // "", mine, queue or bot
	Channel  string // "", website or sms
	Campaign string // an id
	Search   string // what is looked for, "" for a list
}

// deskFilterOf reads the address. Words that it does not know do not narrow,
// but for the status, which the room refuses.
func deskFilterOf(c *fiber.Ctx) deskFilter {
	return newDeskFilter(func(name string) string { return c.Query(name) }, actor(c))
}

func newDeskFilter(ask func(string) string, a liadesk.Actor) deskFilter {
	f := deskFilter{Status: ask("status"), Who: ask("who"), Channel: ask("channel"), Campaign: ask("campaign"), Search: strings.TrimSpace(ask("q"))}
	if f.Status == string(liadesk.ConversationOpen) {
		f.Status = ""
	}
	if f.Who != "mine" && f.Who != "queue" && f.Who != "bot" {
		f.Who = ""
	}
	if f.Channel != string(liadesk.InboxWebsite) && f.Channel != string(liadesk.InboxSMS) {
		f.Channel = ""
	}
	if id, err := liadesk.ParseID(f.Campaign); err != nil || id.IsZero() || !a.Plan.Paid() {
		f.Campaign = ""
	}
	return f
}

func (f deskFilter) room() conversations.Filter {
	campaign, _ := liadesk.ParseID(f.Campaign) // was checked, or is ""
	room := conversations.Filter{Status: liadesk.ConversationStatus(f.Status), Channel: liadesk.InboxKind(f.Channel),
		Mine: f.Who == "mine", Queue: f.Who == "queue", Bot: f.Who == "bot", Campaign: campaign}
	if f.Status == "snoozed" {
		room.Status, room.Snoozed = liadesk.ConversationOpen, true
	}
	return room
}

// Query is the filter as the end of an address, "" when nothing is narrowed.
func (f deskFilter) Query() string {
	q := url.Values{}
	for name, value := range map[string]string{"status": f.Status, "who": f.Who, "channel": f.Channel, "campaign": f.Campaign, "q": f.Search} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// With is the list's address with one word of the filter changed.
func (f deskFilter) With(name, value string) string {
	switch name {
	case "status":
		f.Status = value
	case "who":
		f.Who = value
	case "channel":
		f.Channel = value
	case "campaign":
		f.Campaign = value
	case "q":
		f.Search = value
	}
	return "/conversations" + f.Query()
}

// Plain tells whether nothing is narrowed.
func (f deskFilter) Plain() bool { return f == deskFilter{} }

// thread is the address of a thread beside this list.
func (f deskFilter) thread(id liadesk.ID) string {
	return "/conversations/" + id.String() + f.Query()
}

// deskView is what the pages of conversations show.
type deskView struct {
	Filter   deskFilter
	Campaign liadesk.Ref // that the list is narrowed to
	Rows     []deskRow
	More     string      // address of the list's next page, "" at the end
	Empty    bool        // there is no conversation at all
	Thread   *threadView // nil on the list's own page
}

// deskRow is one conversation in the list.
type deskRow struct {
	conversations.Item
	Href    string
	Current bool // it is the open thread
}

// Name is how the other side is called.
func (r deskRow) Name() string { return nameOf(r.Item) }

// Face is the icon that stands for somebody without a name, "" for initials.
func (r deskRow) Face() string { return faceOf(r.Item) }

// nameOf writes a number that is all we know of somebody as people write it.
func nameOf(item conversations.Item) string {
	name := item.Name()
	if name != "" && (name == item.Conversation.Phone || name == item.Contact.Phone) {
		return phone.Format(name)
	}
	return name
}

func faceOf(item conversations.Item) string {
	if item.Contact.Name == "" {
		return "user"
	}
	return ""
}

// Place sorts the list: the last active first.
func (r deskRow) Place() string { return strconv.FormatInt(r.Conversation.LastAt.UnixNano(), 10) }

func newRow(f deskFilter, item conversations.Item, current liadesk.ID) deskRow {
	return deskRow{Item: item, Href: f.thread(item.Conversation.ID), Current: item.Conversation.ID == current}
}

// desk reads the list as the address asks for it.
func (s *Server) desk(c *fiber.Ctx, page db.Page) (deskView, error) {
	d := deskView{Filter: deskFilterOf(c)}
	items, next, err := s.deskItems(c.UserContext(), actor(c), d.Filter, page)
	if err != nil {
		return d, err
	}
	for _, item := range items {
		d.Rows = append(d.Rows, newRow(d.Filter, item, liadesk.ID{}))
	}
	if next != "" {
		d.More = "/conversations/more" + addQuery(d.Filter.Query(), "after", next)
	}
	if d.Filter.Campaign != "" {
		if d.Campaign, err = s.Conversations.Campaign(c.UserContext(), actor(c), d.Filter.room().Campaign); err != nil {
			return d, err
		}
	}
	if len(items) == 0 && next == "" && d.Filter.Plain() && page.After == "" {
		// Nothing is open. Whether there ever was anything decides what to say.
		resolved, _, err := s.Conversations.List(c.UserContext(), actor(c),
			conversations.Filter{Status: liadesk.ConversationResolved}, db.Page{Limit: 1})
		if err != nil {
			return d, err
		}
		d.Empty = len(resolved) == 0
	}
	return d, nil
}

// deskItems is the list that a filter leaves, or what a search finds.
func (s *Server) deskItems(ctx context.Context, actor liadesk.Actor, f deskFilter, page db.Page) ([]conversations.Item, string, error) {
	if f.Search != "" {
		items, err := s.Conversations.Search(ctx, actor, f.Search, f.room())
		return items, "", err
	}
	return s.Conversations.Items(ctx, actor, f.room(), page)
}

func addQuery(query, name, value string) string {
	if query == "" {
		query = "?"
	} else {
		query += "&"
	}
	return query + name + "=" + url.QueryEscape(value)
}

// openThread puts a thread beside the list.
func (s *Server) openThread(d *deskView, v *Viewer, th conversations.Thread, in composer) {
	d.Thread = s.newThread(v, d.Filter, th, in)
	d.Empty = false
	for i := range d.Rows {
		d.Rows[i].Current = d.Rows[i].Conversation.ID == th.Conversation.ID
	}
}

func (s *Server) deskPage(c *fiber.Ctx, d deskView) Page {
	p := Page{Title: s.t(c, "conversations.title"), Nav: "conversations", Data: d}
	if d.Thread != nil {
		p.Title = d.Thread.Name()
	}
	return p
}

// threadView is the open thread.
type threadView struct {
	conversations.Thread
	Filter   deskFilter
	Entries  []entry
	Composer composer
	Sent     bool // a reply has just been sent
	Mine     bool // the reader has it
	Row      deskRow
	Listed   bool // it belongs to the list beside it
	Zone     string
	Now      time.Time
	Crew     []liadesk.User // to whom it can be given
	Snoozes  []snoozeChoice
	Seen     bool // the visitor has seen our last message
}

// Website tells whether it is a thread of a website, where LiaDesk can speak.
func (t *threadView) Website() bool { return t.Conversation.Channel == liadesk.InboxWebsite }

// Asked tells whether the reader was asked to take the thread.
func (t *threadView) Asked() bool { return t.Mine && t.Conversation.Offer.Pending() }

// composer is the form that answers.
type composer struct {
	ClientID string
	Text     string
	Problem  string // a sentence
}

// Name is how the other side is called.
func (t *threadView) Name() string { return nameOf(t.Item) }

// Phone is the contact's number as people write it, "" without one.
func (t *threadView) Phone() string { return phone.Format(t.Contact.Phone) }

// From is the number that answers go out from, "" on the website.
func (t *threadView) From() string {
	if t.Inbox.SMS == nil {
		return ""
	}
	return phone.Format(t.Inbox.SMS.Number)
}

// TextsTo is the number that answers of a website's thread go to by text, ""
// when they do not.
func (t *threadView) TextsTo() string {
	if !t.ByText {
		return ""
	}
	return phone.Format(t.Conversation.Reach.Phone)
}

// Follows is where an answer goes that the visitor does not see, "" for nowhere.
func (t *threadView) Follows() string {
	r := t.Conversation.Reach
	if t.ByText || !r.Any() || t.Conversation.Channel != liadesk.InboxWebsite {
		return ""
	}
	var list []string
	if r.Phone != "" {
		list = append(list, phone.Format(r.Phone))
	}
	if r.Email != "" {
		list = append(list, r.Email)
	}
	return strings.Join(list, ", ")
}

// Face is the icon that stands for somebody without a name, "" for initials.
func (t *threadView) Face() string { return faceOf(t.Item) }

// Address of the thread, or of one of its verbs.
func (t *threadView) Address(verb string) string {
	path := "/conversations/" + t.Conversation.ID.String()
	if verb != "" {
		path += "/" + verb
	}
	return path + t.Filter.Query()
}

// EarlierAddress is where the messages before these are; part is for htmx.
func (t *threadView) EarlierAddress(part bool) string {
	path := "/conversations/" + t.Conversation.ID.String()
	if part {
		path += "/earlier"
	}
	return path + addQuery(t.Filter.Query(), "before", strconv.FormatUint(t.Earlier, 10))
}

// Last is the place of the last message that the page shows.
func (t *threadView) Last() uint64 {
	if len(t.Messages) == 0 {
		return 0
	}
	return t.Messages[len(t.Messages)-1].Seq
}

func (s *Server) newThread(v *Viewer, f deskFilter, th conversations.Thread, in composer) *threadView {
	t := &threadView{Thread: th, Filter: f, Composer: in, Mine: th.Conversation.Owner == liadesk.OwnerAgent && th.Conversation.OwnerID == v.User.ID}
	if t.Composer.ClientID == "" {
		t.Composer.ClientID = newClientID()
	}
	zone := zoneOf(v)
	t.Zone = placeOf(zone)
	t.Now = s.Clock.Now()
	t.Crew = crewOf(th, v.User.ID)
	t.Snoozes = s.snoozeChoices(t.Now.In(zone))
	t.Seen = th.Conversation.LastFrom == liadesk.FromAgent && th.Conversation.SeenSeq >= th.Conversation.Messages
	t.Entries = entries(th, v.Account, zone)
	return t
}

// placeOf names a zone by its city: "New York" of America/New_York.
func placeOf(zone *time.Location) string {
	name := zone.String()
	return strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ")
}

// entry is one message as a thread shows it.
type entry struct {
	Message liadesk.Message
	Class   string // ours, system, and so on: the component's
	Name    string
	Picture string
	Face    string // an icon in place of a picture, "" for initials
	Bot     bool
	// Follows says that the message goes on from the one before it.
	Follows bool
	// Day says that the message is the first one of its day, DayName.
	Day     bool
	DayName string
	Blocks  []shownBlock // of a message with markup
	State   string       // what became of a text; "" on the website
	Code    string       // why it was not delivered
}

// Place sorts a thread: before the message of that place stands its day.
func (e entry) Place() string { return fmt.Sprintf("%d-1", e.Message.Seq) }

// DayPlace is where the day stands.
func (e entry) DayPlace() string { return fmt.Sprintf("%d-0", e.Message.Seq) }

// closeTogether is how near two messages of one author must be to be shown as
// one.
const closeTogether = 5 * time.Minute

func entries(th conversations.Thread, account liadesk.Account, zone *time.Location) []entry {
	list := make([]entry, len(th.Messages))
	last := th.Context
	for i, m := range th.Messages {
		list[i] = newEntry(th, account, m)
		list[i].DayName = dayIn(m.At, zone)
		list[i].Day = last == nil || dayIn(last.At, zone) != list[i].DayName
		list[i].Follows = !list[i].Day && last.From == m.From && last.AuthorID == m.AuthorID && last.Author == m.Author &&
			m.Private == last.Private && m.Event == "" && last.Event == "" && m.From != liadesk.FromCampaign && m.At.Sub(last.At) < closeTogether
		last = &th.Messages[i]
	}
	return list
}

func dayIn(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

func newEntry(th conversations.Thread, account liadesk.Account, m liadesk.Message) entry {
	e := entry{Message: m, Name: m.Author}
	switch m.From {
	case liadesk.FromVisitor:
		e.Name, e.Face = nameOf(th.Item), faceOf(th.Item)
	case liadesk.FromAgent:
		e.Class = "ours"
		if m.Private {
			e.Class = "ours note"
		}
	case liadesk.FromSystem:
		if m.Event != "" {
			e.Class = "event"
			break
		}
		e.Class, e.Bot, e.Name = "ours bot", true, account.Name
	default:
		e.Class, e.Bot = "ours bot", m.AuthorID.IsZero()
		if m.From == liadesk.FromCampaign && account.Plan.Paid() {
			e.Class = "ours campaign"
		}
		if e.Name == "" {
			e.Name = account.Name
		}
	}
	e.Picture = th.Team[m.AuthorID].Picture
	if m.HTML != "" {
		// Never as it is stored: only what the widget would show, too.
		if blocks, err := livechat.Blocks(m.HTML); err == nil {
			e.Blocks = showBlocks(blocks)
		}
	}
	e.State, e.Code = textState(m)
	return e
}

// failure says in words why a text was not delivered.
func (s *Server) failure(l *texts.Localizer, code string) string {
	for _, id := range []string{"conversations.failure." + code, "sms.code.code_" + code} {
		if s.texts.Has(id) {
			return l.T(id)
		}
	}
	if code == "" {
		return l.T("conversations.failure.unknown")
	}
	return l.T("sms.code.any", "Code", code)
}

// pagePath is an address without its query, which is long and says little.
func pagePath(address string) string {
	address, _, _ = strings.Cut(address, "?")
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	return strings.TrimSuffix(rest, "/")
}

// lasting is how long something has lasted, in the largest unit.
func lasting(l *texts.Localizer, d time.Duration) string {
	switch {
	case d < time.Minute:
		return l.T("conversations.lasting.now")
	case d < time.Hour:
		return l.T("conversations.lasting.minutes", "Count", int(d.Minutes()))
	case d < 48*time.Hour:
		return l.T("conversations.lasting.hours", "Count", int(d.Hours()))
	}
	return l.T("conversations.lasting.days", "Count", int(d.Hours()/24))
}

// textState says in one of a few words what became of a text.
func textState(m liadesk.Message) (state, code string) {
	switch m.Delivery {
	case "":
		return "", ""
	case liadesk.DeliveryDelivered:
		return "delivered", ""
	case liadesk.DeliveryAccepted, liadesk.DeliverySent:
		return "sent", ""
	case liadesk.DeliveryUnconfirmed:
		return "unconfirmed", ""
	case liadesk.DeliveryFailed, liadesk.DeliveryUndelivered, liadesk.DeliveryExpired, liadesk.DeliverySkipped:
		return "failed", m.ErrorCode
	}
	return "sending", ""
}

// shownBlock is a block of a campaign's message for a template. Its addresses
// passed the list of allowed schemes, which is a little longer than the one
// that html/template has (tel).
type shownBlock struct {
	T, V, Alt string
	Href, Src template.URL
	C         []shownBlock
}

func showBlocks(blocks []livechat.Block) []shownBlock {
	list := make([]shownBlock, len(blocks))
	for i, b := range blocks {
		list[i] = shownBlock{T: b.T, V: b.V, Alt: b.Alt, Href: template.URL(b.Href), Src: template.URL(b.Src), C: showBlocks(b.C)}
	}
	return list
}

// sortUsers puts people in the order of their names.
func sortUsers(list []liadesk.User) {
	slices.SortFunc(list, func(a, b liadesk.User) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), slices.Compare(a.ID[:], b.ID[:]))
	})
}
