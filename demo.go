package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

const (
	demoEmail = "demo@northwind.example"
	// demoFile keeps the demo's password in the data folder, so that each start
	// can print it again.
	demoFile = "demo-password"
)

// demoAccount makes the demo's account in an empty data folder and prints how
// to sign in. The password is made of chance: the demo may be reachable by
// others than it was meant for.
func (s *server) demoAccount(ctx context.Context) error {
	path := filepath.Join(s.folder, demoFile)
	var empty bool
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		ids, err := tx.AccountIDs(liadesk.ID{}, 1)
		empty = len(ids) == 0
		return err
	}); err != nil {
		return err
	}
	if empty {
		password := strings.ToLower(rand.Text()[:12])
		if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
			return fmt.Errorf("cannot keep the demo's password: %w", err)
		}
		if _, err := s.accounts.Setup(ctx, accounts.NewAccount{Account: "Northwind Bikes", Plan: liadesk.PlanGrowth, Name: "Dana Demo",
			Email: demoEmail, Password: password, Region: "US", TimeZone: "America/New_York", Demo: true}); err != nil {
			return err
		}
	}
	password, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a folder of somebody's own: they know how to sign in
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "Sign in as %s with the password %s\n", demoEmail, strings.TrimSpace(string(password)))
	return err
}
