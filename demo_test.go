package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// half is a data folder whose demo was cut off, with an account in it.
func half(t *testing.T, demo bool) string {
	t.Helper()
	folder := t.TempDir()
	h, err := openHouse(t.Context(), folder, true, time.Second, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.accounts.Setup(t.Context(), accounts.NewAccount{Account: "Northwind", Plan: liadesk.PlanGrowth, Email: "ana@northwind.example",
		Password: "correct horse battery", Demo: demo}); err != nil {
		t.Fatal(err)
	}
	if err := (demoState{Email: "demo@example.com", Password: "x"}).write(folder); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestADemoThatWasCutOffIsThrownAway(t *testing.T) {
	folder := half(t, true)
	var said strings.Builder
	if err := clearHalfDemo(t.Context(), folder, &said); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{databaseFile, databaseFile + ".instance", demoFile} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if !strings.Contains(said.String(), "made anew") {
		t.Errorf("it says %q", said.String())
	}
}

func TestNobodysOwnAccountIsThrownAwayWithADemo(t *testing.T) {
	folder := half(t, false)
	if err := clearHalfDemo(t.Context(), folder, io.Discard); err == nil || !strings.Contains(err.Error(), "choose another folder") {
		t.Errorf("it answers %v", err)
	}
	h, err := openHouse(t.Context(), folder, false, time.Second, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := h.accounts.SignIn(t.Context(), "ana@northwind.example", "correct horse battery", accounts.Origin{}); err != nil {
		t.Errorf("the account is gone: %v", err)
	}
}

func TestAWholeDemoIsLeftAlone(t *testing.T) {
	folder := half(t, true)
	if err := (demoState{Email: "demo@example.com", Password: "x", Complete: true}).write(folder); err != nil {
		t.Fatal(err)
	}
	if err := clearHalfDemo(t.Context(), folder, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, databaseFile)); err != nil {
		t.Error(err)
	}
}
