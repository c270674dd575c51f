package conversations

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/speech"
)

// Bounds of what LiaDesk knows.
const (
	MaxAsked      = 20 // ways to ask one question
	MaxAskedText  = 300
	MaxAnswerText = 2000
	MaxReplies    = 6
	MaxReplyText  = 60
	// MaxEntriesFile is how many bytes a file of questions may have.
	MaxEntriesFile = 1 << 20
)

// Entry is a question that LiaDesk knows, with how often it was asked and how
// often the answer helped.
type Entry struct {
	liadesk.BotEntry
	Asked, Solved int64
}

// Entries lists what LiaDesk knows, in the order of the questions.
func (s *Service) Entries(ctx context.Context, actor liadesk.Actor) (list []Entry, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		entries, err := tx.BotEntries(actor.Account)
		if err != nil {
			return err
		}
		counts, err := tx.BotEntryCounts(actor.Account)
		for _, e := range entries {
			list = append(list, Entry{e, counts[e.ID][db.BotAsked], counts[e.ID][db.BotSolved]})
		}
		return err
	})
	slices.SortFunc(list, func(a, b Entry) int {
		return strings.Compare(strings.ToLower(a.Title()), strings.ToLower(b.Title()))
	})
	return list, err
}

// Entry reads one question.
func (s *Service) Entry(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (e liadesk.BotEntry, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		var found bool
		e, found, err = tx.BotEntry(actor.Account, id)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		return err
	})
	return e, err
}

// SaveEntry teaches LiaDesk a question, a new one when e has no id. Administrators
// may. A version that is not the stored one is refused with both values.
func (s *Service) SaveEntry(ctx context.Context, actor liadesk.Actor, e liadesk.BotEntry) (liadesk.BotEntry, error) {
	if err := actor.Administrator(); err != nil {
		return e, err
	}
	e = tidyEntry(e)
	e.AccountID = actor.Account
	var v liadesk.Invalid
	checkEntry(&v, e)
	if err := v.Err(); err != nil {
		return e, err
	}
	id := s.ids()
	saved := e
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		saved = e
		saved.UpdatedAt = s.now()
		if e.ID.IsZero() {
			if err := roomFor(tx, actor.Account, 1); err != nil {
				return err
			}
			saved.ID, saved.CreatedAt, saved.Version = id, s.now(), 1
			return tx.PutBotEntry(saved)
		}
		old, found, err := tx.BotEntry(actor.Account, e.ID)
		if err != nil {
			return err
		}
		if !found {
			return liadesk.ErrNotFound
		}
		if e.Version != 0 && e.Version != old.Version {
			if err := liadesk.Changed(old.Version, differences(old, e)...); err != nil {
				return err
			}
		}
		saved.CreatedAt, saved.Version = old.CreatedAt, old.Version+1
		return tx.PutBotEntry(saved)
	})
	return saved, err
}

func roomFor(tx *db.Tx, account liadesk.ID, n int) error {
	all, err := tx.BotEntries(account)
	if err == nil && len(all)+n > db.MaxBotEntries {
		err = liadesk.Conflict("too_many_entries", "LiaDesk knows as many questions as it can").With(map[string]any{"Max": db.MaxBotEntries})
	}
	return err
}

func differences(theirs, yours liadesk.BotEntry) []liadesk.Change {
	var list liadesk.Differences
	list.Add("questions", strings.Join(theirs.Questions, "\n"), strings.Join(yours.Questions, "\n"))
	list.Add("answer", theirs.Answer, yours.Answer)
	list.Add("language", theirs.Language, yours.Language)
	list.Add("replies", strings.Join(theirs.Replies, "\n"), strings.Join(yours.Replies, "\n"))
	return list
}

// DropEntry makes LiaDesk forget a question.
func (s *Service) DropEntry(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		_, found, err := tx.BotEntry(actor.Account, id)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.DeleteBotEntry(actor.Account, id)
	})
}

// tidyEntry brings what was typed to the form in which it is stored: lines
// without blanks at their ends, none of them empty or twice.
func tidyEntry(e liadesk.BotEntry) liadesk.BotEntry {
	e.Questions, e.Replies = lines(e.Questions), lines(e.Replies)
	e.Answer = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(e.Answer, ""), "\r\n", "\n"))
	if e.Language == "" && len(e.Questions) > 0 {
		e.Language = speech.Guess(strings.Join(e.Questions, " ") + " " + e.Answer)
	}
	if e.Language == "" {
		e.Language = speech.Languages[0]
	}
	return e
}

func lines(list []string) []string {
	var out []string
	for _, l := range list {
		if l = strings.Join(strings.Fields(strings.ToValidUTF8(l, "")), " "); l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

func checkEntry(v *liadesk.Invalid, e liadesk.BotEntry) {
	switch {
	case len(e.Questions) == 0:
		v.Add("questions", "required")
	case len(e.Questions) > MaxAsked:
		v.Add("questions", "too_many", "Max", MaxAsked)
	case slices.ContainsFunc(e.Questions, func(q string) bool { return utf8.RuneCountInString(q) > MaxAskedText }):
		v.Add("questions", "too_long", "Max", MaxAskedText)
	}
	switch {
	case e.Answer == "" && !e.HandOver:
		v.Add("answer", "required")
	case utf8.RuneCountInString(e.Answer) > MaxAnswerText:
		v.Add("answer", "too_long", "Max", MaxAnswerText)
	}
	if !speech.Known(e.Language) {
		v.Add("language", "unknown_language")
	}
	switch {
	case len(e.Replies) > MaxReplies:
		v.Add("replies", "too_many", "Max", MaxReplies)
	case slices.ContainsFunc(e.Replies, func(r string) bool { return utf8.RuneCountInString(r) > MaxReplyText }):
		v.Add("replies", "too_long", "Max", MaxReplyText)
	}
}

// Trial is what LiaDesk makes of a message, and why.
type Trial struct {
	// Kind is answer, maybe, nothing, person, stop, bot, thanks or greeting.
	Kind string
	// Language is what the message seems to be in, "" when nothing tells.
	Language string
	Matches  []TrialMatch // at most five, the likeliest first
}

// TrialMatch is a question that comes near a message.
type TrialMatch struct {
	Entry   liadesk.BotEntry
	Percent int
	Asked   string // the way of asking that came nearest
	Words   []speech.Word
}

// Try tells what LiaDesk would make of a message in an inbox, or anywhere for
// the zero inbox. Nothing is stored or counted.
func (s *Service) Try(ctx context.Context, actor liadesk.Actor, text string, inbox liadesk.ID) (Trial, error) {
	var v liadesk.Invalid
	text = cleanText(&v, text)
	if err := v.Err(); err != nil {
		return Trial{}, err
	}
	var k *knowledge
	if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		k, err = s.knowledge(tx, actor.Account)
		return err
	}); err != nil {
		return Trial{}, err
	}
	t := Trial{Language: speech.Guess(text)}
	list := k.match(text, inbox)
	for _, m := range list[:min(len(list), 5)] {
		e := k.entries[m.N]
		t.Matches = append(t.Matches, TrialMatch{Entry: e, Percent: int(m.Score*100 + 0.5), Asked: e.Questions[max(m.Asked, 0)], Words: m.Words})
	}
	found := speech.Judge(list)
	switch {
	case speech.AsksToStop(text):
		t.Kind = "stop"
	case speech.AsksForPerson(text):
		t.Kind = "person"
	case speech.AsksWhetherBot(text):
		t.Kind = "bot"
	case speech.Thanks(text):
		t.Kind = "thanks"
	case speech.Greets(text):
		t.Kind = "greeting"
	case found.Found:
		t.Kind = "answer"
	case len(found.Perhaps) > 0:
		t.Kind = "maybe"
	default:
		t.Kind = "nothing"
	}
	return t, nil
}

// Imported is what became of a file of questions.
type Imported struct {
	Created, Updated int
	// Refused are lines that were left out, by number, with the code of why.
	Refused []RefusedLine
}

// RefusedLine is a line of a file that was left out.
type RefusedLine struct {
	Line int
	Code string
}

// ImportEntries reads questions from a CSV file with a header row: question,
// answer, and language, replies (separated by ;) if there are. Several ways to
// ask are separated by | or stand in rows with the same answer. A question that
// is there already in that language gets the file's answer. Lines that make no
// sense are left out and named; the others are taken in one transaction.
func (s *Service) ImportEntries(ctx context.Context, actor liadesk.Actor, file io.Reader) (Imported, error) {
	if err := actor.Administrator(); err != nil {
		return Imported{}, err
	}
	list, refused, err := ReadEntries(file)
	if err != nil {
		return Imported{}, err
	}
	fresh := make([]liadesk.ID, len(list))
	for i := range fresh {
		fresh[i] = s.ids()
	}
	var out Imported
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		out = Imported{Refused: refused}
		stored, err := tx.BotEntries(actor.Account)
		if err != nil {
			return err
		}
		byTitle := make(map[string]liadesk.BotEntry, len(stored))
		for _, e := range stored {
			byTitle[e.Language+" "+strings.ToLower(e.Title())] = e
		}
		for i, e := range list {
			e.AccountID, e.UpdatedAt = actor.Account, s.now()
			if old, found := byTitle[e.Language+" "+strings.ToLower(e.Title())]; found {
				e.ID, e.CreatedAt, e.Version = old.ID, old.CreatedAt, old.Version+1
				e.InboxIDs, e.HandOver, e.Off = old.InboxIDs, old.HandOver, old.Off
				out.Updated++
			} else {
				e.ID, e.CreatedAt, e.Version = fresh[i], s.now(), 1
				out.Created++
			}
			if err := tx.PutBotEntry(e); err != nil {
				return err
			}
		}
		return roomFor(tx, actor.Account, 0)
	})
	return out, err
}

var errNoEntries = func(code string) error {
	var v liadesk.Invalid
	v.Add("file", code)
	return v.Err()
}

// ReadEntries reads a file of questions, see ImportEntries.
func ReadEntries(file io.Reader) (list []liadesk.BotEntry, refused []RefusedLine, err error) {
	data, err := io.ReadAll(io.LimitReader(file, MaxEntriesFile+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(data) > MaxEntriesFile:
		return nil, nil, errNoEntries("too_large")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	head, err := r.Read()
	if err != nil {
		return nil, nil, errNoEntries("empty_file")
	}
	column := func(name string) int {
		return slices.IndexFunc(head, func(h string) bool {
			return strings.EqualFold(strings.Trim(h, "\ufeff \t"), name)
		})
	}
	question, answer, language, replies := column("question"), column("answer"), column("language"), column("replies")
	if question < 0 || answer < 0 {
		return nil, nil, errNoEntries("no_columns")
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if broken, is := errors.AsType[*csv.ParseError](err); is {
			refused = append(refused, RefusedLine{broken.StartLine, "unreadable"})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		field := func(i int) string {
			if i < 0 || i >= len(row) {
				return ""
			}
			return row[i]
		}
		e := tidyEntry(liadesk.BotEntry{Questions: strings.Split(field(question), "|"), Answer: field(answer),
			Language: strings.ToLower(strings.TrimSpace(field(language))), Replies: strings.Split(field(replies), ";")})
		var v liadesk.Invalid
		checkEntry(&v, e)
		if invalid, bad := errors.AsType[*liadesk.Error](v.Err()); bad {
			refused = append(refused, RefusedLine{line, invalid.Fields[0].Field + "_" + invalid.Fields[0].Code})
			continue
		}
		if n := len(list); n > 0 && list[n-1].Answer == e.Answer && list[n-1].Language == e.Language && len(list[n-1].Questions)+len(e.Questions) <= MaxAsked {
			list[n-1].Questions = lines(append(list[n-1].Questions, e.Questions...))
			continue
		}
		list = append(list, e)
		if len(list) > db.MaxBotEntries {
			return nil, nil, errNoEntries("too_many_lines")
		}
	}
	if len(list) == 0 && len(refused) == 0 {
		return nil, nil, errNoEntries("empty_file")
	}
	return list, refused, nil
}
