package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// The names in a data folder. The database's own file of its instance stands
// beside it.
const (
	databaseFile = "campaigns.db"
	socketFile   = "campaigns.sock"
)

// operator does what the command line asks for: in this process when it holds
// the data folder, through the socket when a server does.
type operator interface {
	Setup(ctx context.Context, in setupRequest) (setupAnswer, error)
	Plan(ctx context.Context, in planRequest) (planAnswer, error)
	Password(ctx context.Context, in passwordRequest) error
	// Backup writes a whole backup to w.
	Backup(ctx context.Context, w io.Writer) error
	Check(ctx context.Context) (checkAnswer, error)
}

type setupRequest struct {
	Account  string `json:"account"`
	Plan     string `json:"plan"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Region   string `json:"region"`
	TimeZone string `json:"time_zone"`
}

type setupAnswer struct {
	AccountID liadesk.ID `json:"account_id"`
	UserID    liadesk.ID `json:"user_id"`
	APIToken  string     `json:"api_token"`
}

type planRequest struct {
	AccountID string `json:"account_id"`
	Plan      string `json:"plan"`
}

type planAnswer struct {
	AccountID liadesk.ID   `json:"account_id"`
	Name      string       `json:"name"`
	Plan      liadesk.Plan `json:"plan"`
}

type passwordRequest struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type checkAnswer struct {
	Accounts int    `json:"accounts"`
	Inboxes  int    `json:"inboxes"`
	Schema   int    `json:"schema"`
	Instance string `json:"instance"`
	Held     string `json:"held,omitempty"` // why sending is held
}

// house is an open data folder: the database under our lock, the key that its
// secrets are sealed with, and the room that needs nothing more. The server
// builds the other rooms on it.
type house struct {
	folder   string
	engine   *bolt.Engine
	store    *db.Store
	secrets  *accounts.Secrets
	accounts *accounts.Service
	clock    clockwork.Clock
	ids      liadesk.IDs
}

// openHouse opens a data folder, making it when create says so. It answers
// kv.ErrLocked when a server has it open. Data of an older version is brought
// to this one's, which the log tells, for it can take minutes.
func openHouse(ctx context.Context, folder string, create bool, wait time.Duration, log *slog.Logger) (h *house, err error) {
	if create {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the data folder: %w", err)
		}
	}
	path := filepath.Join(folder, databaseFile)
	engine, err := bolt.Open(path, bolt.Options{LockTimeout: wait, MustExist: !create})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database in %s: name the right folder with CAMPAIGNS_DATA (--data)", folder)
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, engine.Close())
		}
	}()
	store, err := db.NewTelling(ctx, engine, func(step string, parts int) {
		log.Info("bringing the data to this version; nothing else runs until it is done, and it may be stopped and goes on at the next start",
			"step", step, "parts_done", parts)
	})
	if err != nil {
		return nil, err
	}
	// Nothing can be sealed while there is no account: a start that was cut off
	// before it wrote the key is no loss.
	var fresh bool
	if err := store.View(ctx, func(tx *db.Tx) error {
		ids, err := tx.AccountIDs(liadesk.ID{}, 1)
		fresh = len(ids) == 0
		return err
	}); err != nil {
		return nil, err
	}
	secrets, err := accounts.OpenSecrets(folder, fresh)
	if err != nil {
		return nil, err
	}
	clock := clockwork.NewRealClock()
	ids := liadesk.RandomIDs(clock.Now)
	return &house{folder: folder, engine: engine, store: store, secrets: secrets, clock: clock, ids: ids,
		accounts: accounts.New(store, clock, ids, secrets)}, nil
}

func (h *house) Close() error { return h.store.Close() }

func (h *house) Setup(ctx context.Context, in setupRequest) (setupAnswer, error) {
	made, err := h.accounts.Setup(ctx, accounts.NewAccount{Account: in.Account, Plan: liadesk.Plan(in.Plan), Name: in.Name,
		Email: in.Email, Password: in.Password, Region: in.Region, TimeZone: in.TimeZone})
	return setupAnswer{made.Account.ID, made.User.ID, made.Token}, err
}

func (h *house) Plan(ctx context.Context, in planRequest) (planAnswer, error) {
	id, err := liadesk.ParseID(in.AccountID)
	if err != nil {
		return planAnswer{}, errNoAccount
	}
	a, err := h.accounts.SetPlan(ctx, id, liadesk.Plan(in.Plan))
	if errors.Is(err, liadesk.ErrNotFound) {
		err = errNoAccount
	}
	return planAnswer{a.ID, a.Name, a.Plan}, err
}

var errNoAccount = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "no_such_account", Text: "there is no account with this id"}

func (h *house) Password(ctx context.Context, in passwordRequest) error {
	return h.accounts.SetPassword(ctx, in.Email, in.Password)
}

// Check looks whether the database holds together and whether the key opens
// what was sealed with it.
func (h *house) Check(ctx context.Context) (checkAnswer, error) {
	if err := h.engine.Check(ctx); err != nil {
		return checkAnswer{}, err
	}
	out := checkAnswer{Instance: h.engine.InstanceID()}
	var after liadesk.ID
	for {
		var ids []liadesk.ID
		inboxes := 0
		if err := h.store.View(ctx, func(tx *db.Tx) (err error) {
			inboxes = 0
			if ids, err = tx.AccountIDs(after, 100); err != nil {
				return err
			}
			for _, id := range ids {
				n, err := h.checkAccount(tx, id)
				if err != nil {
					return err
				}
				inboxes += n
			}
			if out.Schema, err = tx.Schema(); err != nil {
				return err
			}
			held, _, err := tx.Held()
			out.Held = held.Reason
			return err
		}); err != nil {
			return checkAnswer{}, err
		}
		out.Accounts += len(ids)
		out.Inboxes += inboxes
		if len(ids) < 100 {
			return out, nil
		}
		after = ids[len(ids)-1]
	}
}

func (h *house) checkAccount(tx *db.Tx, id liadesk.ID) (inboxes int, err error) {
	if _, found, err := tx.Account(id); err != nil || !found {
		return 0, errors.Join(err, fmt.Errorf("account %v: is listed but cannot be read", id))
	}
	list, err := tx.Inboxes(id)
	if err != nil {
		return 0, err
	}
	for _, i := range list {
		if i.SMS == nil {
			continue
		}
		if _, _, err := h.accounts.Credentials(i); err != nil {
			return 0, fmt.Errorf("inbox %v (%s): %w", i.ID, i.Name, err)
		}
	}
	_, err = tx.Users(id)
	return len(list), err
}

// connect finds who can do an operator's work on a folder: this process, when
// nobody has the folder open, or the server that has. A server that is just
// starting has the lock and not yet its socket: it is waited for, a little.
func connect(ctx context.Context, folder string, create bool, log *slog.Logger) (operator, func() error, error) {
	deadline := time.Now().Add(connectTimeout)
	for {
		h, err := openHouse(ctx, folder, create, -1, log)
		if err == nil {
			return h, h.Close, nil
		}
		if !errors.Is(err, kv.ErrLocked) {
			return nil, nil, err
		}
		client, dialErr := dialServer(ctx, folder)
		if dialErr == nil {
			return client, func() error { return nil }, nil
		}
		if time.Now().After(deadline) {
			return nil, nil, fmt.Errorf("another process has the data folder %s open and does not answer: %w", folder, dialErr)
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

const connectTimeout = 5 * time.Second
