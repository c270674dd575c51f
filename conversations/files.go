package conversations

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/picture"
)

// Files in conversations. What arrives is looked at, not what it is called:
// pictures are written anew without anything but their pixels, PDF and text are
// kept as they are and never shown as a page, everything else is refused.

// fileSide is the longer side of a stored picture, at most, in pixels.
const fileSide = 2048

// fileMark stands before the name of a file where only text can stand.
const fileMark = "📎 "

// Upload is a file as somebody sends it.
type Upload struct {
	Name string
	Data []byte
}

// attachment is a file that was checked.
type attachment struct {
	ref  liadesk.FileRef
	data []byte
}

// checkFile makes the stored form of a file.
func (s *Service) checkFile(ctx context.Context, account liadesk.ID, up Upload) (attachment, error) {
	refused := func(code string, args ...any) (attachment, error) {
		var v liadesk.Invalid
		v.Add("file", code, args...)
		return attachment{}, v.Err()
	}
	a := attachment{data: up.Data, ref: liadesk.FileRef{Name: fileName(up.Name)}}
	switch {
	case len(up.Data) == 0:
		return refused("required")
	case len(up.Data) > liadesk.MaxFile:
		return refused("too_large", "Limit", "5 MB")
	case bytes.HasPrefix(up.Data, []byte("%PDF-")):
		a.ref.Type = "application/pdf"
	default:
		clean, kind, err := picture.Fit(ctx, up.Data, fileSide)
		switch {
		case err == nil:
			a.data, a.ref.Type = clean, kind
		case errors.Is(err, picture.ErrTooManyPixels):
			return refused("too_many_pixels")
		case errors.Is(err, picture.ErrBusy):
			return attachment{}, &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests", Text: "too many pictures at once", RetryAfter: 5 * time.Second}
		case errors.Is(err, picture.ErrUnreadable), errors.Is(err, picture.ErrTooSmall):
			if !isText(up.Data) {
				return refused("unknown_type")
			}
			a.ref.Type = "text/plain"
		default:
			return attachment{}, err
		}
	}
	if len(a.data) > liadesk.MaxFile { // few pictures grow when they are written anew
		return refused("too_large", "Limit", "5 MB")
	}
	a.ref.Size = len(a.data)
	a.ref.Address = account.String() + "-" + strings.ToLower(rand.Text())
	return a, nil
}

// isText tells whether bytes are a text that somebody could read.
func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool {
		return r != '\n' && r != '\r' && r != '\t' && r != '\f' && unicode.IsControl(r)
	})
}

// fileName is the last part of a name, without anything that is no character of
// one, and not too long. The end stays: it says what the file is.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		// Marks that turn the direction of writing make "exe.jpg" of "gpj.exe".
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"|?*/`, r) {
			return -1
		}
		return r
	}, name))
	const most = 100
	if r := []rune(name); len(r) > most {
		name = string(r[:most-20]) + "…" + string(r[len(r)-19:])
	}
	if name == "" || name == "." {
		return "file"
	}
	return name
}

// attach stores a file with a thread, unless it has too many.
func (s *Service) attach(tx *db.Tx, c liadesk.Conversation, a attachment) error {
	n, err := tx.CountFiles(c.AccountID, c.ID, liadesk.MaxFiles)
	if err != nil {
		return err
	}
	if n >= liadesk.MaxFiles {
		return liadesk.Conflict("too_many_files", "the conversation has as many files as it may")
	}
	return tx.PutFile(c.AccountID, c.ID, a.ref, a.data)
}

// What strangers may store. The database never shrinks, and a full disk would
// stop texts, too.
const (
	// filesADay is how many bytes of visitors' files an inbox takes in a day (UTC).
	filesADay = 500 << 20
	// leastFree is what must be left on the disk for one to be taken.
	leastFree = 1 << 30
)

// roomFor refuses a visitor's file when the day has brought too many.
func (s *Service) roomFor(tx *db.Tx, inbox liadesk.Inbox, a attachment) error {
	name := "files/" + inbox.ID.String() + "/" + s.now().Format(time.DateOnly)
	tallies, err := tx.Tallies(inbox.AccountID, name)
	if err != nil {
		return err
	}
	full := liadesk.Conflict("no_room_for_files", "no more files can be taken today")
	if tallies[0]["bytes"]+int64(a.ref.Size) > filesADay {
		return full
	}
	if s.FreeDisk != nil {
		if free, err := s.FreeDisk(); err != nil || free < leastFree {
			return errors.Join(err, full)
		}
	}
	return tx.AddTally(inbox.AccountID, name, 0, map[string]int64{"bytes": int64(a.ref.Size)})
}

// WriteFileAsVisitor stores a file that a visitor sends, as WriteAsVisitor does
// with text; what stands in in.Text is not read. It goes into a thread that has
// begun: a token that opens none is not found. An inbox may take no files.
func (s *Service) WriteFileAsVisitor(ctx context.Context, in VisitorMessage, up Upload) (VisitorAnswer, error) {
	if in.Inbox.Website == nil || in.Inbox.Website.NoFiles {
		return VisitorAnswer{}, liadesk.Conflict("no_files_here", "this inbox takes no files")
	}
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		_, found, err := s.threadOf(tx, in.Inbox, in.Token)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		return err
	}); err != nil {
		return VisitorAnswer{}, err
	}
	a, err := s.checkFile(ctx, in.Inbox.AccountID, up)
	if err != nil {
		return VisitorAnswer{}, err
	}
	in.Text, in.file = fileMark+a.ref.Name, &a
	return s.WriteAsVisitor(ctx, in)
}

// ReplyFile answers a website's thread with a file, as Reply does with text.
func (s *Service) ReplyFile(ctx context.Context, actor liadesk.Actor, id liadesk.ID, up Upload, clientID string) (liadesk.Message, error) {
	a, err := s.checkFile(ctx, actor.Account, up)
	if err != nil {
		return liadesk.Message{}, err
	}
	return s.reply(ctx, actor, id, fileMark+a.ref.Name, clientID, &a)
}

// File finds a file by its address, which is all that it takes, and reads it part
// by part: who reads slowly holds little of it in memory. A file that goes
// meanwhile ends with an error.
func (s *Service) File(ctx context.Context, address string) (liadesk.FileRef, io.Reader, error) {
	const idLength = 36
	if len(address) <= idLength {
		return liadesk.FileRef{}, nil, liadesk.ErrNotFound
	}
	account, err := liadesk.ParseID(address[:idLength])
	if err != nil {
		return liadesk.FileRef{}, nil, liadesk.ErrNotFound
	}
	var f db.File
	err = s.store.View(ctx, func(tx *db.Tx) (err error) {
		var found bool
		if f, found, err = tx.File(account, address); err == nil && !found {
			err = liadesk.ErrNotFound
		}
		return err
	})
	return f.Ref, &fileReader{s: s, account: account, file: f}, err
}

type fileReader struct {
	s       *Service
	account liadesk.ID
	file    db.File
	part    int
	rest    []byte
}

func (r *fileReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.part == r.file.Parts {
			return 0, io.EOF
		}
		err := r.s.store.View(context.Background(), func(tx *db.Tx) error {
			part, err := tx.FilePart(r.account, r.file.Ref.Address, r.part)
			r.rest = append(r.rest[:0], part...)
			return err
		})
		if err == nil && len(r.rest) == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		r.part++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
