package store

import (
	"context"
	"errors"
	"fmt"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// merge takes over into a backup what an old file has beyond it. Everything in
// the old file may be damaged: a row counts when its checksum or its hash does.
type merge struct {
	*change
	old     *file
	kept    int // decisions
	missing int // decisions that the old diary tells of and nobody can read any more
	// apart is how many lines an old diary has that went another way after the line
	// partedAt; they stay in the file that is set aside.
	apart, partedAt uint64

	log   []ledger.Entry // newer lines that are as they were made
	taken map[string]int // how many decisions of a permission were taken over
}

func (m *merge) run(ctx context.Context) error {
	same, err := m.sameDiary(ctx)
	if err != nil {
		return err
	}
	m.taken = map[string]int{}
	if !same {
		return m.runApart(ctx)
	}
	for _, step := range []func(context.Context) error{m.tables, m.diary, m.versions, m.actions, m.decisionsOfTheLog} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	m.countMissing()
	return nil
}

// sameDiary reports whether the old file's diary goes on from the backup's. One
// that cannot be read is taken for the same: it stood in the same folder.
func (m *merge) sameDiary(ctx context.Context) (bool, error) {
	head, err := headOf(m.QueryRowContext(ctx, newestEntry))
	if err != nil || head.Seq == 0 {
		return true, err
	}
	var hash string
	err = m.old.read.QueryRowContext(ctx, "SELECT hash FROM diary WHERE seq = ?", int64(head.Seq)).Scan(&hash)
	return err != nil && !isNoRows(err) || hash == head.Hash, nil
}

// tables takes over the small tables: as a whole where every row is good, else
// row by row over those of the backup.
func (m *merge) tables(ctx context.Context) error {
	for _, t := range plainTables() {
		if t.name == "quarantine" {
			continue // what is bad is found anew
		}
		var good []plainRow
		whole := true
		err := t.rows(ctx, m.old.read, func(r plainRow) error {
			if r.good {
				good = append(good, r)
			}
			whole = whole && r.good
			return nil
		})
		if err == nil && whole {
			if _, err := m.ExecContext(ctx, "DELETE FROM "+t.name); err != nil {
				return err
			}
		}
		for _, r := range good {
			if err := t.put(ctx, m.txn, r.values...); err != nil {
				return fmt.Errorf("taking %s over: %w", t.name, err)
			}
		}
	}
	return nil
}

// diary takes over the lines that continue the chain, and remembers all newer
// ones that are as they were made.
func (m *merge) diary(ctx context.Context) error {
	head, err := headOf(m.QueryRowContext(ctx, newestEntry))
	if err != nil {
		return err
	}
	var items []ledger.Item
	_ = each(ctx, m.old.read, func(sc scanner) error { // a fault of reading ends it
		it, err := scanItem(sc)
		if err == nil {
			items = append(items, it)
		}
		return err
	}, selectItems+" WHERE d.seq > ? ORDER BY d.seq", int64(head.Seq))
	whole := true
	for _, it := range items {
		if !it.Genuine() {
			whole = false
			continue
		}
		m.log = append(m.log, it.Entry)
		if whole = whole && it.Follows(head) && it.Text != nil; !whole {
			continue
		}
		if err := m.insertEntries(ctx, []ledger.Item{it}); err != nil {
			return err
		}
		head = ledger.Head{Seq: it.Seq, Hash: it.Hash}
		if it.Kind == ledger.KindErased { // what a person had deleted does not come back either
			if _, err := m.ExecContext(ctx, eraseOf+" AND seq < ?", it.Device, int64(it.Seq)); err != nil {
				return err
			}
		}
	}
	m.head, m.noted = head, true
	return nil
}

// versions takes over newer versions of permissions.
func (m *merge) versions(ctx context.Context) error {
	var rows []versionRow
	_ = each(ctx, m.old.read, func(sc scanner) error { // a fault of reading ends it
		r, err := scanVersion(sc)
		if err == nil {
			rows = append(rows, r)
		}
		return err
	}, "SELECT id, version, at, body, sum FROM consent_version ORDER BY id, version")
	for _, r := range rows {
		c, err := r.decode()
		if err != nil {
			continue
		}
		var now int64
		if err := m.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM consent WHERE id = ?", r.id).Scan(&now); err != nil {
			return err
		}
		if r.version <= now {
			continue
		}
		if err := m.takeVersion(ctx, r, c); err != nil {
			return err
		}
	}
	return nil
}

// takeVersion takes one version over as it is, as the newest.
func (m *merge) takeVersion(ctx context.Context, r versionRow, c consent.Consent) error {
	if err := m.makeRoom(ctx, r.id, r.version); err != nil {
		return err
	}
	if _, err := m.ExecContext(ctx, "INSERT INTO consent_version(id, version, at, body, sum) VALUES(?,?,?,?,?)", r.id, r.version, r.at, r.body, r.sum); err != nil {
		return err
	}
	row, err := encodeConsent(c)
	if err != nil {
		return err
	}
	m.kept++
	m.taken[r.id]++
	return row.save(ctx, m.txn)
}

// makeRoom takes away what nobody can read where a version is about to stand: the
// backup may have been made of a file that was damaged already.
func (m *merge) makeRoom(ctx context.Context, id string, version int64) error {
	_, err := m.ExecContext(ctx, "DELETE FROM consent_version WHERE id = ? AND version = ?", id, version)
	return err
}

// actions takes over what was done, or is still to be done.
func (m *merge) actions(ctx context.Context) error {
	return m.actionsOf(ctx, func(*consent.Action) bool { return true })
}

// actionsOf takes over the actions that wanted lets pass.
func (m *merge) actionsOf(ctx context.Context, wanted func(*consent.Action) bool) error {
	var rows []actionRow
	_ = each(ctx, m.old.read, func(sc scanner) error { // a fault of reading ends it
		var r actionRow
		err := r.scan(sc)
		if err == nil {
			rows = append(rows, r)
		}
		return err
	}, "SELECT "+actionColumns+" FROM action ORDER BY n")
	for _, r := range rows {
		a, err := r.decode()
		if err != nil || !wanted(&a) {
			continue
		}
		var known int
		if err := m.QueryRowContext(ctx, "SELECT count(*) FROM action WHERE id = ?", r.id).Scan(&known); err != nil {
			return err
		}
		if known > 0 {
			err = m.updateAction(ctx, a)
		} else {
			_, err = m.addActions(ctx, []consent.Action{a})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decisionsOfTheLog ends what the diary says has ended, where the version that
// said so is gone: nothing comes alive by a backup (T20).
func (m *merge) decisionsOfTheLog(ctx context.Context) error {
	for _, e := range m.log {
		if e.Consent == "" || e.Kind != consent.NoteExpired && e.Kind != consent.NoteWithdrawn {
			continue
		}
		var row consentRow
		err := row.scan(m.QueryRowContext(ctx, "SELECT "+consentColumns+" FROM consent WHERE id = ?", e.Consent))
		if isNoRows(err) {
			continue
		}
		if err != nil {
			return err
		}
		c, err := row.decode()
		if err != nil || !c.Decided.Live() || c.Given.After(e.Time) {
			continue // a later decision stands
		}
		next, actions := consent.Expire(c, nil, e.Time)
		if e.Kind == consent.NoteWithdrawn {
			next, actions = consent.Withdraw(c, nil, e.Time, c.DecidedBy, "the diary")
		}
		if next.Version == c.Version {
			continue
		}
		if err := m.decideAgain(ctx, next, actions); err != nil {
			return err
		}
	}
	return nil
}

func (m *merge) decideAgain(ctx context.Context, next consent.Consent, actions []consent.Action) error {
	row, err := encodeConsent(next)
	if err != nil {
		return err
	}
	if err := errors.Join(m.makeRoom(ctx, row.id, row.version), m.appendVersion(ctx, row), row.save(ctx, m.txn)); err != nil {
		return err
	}
	m.kept++
	m.taken[row.id]++
	var open int
	if err := m.QueryRowContext(ctx, "SELECT count(*) FROM action WHERE mark = ?", consent.MarkFor(next.ID)).Scan(&open); err != nil || open > 0 {
		return err // what was begun for it was taken over
	}
	_, err = m.addActions(ctx, actions)
	return err
}

// countMissing counts the decisions that the diary tells of and that are neither
// there as a version nor could be made again from it, such as a renewal whose
// version is gone: its permission keeps the older date, and that is said.
func (m *merge) countMissing() {
	told, ended := map[string]int{}, map[string]bool{}
	for _, e := range m.log {
		switch e.Kind {
		case consent.NoteGiven, consent.NoteRenewed, consent.NoteGrace, consent.NoteExpired, consent.NoteWithdrawn, consent.NoteRevoked, consent.NoteRefused:
			told[e.Consent]++
			ended[e.Consent] = e.Kind == consent.NoteExpired || e.Kind == consent.NoteWithdrawn
		case consent.NoteUndone: // of an end it is a decision; of an answer it makes no version
			if ended[e.Consent] {
				told[e.Consent]++
				ended[e.Consent] = false
			}
		}
	}
	delete(told, "")
	for id, n := range told {
		m.missing += max(n-m.taken[id], 0)
	}
}
