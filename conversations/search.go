package conversations

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// How much one search looks at.
const (
	searchMost   = 50 // threads that it lists
	searchPeople = 10 // contacts whose threads it lists
	maxSearch    = 200
)

// Search finds threads that the actor may see by what was said in them, by
// either side and in notes, and by name, e-mail or number of the contact. The
// last active come first. A filter narrows but for its status: search looks at
// everything.
func (s *Service) Search(ctx context.Context, actor liadesk.Actor, text string, f Filter) (items []Item, err error) {
	text = strings.TrimSpace(text)
	if len(text) > maxSearch {
		text = strings.ToValidUTF8(text[:maxSearch], "")
	}
	if text == "" {
		return nil, nil
	}
	err = s.store.View(ctx, func(tx *db.Tx) error {
		found, err := tx.ConversationsWith(actor.Account, text, 4*searchMost)
		if err != nil {
			return err
		}
		account, _, err := tx.SharedAccount(actor.Account)
		if err != nil {
			return err
		}
		people, err := tx.Contacts(actor.Account, db.ContactQuery{Text: text, CallingCode: phone.CallingCode(account.Settings.Region), Page: db.Page{Limit: searchPeople}})
		if err != nil {
			return err
		}
		for _, p := range people.Items {
			threads, err := tx.ConversationsOf(actor.Account, p.ID, maxOthers)
			if err != nil {
				return err
			}
			found = append(found, threads...)
		}
		slices.SortFunc(found, func(a, b liadesk.Conversation) int {
			return cmp.Or(b.LastAt.Compare(a.LastAt), slices.Compare(a.ID[:], b.ID[:]))
		})
		found = slices.CompactFunc(found, func(a, b liadesk.Conversation) bool { return a.ID == b.ID })
		found = slices.DeleteFunc(found, func(c liadesk.Conversation) bool {
			f.Status, f.Snoozed = c.Status, c.Asleep()
			return !f.Matches(actor, c)
		})
		items, _, err = describe(tx, actor, found[:min(len(found), searchMost)])
		return err
	})
	return items, err
}
