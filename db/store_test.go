package db

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// failing is an engine whose disk takes no more.
type failing struct {
	kv.Engine
	err error
}

func (e failing) Update(context.Context, func(kv.Tx) error) error { return e.err }

func TestADiskThatTakesNoMoreIsNoFaultOfTheAsker(t *testing.T) {
	for code, fault := range map[string]error{"disk_full": kv.ErrNoSpace, "disk_failed": kv.ErrUncertain} {
		s := open(t)
		s.engine = failing{s.engine, fmt.Errorf("%w: write the file", fault)}
		err := s.Update(t.Context(), func(*Tx) error { return nil })
		if e, ok := errors.AsType[*liadesk.Error](err); !ok || e.Kind != liadesk.KindUnavailable || e.Code != code || !errors.Is(err, fault) {
			t.Errorf("%s: got %v", code, err)
		}
	}
}
