package audience

import (
	"sync"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

var rules = sync.OnceValue(hours.BuiltIn)

// Blocked tells whether no text of a purpose may ever reach the numbers of a
// window class, for marketing texts to its country are not to be sent at all.
func Blocked(set liadesk.Settings, purpose liadesk.Purpose, class string) bool {
	if purpose == liadesk.PurposeTransactional || set.RoundTheClock {
		return false
	}
	c, err := phone.ParseClass(class)
	return err == nil && Window(set, c).NeverOpen()
}

// Window is when marketing texts may reach the numbers of a window class: by
// the account's own windows, and where it has none by those of the product.
func Window(set liadesk.Settings, c phone.Class) hours.Window {
	return rules().ForWith(set.Windows, c.Country, c.State)
}

// blockedSets are the sets of the contacts in blocked countries, of those
// countries in which the account has any.
func blockedSets(tx *db.Tx, id liadesk.ID, purpose liadesk.Purpose) ([]db.SetRef, error) {
	if purpose == liadesk.PurposeTransactional {
		return nil, nil
	}
	account, found, err := tx.SharedAccount(id)
	if err != nil || !found {
		return nil, err
	}
	classes, err := tx.ContactClasses(id)
	if err != nil {
		return nil, err
	}
	var sets []db.SetRef
	for _, class := range classes {
		if Blocked(account.Settings, purpose, class) {
			sets = append(sets, db.SetClass(class))
		}
	}
	return sets, nil
}
