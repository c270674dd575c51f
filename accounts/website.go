package accounts

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// applyWebsite checks what a patch says of a website and changes w.
func (s *Service) applyWebsite(v *liadesk.Invalid, w *liadesk.Website, p InboxPatch) {
	if p.Domains != nil {
		w.Domains = checkDomains(v, "domains", *p.Domains)
	}
	if p.PreviewDomains != nil {
		w.PreviewDomains = nil
		if len(*p.PreviewDomains) > 0 {
			w.PreviewDomains = checkDomains(v, "preview_domains", *p.PreviewDomains)
		}
	}
	if p.Hours != nil {
		h := *p.Hours
		if h.Zone == "" { // left out: the zone stays
			h.Zone = w.Hours.Zone
		}
		w.Hours = checkHours(v, "business_hours", h)
	}
	if p.CountVisits != nil {
		w.CountVisits = *p.CountVisits
	}
	if p.MessagesPerDay != nil {
		if w.MessagesPerDay = *p.MessagesPerDay; w.MessagesPerDay < 1 || w.MessagesPerDay > liadesk.MaxMessagesPerDay {
			v.Add("messages_per_day", "out_of_range", "Min", 1, "Max", liadesk.MaxMessagesPerDay)
		}
	}
	if p.Look != nil {
		w.Look = checkLook(v, *p.Look)
	}
	if p.Files != nil {
		w.NoFiles = !*p.Files
	}
	if p.ReplyInbox != nil {
		w.ReplyInboxID = *p.ReplyInbox
	}
	if p.Bot != nil {
		w.Bot = *p.Bot
		w.Bot.VIPTag = strings.ToLower(strings.Join(strings.Fields(w.Bot.VIPTag), " "))
		w.Bot.Check(v)
	}
}

var hexColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// checkLook cleans a look and notes what is wrong with it.
func checkLook(v *liadesk.Invalid, l liadesk.WidgetLook) liadesk.WidgetLook {
	if l.Colour = strings.ToLower(strings.TrimSpace(l.Colour)); l.Colour == liadesk.DefaultColour {
		l.Colour = ""
	}
	if l.Colour != "" && !hexColour.MatchString(l.Colour) {
		v.Add("widget.colour", "not_a_colour")
	}
	for field, px := range map[string]int{"widget.offset_x": l.OffsetX, "widget.offset_y": l.OffsetY} {
		if px < 0 || px > liadesk.MaxOffset {
			v.Add(field, "out_of_range", "Min", 0, "Max", liadesk.MaxOffset)
		}
	}
	for field, text := range map[string]*string{"widget.title": &l.Title, "widget.attended": &l.Attended, "widget.unattended": &l.Unattended, "widget.privacy": &l.Privacy} {
		*text = strings.Join(strings.Fields(strings.ToValidUTF8(*text, "\uFFFD")), " ")
		if utf8.RuneCountInString(*text) > liadesk.MaxLookText {
			v.Add(field, "too_long", "Max", liadesk.MaxLookText)
		}
	}
	if l.PrivacyURL = strings.TrimSpace(l.PrivacyURL); l.PrivacyURL != "" {
		u, err := url.Parse(l.PrivacyURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(l.PrivacyURL) > 500 {
			v.Add("widget.privacy_url", "not_a_web_address")
		}
	}
	return l
}

// RenewIdentity replaces the secret with which the company's server signs who
// its visitors are. Signatures of the old one stop counting at once.
func (s *Service) RenewIdentity(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		i, err := inbox(tx, actor.Account, id)
		if err != nil {
			return err
		}
		if i.Website == nil {
			return liadesk.ErrNotFound
		}
		i = copyInbox(i)
		i.Website.IdentityRound++
		i.Version++
		return tx.PutInbox(i)
	})
}
