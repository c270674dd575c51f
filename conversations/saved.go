package conversations

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

// Saved lists the texts that the team keeps, by name.
func (s *Service) Saved(ctx context.Context, actor liadesk.Actor) (list []liadesk.SavedReply, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		list, err = tx.SavedReplies(actor.Account)
		return err
	})
	slices.SortFunc(list, func(a, b liadesk.SavedReply) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return list, err
}

// SavedFor lists the texts whose name or words hold what is looked for, with
// their variables filled in for a thread's contact.
func (s *Service) SavedFor(ctx context.Context, actor liadesk.Actor, id liadesk.ID, search string) ([]liadesk.SavedReply, error) {
	item, err := s.Item(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	all, err := s.Saved(ctx, actor)
	if err != nil {
		return nil, err
	}
	vars := wording.Vars{Contact: item.Contact}
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		a, _, err := tx.Account(actor.Account)
		vars.AccountName = a.Name
		return err
	}); err != nil {
		return nil, err
	}
	search = strings.ToLower(strings.TrimSpace(search))
	fillIn(all, vars)
	return slices.DeleteFunc(all, func(r liadesk.SavedReply) bool { return !strings.Contains(strings.ToLower(r.Name+"\n"+r.Text), search) }), nil
}

// fillIn puts one person's values into texts. A text that cannot be filled in
// stays as it is: whoever sends it sees it before.
func fillIn(list []liadesk.SavedReply, vars wording.Vars) {
	for i, r := range list {
		if !strings.Contains(r.Text, "{{") {
			continue
		}
		t, err := wording.Parse(r.Text)
		if err != nil {
			continue
		}
		if text, err := t.Render(vars); err == nil {
			list[i].Text = text
		}
	}
}

// SaveReply keeps a text for the team, a new one when r has no id. Everybody of
// the team may: they are the ones who answer. A version that is not the stored
// one is a conflict.
func (s *Service) SaveReply(ctx context.Context, actor liadesk.Actor, r liadesk.SavedReply) (liadesk.SavedReply, error) {
	var v liadesk.Invalid
	r.Name = strings.Join(strings.Fields(strings.ToValidUTF8(r.Name, "")), " ")
	r.Text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(r.Text, ""), "\r\n", "\n"))
	r.AccountID = actor.Account
	r.Check(&v)
	if _, err := wording.Parse(r.Text); err != nil && !v.Has("text") {
		if e, ok := errors.AsType[*wording.Error](err); ok {
			v.Add("text", "template_"+string(e.Problems[0].Kind), "Name", e.Problems[0].Name)
		} else {
			return r, err
		}
	}
	if err := v.Err(); err != nil {
		return r, err
	}
	id := s.ids()
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		if r.ID.IsZero() {
			all, err := tx.SavedReplies(actor.Account)
			if err != nil {
				return err
			}
			if len(all) >= db.MaxSavedReplies {
				return liadesk.Conflict("too_many_saved", "there are as many saved replies as there can be")
			}
			fresh := r
			fresh.ID, fresh.Version, fresh.UpdatedAt = id, 1, s.now()
			return tx.PutSavedReply(fresh)
		}
		old, found, err := tx.SavedReply(actor.Account, r.ID)
		if err != nil {
			return err
		}
		if !found {
			return liadesk.ErrNotFound
		}
		if r.Version != 0 && r.Version != old.Version {
			var changes liadesk.Differences
			changes.Add("name", old.Name, r.Name)
			changes.Add("text", old.Text, r.Text)
			if err := liadesk.Changed(old.Version, changes...); err != nil {
				return err
			}
		}
		fresh := r
		fresh.Version, fresh.UpdatedAt = old.Version+1, s.now()
		return tx.PutSavedReply(fresh)
	})
	return r, err
}

// DropReply forgets a text.
func (s *Service) DropReply(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		_, found, err := tx.SavedReply(actor.Account, id)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.DeleteSavedReply(actor.Account, id)
	})
}
