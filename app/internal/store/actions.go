package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// actionRow is a row of the table action, without its number.
type actionRow struct {
	id, state, device, consent, mark, body string
	person                                 int64
	due, retry, verify, finished           sql.NullInt64
	sum                                    []byte
}

const actionColumns = "id, state, person, device, consent, mark, due_at, retry_at, verify_at, finished, body, sum"

// finishedFor is how long Actions lists all finished actions.
const finishedFor = 90 * 24 * time.Hour

func encodeAction(a consent.Action) (actionRow, error) {
	r := actionRow{
		id: string(a.ID), state: string(a.State), device: string(a.Device), consent: string(a.Consent), mark: a.Mark,
		due: ms(a.DueAt), retry: msUp(a.RetryAt), verify: msUp(a.VerifyAt), finished: ms(a.Finished),
	}
	if a.Origin == consent.FromPerson {
		r.person = 1
	}
	var err error
	if r.body, err = toJSON(a); err != nil {
		return r, err
	}
	r.sum = r.checksum()
	return r, nil
}

func (r actionRow) checksum() []byte {
	return rowSum("action", r.id, r.state, r.person, r.device, r.consent, r.mark, r.due, r.retry, r.verify, r.finished, r.body)
}

func (r actionRow) values() []any {
	return []any{r.id, r.state, r.person, r.device, r.consent, r.mark, r.due, r.retry, r.verify, r.finished, r.body, r.sum}
}

func (r *actionRow) scan(s scanner) error {
	return s.Scan(&r.id, &r.state, &r.person, &r.device, &r.consent, &r.mark, &r.due, &r.retry, &r.verify, &r.finished, &r.body, &r.sum)
}

func (r actionRow) decode() (consent.Action, error) {
	var a consent.Action
	if string(r.checksum()) != string(r.sum) {
		return a, errSum
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil {
		return a, fmt.Errorf("reading the record: %w", err)
	}
	if string(a.ID) != r.id || string(a.State) != r.state || a.Mark != r.mark {
		return a, words.New("its columns and its body differ")
	}
	return a, nil
}

// addActions writes new actions and gives them what the caller left open.
func (c *change) addActions(ctx context.Context, as []consent.Action) ([]consent.Action, error) {
	out := make([]consent.Action, 0, len(as))
	rows := make([][]any, 0, len(as))
	for _, a := range as {
		if a.ID == "" {
			a.ID = consent.ActionID(c.s.cfg.NewID("a"))
		}
		if a.State == "" {
			a.State = consent.Pending
		}
		if a.Created.IsZero() {
			a.Created = c.s.cfg.Now().Round(0).UTC()
		}
		r, err := encodeAction(a)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r.values())
		out = append(out, a)
	}
	if err := c.insert(ctx, "INSERT INTO action("+actionColumns+")", rows, ""); err != nil {
		return nil, fmt.Errorf("writing actions: %w", err)
	}
	return out, nil
}

func (c *change) updateAction(ctx context.Context, a consent.Action) error {
	r, err := encodeAction(a)
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "UPDATE action SET ("+actionColumns+") = (?,?,?,?,?,?,?,?,?,?,?,?) WHERE id = ?", append(r.values(), r.id)...)
	return err
}

// cancelOpen cancels what is still to be done under marks.
func (c *change) cancelOpen(ctx context.Context, marks []string) error {
	in, args := placeholders(marks)
	return c.alter(ctx, func(a *consent.Action) {
		a.State, a.Finished = consent.Cancelled, c.s.cfg.Now().Round(0).UTC()
		a.RetryAt, a.VerifyAt = time.Time{}, time.Time{}
		a.Reason = words.Text("A later decision made this needless.")
	}, "mark IN ("+in+") AND state NOT IN ('done', 'cancelled')", args...)
}

// alter changes the actions that match. One that cannot be believed stays as it is.
func (c *change) alter(ctx context.Context, edit func(*consent.Action), where string, args ...any) error {
	rows, err := all(ctx, c, func(s scanner) (r actionRow, err error) { err = r.scan(s); return r, err },
		"SELECT "+actionColumns+" FROM action WHERE "+where, args...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a, err := r.decode()
		if err != nil {
			c.s.cfg.Log.Warn("a damaged action was left alone", "action", r.id, "error", err)
			continue
		}
		edit(&a)
		if err := c.updateAction(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// AddActions writes new actions, giving IDs where there are none.
func (s *Store) AddActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) (out []consent.Action, err error) {
	err = s.commit(ctx, func(c *change) error {
		if out, err = c.addActions(ctx, as); err != nil {
			return err
		}
		return c.note(ctx, notes)
	}, TopicActions)
	return out, err
}

// ReplaceActions is AddActions after cancelling what is still open under the
// same marks: a person's newer click takes the place of the older one.
func (s *Store) ReplaceActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) (out []consent.Action, err error) {
	var marks []string
	for _, a := range as {
		marks = append(marks, a.Mark)
	}
	err = s.commit(ctx, func(c *change) error {
		if err := c.cancelOpen(ctx, marks); err != nil {
			return err
		}
		if out, err = c.addActions(ctx, as); err != nil {
			return err
		}
		return c.note(ctx, notes)
	}, TopicActions)
	return out, err
}

// SaveAction writes all fields of a and the diary's lines durably;
// consent.ErrChanged when the stored action was cancelled meanwhile.
func (s *Store) SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error {
	return s.commit(ctx, func(c *change) error {
		var state string
		err := c.QueryRowContext(ctx, "SELECT state FROM action WHERE id = ?", string(a.ID)).Scan(&state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return words.Errorf("action %s: %w", a.ID, consent.ErrNotFound)
		case err != nil:
			return err
		case state == string(consent.Cancelled) && a.State != consent.Cancelled:
			return consent.ErrChanged
		}
		if err := c.updateAction(ctx, a); err != nil {
			return err
		}
		return c.note(ctx, notes)
	}, TopicActions)
}

// Action returns one, or consent.ErrNotFound.
func (s *Store) Action(ctx context.Context, id consent.ActionID) (consent.Action, error) {
	as, err := s.actions(ctx, "id = ?", string(id))
	if err == nil && len(as) == 0 {
		err = words.Errorf("action %s: %w", id, consent.ErrNotFound)
	}
	if err != nil {
		return consent.Action{}, err
	}
	return as[0], nil
}

// Actions lists all open ones, the finished ones of the last 90 days, and of every
// mark the one that was done last, however long ago: a block that was set years ago
// still stands. An access that was ended beside a block does not take its place.
// Newest first.
func (s *Store) Actions(ctx context.Context) ([]consent.Action, error) {
	const lasting = `SELECT max(n) FROM action WHERE state = 'done' GROUP BY mark, instr(substr(body, 1, 80), '"kind":"revoke"') > 0`
	return s.actions(ctx, "(state NOT IN ('done', 'cancelled') OR finished IS NULL OR finished > ? OR n IN ("+lasting+")) ORDER BY n DESC",
		ms(s.cfg.Now().Add(-finishedFor)))
}

// OpenActions lists what is still to be worked on, oldest first.
func (s *Store) OpenActions(ctx context.Context) ([]consent.Action, error) {
	return s.actions(ctx, "state NOT IN ('done', 'cancelled') ORDER BY n")
}

// ActionsOf lists the actions of one device, merged entries included, newest first.
func (s *Store) ActionsOf(ctx context.Context, id discovery.DeviceID) ([]consent.Action, error) {
	in, args := placeholders(s.group(id))
	return s.actions(ctx, "device IN ("+in+") ORDER BY n DESC", args...)
}

// ByMark returns the actions of one mark, newest first.
func (s *Store) ByMark(ctx context.Context, mark string) ([]consent.Action, error) {
	return s.actions(ctx, "mark = ? ORDER BY n DESC", mark)
}

// CountByState counts the actions in each state.
func (s *Store) CountByState(ctx context.Context) (map[consent.ActionState]int, error) {
	out := map[consent.ActionState]int{}
	err := each(ctx, s.evidence, func(sc scanner) error {
		var state string
		var n int
		err := sc.Scan(&state, &n)
		out[consent.ActionState(state)] = n
		return err
	}, "SELECT state, count(*) FROM action GROUP BY state")
	return out, classify(s.evidence.path, err)
}

// actions reads rows and sets aside those that cannot be believed.
func (s *Store) actions(ctx context.Context, where string, args ...any) ([]consent.Action, error) {
	var out []consent.Action
	var bad []badRow
	err := each(ctx, s.evidence, func(sc scanner) error {
		var r actionRow
		if err := r.scan(sc); err != nil {
			return err
		}
		a, err := r.decode()
		if err != nil {
			bad = append(bad, badRow{"action", r.id, err.Error()})
			return nil
		}
		out = append(out, a)
		return nil
	}, "SELECT "+actionColumns+" FROM action WHERE NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.place = 'action' AND q.key = action.id) AND "+where, args...)
	if err != nil {
		return nil, classify(s.evidence.path, fmt.Errorf("reading actions: %w", err))
	}
	s.setAside(ctx, bad)
	return out, nil
}
