package conversations_test

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

func TestTheReportSaysHowConversationsWent(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	leave := d.here(t, d.agent)
	helped := d.write(t, "", clientID(1), "how long will shipping take")
	d.write(t, helped.Token, clientID(2), "That helped")
	asked := d.write(t, "", clientID(3), "let me talk to a human")
	d.clock.Advance(40 * time.Second)
	if _, err := d.Reply(t.Context(), d.as(d.agent), asked.Conversation.ID, "Hello", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LabelHandoff(t.Context(), d.as(d.agent), asked.Conversation.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), d.as(d.agent), asked.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.Rate(t.Context(), d.site, asked.Token, 4, ""); err != nil {
		t.Fatal(err)
	}
	leave()
	d.clock.Advance(24 * time.Hour)
	left := d.write(t, "", clientID(4), "let me talk to a human")
	if _, err := d.Resolve(t.Context(), d.as(d.admin), left.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	r, err := d.Report(t.Context(), d.as(d.admin), 7)
	if err != nil {
		t.Fatal(err)
	}
	a := r.All
	if a.Begun != 3 || a.Bot != 1 || a.Solved != 1 || a.HandedOver != 2 || a.Wrong != 1 || a.Answered != 1 || a.Abandoned != 1 || a.Rating != 4 || a.Ratings != 1 || a.Resolved != 1 {
		t.Errorf("all: %+v", a)
	}
	if a.Median < 32*time.Second || a.Median > 48*time.Second || a.P90 != a.Median {
		t.Errorf("waited %v, %v", a.Median, a.P90)
	}
	if len(a.Reasons) != 1 || a.Reasons[0].Reason != liadesk.HandoffAsked || a.Reasons[0].Count != 2 || a.Reasons[0].Wrong != 1 {
		t.Errorf("reasons %+v", a.Reasons)
	}
	if len(r.Days) != 7 || r.Days[6].Begun != 1 || r.Days[6].Abandoned != 1 || r.Days[5].Begun != 2 || !r.Days[6].Day.Equal(time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("days %+v", r.Days)
	}
	if len(r.People) != 2 || r.People[0].User.ID != d.agent.ID || r.People[0].Replies != 1 || r.People[0].Rating != 4 {
		t.Errorf("people %+v", r.People)
	}
	if one, err := d.Report(t.Context(), d.as(d.admin), 1); err != nil || one.All.Begun != 1 {
		t.Errorf("today: %+v, %v", one.All, err)
	}
	if _, err := d.Report(t.Context(), d.as(d.agent), 7); !errors.Is(err, liadesk.ErrForbidden) {
		t.Errorf("an agent: %v", err)
	}
	for _, days := range []int{0, 91, -1} {
		if _, err := d.Report(t.Context(), d.as(d.admin), days); liadesk.KindOf(err) != liadesk.KindInvalid {
			t.Errorf("%d days: %v", days, err)
		}
	}
}
