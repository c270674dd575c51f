package handlers

import (
	"strings"
	"testing"
)

func TestOptOutsAsAFile(t *testing.T) {
	d := openContactDesk(t)
	form := func(content string) answer {
		return ask(t, d.Server, "POST", "/contacts/opt-outs/import", "--part\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n"+d.csrfToken("acme")+
			"\r\n--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\n"+content+"\r\n--part--\r\n",
			"Cookie", "session=acme", "Sec-Fetch-Site", "same-origin", "Content-Type", "multipart/form-data; boundary=part")
	}
	if a := form("number\n+12125550101\n+12125550102\n"); a.StatusCode != 303 || a.Header.Get("Location") != "/contacts/opt-outs" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	a := form("+12125550101\n+12125550103\n<b>12\n")
	if page := doc(t, a); a.StatusCode != 200 || !strings.Contains(page.Find("section[role=status]").Text(), "Added: 1. On the list already: 1. Refused: 1.") ||
		page.Find("section[role=status] tbody tr").Length() != 1 || page.Find("section[role=status] b").Length() != 0 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a = form("Ana,+12125550104\n"); a.StatusCode != 422 || doc(t, a).Find("#f-file[aria-invalid]").Length() != 1 {
		t.Errorf("a file without a column of numbers: %d", a.StatusCode)
	}
	if status, doc := d.api("acme", "POST", "/opt-outs/import", "+12125550104\n+12125550101\n12\n", "Content-Type", "text/csv"); status != 200 ||
		doc["added"] != 1.0 || doc["already"] != 1.0 || doc["refused"] != 1.0 || len(doc["rows"].([]any)) != 1 {
		t.Errorf("%d %v", status, doc)
	}
	if status, _ := d.api("acme", "POST", "/opt-outs/import", "{}"); status != 415 {
		t.Errorf("%d", status)
	}
	for _, from := range []answer{d.page("acme", "GET", "/contacts/opt-outs/export", nil),
		ask(t, d.Server, "GET", "/api/v1/opt-outs/export", "", "Authorization", "Bearer "+d.token["acme"])} {
		lines := strings.Split(strings.TrimSpace(from.body), "\n")
		if from.StatusCode != 200 || len(lines) != 5 || lines[0] != "\uFEFFnumber,at,source,text" || !strings.HasPrefix(lines[1], "+1212555010") ||
			!strings.HasPrefix(from.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("%d %q", from.StatusCode, from.body)
		}
	}
}
