package handlers

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// readCSV reads a file that begins with the mark.
func readCSV(t *testing.T, body string) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(body, "\uFEFF")
	if !marked {
		t.Errorf("spreadsheets take this for another encoding: %.40q", body)
	}
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAFileIsWrittenPageByPageAndSaysWhenItIsNotWhole(t *testing.T) {
	for name, want := range map[string]struct {
		broken int // the page that cannot be read
		file   string
	}{
		"whole":  {99, "[[n] [0] [1] [2]]"},
		"broken": {1, "[[n] [0] [not whole]]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{Deps: Deps{Log: slog.New(slog.DiscardHandler)}}
			app := fiber.New()
			app.Get("/x", func(c *fiber.Ctx) error {
				s.sendPages(c, "x.csv", []string{"n"}, "not whole", func(_ context.Context, after string) ([][]string, string, error) {
					page := len(after)
					if page == want.broken {
						return nil, "", errors.New("the disk is gone")
					}
					next := after + "x"
					if page == 2 {
						next = ""
					}
					return [][]string{{fmt.Sprint(page)}}, next, nil
				})
				return nil
			})
			answer, err := app.Test(httptest.NewRequest(http.MethodGet, "/x", nil), int((10 * time.Second).Milliseconds()))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(readCSV(t, string(body))); got != want.file {
				t.Errorf("the file is %s", got)
			}
		})
	}
}

func TestFilesHaveTheTimeOfAnUploadToBeRead(t *testing.T) {
	for path, want := range map[string]time.Duration{
		"/campaigns/sms/x/recipients.csv": uploadTimeout, "/api/v1/sms-campaigns/x/deliveries/export": uploadTimeout,
		"/imports/x/errors": uploadTimeout, "/campaigns/sms/x/recipients": requestTimeout,
	} {
		if got := writeTimeoutOf(path); got != want {
			t.Errorf("%s may take %s", path, got)
		}
		if got := timeoutOf(path); got != requestTimeout {
			t.Errorf("whoever asks for %s may take %s to ask", path, got)
		}
	}
}

func TestTheRecipientsOfACampaignAsAFile(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"=HYPERLINK(1)"`)
	d.person(2, `,"name":"Ana, the first"`)
	d.page("acme", "POST", "/sandbox/behaviour", map[string][]string{"number": {"+46701740602"}, "outcome": {"failed"}, "code": {"50"}})
	if status, doc := d.api("acme", "POST", "/contacts", `{"name":"No number","tags":["vip"]}`); status != 201 {
		t.Fatal(doc)
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	a := d.page("acme", "GET", path+"/recipients.csv", nil)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename=recipients-2026-11-") {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	rows := readCSV(t, a.body)
	if len(rows) != 4 || fmt.Sprint(rows[0]) != fmt.Sprint(exportColumns) {
		t.Fatalf("%q", rows)
	}
	people := map[string]map[string]string{}
	for _, row := range rows[1:] {
		p := map[string]string{}
		for i, name := range exportColumns {
			p[name] = row[i]
		}
		people[p["phone"]] = p
	}
	ana, bad, none := people["+46701740601"], people["+46701740602"], people[""]
	if ana["name"] != "'=HYPERLINK(1)" || ana["status"] != "delivered" || ana["attempts"] != "1" || ana["segments"] != "1" || ana["carrier_id"] == "" ||
		ana["evidence"] != "callback" || ana["error"] != "" || ana["replied_at"] != "" {
		t.Errorf("who has it: %v", ana)
	}
	if at, err := time.Parse(time.RFC3339, ana["accepted_at"]); err != nil || at.Location() != time.UTC {
		t.Errorf("when: %v %v", at, err)
	}
	if bad["name"] != "Ana, the first" || bad["status"] != "failed" || bad["error_code"] != "50" || bad["error"] != "the number does not exist" {
		t.Errorf("who has it not: %v", bad)
	}
	if none["status"] != "skipped" || none["reason"] != "no_number" || none["attempts"] != "0" {
		t.Errorf("who was left out: %v", none)
	}
	// The page links to the file of what it shows, and programs get the same.
	link := d.page("acme", "GET", path+"?status=failed", nil).read(t).Find("#recipients a[download]").AttrOr("href", "")
	if link != path+"/recipients.csv?status=failed" {
		t.Errorf("the page links to %q", link)
	}
	if rows := readCSV(t, d.page("acme", "GET", link, nil).body); len(rows) != 2 || rows[1][2] != "failed" {
		t.Errorf("%q", rows)
	}
	api := "/api/v1" + strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1) + "/deliveries/export"
	if got := ask(t, d.Server, "GET", api, "", "Host", d.host, "Authorization", "Bearer "+d.tokens["acme"]); got.body != a.body {
		t.Errorf("programs get another file: %d %q", got.StatusCode, got.body)
	}
	if a := d.page("acme", "GET", path+"/recipients.csv?status=lost", nil); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown state: %d", a.StatusCode)
	}
}
