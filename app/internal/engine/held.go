package engine

import (
	"context"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Held lists everything outside that carries our mark.
func (e *Core) Held(ctx context.Context) ([]HeldInfo, error) {
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var out []HeldInfo
	for _, c := range cs {
		held, err := e.heldAt(ctx, c.ID)
		out = append(out, held...)
		if err != nil {
			out = append(out, HeldInfo{Connection: c.ID, Unasked: err.Error()})
		}
	}
	return out, nil
}

func (e *Core) heldAt(ctx context.Context, id string) (out []HeldInfo, err error) {
	err = e.Sessions.Use(ctx, id, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.Holder == nil {
			return nil
		}
		held, err := caps.Holder.Held(ctx)
		for _, h := range held {
			known, err := e.Store.ByMark(ctx, h.Mark)
			if err != nil {
				return err
			}
			out = append(out, e.heldFor(id, h, known))
		}
		return err
	})
	return out, err
}

// heldFor names what a held thing is about, by the newest of its actions.
func (e *Core) heldFor(connection string, h connectors.Held, actions []consent.Action) HeldInfo {
	i := HeldInfo{Connection: connection, Held: h, Known: len(actions) > 0}
	if i.Known && actions[0].Device != "" {
		i.Device, i.Recipient = e.deviceName(actions[0].Device), actions[0].Recipient
	}
	return i
}

// Lift lifts one held thing of a connection, or all; it answers how many.
func (e *Core) Lift(ctx context.Context, connection, mark string) (int, error) {
	n := 0
	err := e.Sessions.Use(ctx, connection, func(ctx context.Context, caps connectors.Capabilities) error {
		if caps.Holder == nil || caps.Blocker == nil {
			return nil
		}
		held, err := caps.Holder.Held(ctx)
		if err != nil {
			return err
		}
		for _, h := range held {
			if mark != "" && h.Mark != mark {
				continue
			}
			if _, err := caps.Blocker.Unblock(ctx, h.Receipt); err != nil {
				return err
			}
			n++
			if err := e.Store.Note(ctx, ledger.Note{Time: e.Now(), Kind: consent.NoteLifted, Text: words.Sprintf("Lifted by hand: %s", h.Text)}); err != nil {
				return err
			}
		}
		return nil
	})
	if mark != "" && n == 0 && err == nil {
		err = words.Errorf("nothing with the mark %q is held there", mark)
	}
	e.changed(changes.Connections, changes.Diary)
	return n, err
}
