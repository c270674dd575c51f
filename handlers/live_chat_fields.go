package handlers

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// chatForm is what was typed, kept as it was typed.
type chatForm struct {
	ID      string // of the campaign that is being changed, "" for a new one
	Version string

	Title, Message, InboxID, Sender, URL, Time string
	Enabled, HoursOnly, OnlineOnly             bool

	// URLs, Except and Replies have one entry a line.
	URLs, Except, Replies string
	// Starts and Ends are local times in Zone.
	Starts, Ends, Zone                string
	Frequency, FrequencyDays          string
	Priority                          string
	Bot                               string // whether LiaDesk answers first; "" is as the inbox says
	Goal                              string // "", url or event
	GoalURL, GoalEvent                string
	GoalValue, GoalCurrency, GoalDays string

	// Conditions are what the builder says, nil for none; Kept is their JSON
	// when they nest deeper than the builder does.
	Conditions *liadesk.Rule
	Builder    builder
	Kept       string
	Focus      string // the id of the control that has the focus

	// Accept names the message from which the asker knows that something is
	// taken out; saving it goes through.
	Accept string
	Try    string // an address to try the trigger on

	// What the page shows beside it.
	Inboxes     []Option
	Senders     []Option
	Frequencies []Option
	Priorities  []Option
	Policies    []Option
	Goals       []Option
	Preview     chatPreview
	Removed     []string
	Notes       []chatNote
	Conflict    []conflictLine
	Trial       *chatTrial
	Facts       []chatFact // what was said about when, how often and what for
	Says        string     // the conditions as a sentence
}

// chatFact is a line of a summary.
type chatFact struct{ Label, Value string }

// BuilderPost, BuilderTarget and BuilderAction are where the builder's controls
// are answered.
func (f chatForm) BuilderPost() string   { return "/campaigns/live-chat/conditions" }
func (f chatForm) BuilderTarget() string { return "chat-conditions" }
func (f chatForm) BuilderAction() string { return f.BuilderPost() + "#chat-conditions" }

// Action is where the form is sent.
func (f chatForm) Action() string {
	if f.ID == "" {
		return "/campaigns/live-chat/review"
	}
	return "/campaigns/live-chat/" + f.ID
}

// botSender is the value of the sender LiaDesk in the form.
const botSender = "bot"

func readChatForm(c *fiber.Ctx) chatForm {
	f := chatForm{
		Version: c.FormValue("version"), Title: c.FormValue("title"), Message: strings.ReplaceAll(c.FormValue("message"), "\r\n", "\n"),
		InboxID: c.FormValue("inbox_id"), Sender: c.FormValue("sender"), URL: c.FormValue("trigger.url"), Time: c.FormValue("trigger.time_on_page"),
		Enabled: c.FormValue("enabled") != "", HoursOnly: c.FormValue("business_hours_only") != "",
		Accept: c.FormValue("accept"), Try: c.FormValue("try"), OnlineOnly: c.FormValue("only_when_online") != "",
		URLs: c.FormValue("trigger.urls"), Except: c.FormValue("trigger.except"), Replies: c.FormValue("quick_replies"),
		Starts: c.FormValue("starts_at"), Ends: c.FormValue("ends_at"), Zone: c.FormValue("zone"),
		Frequency: c.FormValue("frequency.kind"), FrequencyDays: c.FormValue("frequency.days"), Priority: c.FormValue("priority"), Bot: c.FormValue("bot"),
		Goal: c.FormValue("goal"), GoalURL: c.FormValue("goal.url"), GoalEvent: c.FormValue("goal.event"), GoalValue: c.FormValue("goal.value"),
		GoalCurrency: c.FormValue("goal.currency"), GoalDays: c.FormValue("goal.days"),
	}
	f.readConditions(c)
	return f
}

// chatPair is a field of the form with its value.
type chatPair struct{ Name, Value string }

// Pairs are all fields, for a page that only hands them on.
func (f chatForm) Pairs() []chatPair {
	list := []chatPair{{"title", f.Title}, {"message", f.Message}, {"inbox_id", f.InboxID}, {"sender", f.Sender}, {"trigger.url", f.URL},
		{"trigger.time_on_page", f.Time}, {"trigger.urls", f.URLs}, {"trigger.except", f.Except}, {"quick_replies", f.Replies},
		{"starts_at", f.Starts}, {"ends_at", f.Ends}, {"zone", f.Zone}, {"frequency.kind", f.Frequency}, {"frequency.days", f.FrequencyDays},
		{"priority", f.Priority}, {"bot", f.Bot}, {"goal", f.Goal}, {"goal.url", f.GoalURL}, {"goal.event", f.GoalEvent}, {"goal.value", f.GoalValue},
		{"goal.currency", f.GoalCurrency}, {"goal.days", f.GoalDays}, {"conditions", f.ConditionsText()}}
	for name, on := range map[string]bool{"enabled": f.Enabled, "business_hours_only": f.HoursOnly, "only_when_online": f.OnlineOnly} {
		if on {
			list = append(list, chatPair{name, "true"})
		}
	}
	return list
}

// chatFormOf is the form of a campaign; its dates are in the zone.
func chatFormOf(k liadesk.LiveChatCampaign, zone string) chatForm {
	f := chatForm{ID: k.ID.String(), Version: strconv.FormatUint(k.Version, 10), Title: k.Title, Message: k.Message,
		InboxID: k.InboxID.String(), Sender: botSender, URL: k.Trigger.URL, Time: strconv.Itoa(k.Trigger.TimeOnPage),
		Enabled: k.Enabled, HoursOnly: k.BusinessHoursOnly}
	if k.Sender.Kind == liadesk.SenderAgent {
		f.Sender = k.Sender.UserID.String()
	}
	f.URLs, f.Except, f.Replies = strings.Join(k.Trigger.URLs, "\n"), strings.Join(k.Trigger.Except, "\n"), strings.Join(k.QuickReplies, "\n")
	f.OnlineOnly, f.Priority, f.Bot = k.OnlineOnly, string(k.Priority), string(k.Bot)
	often := k.Frequency.OrDefault()
	f.Frequency, f.FrequencyDays = string(often.Kind), strconv.Itoa(max(often.Days, 1))
	f.Zone = zone
	f.Starts, f.Ends = localField(k.StartsAt, zone), localField(k.EndsAt, zone)
	f.GoalDays = strconv.Itoa(liadesk.DefaultGoalDays)
	if g := k.Goal; g != nil {
		f.Goal, f.GoalURL, f.GoalEvent, f.GoalCurrency, f.GoalDays = "url", g.URL, g.Event, g.Currency, strconv.Itoa(g.Days)
		if g.Event != "" {
			f.Goal = "event"
		}
		if g.Value > 0 {
			f.GoalValue = strconv.FormatFloat(g.Value, 'f', -1, 64)
		}
	}
	f.setConditions(k.Trigger.Conditions)
	return f
}

// localField writes an instant as a field for dates and times does, "" for none.
func localField(t time.Time, zone string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(toZone(zone)).Format(localTime)
}

func blankChatForm(zone string) chatForm {
	f := chatFormOf(liadesk.LiveChatCampaign{Trigger: liadesk.Trigger{TimeOnPage: liadesk.DefaultTimeOnPage}, Enabled: true}, zone)
	f.ID, f.InboxID, f.Version = "", "", ""
	return f
}

// patch is what the form says. What cannot be read becomes what the room
// refuses by name: an id that is none, a time out of range.
func (f chatForm) patch() livechat.Patch {
	inbox, _ := liadesk.ParseID(f.InboxID)
	sender := liadesk.Sender{Kind: liadesk.SenderBot}
	if f.Sender != botSender {
		sender.Kind = liadesk.SenderAgent
		sender.UserID, _ = liadesk.ParseID(f.Sender)
	}
	seconds := whole(f.Time)
	version, _ := strconv.ParseUint(f.Version, 10, 64)
	p := livechat.Patch{Title: &f.Title, Message: &f.Message, InboxID: &inbox, Sender: &sender, TriggerURL: &f.URL,
		TimeOnPage: &seconds, Enabled: &f.Enabled, BusinessHoursOnly: &f.HoursOnly, Version: version,
		URLs: lineList(f.URLs), Except: lineList(f.Except), QuickReplies: lineList(f.Replies), OnlineOnly: &f.OnlineOnly,
		Priority: new(liadesk.Priority(f.Priority)), Bot: new(liadesk.BotPolicy(f.Bot)), Conditions: &f.Conditions}
	p.StartsAt, p.EndsAt = f.at(&p, "starts_at", f.Starts), f.at(&p, "ends_at", f.Ends)
	often := liadesk.Frequency{Kind: liadesk.FrequencyKind(f.Frequency), Days: whole(f.FrequencyDays)}
	p.Frequency = &often
	p.Goal = new(f.goal())
	return p
}

// at reads a local time, and notes one that cannot be read.
func (f chatForm) at(p *livechat.Patch, field, local string) *time.Time {
	if strings.TrimSpace(local) == "" {
		return &time.Time{}
	}
	t, _, err := hours.ParseLocal(local, f.Zone)
	if err != nil {
		p.Unreadable = append(p.Unreadable, field)
		return nil
	}
	return &t
}

// goal is what the form says about the goal, nil for none.
func (f chatForm) goal() *liadesk.Goal {
	g := liadesk.Goal{Currency: f.GoalCurrency, Days: whole(f.GoalDays)}
	switch f.Goal {
	case "url":
		g.URL = f.GoalURL
	case "event":
		g.Event = f.GoalEvent
	default:
		return nil
	}
	if value := strings.TrimSpace(strings.ReplaceAll(f.GoalValue, ",", ".")); value != "" {
		var err error
		if g.Value, err = strconv.ParseFloat(value, 64); err != nil {
			g.Value = -1 // out of range
		}
	}
	return &g
}

// whole reads a whole number; what is none is out of every range.
func whole(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return -1
	}
	return n
}

// lineList reads a list of which each line is an entry.
func lineList(text string) *[]string {
	list := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	return &list
}
