package accounts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/liadesk/campaigns/liadesk"
)

// SecretsFile is the name of the key's file in the data folder.
const SecretsFile = "secrets.key"

const masterSize = 32

// Secrets is the installation's master key. It lies beside the database, not
// in it, so that the database alone opens nobody's carrier account. Each use
// has a key of its own, derived by HKDF (RFC 5869).
type Secrets struct {
	sealing  cipher.AEAD
	csrf     []byte
	visitors []byte
	links    []byte
	master   string // as in the file
}

// OpenSecrets reads the key in the data folder. With fresh set it makes one
// when there is none; else a missing key is refused, for a new one could not
// open what the old one sealed.
func OpenSecrets(folder string, fresh bool) (*Secrets, error) {
	path := filepath.Join(folder, SecretsFile)
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		// A copy that was restored by hand may have lost its mode.
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, fmt.Errorf("cannot keep %s to its owner: %w", path, err)
		}
		return ParseSecrets(strings.TrimSpace(string(text)))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read the secrets key: %w", err)
	case !fresh:
		return nil, fmt.Errorf("the secrets key %s is missing though there is a database: put it back from a backup, "+
			"for without it the carrier credentials of the inboxes cannot be read", path)
	}
	master := make([]byte, masterSize)
	rand.Read(master) // never fails
	s, err := ParseSecrets(hex.EncodeToString(master))
	if err != nil {
		return nil, err
	}
	return s, s.Write(path)
}

// ParseSecrets reads the text of a key: 64 hexadecimal digits.
func ParseSecrets(text string) (*Secrets, error) {
	master, err := hex.DecodeString(text)
	if err != nil || len(master) != masterSize {
		return nil, fmt.Errorf("the secrets key in %s is damaged, for it must be %d hexadecimal digits: put it back from a backup", SecretsFile, 2*masterSize)
	}
	derive := func(use string) []byte {
		k, kerr := hkdf.Key(sha256.New, master, nil, "liadesk campaigns "+use, 32)
		err = errors.Join(err, kerr)
		return k
	}
	s := &Secrets{csrf: derive("csrf"), visitors: derive("visitors"), links: derive("opt-out links"), master: text}
	block, berr := aes.NewCipher(derive("inbox credentials"))
	if err := errors.Join(err, berr); err != nil {
		return nil, err
	}
	s.sealing, err = cipher.NewGCM(block)
	return s, err
}

// CSRF is the key of the tokens that forms carry.
func (s *Secrets) CSRF() []byte { return s.csrf }

// Visitors is the key of the tokens by which visitors find their thread again.
func (s *Secrets) Visitors() []byte { return s.visitors }

// Links is the key of the addresses of opt-out pages.
func (s *Secrets) Links() []byte { return s.links }

// Text is what the key's file holds, for a backup. It is as secret as the file.
func (s *Secrets) Text() string { return s.master }

// Write stores the key in a file of its own with mode 0600, whole or not at
// all.
func (s *Secrets) Write(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".secrets-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("cannot write the secrets key: %w", err)
	}
	_, err = f.WriteString(s.master + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot write the secrets key: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// seal encrypts a text with AES-256-GCM (NIST SP 800-38D) for one record of
// one account: it cannot be opened as another's.
func (s *Secrets) seal(text string, account, record liadesk.ID) []byte {
	nonce := make([]byte, s.sealing.NonceSize(), s.sealing.NonceSize()+len(text)+s.sealing.Overhead())
	rand.Read(nonce) // never fails
	return s.sealing.Seal(nonce, nonce, []byte(text), append(account[:], record[:]...))
}

// open decrypts what seal made.
func (s *Secrets) open(sealed []byte, account, record liadesk.ID) (string, error) {
	n := s.sealing.NonceSize()
	if len(sealed) < n {
		return "", errors.New("the sealed text is too short")
	}
	text, err := s.sealing.Open(nil, sealed[:n], sealed[n:], append(account[:], record[:]...))
	if err != nil {
		return "", fmt.Errorf("the secrets key does not open this text (was it replaced?): %w", err)
	}
	return string(text), nil
}
