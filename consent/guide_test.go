package consent

import (
	"errors"
	"testing"
	"time"
)

func TestAWordIsAcceptedNeverSeen(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	a := Action{Kind: ActGuide, State: NeedsPerson, Error: KindNeedsPerson, Reason: "End it by hand.", Evidence: make([]Evidence, 0, 4)}
	b, err := ConfirmByHand(a, now)
	if err != nil {
		t.Fatal(err)
	}
	if b.State != Done || b.Level != Accepted || b.Reason != "" || !b.VerifyAt.IsZero() || len(b.Evidence) != 1 || b.Evidence[0].Seen != NotChecked {
		t.Errorf("got %+v", b)
	}
	c := Consent{Decided: Expired, Seen: NotChecked}
	if h := HeadlineOf(c, []Action{b}, now); h != EndedUnchecked {
		t.Errorf("after the word alone the headline is %s", h)
	}
	if len(a.Evidence) != 0 || a.State != NeedsPerson {
		t.Error("the argument was changed")
	}
	if b, err = ConfirmByHand(b, now.Add(time.Hour)); err != nil || len(b.Evidence) != 2 {
		t.Errorf("said again: %v, %d proofs", err, len(b.Evidence))
	}
}

func TestOnlyStepsByHandAreConfirmed(t *testing.T) {
	for _, a := range []Action{
		{Kind: ActBlock, State: NeedsPerson},
		{Kind: ActRevoke, State: Stuck},
		{Kind: ActGuide, State: Pending},
		{Kind: ActGuide, State: Cancelled},
	} {
		if _, err := ConfirmByHand(a, time.Now()); !errors.Is(err, ErrNotByHand) {
			t.Errorf("%s %s: %v", a.Kind, a.State, err)
		}
	}
}
