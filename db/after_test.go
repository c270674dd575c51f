package db

import (
	"errors"
	"testing"
)

func TestWhatFollowsACommitWaitsForIt(t *testing.T) {
	s := open(t)
	var heard []string
	refused := errors.New("refused")
	if err := s.Update(t.Context(), func(tx *Tx) error {
		tx.AfterCommit(func() { heard = append(heard, "of a failure") })
		return refused
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(tx *Tx) error {
		tx.AfterCommit(func() { heard = append(heard, "one") })
		tx.AfterCommit(func() { heard = append(heard, "two") })
		if len(heard) > 0 {
			t.Errorf("heard %v before the commit", heard)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 2 || heard[0] != "one" || heard[1] != "two" {
		t.Errorf("heard %v", heard)
	}
}
