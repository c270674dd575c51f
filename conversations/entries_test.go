package conversations_test

import (
	"strings"
	"testing"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

func TestQuestionsAreImportedAndWhatIsWrongIsNamed(t *testing.T) {
	d := open(t)
	admin := d.as(d.admin)
	file := "\ufeffQuestion,Answer,Language,Replies\n" +
		"How long does it take?|Delivery time,\"Two days,\nor three\",en,Thanks; More\n" +
		"¿Cuánto tarda?,Dos días,es,\n" +
		",An answer without a question,en,\n" +
		"Without an answer,,en,\n" +
		"Wie lange?,Zwei Tage,de,\n"
	got, err := d.ImportEntries(t.Context(), admin, strings.NewReader(file))
	if err != nil || got.Created != 2 || got.Updated != 0 || len(got.Refused) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.Refused[0].Code != "questions_required" || got.Refused[1].Code != "answer_required" || got.Refused[2].Code != "language_unknown_language" {
		t.Errorf("refused %+v", got.Refused)
	}
	again, err := d.ImportEntries(t.Context(), admin, strings.NewReader("question,answer\nHow long does it take?,One day\n"))
	if err != nil || again.Created != 0 || again.Updated != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	list, err := d.Entries(t.Context(), admin)
	if err != nil || len(list) != 2 || list[0].Answer != "One day" && list[1].Answer != "One day" {
		t.Errorf("%+v, %v", list, err)
	}
	for name, file := range map[string]string{"empty_file": "", "no_columns": "a,b\n1,2\n", "too_large": "question,answer\n" + strings.Repeat("x", conversations.MaxEntriesFile)} {
		if _, err := d.ImportEntries(t.Context(), admin, strings.NewReader(file)); code(err) != "file "+name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.ImportEntries(t.Context(), d.as(d.agent), strings.NewReader(file)); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("an agent imports: %v", err)
	}
}

func TestTheTestBoxSaysWhyAndStoresNothing(t *testing.T) {
	d := open(t)
	d.knows(t, shipping, refunds)
	for text, want := range map[string]string{"how long does shipping take": "answer", "do you sell bicycles": "nothing", "agent": "person", "thanks!": "thanks", "hi": "greeting", "are you a bot?": "bot"} {
		got, err := d.Try(t.Context(), d.as(d.agent), text, liadesk.ID{})
		if err != nil || got.Kind != want {
			t.Errorf("%q is %q, want %q, %v", text, got.Kind, want, err)
		}
		if want == "answer" && (len(got.Matches) == 0 || got.Matches[0].Entry.Title() != shipping.Title() || len(got.Matches[0].Words) == 0 || got.Matches[0].Percent < 48) {
			t.Errorf("it does not say why: %+v", got.Matches)
		}
	}
	if list, err := d.Entries(t.Context(), d.as(d.agent)); err != nil || list[0].Asked+list[1].Asked != 0 {
		t.Errorf("trying counts: %+v, %v", list, err)
	}
}

func TestAQuestionChangedByTwoLosesNeitherChange(t *testing.T) {
	d := open(t)
	e, err := d.SaveEntry(t.Context(), d.as(d.admin), shipping)
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := e, e
	theirs.Answer = "Theirs"
	mine.Answer = "Mine"
	if _, err := d.SaveEntry(t.Context(), d.as(d.admin), theirs); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SaveEntry(t.Context(), d.as(d.admin), mine); code(err) != liadesk.CodeChanged {
		t.Errorf("got %v", err)
	}
}

// Whatever file somebody brings: no panic, and every line is taken or named.
func FuzzImportEntries(f *testing.F) {
	f.Add("question,answer\nWhy?,So.\n")
	f.Add("question,answer\n\"Why?,So.\n")
	f.Add("question,answer\n\"a\"b\",\"\n\"\n\r\n,,,,\n")
	f.Add("\ufeffanswer;question\n")
	f.Fuzz(func(t *testing.T, file string) {
		list, refused, err := conversations.ReadEntries(strings.NewReader(file))
		if err == nil && len(list)+len(refused) == 0 {
			t.Error("a file with nothing in it was taken")
		}
		for _, e := range list {
			if len(e.Questions) == 0 || e.Answer == "" {
				t.Errorf("took %+v", e)
			}
		}
		for _, r := range refused {
			if r.Line < 1 || r.Code == "" {
				t.Errorf("refused %+v", r)
			}
		}
	})
}
