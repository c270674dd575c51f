package contacts

import (
	"context"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// A tag is renamed at once for everybody who asks for it, and its contacts are
// written anew in bounded transactions; a crash in between is picked up by the
// next Tick. The old name keeps leading to the new one.

// tagStep is how many contacts one transaction moves from a tag to another.
const tagStep = 500

// tagStepsNow is how many of them a person waits for; Tick does the rest.
const tagStepsNow = 20

// TagUsers finds what would mean other people if a tag went: campaigns that are
// not over, and saved audiences. It is registered by the room that has them.
type TagUsers func(tx *db.Tx, account liadesk.ID, tag string) ([]liadesk.Ref, error)

// OnTagDelete registers a TagUsers: a tag that it names users for is not
// deleted. Call it before the room is used.
func (s *Service) OnTagDelete(f TagUsers) { s.tagUsers = append(s.tagUsers, f) }

// CodeTagInUse is the code of the refusal to delete a tag that is in use; its
// argument campaigns holds what uses it as []liadesk.Ref.
const CodeTagInUse = "tag_in_use"

// presentNames replaces tags that were renamed by what they are called now.
func presentNames(tx *db.Tx, account liadesk.ID, tags []string) ([]string, error) {
	names, err := tx.TagNames(account, tags)
	if err != nil || len(tags) == 0 {
		return tags, err
	}
	out := make([]string, len(tags))
	for i, t := range tags {
		if len(names[t]) == 0 {
			var v liadesk.Invalid
			v.Add("tags", "tag_being_deleted", "Tag", t)
			return nil, v.Err()
		}
		out[i] = names[t][0]
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Tags lists the account's tags by name with the number of their contacts.
func (s *Service) Tags(ctx context.Context, actor liadesk.Actor) ([]liadesk.Tag, error) {
	var out []liadesk.Tag
	err := s.store.View(ctx, func(tx *db.Tx) error {
		all, err := tx.Tags(actor.Account)
		if err != nil {
			return err
		}
		moving := map[string]int64{}
		for _, t := range all {
			if t.MovedTo != "" {
				moving[t.MovedTo] += t.Count
			}
		}
		out = make([]liadesk.Tag, 0, len(all))
		for _, t := range all {
			if t.MovedTo == "" && !t.Deleting {
				t.Count += moving[t.Name]
				out = append(out, t)
			}
		}
		return nil
	})
	return out, err
}

// Tag reads one tag by its present or an earlier name.
func (s *Service) Tag(ctx context.Context, actor liadesk.Actor, name string) (liadesk.Tag, error) {
	var tag liadesk.Tag
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		tag, err = presentTag(tx, actor.Account, soughtTag(name))
		return err
	})
	return tag, err
}

func presentTag(tx *db.Tx, account liadesk.ID, name string) (liadesk.Tag, error) {
	tag, found, err := tx.Tag(account, name)
	if err == nil && found && tag.MovedTo != "" {
		tag, found, err = tx.Tag(account, tag.MovedTo)
	}
	if err == nil && (!found || tag.Deleting) {
		err = liadesk.ErrNotFound
	}
	return tag, err
}

// CreateTag adds a tag that no contact has yet. One that exists is fine.
func (s *Service) CreateTag(ctx context.Context, actor liadesk.Actor, name string) (liadesk.Tag, error) {
	var v liadesk.Invalid
	name = cleanTag(&v, "name", name)
	if err := v.Err(); err != nil {
		return liadesk.Tag{}, err
	}
	var tag liadesk.Tag
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if tag, found, err = tx.Tag(actor.Account, name); err != nil {
			return err
		}
		switch {
		case found && tag.MovedTo != "":
			tag, err = presentTag(tx, actor.Account, name)
			return err
		case found && !tag.Deleting:
			return nil
		case found:
			return liadesk.Conflict("tag_being_deleted", "this tag is being taken off its contacts; try again in a moment")
		}
		tag = liadesk.Tag{Name: name}
		return refusalOf(tx.PutTag(actor.Account, tag))
	})
	return tag, err
}

// RenameTag gives a tag another name. If that is a tag already, the two become
// one. Campaigns and files that say the old name go on to mean the tag.
func (s *Service) RenameTag(ctx context.Context, actor liadesk.Actor, name, newName string) (liadesk.Tag, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Tag{}, err
	}
	var v liadesk.Invalid
	newName = cleanTag(&v, "name", newName)
	if err := v.Err(); err != nil {
		return liadesk.Tag{}, err
	}
	var old, to liadesk.Tag
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var err error
		if old, err = presentTag(tx, actor.Account, soughtTag(name)); err != nil {
			return err
		}
		if old.Name == newName {
			to = old
			return nil
		}
		var found bool
		if to, found, err = tx.Tag(actor.Account, newName); err != nil {
			return err
		}
		switch {
		case found && to.Deleting:
			return liadesk.Conflict("tag_being_deleted", "this tag is being taken off its contacts; try again in a moment")
		case found && to.MovedTo == old.Name:
			to.MovedTo = "" // back to an earlier name
		case found && to.MovedTo != "":
			// The new name leads to a third tag: that is the one meant.
			if to, err = presentTag(tx, actor.Account, newName); err != nil {
				return err
			}
		case !found:
			to = liadesk.Tag{Name: newName}
		}
		if err := refusalOf(tx.PutTag(actor.Account, to)); err != nil {
			return err
		}
		// Everything that led to the old name leads to the new one.
		all, err := tx.Tags(actor.Account)
		if err != nil {
			return err
		}
		to.From = slices.DeleteFunc(to.From, func(name string) bool { return name == old.Name })
		for _, t := range all {
			if t.Name == old.Name || t.MovedTo == old.Name {
				if t.MovedTo, t.From = to.Name, nil; t.Count > 0 && !slices.Contains(to.From, t.Name) {
					to.From = append(to.From, t.Name)
				}
				if err := tx.PutTag(actor.Account, t); err != nil {
					return err
				}
			}
		}
		return tx.PutTag(actor.Account, to)
	})
	if err != nil || old.Name == to.Name {
		return to, err
	}
	if err := s.finishTags(ctx, actor.Account, tagStepsNow); err != nil {
		return to, err
	}
	return s.Tag(ctx, actor, to.Name)
}

// usersOf names what keeps a tag from being deleted, under each name it had.
func (s *Service) usersOf(tx *db.Tx, account liadesk.ID, name string) ([]liadesk.Ref, error) {
	all, err := tx.Tags(account)
	if err != nil {
		return nil, err
	}
	names := []string{name}
	for _, t := range all {
		if t.MovedTo == name {
			names = append(names, t.Name)
		}
	}
	var refs []liadesk.Ref
	for _, users := range s.tagUsers {
		for _, n := range names {
			more, err := users(tx, account, n)
			if err != nil {
				return nil, err
			}
			refs = append(refs, more...)
		}
	}
	return refs, nil
}

// DeleteTag takes a tag off all its contacts. A campaign that is still to go
// out, and a saved audience, must not come to mean other people behind anybody's
// back: they are named in the refusal.
func (s *Service) DeleteTag(ctx context.Context, actor liadesk.Actor, name string) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		tag, err := presentTag(tx, actor.Account, soughtTag(name))
		if err != nil {
			return err
		}
		refs, err := s.usersOf(tx, actor.Account, tag.Name)
		if err != nil {
			return err
		}
		if len(refs) > 0 {
			titles := make([]string, len(refs))
			for i, r := range refs {
				titles[i] = r.Name
			}
			return liadesk.Conflict(CodeTagInUse, "campaigns that are not over, or saved audiences, use this tag").
				With(map[string]any{"campaigns": refs, "Campaigns": strings.Join(titles, ", ")})
		}
		all, err := tx.Tags(actor.Account)
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.Name == tag.Name || t.MovedTo == tag.Name {
				t.Deleting, t.MovedTo, t.From = true, "", nil
				if err := tx.PutTag(actor.Account, t); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.finishTags(ctx, actor.Account, tagStepsNow)
}

// finishTags does what renamed and deleted tags have left to do, contact by
// contact, in at most so many bounded transactions. It may be stopped anywhere
// and called again.
func (s *Service) finishTags(ctx context.Context, account liadesk.ID, steps int) error {
	for range steps {
		var more bool
		var todo liadesk.Tag
		err := s.store.View(ctx, func(tx *db.Tx) error {
			more = false
			all, err := tx.Tags(account)
			for _, t := range all {
				if t.Deleting || t.MovedTo != "" && t.Count > 0 {
					more, todo = true, t
					break
				}
			}
			return err
		})
		if err != nil || !more {
			return err
		}
		if err := s.store.Update(ctx, func(tx *db.Tx) error { return s.stepTag(tx, account, todo.Name) }); err != nil {
			return err
		}
	}
	return nil
}

// stepTag moves up to tagStep contacts off a tag, and removes the tag's record
// with the last of them if it is being deleted.
func (s *Service) stepTag(tx *db.Tx, account liadesk.ID, name string) error {
	tag, found, err := tx.Tag(account, name)
	if err != nil || !found || !tag.Deleting && tag.MovedTo == "" {
		return err
	}
	set, err := tx.ContactSet(account, "tag", name)
	if err != nil {
		return err
	}
	dense := make([]uint32, 0, tagStep)
	for it := set.Iterator(); it.HasNext() && len(dense) < tagStep; {
		dense = append(dense, it.Next())
	}
	list, err := tx.ContactsByDense(account, dense)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if tag.Deleting {
			return tx.DeleteTag(account, name)
		}
		tag.Count = 0
		return tx.PutTag(account, tag)
	}
	b := tx.ContactBatch(account)
	now := s.clock.Now().UTC()
	for _, old := range list {
		c := old
		c.Tags = slices.DeleteFunc(slices.Clone(c.Tags), func(t string) bool { return t == name })
		if tag.MovedTo != "" {
			c.Tags = append(c.Tags, tag.MovedTo)
			slices.Sort(c.Tags)
			c.Tags = slices.Compact(c.Tags)
		}
		c.Version++
		c.UpdatedAt = now
		if err := b.Put(&old, &c); err != nil {
			return err
		}
	}
	if err := b.Flush(); err != nil || tag.MovedTo == "" || set.GetCardinality() > uint64(len(list)) {
		return err
	}
	to, found, err := tx.Tag(account, tag.MovedTo)
	if err != nil || !found {
		return err
	}
	to.From = slices.DeleteFunc(to.From, func(n string) bool { return n == name })
	return tx.PutTag(account, to)
}
