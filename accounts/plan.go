package accounts

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// SetPlan changes an account's plan, for the operator at the command line. A
// downgrade to a plan without campaigns stops live campaigns and pauses sends
// in the same transaction. An upgrade releases nothing by itself: a person
// looks at what was paused, for its time may have passed.
func (s *Service) SetPlan(ctx context.Context, id liadesk.ID, plan liadesk.Plan) (liadesk.Account, error) {
	if !plan.Valid() {
		var v liadesk.Invalid
		v.Add("plan", "unknown_plan")
		return liadesk.Account{}, v.Err()
	}
	var a liadesk.Account
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if a, err = account(tx, id); err != nil {
			return err
		}
		was := a.Plan
		if was == plan {
			return nil
		}
		a.Plan = plan
		a.Version++
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if !was.Paid() || plan.Paid() {
			return nil
		}
		for _, stop := range s.onDowngrade {
			if err := stop(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return a, err
}
