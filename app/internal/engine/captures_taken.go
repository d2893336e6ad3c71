package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent/ledger"
)

// TakenCaptures are the capture files that were taken over.
type TakenCaptures interface {
	// Captures lists them, the newest first. Files of the same name are one.
	Captures(ctx context.Context) ([]TakenCapture, error)
	// ForgetCapture deletes what files of this name told, for good, and says how
	// much that was. The files themselves are not touched, and may be taken over again.
	ForgetCapture(ctx context.Context, file, how string) (Forgotten, error)
}

// TakenCapture is a file that was taken over.
type TakenCapture struct {
	File    string    `json:"file"`
	Time    time.Time `json:"time"`
	Records uint64    `json:"records"`
	Devices int       `json:"devices"`
	// Unfinished says that taking it over was interrupted; it goes on when it is
	// taken over again.
	Unfinished bool `json:"unfinished,omitempty"`
}

// Captures implements TakenCaptures.
func (e *Core) Captures(ctx context.Context) ([]TakenCapture, error) {
	places, err := e.capturePlaces(ctx)
	if err != nil {
		return nil, err
	}
	byFile := map[string]TakenCapture{}
	for _, p := range places {
		if p.File == "" || p.Records == 0 {
			continue
		}
		t := byFile[p.File]
		byFile[p.File] = TakenCapture{
			File: p.File, Time: later(t.Time, p.Time), Records: t.Records + p.Records,
			Devices: max(t.Devices, len(p.Done)+len(p.Now)), Unfinished: t.Unfinished || len(p.Now) > 0,
		}
	}
	return slices.SortedFunc(maps.Values(byFile), func(a, b TakenCapture) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.File, b.File))
	}), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (e *Core) capturePlaces(ctx context.Context) (map[string]capturePlace, error) {
	all, err := e.Store.Cursors(ctx, captureKeys)
	if err != nil {
		return nil, err
	}
	out := map[string]capturePlace{}
	for key, c := range all {
		var p capturePlace
		if err := json.Unmarshal(c, &p); err != nil {
			return nil, words.Errorf("reading how far a capture was taken over: %w", err)
		}
		out[key] = p
	}
	return out, nil
}

// ForgetCapture implements TakenCaptures. The records go first: an interruption
// leaves a file that can be forgotten again, never one that would be counted twice.
func (e *Core) ForgetCapture(ctx context.Context, file, how string) (Forgotten, error) {
	ctx, end, err := e.taking.reading(ctx, file)
	if err != nil {
		return Forgotten{}, err
	}
	defer end()
	places, err := e.capturePlaces(ctx)
	if err != nil {
		return Forgotten{}, err
	}
	maps.DeleteFunc(places, func(_ string, p capturePlace) bool { return p.File != file || file == "" })
	if len(places) == 0 {
		return Forgotten{}, words.Errorf("no capture file %q was taken over; \"captures\" lists those that were", file)
	}
	var out Forgotten
	if out.Rows, err = e.Store.DeleteFlowsFrom(ctx, captureSource(file)); err != nil {
		return out, words.Errorf("deleting what a capture told: %w", err)
	}
	e.lastSent.clear()
	for key := range places {
		if err := e.Store.DropCursor(ctx, key); err != nil {
			return out, words.Errorf("forgetting a capture: %w", err)
		}
	}
	text := words.Sprintf("%s deleted what the capture file %s told (%s).", e.who(), file, way(how))
	if err := e.Store.Note(ctx, ledger.Note{Time: e.Now(), Kind: NoteForgot, Text: text}); err != nil {
		return out, err
	}
	e.changed(changes.Flows, changes.Devices, changes.Diary)
	return out, nil
}
