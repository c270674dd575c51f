package liadesk

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsMadeLaterSortLaterAndReadBack(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	next := RandomIDs(func() time.Time { now = now.Add(time.Millisecond); return now })
	last := ID{}
	for range 1000 {
		id := next()
		if id.String() <= last.String() {
			t.Fatalf("%v does not sort after %v", id, last)
		}
		if !id.Time().Equal(now) {
			t.Fatalf("%v says it was made at %v, not %v", id, id.Time(), now)
		}
		back, err := ParseID(id.String())
		if err != nil || back != id {
			t.Fatalf("%v read back as %v, %v", id, back, err)
		}
		last = id
	}
}

func TestAnIDThatCannotBeIsNotFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if _, err := ParseID(s); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatalf("%q: %v", s, err)
		}
	})
	for _, s := range []string{"", "x", "{01890a5d-ac96-774b-bcce-b302099a8057}", "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"} {
		if _, err := ParseID(s); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestASequenceOfIDsIsTheSameEachTime(t *testing.T) {
	a, b := SequenceIDs(), SequenceIDs()
	for range 300 {
		if x, y := a(), b(); x != y {
			t.Fatalf("%v and %v", x, y)
		}
	}
}

func TestErrorsAreMatchedByKindAndCode(t *testing.T) {
	err := fmt.Errorf("saving: %w", Conflict("phone_taken", "the number is in use").With(map[string]any{"id": 1}))
	if !errors.Is(err, &Error{Kind: KindConflict, Code: "phone_taken"}) || !errors.Is(err, &Error{Kind: KindConflict}) {
		t.Error("the conflict is not recognised")
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, &Error{Kind: KindConflict, Code: "other"}) {
		t.Error("it is taken for something else")
	}
	if KindOf(err) != KindConflict || KindOf(errors.New("x")) != KindInternal {
		t.Error("wrong kind")
	}
	var v Invalid
	if v.Err() != nil {
		t.Error("nothing was wrong")
	}
	v.Add("trigger.url", "required", "max", 5)
	if got := v.Err(); KindOf(got) != KindInvalid || !v.Has("trigger.url") || v.Has("title") {
		t.Errorf("got %v", got)
	}
}

func TestOnlyPaidPlansHaveCampaigns(t *testing.T) {
	for _, p := range append([]Plan{"", "gold"}, Plans...) {
		err := Actor{Plan: p, Role: RoleAdministrator}.ManageCampaigns()
		want := p == PlanEssentials || p == PlanGrowth || p == PlanEnterprise
		if (err == nil) != want {
			t.Errorf("plan %q: %v", p, err)
		}
	}
	// A free account learns of the plan first, whatever the role.
	if err := (Actor{Plan: PlanFree, Role: RoleAgent}).ManageCampaigns(); !errors.Is(err, ErrPlanRequired) {
		t.Errorf("got %v", err)
	}
	if err := (Actor{Plan: PlanGrowth, Role: RoleAgent}).ManageCampaigns(); !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

func TestARuleKeepsEveryoneNobodyAndNothingApart(t *testing.T) {
	for _, s := range []string{`{"all":[]}`, `{"any":[]}`, `{}`, `{"not":{"tag":"vip"}}`, `{"all":[{"tag":"a"},{"any":[{"tag":"b"}]}]}`} {
		var r Rule
		if err := json.Unmarshal([]byte(s), &r); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil || string(b) != s {
			t.Errorf("%s became %s, %v", s, b, err)
		}
	}
}
