package main

import (
	"archive/zip"
	"context"
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

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
)

// A backup is one zip file: what it is, the secrets key, and the database. A
// zip can be written without knowing its size first, its end holds the table
// of contents (so one that was cut short cannot be opened), and each part has
// a checksum.
const (
	backupFormat   = 1
	backupManifest = "manifest.json"
)

// manifest says what a backup is.
type manifest struct {
	Format   int       `json:"format"`
	Instance string    `json:"instance"`
	Schema   int       `json:"schema"`
	Version  string    `json:"version"`
	MadeAt   time.Time `json:"made_at"`
}

// Backup writes a consistent backup while others go on.
func (h *house) Backup(ctx context.Context, w io.Writer) error {
	m := manifest{Format: backupFormat, Instance: h.engine.InstanceID(), Version: version(), MadeAt: h.clock.Now().UTC()}
	if err := h.store.View(ctx, func(tx *db.Tx) (err error) {
		m.Schema, err = tx.Schema()
		return err
	}); err != nil {
		return err
	}
	z := zip.NewWriter(w)
	part, err := z.Create(backupManifest)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(part).Encode(m); err != nil {
		return err
	}
	if part, err = z.Create(accounts.SecretsFile); err != nil {
		return err
	}
	if _, err := io.WriteString(part, h.secrets.Text()+"\n"); err != nil {
		return err
	}
	if part, err = z.Create(databaseFile); err != nil {
		return err
	}
	if _, err := h.store.Backup(ctx, part); err != nil {
		return err
	}
	return z.Close()
}

// writeBackup puts a backup into a file with mode 0600, whole or not at all.
func writeBackup(ctx context.Context, o operator, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("cannot write the backup: %w", err)
	}
	err = o.Backup(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("no backup was written: %w", err), os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// restored says what a restore did.
type restored struct {
	manifest
	// Kept are the files that were there before, under their new names.
	Kept []string
}

// restore puts a backup in place of a data folder's database and key. It is
// refused while a server has the folder open. What was there is kept beside
// it under another name. Sending starts held: texts that went out after the
// backup are not in it.
func restore(ctx context.Context, folder, file string, now time.Time) (out restored, err error) {
	z, err := zip.OpenReader(file)
	if errors.Is(err, fs.ErrNotExist) {
		return out, fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return out, fmt.Errorf("%s is no whole backup: %w", file, err)
	}
	defer z.Close()
	if out.manifest, err = readManifest(&z.Reader); err != nil {
		return out, fmt.Errorf("%s is no backup of this product: %w", file, err)
	}
	if out.Format != backupFormat {
		return out, fmt.Errorf("%s has format %d and this program reads format %d: use the program that made it, or a newer one",
			file, out.Format, backupFormat)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return out, fmt.Errorf("cannot make the data folder: %w", err)
	}
	// The lock is held until the new database is in place, unless what is there
	// is too damaged to be opened: then no server can run on it either.
	target := filepath.Join(folder, databaseFile)
	current, err := bolt.Open(target, bolt.Options{LockTimeout: -1, MustExist: true})
	switch {
	case errors.Is(err, kv.ErrLocked):
		return out, errors.New("the server is running: stop it before restoring a backup")
	case err == nil:
		defer func() { err = errors.Join(err, current.Close()) }()
	}

	work, err := os.MkdirTemp(folder, ".restore-*")
	if err != nil {
		return out, fmt.Errorf("cannot write to the data folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	for _, name := range []string{accounts.SecretsFile, databaseFile} {
		if err := unpack(&z.Reader, name, filepath.Join(work, name)); err != nil {
			return out, fmt.Errorf("%s is damaged: %w", file, err)
		}
	}
	if err := prepare(ctx, work, out.manifest, now); err != nil {
		return out, fmt.Errorf("%s was not restored: %w", file, err)
	}
	suffix := ".before-restore-" + now.UTC().Format("20060102-150405")
	for _, name := range []string{databaseFile, accounts.SecretsFile} {
		switch err := os.Rename(filepath.Join(folder, name), filepath.Join(folder, name+suffix)); {
		case err == nil:
			out.Kept = append(out.Kept, name+suffix)
		case !errors.Is(err, fs.ErrNotExist):
			return out, err
		}
	}
	// The database comes last: while it is missing, nothing starts on half a
	// restore.
	for _, name := range []string{accounts.SecretsFile, databaseFile} {
		if err := os.Rename(filepath.Join(work, name), filepath.Join(folder, name)); err != nil {
			return out, err
		}
	}
	return out, syncFolder(folder)
}

// prepare proves that the unpacked folder holds a sound database and the key
// to it, and holds sending in it.
func prepare(ctx context.Context, folder string, m manifest, now time.Time) error {
	h, err := openHouse(ctx, folder, false, -1, slog.Default())
	if err != nil {
		return err
	}
	if _, err := h.Check(ctx); err != nil {
		return errors.Join(err, h.Close())
	}
	if h.engine.InstanceID() != m.Instance {
		return errors.Join(errors.New("its parts do not belong together"), h.Close())
	}
	err = h.store.Update(ctx, func(tx *db.Tx) error {
		return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: now.UTC()})
	})
	return errors.Join(err, h.Close())
}

func readManifest(z *zip.Reader) (m manifest, err error) {
	f, err := z.Open(backupManifest)
	if err != nil {
		return m, err
	}
	defer f.Close()
	return m, json.NewDecoder(io.LimitReader(f, 1<<16)).Decode(&m)
}

// unpack copies one part of a backup to a file; its checksum is verified.
func unpack(z *zip.Reader, name, path string) error {
	in, err := z.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// syncFolder makes new names in a folder survive loss of power.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keptText names the files that a restore set aside, for a sentence.
func (r restored) keptText() string { return strings.Join(r.Kept, " and ") }
