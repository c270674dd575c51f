package db

import (
	"context"
	"errors"

	"github.com/liadesk/campaigns/liadesk"
)

// nAccount holds the account under its own id, and g/account lists the ids of
// all of them: a tick walks that list, and nothing else crosses accounts.

func accountKey(id liadesk.ID) key { return in(id, nAccount) }

// Account reads one account; the second result is false when there is none.
func (tx *Tx) Account(id liadesk.ID) (liadesk.Account, bool, error) {
	return get[liadesk.Account](tx, accountKey(id))
}

// PutAccount writes an account, new or changed. Counting Version up is the
// caller's business, for the system's own marks are no edit of a person.
func (tx *Tx) PutAccount(a liadesk.Account) error {
	tx.ShutGate(a.ID)
	if err := put(tx, global("account").id(a.ID), a.ID); err != nil {
		return err
	}
	var err error
	if a.LinkCode, err = tx.linkCode(a.ID); err != nil {
		return err
	}
	return put(tx, accountKey(a.ID), a)
}

// eachPage is how many accounts EachAccount reads at once.
const eachPage = 100

// EachAccount calls do for every account, the oldest first, outside of any
// transaction. A failure of one does not keep the others from their turn; all
// are returned together.
func (s *Store) EachAccount(ctx context.Context, do func(context.Context, liadesk.ID) error) error {
	var errs []error
	for after := (liadesk.ID{}); ; {
		var ids []liadesk.ID
		if err := s.View(ctx, func(tx *Tx) (err error) {
			ids, err = tx.AccountIDs(after, eachPage)
			return err
		}); err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, id := range ids {
			errs = append(errs, do(ctx, id))
			after = id
		}
		if len(ids) < eachPage {
			return errors.Join(errs...)
		}
	}
}

// AccountIDs lists at most limit ids that sort behind after, oldest first. The
// zero id starts from the beginning.
func (tx *Tx) AccountIDs(after liadesk.ID, limit int) ([]liadesk.ID, error) {
	base := global("account")
	ids, _, err := scan[liadesk.ID](tx, base.clone().id(after).after(), base.end(), limit, false)
	return ids, err
}
