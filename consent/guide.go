package consent

import (
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// ErrNotByHand says that an action does not wait for a person's word.
var ErrNotByHand = words.New("only steps that you take by hand can be said to be done")

// ConfirmByHand is a after the person said that the steps of a guide were
// taken. Their word is accepted, no more: whether it stopped is for observation
// to say. It can be said again, after the device was seen to go on.
func ConfirmByHand(a Action, now time.Time) (Action, error) {
	if a.Kind != ActGuide || a.State != NeedsPerson && a.State != Done {
		return a, ErrNotByHand
	}
	at := instant(now)
	a.State, a.Level, a.Finished = Done, Accepted, at
	a.Error, a.Reason, a.RetryAt, a.VerifyAt = "", "", time.Time{}, time.Time{}
	a.Evidence = append(a.Evidence[:len(a.Evidence):len(a.Evidence)], Evidence{
		At: at, Level: Accepted, Seen: NotChecked, Source: discovery.SourcePerson, Text: words.Text("You said that it is done."),
	})
	return a, nil
}
