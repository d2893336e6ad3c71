package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Decide writes a decision with everything that follows from it durably in one
// transaction; consent.ErrChanged when another version is stored than d.Expect.
// Open actions of the consent's own mark and of d's actions' marks are
// cancelled, running ones too: whoever runs them learns it from SaveAction.
func (s *Store) Decide(ctx context.Context, d consent.Decision) error {
	return s.DecideAll(ctx, []consent.Decision{d})
}

// DecideAll is Decide for several decisions in one transaction: all are written,
// or none.
func (s *Store) DecideAll(ctx context.Context, ds []consent.Decision) error {
	rows := make([]consentRow, len(ds))
	for i, d := range ds {
		if err := checkConsent(d.Consent); err != nil {
			return fmt.Errorf("deciding: %w", err)
		}
		if d.Consent.Version != d.Expect+1 {
			return fmt.Errorf("deciding: version %d does not follow %d", d.Consent.Version, d.Expect)
		}
		row, err := encodeConsent(d.Consent)
		if err != nil {
			return err
		}
		rows[i] = row
	}
	return s.commit(ctx, func(c *change) error {
		// The transaction as a whole ends with ctx.
		for at := 0; at < len(ds); {
			end := at + apart(ds[at:])
			if err := c.decide(quick(ctx), ds[at:end], rows[at:end]); err != nil {
				return err
			}
			at = end
		}
		return nil
	}, TopicConsents, TopicActions)
}

// mostApart bounds how many decisions share their statements.
const mostApart = 1000

// apart is how many of ds, from the first, have nothing to do with each other:
// neither permission nor mark occurs twice. Those can be written side by side.
func apart(ds []consent.Decision) int {
	seen := map[string]bool{}
	for i, d := range ds {
		if i == mostApart {
			return i
		}
		own := marksOf(d)
		for _, m := range own {
			if seen[m] {
				return i
			}
		}
		for _, m := range own {
			seen[m] = true
		}
	}
	return len(ds)
}

// marksOf are the marks whose open actions a decision takes the place of.
func marksOf(d consent.Decision) []string {
	marks := []string{consent.MarkFor(d.Consent.ID)}
	for _, a := range d.Actions {
		if !slices.Contains(marks, a.Mark) {
			marks = append(marks, a.Mark)
		}
	}
	return marks
}

// decide writes decisions that are apart, with rows of their permissions. Each
// kind of row goes in few statements: after a long sleep there are thousands.
func (c *change) decide(ctx context.Context, ds []consent.Decision, rows []consentRow) error {
	before, err := c.expect(ctx, ds)
	if err != nil {
		return err
	}
	var ids, marks []string
	var actions []consent.Action
	var notes []ledger.Note
	for i, d := range ds {
		if body := keepUnknown(before[i], rows[i].body); body != rows[i].body {
			rows[i].body = body
			rows[i].sum = rows[i].checksum()
		}
		ids, marks = append(ids, rows[i].id), append(marks, marksOf(d)...)
		actions, notes = append(actions, d.Actions...), append(notes, d.Notes...)
	}
	if err := errors.Join(c.appendVersion(ctx, rows...), saveConsents(ctx, c.txn, rows...)); err != nil {
		return err
	}
	in, args := placeholders(ids)
	if _, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = 'consent' AND key IN ("+in+")", args...); err != nil {
		return err
	}
	if err := c.cancelOpen(ctx, marks); err != nil {
		return err
	}
	if _, err := c.addActions(ctx, actions); err != nil {
		return err
	}
	return c.note(ctx, notes)
}

// expect compares the stored versions with those that the decisions were made
// on, and gives their bodies, "" where there is none.
func (c *change) expect(ctx context.Context, ds []consent.Decision) (bodies []string, err error) {
	ids := make([]string, len(ds))
	for i, d := range ds {
		ids[i] = string(d.Consent.ID)
	}
	in, args := placeholders(ids)
	stored := map[string]consentRow{}
	err = each(ctx, c, func(sc scanner) error {
		var r consentRow
		err := sc.Scan(&r.id, &r.version, &r.body)
		stored[r.id] = r
		return err
	}, "SELECT id, version, body FROM consent WHERE id IN ("+in+")", args...)
	if err != nil {
		return nil, err
	}
	bodies = make([]string, len(ds))
	for i, d := range ds {
		r, there := stored[ids[i]]
		switch {
		case !there && d.Expect != 0:
			return nil, fmt.Errorf("deciding: %w", consent.ErrNotFound)
		case there && r.version != int64(d.Expect):
			return nil, consent.ErrChanged
		}
		bodies[i] = r.body
	}
	return bodies, nil
}

// appendVersion adds to the histories of permissions.
func (c *change) appendVersion(ctx context.Context, rows ...consentRow) error {
	at := ms(c.s.cfg.Now())
	values := make([][]any, len(rows))
	for i, r := range rows {
		values[i] = []any{r.id, r.version, at, r.body, versionSum(r.id, r.version, at, r.body)}
	}
	return c.insert(ctx, "INSERT INTO consent_version(id, version, at, body, sum)", values, "")
}
