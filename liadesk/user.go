package liadesk

import (
	"slices"
	"time"
)

// Role is what a user may do.
type Role string

const (
	// RoleAdministrator creates, schedules, deletes, imports, exports and
	// manages the team.
	RoleAdministrator Role = "administrator"
	// RoleAgent answers, and sees only the inboxes it serves.
	RoleAgent Role = "agent"
)

// Valid tells whether r is a role.
func (r Role) Valid() bool { return r == RoleAdministrator || r == RoleAgent }

// Presence is whether a user can take a conversation now.
type Presence string

// The presences a user chooses from; nobody who is signed out is online.
const (
	PresenceOnline Presence = "online"
	PresenceBusy   Presence = "busy"
	PresenceAway   Presence = "away"
)

// User is a person of the team.
type User struct {
	ID        ID     `cbor:"1,keyasint"`
	AccountID ID     `cbor:"2,keyasint"`
	Name      string `cbor:"3,keyasint"`
	// Email signs in; it is unique in the installation and stored folded.
	Email string `cbor:"4,keyasint"`
	Role  Role   `cbor:"5,keyasint"`
	// PasswordHash is an argon2id string, "" until the person accepts.
	PasswordHash string `cbor:"6,keyasint"`
	// InboxIDs are the inboxes this person serves. Administrators see all.
	InboxIDs []ID `cbor:"7,keyasint,omitempty"`
	// Picture names the stored picture, which is at /pictures/ and this name;
	// "" for initials.
	Picture       string    `cbor:"8,keyasint,omitempty"`
	Presence      Presence  `cbor:"9,keyasint"`
	CreatedAt     time.Time `cbor:"10,keyasint"`
	DeactivatedAt time.Time `cbor:"11,keyasint"`
	Version       uint64    `cbor:"12,keyasint"`
	// Capacity is how many conversations of websites the person answers at a time;
	// 0 is DefaultCapacity.
	Capacity int `cbor:"13,keyasint,omitempty"`
}

// Bounds of User.Capacity.
const (
	DefaultCapacity = 5
	MaxCapacity     = 50
)

// Hands is how many conversations of websites the person answers at a time.
func (u User) Hands() int {
	if u.Capacity == 0 {
		return DefaultCapacity
	}
	return u.Capacity
}

// Active tells whether the person may sign in and be a sender: somebody who
// accepted the invitation and was not deactivated.
func (u User) Active() bool { return u.DeactivatedAt.IsZero() && u.PasswordHash != "" }

// Invited tells whether the person has not yet accepted the invitation.
func (u User) Invited() bool { return u.PasswordHash == "" }

// Serves tells whether the person sees an inbox.
func (u User) Serves(inbox ID) bool {
	return u.Role == RoleAdministrator || slices.Contains(u.InboxIDs, inbox)
}

// Actor is who asks a room for something. Every verb takes one, and every
// read goes through its account, so that a forgotten check finds nothing
// rather than another company's data.
type Actor struct {
	Account ID
	// User is zero for the system itself (ticks, callbacks, the command line).
	User  ID
	Name  string
	Role  Role
	Plan  Plan
	Inbox []ID // the inboxes an agent serves
}

// BotName is how LiaDesk presents itself, to visitors and to the team.
const BotName = "LiaDesk"

// System is the actor of ticks, callbacks and commands: it may do everything
// inside one account.
func System(account Account) Actor {
	return Actor{Account: account.ID, Role: RoleAdministrator, Plan: account.Plan, Name: BotName}
}

// ActorOf is a signed-in user.
func ActorOf(a Account, u User) Actor {
	return Actor{Account: a.ID, User: u.ID, Name: u.Name, Role: u.Role, Plan: a.Plan, Inbox: u.InboxIDs}
}

// Administrator refuses everybody else.
func (a Actor) Administrator() error {
	if a.Role != RoleAdministrator {
		return ErrForbidden
	}
	return nil
}

// Campaigns refuses accounts whose plan has none. It comes before every other
// check, so that a free account learns nothing about campaigns.
func (a Actor) Campaigns() error {
	if !a.Plan.Paid() {
		return ErrPlanRequired
	}
	return nil
}

// ManageCampaigns refuses accounts without campaigns and users who are not
// administrators.
func (a Actor) ManageCampaigns() error {
	if err := a.Campaigns(); err != nil {
		return err
	}
	return a.Administrator()
}

// Serves tells whether the actor sees an inbox's conversations.
func (a Actor) Serves(inbox ID) bool {
	return a.Role == RoleAdministrator || slices.Contains(a.Inbox, inbox)
}
