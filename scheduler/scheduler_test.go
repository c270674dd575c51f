package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
)

// start runs ticks on the real clock, for what is tested is how the library
// calls them; nothing depends on how long it takes.
func start(t *testing.T, ticks ...Tick) *Scheduler {
	t.Helper()
	s, err := Start(clockwork.NewRealClock(), slog.New(slog.DiscardHandler), ticks...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestATickGoesOnAfterAFailureAndAfterAPanic(t *testing.T) {
	failed, panicked := make(chan struct{}, 100), make(chan struct{}, 100)
	s := start(t,
		Tick{Name: "fails", Every: time.Millisecond, Do: func(context.Context) error {
			select {
			case failed <- struct{}{}:
			default:
			}
			return errors.New("no")
		}},
		Tick{Name: "panics", Every: time.Millisecond, Do: func(context.Context) error {
			select {
			case panicked <- struct{}{}:
			default:
			}
			panic("no")
		}})
	for range 3 {
		<-failed
		<-panicked
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestATickBeginsAtOnceAndStopEndsItsContext(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	s := start(t, Tick{Name: "long", Every: time.Hour, Do: func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}})
	<-begun
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestATickThatStillRunsIsNotBegunASecondTime(t *testing.T) {
	inside := make(chan struct{}, 1)
	beats := make(chan struct{})
	done := make(chan struct{})
	s := start(t,
		Tick{Name: "slow", Every: time.Millisecond, Do: func(ctx context.Context) error {
			select {
			case inside <- struct{}{}:
			default:
				t.Error("begun a second time")
			}
			for range 5 {
				select {
				case <-beats:
				case <-ctx.Done():
				}
			}
			<-inside
			select {
			case done <- struct{}{}:
			case <-ctx.Done():
			}
			return nil
		}},
		Tick{Name: "beat", Every: time.Millisecond, Do: func(ctx context.Context) error {
			select {
			case beats <- struct{}{}:
			case <-ctx.Done():
			}
			return nil
		}})
	<-done
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
