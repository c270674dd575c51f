package conversations

import (
	"context"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Notice is the honest line under a visitor's message: will somebody answer,
// and when? Code names the sentence.
// The zero Notice says nothing: the conversation is over.
type Notice struct {
	Code NoticeCode
	// Name is the person who has the thread, for NoticeOwner.
	Name string
	// Until is when the business hours begin again, for NoticeUntil, in the
	// inbox's zone.
	Until time.Time
	Zone  string
	// Wait is how long visitors waited of late, for NoticeBusy; 0 when too few
	// did to say.
	Wait time.Duration
	// Ways are the ways in which a visitor may be told of the answer, when it
	// takes longer.
	Ways Ways
}

// NoticeCode names the sentence of a notice.
type NoticeCode string

// The notices.
const (
	NoticeOwner NoticeCode = "owner" // this person has it
	NoticeHere  NoticeCode = "here"  // somebody of the team is here and was told
	NoticeUntil NoticeCode = "until" // outside business hours, which begin again at Until
	NoticeLater NoticeCode = "later" // nobody is here now; it will be answered here
	NoticeBot   NoticeCode = "bot"   // LiaDesk answers
	NoticeAsked NoticeCode = "asked" // this person was asked to come
	NoticeBusy  NoticeCode = "busy"  // everybody is busy; it takes about Wait
	NoticeMoved NoticeCode = "moved" // it goes on by text, on a phone
	NoticeTold  NoticeCode = "told"  // nobody came, as was said; it will be answered here
)

// enoughWaits is how many waits it takes to say how long one is.
const enoughWaits = 3

// notice finds the line that is true for a thread at this moment.
func (s *Service) notice(tx *db.Tx, inbox liadesk.Inbox, c liadesk.Conversation) (Notice, error) {
	if inbox.Website == nil {
		return Notice{Code: NoticeLater}, nil
	}
	if c.Status == liadesk.ConversationResolved {
		return Notice{}, nil // nobody owes an answer
	}
	if c.Owner == liadesk.OwnerBot {
		return Notice{Code: NoticeBot}, nil
	}
	schedule := inbox.Website.Hours
	if now := s.now(); !schedule.Open(now) {
		if next, ok := schedule.NextOpen(now); ok {
			return Notice{Code: NoticeUntil, Until: next, Zone: schedule.Zone}, nil
		}
		return Notice{Code: NoticeLater}, nil
	}
	users, err := tx.Users(inbox.AccountID)
	if err != nil {
		return Notice{}, err
	}
	var staffed bool
	for _, u := range users {
		if !s.present(u) {
			continue
		}
		if c.Owner == liadesk.OwnerAgent && c.OwnerID == u.ID {
			if c.Offer.Pending() {
				return Notice{Code: NoticeAsked, Name: u.Name}, nil
			}
			return Notice{Code: NoticeOwner, Name: u.Name}, nil
		}
		staffed = staffed || u.Serves(inbox.ID)
	}
	switch {
	case !staffed:
		return Notice{Code: NoticeLater}, nil
	case c.Offer.Rung == liadesk.RungQueued:
		wait, n, err := tx.ExpectedWait(c.AccountID, c.InboxID, s.now())
		if n < enoughWaits {
			wait = 0
		}
		return Notice{Code: NoticeBusy, Wait: wait}, err
	case c.Offer.Rung == liadesk.RungWaiting && len(c.Offer.Tried) > 0:
		return Notice{Code: NoticeTold}, nil
	}
	return Notice{Code: NoticeHere}, nil
}

// noticeOf is notice with the ways to tell a visitor who does not want to wait.
func (s *Service) noticeOf(tx *db.Tx, inbox liadesk.Inbox, c liadesk.Conversation) (Notice, error) {
	n, err := s.notice(tx, inbox, c)
	if err != nil {
		return n, err
	}
	switch n.Code {
	case NoticeUntil, NoticeLater, NoticeTold, NoticeBusy:
		n.Ways, _, err = s.ways(tx, inbox)
	}
	return n, err
}

// NoticeFor finds the line that is true for a visitor's thread now.
func (s *Service) NoticeFor(ctx context.Context, c liadesk.Conversation) (Notice, error) {
	if c.Status == liadesk.ConversationResolved && c.Reach.Moved > 0 && c.Reach.MovedTo == "" { // see before
		return Notice{Code: NoticeMoved}, nil
	}
	var n Notice
	err := s.store.View(ctx, func(tx *db.Tx) error {
		inbox, _, err := tx.Inbox(c.AccountID, c.InboxID)
		if err != nil {
			return err
		}
		n, err = s.noticeOf(tx, inbox, c)
		return err
	})
	return n, err
}

// present tells whether a person can see a new message now: says so, and has
// a page of the dashboard open.
func (s *Service) present(u liadesk.User) bool {
	return u.Active() && u.Presence == liadesk.PresenceOnline && s.Live.Present(u.ID)
}

// Staffed tells whether somebody could answer in a website inbox now: its
// business hours are open and a person who serves it is present.
func (s *Service) Staffed(ctx context.Context, inbox liadesk.Inbox) (bool, error) {
	var staffed bool
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		staffed, err = s.StaffedNow(tx, inbox)
		return err
	})
	return staffed, err
}

// StaffedNow is Staffed within a transaction.
func (s *Service) StaffedNow(tx *db.Tx, inbox liadesk.Inbox) (bool, error) {
	n, err := s.notice(tx, inbox, liadesk.Conversation{})
	return n.Code == NoticeHere, err
}
