package conversations_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func aPicture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	// A comment segment, as programs and cameras write them.
	return append(append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 8}, "SECRET"...), b.Bytes()[2:]...)
}

// file reads a file as a whole.
func (d *desk) file(t testing.TB, address string) (liadesk.FileRef, []byte, error) {
	t.Helper()
	ref, r, err := d.File(t.Context(), address)
	if err != nil {
		return ref, nil, err
	}
	data, err := io.ReadAll(r)
	return ref, data, err
}

func (d *desk) sendFile(t testing.TB, token, clientID, name string, data []byte) (conversations.VisitorAnswer, error) {
	t.Helper()
	return d.WriteFileAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: token, ClientID: clientID}, conversations.Upload{Name: name, Data: data})
}

func TestAFileIsStoredWithItsMessageOnceAndGoesWithTheThread(t *testing.T) {
	d := open(t)
	begun := d.write(t, "", clientID(0), "Hello")
	if _, err := d.sendFile(t, "", clientID(9), "lamp.jpg", aPicture(t)); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("without a thread: %v", err)
	}
	first, err := d.sendFile(t, begun.Token, clientID(1), `C:\fotos\lamp.jpg`, aPicture(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.sendFile(t, begun.Token, clientID(1), `C:\fotos\lamp.jpg`, aPicture(t)) // the answer got lost
	if err != nil || again.Message.ID != first.Message.ID {
		t.Fatalf("sent twice: %v, %v", again.Message.ID, err)
	}
	m := first.Message
	if m.Text != "📎 lamp.jpg" || m.File == nil || m.File.Type != "image/jpeg" {
		t.Fatalf("message %+v, file %+v", m, m.File)
	}
	ref, data, err := d.file(t, m.File.Address)
	if err != nil || ref.Name != "lamp.jpg" || bytes.Contains(data, []byte("SECRET")) {
		t.Errorf("%+v, %v", ref, err)
	}
	if img, err := jpeg.Decode(bytes.NewReader(data)); err != nil || img.Bounds() != image.Rect(0, 0, 40, 30) {
		t.Errorf("%v, %v", img, err)
	}
	reply, err := d.ReplyFile(t.Context(), d.as(d.agent), first.Conversation.ID, conversations.Upload{Name: "price.pdf", Data: append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), 700<<10)...)}, "")
	if err != nil || reply.File.Type != "application/pdf" {
		t.Fatal(reply.File, err)
	}
	if _, data, err := d.file(t, reply.File.Address); err != nil || len(data) != reply.File.Size || len(data) < 700<<10 {
		t.Errorf("%d bytes of %d, %v", len(data), reply.File.Size, err)
	}
	if err := d.EraseAsVisitor(t.Context(), d.site, first.Token); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{m.File.Address, reply.File.Address} {
		if _, _, err := d.file(t, address); !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("after the thread was deleted: %v", err)
		}
	}
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		n, err := tx.CountFiles(d.account.ID, first.Conversation.ID, 10)
		if n != 0 {
			t.Errorf("%d files are left", n)
		}
		return err
	})
}

func TestWhatAFileIsCountsNotWhatItIsCalled(t *testing.T) {
	d := open(t)
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewNRGBA(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	begun := d.write(t, "", clientID(0), "Hello")
	n := 0
	for name, c := range map[string]struct {
		file string
		data []byte
		code string // "" for taken
		kind string
		as   string
	}{
		"a page":              {"photo.jpg", []byte("<html><script>alert(1)</script>"), "", "text/plain", "photo.jpg"},
		"a program":           {"photo.jpg", []byte("MZ\x90\x00\x03\x00\x00\x00"), "unknown_type", "", ""},
		"an archive":          {"notes.txt", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), "unknown_type", "", ""},
		"nothing":             {"notes.txt", nil, "required", "", ""},
		"too much":            {"notes.txt", bytes.Repeat([]byte("x"), liadesk.MaxFile+1), "too_large", "", ""},
		"a text":              {"../../etc/passwd", []byte("Olá\nmundo"), "", "text/plain", "passwd"},
		"a turned name":       {"\u202egpj.exe", small.Bytes(), "", "image/png", "gpj.exe"},
		"a name with markup":  {`"><img src=x onerror=alert(1)>.png`, small.Bytes(), "", "image/png", "img src=x onerror=alert(1).png"},
		"a name with a break": {"a\r\nSet-Cookie: x=y.png", small.Bytes(), "", "image/png", "aSet-Cookie x=y.png"},
		"no name":             {"", small.Bytes(), "", "image/png", "file"},
		"a long name":         {strings.Repeat("é", 300) + ".png", small.Bytes(), "", "image/png", strings.Repeat("é", 80) + "…" + strings.Repeat("é", 15) + ".png"},
	} {
		n++
		a, err := d.sendFile(t, begun.Token, clientID(n), c.file, c.data)
		var e *liadesk.Error
		switch {
		case c.code != "":
			if !errors.As(err, &e) || len(e.Fields) == 0 || e.Fields[0].Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || a.Message.File.Type != c.kind || a.Message.File.Name != c.as:
			t.Errorf("%s: %+v, %v", name, a.Message.File, err)
		}
	}
}

func TestFilesAreOnlyTakenWhereTheyCanGo(t *testing.T) {
	d := open(t)
	bySMS := d.receive(t, "CARRIER-1", "Hello")
	if _, err := d.ReplyFile(t.Context(), d.as(d.admin), bySMS.ID, conversations.Upload{Name: "a.jpg", Data: aPicture(t)}, ""); code(err) != "no_files_by_text" {
		t.Errorf("by text: %v", err)
	}
	a := d.write(t, "", clientID(1), "Hello")
	for n := range liadesk.MaxFiles {
		if _, err := d.sendFile(t, a.Token, clientID(100+n), "a.txt", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.sendFile(t, a.Token, clientID(99), "a.txt", []byte("x")); code(err) != "too_many_files" {
		t.Errorf("too many: %v", err)
	}
	w := *d.site.Website
	w.NoFiles = true
	d.site.Website = &w
	if _, err := d.sendFile(t, a.Token, clientID(98), "a.txt", []byte("x")); code(err) != "no_files_here" {
		t.Errorf("where none are wanted: %v", err)
	}
	for _, address := range []string{"", "x", d.account.ID.String(), d.account.ID.String() + "-", d.account.ID.String() + "-aaaaaaaaaaaaaaaaaaaaaaaaaa", strings.Repeat("f", 5000)} {
		if _, _, err := d.file(t, address); !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestLiaDeskGetsAPersonForAFile(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	begun := d.write(t, "", clientID(0), "Hi there")
	a, err := d.sendFile(t, begun.Token, clientID(1), "shipping times.txt", []byte("how long does shipping take?"))
	if c := d.head(t, a.Conversation.ID); err != nil || c.Owner == liadesk.OwnerBot || c.HandoffReason != liadesk.HandoffFile {
		t.Errorf("%s, %s, %v", c.Owner, c.HandoffReason, err)
	}
}

func TestVisitorsFilesEndWhereTheRoomDoes(t *testing.T) {
	d := open(t)
	big := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), liadesk.MaxFile-100)...)
	free := uint64(100 << 30)
	d.FreeDisk = func() (uint64, error) { return free, nil }
	taken := 0
	for n := range 3 {
		a := d.write(t, "", clientID(1000*n), "Hello")
		for i := range 45 {
			_, err := d.sendFile(t, a.Token, clientID(1000*n+i+1), "a.pdf", big)
			if err == nil {
				taken++
			} else if code(err) != "no_room_for_files" {
				t.Fatal(err)
			}
		}
	}
	if taken < 90 || taken > 105 {
		t.Errorf("%d files were taken in a day", taken)
	}
	d.clock.Advance(24 * time.Hour)
	a := d.write(t, "", clientID(9000), "Hello")
	if _, err := d.sendFile(t, a.Token, clientID(9001), "a.pdf", big); err != nil {
		t.Errorf("the next day: %v", err)
	}
	free = 1 << 20
	if _, err := d.sendFile(t, a.Token, clientID(9002), "a.pdf", big); code(err) != "no_room_for_files" {
		t.Errorf("on a full disk: %v", err)
	}
}
