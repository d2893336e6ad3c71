package notify

import "context"

// Plain shows notifications where a system offers no answers to them and some
// programs put the text into a script: Windows and macOS. So nothing of the note
// is shown, whose names come from devices and the network, but one text that
// never changes.
type Plain struct {
	Title, Body string // fixed
	// Say shows a text; false when nobody can show it yet.
	Say func(title, body string) bool
}

// Show shows the fixed text in place of n. ErrNone where nobody can.
func (p Plain) Show(ctx context.Context, _ Note) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.Say == nil || !p.Say(p.Title, p.Body) {
		return ErrNone
	}
	return nil
}
