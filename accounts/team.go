package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// ErrLastAdministrator keeps an account from losing the last person who can
// manage it.
var ErrLastAdministrator = liadesk.Conflict("last_administrator",
	"this is the last administrator: make somebody else an administrator first")

// UserPatch changes a person of the team; nil leaves a field as it is.
type UserPatch struct {
	Name     *string
	Email    *string
	Role     *liadesk.Role
	InboxIDs *[]liadesk.ID
	// Capacity is how many conversations of websites the person answers at a time.
	Capacity *int
	// Version is the one that the change was made from; 0 saves over any.
	Version uint64
}

// Member is a person of the team with their open link, if any.
type Member struct {
	liadesk.User
	Link *liadesk.Link
	// Tokens counts the API tokens that act in this person's name.
	Tokens int
}

// Team lists everybody, those who left too, by name. It is for administrators.
func (s *Service) Team(ctx context.Context, actor liadesk.Actor) ([]Member, error) {
	if err := actor.Administrator(); err != nil {
		return nil, err
	}
	var team []Member
	err := s.store.View(ctx, func(tx *db.Tx) error {
		team = nil
		users, err := tx.Users(actor.Account)
		if err != nil {
			return err
		}
		links, err := tx.Links(actor.Account)
		if err != nil {
			return err
		}
		tokens, err := tx.Tokens(actor.Account)
		if err != nil {
			return err
		}
		for _, u := range users {
			m := Member{User: u}
			for i := range links {
				if links[i].UserID == u.ID {
					m.Link = &links[i]
				}
			}
			for _, t := range tokens {
				if t.UserID == u.ID {
					m.Tokens++
				}
			}
			team = append(team, m)
		}
		return nil
	})
	slices.SortStableFunc(team, func(a, b Member) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return team, err
}

// Member reads one person of the team. Everybody may look at themselves.
func (s *Service) Member(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (Member, error) {
	if id != actor.User {
		if err := actor.Administrator(); err != nil {
			return Member{}, err
		}
	}
	var m Member
	err := s.store.View(ctx, func(tx *db.Tx) error {
		u, err := user(tx, actor.Account, id)
		if err != nil {
			return err
		}
		m = Member{User: u}
		l, found, err := tx.Link(actor.Account, id)
		if found {
			m.Link = &l
		}
		if err != nil {
			return err
		}
		tokens, err := tx.Tokens(actor.Account)
		for _, t := range tokens {
			if t.UserID == id {
				m.Tokens++
			}
		}
		return err
	})
	return m, err
}

// EditUser changes a person's name, address, role or inboxes.
func (s *Service) EditUser(ctx context.Context, actor liadesk.Actor, id liadesk.ID, p UserPatch) (liadesk.User, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.User{}, err
	}
	var u liadesk.User
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if u, err = user(tx, actor.Account, id); err != nil {
			return err
		}
		return s.editUser(tx, &u, p)
	})
	return u, err
}

func (s *Service) editUser(tx *db.Tx, u *liadesk.User, p UserPatch) error {
	var v liadesk.Invalid
	old := *u
	if p.Name != nil {
		u.Name = checkName(&v, "name", *p.Name)
	}
	if p.Email != nil {
		u.Email = checkEmail(&v, "email", *p.Email)
	}
	if p.Role != nil {
		u.Role = *p.Role
		checkRole(&v, "role", u.Role)
	}
	if p.InboxIDs != nil {
		ids, err := checkInboxes(tx, &v, "inbox_ids", u.AccountID, *p.InboxIDs)
		if err != nil {
			return err
		}
		u.InboxIDs = ids
	}
	if p.Capacity != nil {
		if u.Capacity = *p.Capacity; u.Capacity < 1 || u.Capacity > liadesk.MaxCapacity {
			v.Add("capacity", "out_of_range", "Min", 1, "Max", liadesk.MaxCapacity)
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	if p.Version != 0 && p.Version != old.Version {
		if err := liadesk.Changed(old.Version, userChanges(old, *u)...); err != nil {
			return err
		}
	}
	if old.Role == liadesk.RoleAdministrator && u.Role != old.Role {
		if err := otherAdministrator(tx, old); err != nil {
			return err
		}
	}
	u.Version++
	if err := putUser(tx, *u); err != nil {
		return err
	}
	if u.Role != liadesk.RoleAdministrator && (old.Role == liadesk.RoleAdministrator || slices.ContainsFunc(old.InboxIDs, func(id liadesk.ID) bool { return !u.Serves(id) })) {
		for _, less := range s.onServesLess {
			if err := less(tx, *u); err != nil {
				return err
			}
		}
	}
	if old.Email != u.Email {
		// An open link went to the old address; its holder may be somebody else.
		return tx.DeleteLink(u.AccountID, u.ID)
	}
	return nil
}

func userChanges(theirs, yours liadesk.User) []liadesk.Change {
	var list liadesk.Differences
	list.Add("name", theirs.Name, yours.Name)
	list.Add("email", theirs.Email, yours.Email)
	list.Add("role", theirs.Role, yours.Role)
	list.Add("capacity", theirs.Hands(), yours.Hands())
	list.Add("inbox_ids", theirs.InboxIDs, yours.InboxIDs)
	return list
}

func checkRole(v *liadesk.Invalid, field string, r liadesk.Role) {
	switch {
	case r == "":
		v.Add(field, "required")
	case !r.Valid():
		v.Add(field, "unknown_role")
	}
}

// checkInboxes sorts ids, leaves out repeated ones, and notes those that are
// no inbox of the account.
func checkInboxes(tx *db.Tx, v *liadesk.Invalid, field string, account liadesk.ID, ids []liadesk.ID) ([]liadesk.ID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	inboxes, err := tx.Inboxes(account)
	if err != nil {
		return nil, err
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b liadesk.ID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	for _, id := range ids {
		if !slices.ContainsFunc(inboxes, func(i liadesk.Inbox) bool { return i.ID == id }) {
			v.Add(field, "unknown_inbox")
			break
		}
	}
	return ids, nil
}

// otherAdministrator refuses when nobody else could manage the account.
func otherAdministrator(tx *db.Tx, u liadesk.User) error {
	users, err := tx.Users(u.AccountID)
	if err != nil {
		return err
	}
	for _, other := range users {
		if other.ID != u.ID && other.Active() && other.Role == liadesk.RoleAdministrator {
			return nil
		}
	}
	return ErrLastAdministrator
}

// Deactivate shuts a person out at once: sessions and links end, API tokens in
// their name stop working, campaigns in their name fall back to LiaDesk. What
// they wrote stays under their name.
func (s *Service) Deactivate(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.User, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.User{}, err
	}
	var u liadesk.User
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if u, err = user(tx, actor.Account, id); err != nil {
			return err
		}
		if !u.DeactivatedAt.IsZero() {
			return nil // it arrived twice
		}
		if u.Role == liadesk.RoleAdministrator {
			if err := otherAdministrator(tx, u); err != nil {
				return err
			}
		}
		u.DeactivatedAt = s.clock.Now().UTC()
		u.Presence = liadesk.PresenceAway
		u.Version++
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := tx.DeleteSessions(u.AccountID, u.ID, liadesk.ID{}); err != nil {
			return err
		}
		if err := tx.DeleteLink(u.AccountID, u.ID); err != nil {
			return err
		}
		for _, left := range s.onUserDeactivate {
			if err := left(tx, u); err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}

// Reactivate lets a person in again, with their old password and tokens.
func (s *Service) Reactivate(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.User, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.User{}, err
	}
	var u liadesk.User
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if u, err = user(tx, actor.Account, id); err != nil || u.DeactivatedAt.IsZero() {
			return err
		}
		u.DeactivatedAt = time.Time{}
		u.Version++
		return tx.PutUser(u)
	})
	return u, err
}

// SetPresence says whether the actor can take a conversation now.
func (s *Service) SetPresence(ctx context.Context, actor liadesk.Actor, p liadesk.Presence) error {
	if p != liadesk.PresenceOnline && p != liadesk.PresenceBusy && p != liadesk.PresenceAway {
		var v liadesk.Invalid
		v.Add("presence", "unknown_presence")
		return v.Err()
	}
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		u, err := user(tx, actor.Account, actor.User)
		if err != nil {
			return err
		}
		u.Presence = p
		return tx.PutUser(u)
	})
	if err == nil && p == liadesk.PresenceOnline {
		err = s.cameOnline(ctx, actor.Account, actor.User)
	}
	return err
}

// EditProfile changes the actor's own name.
func (s *Service) EditProfile(ctx context.Context, actor liadesk.Actor, name string, version uint64) (liadesk.User, error) {
	var u liadesk.User
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if u, err = user(tx, actor.Account, actor.User); err != nil {
			return err
		}
		return s.editUser(tx, &u, UserPatch{Name: &name, Version: version})
	})
	return u, err
}
