// Package scheduler calls verbs of the rooms again and again. Its ticks are
// dumb: the database is the schedule, and a tick only asks a room to do what
// time has brought. A tick that is lost is made up for by the next one, and two
// that come at once do no harm.
package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/jonboulle/clockwork"
)

// Tick is one verb that is called at an interval.
type Tick struct {
	Name  string
	Every time.Duration
	// Do must come back when its context ends, and be safe to repeat from the
	// beginning: the power may go in the middle of it.
	Do func(context.Context) error
}

// Scheduler runs ticks until it is stopped.
type Scheduler struct {
	cron   gocron.Scheduler
	cancel context.CancelFunc
}

// stopWait is how long Stop waits for ticks that are under way. They work in
// bounded transactions and end with their context, so this is ample.
const stopWait = 10 * time.Second

// Start calls each tick at once and then at its interval. A tick that is still
// running is not begun a second time; the next one waits for it.
func Start(clock clockwork.Clock, log *slog.Logger, ticks ...Tick) (*Scheduler, error) {
	cron, err := gocron.NewScheduler(
		gocron.WithClock(clock),
		gocron.WithStopTimeout(stopWait),
	)
	if err != nil {
		return nil, fmt.Errorf("starting the scheduler: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Scheduler{cron: cron, cancel: cancel}
	for _, t := range ticks {
		_, err := cron.NewJob(
			gocron.DurationJob(t.Every),
			gocron.NewTask(func() { run(ctx, log, t) }),
			gocron.WithName(t.Name),
			gocron.WithSingletonMode(gocron.LimitModeReschedule),
			gocron.WithStartAt(gocron.WithStartImmediately()),
		)
		if err != nil {
			cancel()
			return nil, fmt.Errorf("scheduling %s: %w", t.Name, err)
		}
	}
	cron.Start()
	return s, nil
}

// run calls one tick. A tick that panics must not take the others, or the
// server, with it.
func run(ctx context.Context, log *slog.Logger, t Tick) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("a tick failed badly", "tick", t.Name, "panic", p)
		}
	}()
	if err := t.Do(ctx); err != nil && ctx.Err() == nil {
		log.Error("a tick failed; the next one tries again", "tick", t.Name, "error", err)
	}
}

// Stop begins no tick any more and waits for those under way.
func (s *Scheduler) Stop() error {
	s.cancel()
	return s.cron.Shutdown()
}
