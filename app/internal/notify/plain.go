package notify

import "context"

// Plain shows notifications where a system offers no answers to them and the
// toolkit puts the text into a script: Windows and macOS. So it hands on nothing
// of a note, whose names come from devices and the network; Say shows one text
// that never changes, and is false when nobody can show it yet.
type Plain struct{ Say func() bool }

// Show has the fixed text shown in place of a note. ErrNone where nobody can.
func (p Plain) Show(ctx context.Context, _ Note) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.Say == nil || !p.Say() {
		return ErrNone
	}
	return nil
}
