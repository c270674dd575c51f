package contacts

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// EventKind is what happened.
type EventKind string

// The kinds of event on a timeline.
const (
	EventCreated      EventKind = "created"
	EventConsent      EventKind = "consent"
	EventOptOut       EventKind = "opt_out"
	EventOptIn        EventKind = "opt_in"
	EventHeld         EventKind = "held"     // held for review
	EventReleased     EventKind = "released" // it meant something else
	EventConversation EventKind = "conversation"
	EventText         EventKind = "text"
)

// Event is one thing that happened between the company and a contact. Which of
// its parts is set follows from Kind.
type Event struct {
	At   time.Time
	Kind EventKind
	// Source is how the contact came to us, for EventCreated, and Import the
	// file it came in, if any and the reader may see imports.
	Source string
	Import liadesk.Import

	Consent      liadesk.ConsentEntry
	OptOut       liadesk.OptOut
	Conversation liadesk.Conversation
	Text         liadesk.Delivery
	// Campaign is the title of the text's campaign.
	Campaign string
	// By names the user who recorded it, "" when nobody of the team did.
	By string
}

// timelineDepth is how far back the timeline goes in each of its sources.
const timelineDepth = 200

// Timeline lists what happened with a contact over both channels, newest
// first. It is put together when it is read, so that there is no second copy
// that could tell another story. Agents see the conversations of the inboxes
// they serve; without campaigns in the plan there are no campaign texts.
func (s *Service) Timeline(ctx context.Context, actor liadesk.Actor, id liadesk.ID, page db.Page) (events []Event, next string, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		events, next = nil, ""
		c, err := contact(tx, actor.Account, id)
		if err != nil {
			return err
		}
		t := timeline{tx: tx, actor: actor, contact: c, names: map[liadesk.ID]string{}}
		if err := t.gather(); err != nil {
			return err
		}
		events, next, err = t.page(page)
		return err
	})
	return events, next, err
}

type timeline struct {
	tx      *db.Tx
	actor   liadesk.Actor
	contact liadesk.Contact
	events  []Event
	names   map[liadesk.ID]string // of users
}

func (t *timeline) gather() error {
	users, err := t.tx.Users(t.actor.Account)
	if err != nil {
		return err
	}
	for _, u := range users {
		t.names[u.ID] = u.Name
	}
	for _, part := range []func() error{t.created, t.consent, t.optOuts, t.conversations, t.texts} {
		if err := part(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(t.events, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Kind, b.Kind)) })
	return nil
}

func (t *timeline) created() error {
	e := Event{At: t.contact.CreatedAt, Kind: EventCreated, Source: t.contact.Source}
	if !t.contact.ImportID.IsZero() && t.actor.Administrator() == nil {
		var err error
		if e.Import, _, err = t.tx.Import(t.actor.Account, t.contact.ImportID); err != nil {
			return err
		}
		e.By = t.names[e.Import.CreatedBy]
	}
	t.events = append(t.events, e)
	return nil
}

func (t *timeline) consent() error {
	entries, err := t.tx.ConsentHistory(t.actor.Account, t.contact.ID, timelineDepth)
	for _, e := range entries {
		// A line stands where it was recorded; the wording tells when it was
		// given, which may be earlier.
		t.events = append(t.events, Event{At: e.ID.Time(), Kind: EventConsent, Consent: e, By: t.names[e.Consent.By]})
	}
	return err
}

func (t *timeline) optOuts() error {
	if t.contact.Phone == "" {
		return nil
	}
	entries, err := t.tx.OptOutHistory(t.actor.Account, t.contact.Phone, timelineDepth)
	for _, e := range entries {
		kind := EventOptIn
		switch {
		case e.Review && e.Out:
			kind = EventHeld
		case e.Review:
			kind = EventReleased
		case e.Out:
			kind = EventOptOut
		}
		t.events = append(t.events, Event{At: e.OptOut.At, Kind: kind, OptOut: e.OptOut, By: t.names[e.OptOut.By]})
	}
	return err
}

func (t *timeline) conversations() error {
	list, err := t.tx.ConversationsOf(t.actor.Account, t.contact.ID, timelineDepth)
	for _, c := range list {
		if t.actor.Serves(c.InboxID) {
			t.events = append(t.events, Event{At: c.LastAt, Kind: EventConversation, Conversation: c})
		}
	}
	return err
}

func (t *timeline) texts() error {
	if t.contact.Phone == "" || t.actor.Campaigns() != nil {
		return nil
	}
	texts, err := t.tx.DeliveriesTo(t.actor.Account, t.contact.Phone, timelineDepth)
	if err != nil {
		return err
	}
	ids := make([]liadesk.ID, len(texts))
	for i, d := range texts {
		ids[i] = d.CampaignID
	}
	campaigns, err := t.tx.SMSCampaignsByID(t.actor.Account, ids)
	if err != nil {
		return err
	}
	titles := make(map[liadesk.ID]string, len(campaigns))
	for _, c := range campaigns {
		titles[c.ID] = c.Title
	}
	for _, d := range texts {
		at := d.AcceptedAt
		if at.IsZero() {
			at = d.StartedAt
		}
		t.events = append(t.events, Event{At: at, Kind: EventText, Text: d, Campaign: titles[d.CampaignID]})
	}
	return nil
}

// page cuts a part out of the sorted events. The cursor names the last event
// of the page before by its time and how many of that time were shown, so that
// events that come in meanwhile neither hide nor repeat one.
func (t *timeline) page(p db.Page) ([]Event, string, error) {
	from := 0
	if p.After != "" {
		at, same, err := parseEventCursor(p.After)
		if err != nil {
			return nil, "", err
		}
		for from < len(t.events) && t.events[from].At.After(at) {
			from++
		}
		for from < len(t.events) && same > 0 && t.events[from].At.Equal(at) {
			from++
			same--
		}
	}
	to := min(from+p.Size(), len(t.events))
	next := ""
	if to < len(t.events) && to > from {
		last, same := t.events[to-1].At, 0
		for i := to - 1; i >= 0 && t.events[i].At.Equal(last); i-- {
			same++
		}
		next = eventCursor(last, same)
	}
	return t.events[from:to], next, nil
}

// ConsentHistory lists a contact's consent history, newest first.
func (s *Service) ConsentHistory(ctx context.Context, actor liadesk.Actor, id liadesk.ID) ([]liadesk.ConsentEntry, error) {
	var list []liadesk.ConsentEntry
	err := s.store.View(ctx, func(tx *db.Tx) error {
		if _, err := contact(tx, actor.Account, id); err != nil {
			return err
		}
		var err error
		list, err = tx.ConsentHistory(actor.Account, id, timelineDepth)
		return err
	})
	return list, err
}

func eventCursor(at time.Time, same int) string {
	return strconv.FormatInt(at.UnixNano(), 36) + "." + strconv.Itoa(same)
}

func parseEventCursor(s string) (time.Time, int, error) {
	nanos, same, ok := strings.Cut(s, ".")
	n, err1 := strconv.ParseInt(nanos, 36, 64)
	k, err2 := strconv.Atoi(same)
	if !ok || err1 != nil || err2 != nil || k < 0 {
		var v liadesk.Invalid
		v.Add("after", "bad_cursor")
		return time.Time{}, 0, v.Err()
	}
	return time.Unix(0, n).UTC(), k, nil
}
