package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/demo"
	"github.com/liadesk/campaigns/liadesk"
)

// demoFile stands in the data folder of a demo. It keeps the password, so that
// each start can print it again, and whether the demo was made to its end.
const demoFile = "demo.json"

// demoState is what demoFile holds.
type demoState struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	// Complete is false from before the first record until after the last.
	Complete bool `json:"complete"`
}

// readDemo reads demoFile; found is false where there is none.
func readDemo(folder string) (d demoState, found bool, err error) {
	text, err := os.ReadFile(filepath.Join(folder, demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return d, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		return d, false, fmt.Errorf("cannot read the demo's %s: %w", filepath.Join(folder, demoFile), err)
	}
	return d, true, nil
}

// write replaces demoFile whole, so that no cut leaves half of it.
func (d demoState) write(folder string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, demoFile)
	f, err := os.CreateTemp(folder, ".demo-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("cannot keep the demo's sign-in: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot keep the demo's sign-in: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// clearHalfDemo throws away a demo that was cut off while it was being made.
// Nobody can have worked with it: the server listens only when it is whole.
// It does so under the database's lock, and names the file last that says what
// it is, so that a cut here is cleared by the next start.
func clearHalfDemo(ctx context.Context, folder string, out io.Writer) error {
	d, found, err := readDemo(folder)
	if err != nil || !found || d.Complete {
		return err
	}
	database := filepath.Join(folder, databaseFile)
	if _, err := os.Stat(database); err == nil {
		h, err := openHouse(ctx, folder, true, -1, slog.Default())
		if err != nil {
			return err // locked: somebody is making it at this moment
		}
		defer func() { _ = h.Close() }() // the file is gone by then: nothing can be lost
		if err := onlyDemo(ctx, h); err != nil {
			return err
		}
	}
	for _, name := range []string{database + ".instance", database, filepath.Join(folder, demoFile)} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot clear the demo that was cut off: %w", err)
		}
	}
	_, err = fmt.Fprintln(out, "The last start ended while the demo was being made. It is made anew.")
	return err
}

// onlyDemo refuses a folder in which somebody has an account of their own
// beside the demo's.
func onlyDemo(ctx context.Context, h *house) error {
	return h.store.View(ctx, func(tx *db.Tx) error {
		ids, err := tx.AccountIDs(liadesk.ID{}, 2)
		if err != nil {
			return err
		}
		for _, id := range ids {
			a, found, err := tx.Account(id)
			if err != nil {
				return err
			}
			if !found || !a.Demo {
				return fmt.Errorf("%s holds an account besides a demo that was cut off: choose another folder for the demo with CAMPAIGNS_DATA (--data)", h.folder)
			}
		}
		return nil
	})
}

// seedDemo fills an empty data folder. A folder with an account of any kind is
// left as it is. The password is made of chance, for the demo may be reachable
// by others than it was meant for.
func (s *server) seedDemo(ctx context.Context) error {
	empty := false
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		ids, err := tx.AccountIDs(liadesk.ID{}, 1)
		empty = len(ids) == 0
		return err
	}); err != nil || !empty {
		return err
	}
	d := demoState{Email: demo.Email, Password: strings.ToLower(rand.Text()[:12])}
	if err := d.write(s.folder); err != nil {
		return err
	}
	began := time.Now()
	if err := demo.Seed(ctx, demo.Rooms{Accounts: s.accounts, Contacts: s.rooms.contacts, Conversations: s.rooms.talks,
		LiveChat: s.rooms.livechat, SMS: s.rooms.sms, Clock: s.clock}, demo.Options{URL: s.config.url, Password: d.Password}); err != nil {
		return err
	}
	d.Complete = true
	if err := d.write(s.folder); err != nil {
		return err
	}
	s.log.Info("the demo is made", "took", time.Since(began).Round(time.Millisecond).String())
	return nil
}

// greetDemo prints how to sign in and what to look at.
func (s *server) greetDemo() error {
	d, found, err := readDemo(s.folder)
	if err != nil || !found {
		return err // a folder of somebody's own: they know how to sign in
	}
	url := s.config.url
	_, err = fmt.Fprintf(s.out, "Sign in as %s with the password %s\n", d.Email, d.Password)
	if err == nil {
		_, err = fmt.Fprintf(s.out, "The shop with the widget is at %s/demo/site\n", url)
	}
	if err == nil && s.config.sandbox {
		_, err = fmt.Fprintf(s.out, "The phones that the texts arrive on are at %s/sandbox\n", url)
	}
	return err
}
