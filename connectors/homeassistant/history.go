package homeassistant

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

// Bounds of what is read of its history: it keeps ten days unless somebody
// changed that, and writes down what it was told some seconds later.
const (
	lookBack   = 7 * 24 * time.Hour
	slice      = time.Hour
	perQuery   = 100 // entities asked for at once
	writesDown = 7 * time.Second
)

// place is where an observer has come to: everything before At was given, and
// the first Part batches of the slice that begins there.
type place struct {
	At   time.Time `json:"at"`
	Part int       `json:"part,omitempty"`
}

func readPlace(c connectors.Cursor) (place, bool) {
	var p place
	if json.Unmarshal(c, &p) != nil || p.At.IsZero() || p.Part < 0 {
		return place{}, false
	}
	return p, true
}

func (p place) cursor() connectors.Cursor { return connectors.CursorOf(p) }

// catchUp gives what Home Assistant wrote down from a place until this line
// began to tell, slice by slice. Without a history there is none.
func (s *Session) catchUp(ctx context.Context, from place, until time.Time, emit func([]flow.Record, connectors.Cursor)) error {
	if at := until.Add(-lookBack); from.At.Before(at) {
		from = place{At: at}
		s.watch.lose("what it took more than 7 days before this was opened is not counted")
	}
	for at := from.At; until.After(at); {
		end := at.Add(slice)
		if end.After(until) {
			end = until
		}
		sums, err := s.history(ctx, at, end)
		if saysNo(err, codeUnknown, codeUnauthorized) {
			s.watch.lose("it has no history that we may read, so what it took while nobody listened is not counted")
			return nil
		}
		if err != nil {
			return said(err)
		}
		for i, part := range slices.Collect(slices.Chunk(sums, maxBatch)) {
			if i < from.Part {
				continue
			}
			next := place{At: at, Part: i + 1}
			if (i+1)*maxBatch >= len(sums) {
				next = place{At: end}
			}
			emit(s.records(part), next.cursor())
		}
		at, from.Part = end, 0
	}
	return nil
}

// history counts what was reported in one slice, by Home Assistant's own clock.
func (s *Session) history(ctx context.Context, from, until time.Time) ([]summed, error) {
	ahead := s.ahead()
	keys := s.watch.reporting()
	sums := map[tallyKey]tally{}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(keys)), perQuery) {
		b, err := s.ask(ctx, command{
			"type": "history/history_during_period", "entity_ids": ids, "start_time": from.Add(ahead).Format(time.RFC3339Nano), "end_time": until.Add(ahead).Format(time.RFC3339Nano),
			"include_start_time_state": false, "significant_changes_only": false, "minimal_response": false, "no_attributes": true,
		})
		if err != nil {
			return nil, err
		}
		if err := addPast(sums, b, keys, from, until, ahead); err != nil {
			return nil, err
		}
	}
	out := make([]summed, 0, len(sums))
	for k, t := range sums {
		out = append(out, summed{k, t})
	}
	slices.SortFunc(out, func(a, b summed) int {
		return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.category, b.category))
	})
	return out, nil
}

// addPast counts the rows of one answer. Of their values only whether there is
// one is decoded.
func addPast(sums map[tallyKey]tally, b json.RawMessage, keys map[string]tallyKey, from, until time.Time, ahead time.Duration) error {
	var past map[string][]struct {
		State   living  `json:"s"`
		Updated float64 `json:"lu"`
		Changed float64 `json:"lc"`
	}
	if err := json.Unmarshal(b, &past); err != nil {
		return connectors.Transient(words.Text("Home Assistant gives a history of another form than was asked for."), err)
	}
	for id, rows := range past {
		k, asked := keys[id]
		for _, r := range rows {
			at := seconds(max(r.Updated, r.Changed)).Add(-ahead)
			if !asked || !bool(r.State) || !at.After(from) || at.After(until) {
				continue
			}
			t := sums[k]
			if t.count == 0 || at.Before(t.first) {
				t.first = at
			}
			if at.After(t.last) {
				t.last = at
			}
			t.count++
			sums[k] = t
		}
	}
	return nil
}

// seconds reads a moment as Home Assistant writes it in its short form.
func seconds(s float64) time.Time {
	if math.IsNaN(s) || s < 0 || s > 1e11 {
		return time.Time{}
	}
	whole, part := math.Modf(s)
	return time.Unix(int64(whole), int64(part*1e9)).UTC()
}

// reporting are the entities behind which a device speaks, and what of it each tells.
func (w *watch) reporting() map[string]tallyKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]tallyKey{}
	for id, st := range w.states {
		if k, ok := w.key(id, st); ok {
			out[id] = k
		}
	}
	return out
}

// lose notes once what is missing.
func (w *watch) lose(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.missing, what) {
		w.missing = append(w.missing, what)
	}
}

// begun is since when everything is counted as it comes: since this line tells,
// but not before a moment.
func (w *watch) begun(from time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.After(from) {
		from = w.since
	}
	w.from = from
	return from
}

// ahead is how far Home Assistant's clock is ahead of ours, as far as its whole
// seconds tell.
func (s *Session) ahead() time.Duration {
	at, ok := s.way.web.PeerNow()
	if d := at.Sub(s.now()); ok && d.Abs() > time.Second {
		return d
	}
	return 0
}

// late waits until Home Assistant has written down what it took until then.
func (s *Session) late(ctx context.Context, then time.Time) error {
	wait := then.Add(s.settle).Sub(s.now())
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(min(wait, s.settle))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for its history: %w", ctx.Err())
	}
}
