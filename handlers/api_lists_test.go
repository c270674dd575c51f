package handlers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/liadesk"
)

// Whoever pages through a list and deletes as they go loses nothing.
func TestAListGoesOnBehindARecordThatIsGone(t *testing.T) {
	id := func(n byte) liadesk.ID { return liadesk.ID{0: 1, 15: n} }
	same := func(i liadesk.ID) liadesk.ID { return i }
	up := []liadesk.ID{id(2), id(4), id(6)}
	down := []liadesk.ID{id(6), id(4), id(2)}
	for _, c := range []struct {
		list []liadesk.ID
		from byte
		want []liadesk.ID
	}{
		{up, 2, up[1:]}, {up, 3, up[1:]}, {up, 1, up}, {up, 6, nil}, {up, 7, nil},
		{down, 6, down[1:]}, {down, 5, down[1:]}, {down, 7, down}, {down, 2, nil}, {down, 1, nil}, {nil, 1, nil},
	} {
		if got := behind(c.list, same, id(c.from)); !slices.Equal(got, c.want) {
			t.Errorf("behind %d of %v: %v", c.from, c.list, got)
		}
	}
}

// Our own list of opt-outs, with when and why of each, can be taken in again.
func TestALargeListOfOptOutsIsTakenIn(t *testing.T) {
	d := openSMSDesk(t)
	var b strings.Builder
	b.WriteString("number,at,source,text\n")
	for n := range 1000 {
		fmt.Fprintf(&b, "+4670174%04d,2026-11-24T09:00:00Z,keyword,%s\n", n, strings.Repeat("x", 1500))
	}
	a := ask(t, d.Server, "POST", "/api/v1/opt-outs/import", b.String(), "Host", d.host, "Authorization", "Bearer "+d.tokens["acme"], "Content-Type", "text/csv")
	if a.StatusCode != 200 || !strings.Contains(a.body, `"added":1000`) {
		t.Errorf("%d bytes: %d %.300s", b.Len(), a.StatusCode, a.body)
	}
}
