package store

import (
	"context"
	"errors"
	"fmt"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// What stands in this file is about an old file whose diary did not go on from
// the backup's: another backup had been put back before, and both went on. Their
// lines cannot be mixed in one chain; what was decided in the old file counts
// nevertheless, permission by permission.

// branch is one permission in the backup and in the old file, both from the
// first version on. A damaged version is left out.
type branch struct {
	here, there []consent.Consent
	rows        []versionRow // of there
	hereAt      int64        // when the newest version here was written
}

// runApart takes over what was decided since the two diaries parted. Of another
// household's file, which has neither a line nor a permission in common, nothing
// is mixed in.
func (m *merge) runApart(ctx context.Context) error {
	parted, err := m.parted(ctx)
	if err != nil {
		return err
	}
	if err := m.readApart(ctx, parted); err != nil {
		return err
	}
	of, err := m.branches(ctx)
	if err != nil {
		return err
	}
	if parted == 0 && !related(of) {
		return nil
	}
	versions := map[string]int{} // the version that an old decision has now
	for _, b := range of {
		if err := m.join(ctx, b, versions); err != nil {
			return err
		}
	}
	if err := m.actionsApart(ctx, versions); err != nil {
		return err
	}
	if err := m.decisionsOfTheLog(ctx); err != nil {
		return err
	}
	m.countMissing()
	return nil
}

// parted is the newest line that both diaries have; 0 when there is none.
func (m *merge) parted(ctx context.Context) (uint64, error) {
	old := map[int64]string{}
	read := func(into func(seq int64, hash string)) func(scanner) error {
		return func(sc scanner) error {
			var seq int64
			var hash string
			err := sc.Scan(&seq, &hash)
			into(seq, hash)
			return err
		}
	}
	// A fault of reading the old file ends it: what was read counts.
	_ = each(ctx, m.old.read, read(func(seq int64, hash string) { old[seq] = hash }), "SELECT seq, hash FROM diary")
	newest := int64(0)
	err := each(ctx, m, read(func(seq int64, hash string) {
		if old[seq] == hash && hash != "" {
			newest = max(newest, seq)
		}
	}), "SELECT seq, hash FROM diary")
	return uint64(newest), err
}

// readApart remembers the old lines since the parting, and keeps deleted what a
// person had deleted.
func (m *merge) readApart(ctx context.Context, parted uint64) error {
	var items []ledger.Item
	_ = each(ctx, m.old.read, func(sc scanner) error { // a fault of reading ends it
		it, err := scanItem(sc)
		if err == nil && it.Genuine() {
			items = append(items, it)
		}
		return err
	}, selectItems+" WHERE d.seq > ? ORDER BY d.seq", int64(parted))
	m.apart, m.partedAt = uint64(len(items)), parted
	for _, it := range items {
		m.log = append(m.log, it.Entry)
		if it.Kind != ledger.KindErased {
			continue
		}
		if _, err := m.ExecContext(ctx, eraseOf+" AND seq IN (SELECT seq FROM diary WHERE time <= ?)", it.Device, it.Time.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// branches reads all versions of both files.
func (m *merge) branches(ctx context.Context) (map[string]*branch, error) {
	const question = "SELECT id, version, at, body, sum FROM consent_version ORDER BY id, version"
	of := map[string]*branch{}
	get := func(id string) *branch {
		if of[id] == nil {
			of[id] = &branch{}
		}
		return of[id]
	}
	_ = each(ctx, m.old.read, func(sc scanner) error { // a fault of reading ends it
		r, err := scanVersion(sc)
		if c, bad := r.decode(); err == nil && bad == nil {
			b := get(r.id)
			b.there, b.rows = append(b.there, c), append(b.rows, r)
		}
		return err
	}, question)
	err := each(ctx, m, func(sc scanner) error {
		r, err := scanVersion(sc)
		if c, bad := r.decode(); err == nil && bad == nil {
			b := get(r.id)
			b.here, b.hereAt = append(b.here, c), r.at.Int64
		}
		return err
	}, question)
	return of, err
}

// related reports whether a permission was given in both files by the same decision.
func related(of map[string]*branch) bool {
	for _, b := range of {
		if len(b.here) > 0 && len(b.there) > 0 && b.here[0].Checksum() == b.there[0].Checksum() {
			return true
		}
	}
	return false
}

// join takes over what the old file has decided about one permission beyond the
// backup. versions gets the version of what was taken over.
func (m *merge) join(ctx context.Context, b *branch, versions map[string]int) error {
	if len(b.there) == 0 {
		return nil
	}
	last := len(b.there) - 1
	id := b.rows[last].id
	if goesOn, known := b.goesOn(); known {
		for i := goesOn; i <= last; i++ {
			if err := m.takeVersion(ctx, b.rows[i], b.there[i]); err != nil {
				return err
			}
		}
		if goesOn <= last {
			versions[id] = b.there[last].Version
			return m.deviceOf(ctx, b.there[last])
		}
		return nil
	}
	if !b.counts() {
		return nil
	}
	// Both went on: the old decision becomes one more version here.
	next := b.there[last]
	next.Version, next.PreviousHash = b.here[len(b.here)-1].Version+1, b.here[len(b.here)-1].Checksum()
	row, err := encodeConsent(next)
	if err != nil {
		return err
	}
	if err := errors.Join(m.makeRoom(ctx, row.id, row.version), m.appendVersion(ctx, row)); err != nil {
		return err
	}
	m.kept++
	m.taken[id]++
	versions[id] = next.Version
	return row.save(ctx, m.txn)
}

// goesOn is from where the old versions follow those of the backup; past the
// last when the backup has them all. known is false where both went on.
func (b *branch) goesOn() (from int, known bool) {
	if len(b.here) == 0 {
		return 0, true
	}
	newest := b.here[len(b.here)-1]
	for i, c := range b.there {
		if c.Version == newest.Version && c.Checksum() == newest.Checksum() {
			return i + 1, true
		}
		if c.Version == newest.Version+1 && c.PreviousHash == newest.Checksum() {
			return i, true
		}
	}
	last := b.there[len(b.there)-1]
	for _, c := range b.here {
		if c.Version == last.Version && c.Checksum() == last.Checksum() {
			return len(b.there), true
		}
	}
	return 0, false
}

// counts reports whether the old file's newest decision stands over the
// backup's: the later one does, and of two at once the one that ends.
func (b *branch) counts() bool {
	there := b.rows[len(b.rows)-1].at.Int64
	if there != b.hereAt {
		return there > b.hereAt
	}
	return b.here[len(b.here)-1].Decided.Live() && !b.there[len(b.there)-1].Decided.Live()
}

// deviceOf takes the device of a permission over that the backup does not know.
func (m *merge) deviceOf(ctx context.Context, c consent.Consent) error {
	var known int
	if err := m.QueryRowContext(ctx, "SELECT count(*) FROM device WHERE id = ?", string(c.Device)).Scan(&known); err != nil || known > 0 {
		return err
	}
	t := plain("device")
	var rows []plainRow
	_ = t.rows(ctx, m.old.read, func(r plainRow) error { // a fault of reading ends it
		if r.good && r.values[0] == string(c.Device) {
			rows = append(rows, r)
		}
		return nil
	})
	for _, r := range rows {
		if err := t.put(ctx, m.txn, r.values...); err != nil {
			return fmt.Errorf("taking %s over: %w", t.name, err)
		}
	}
	return nil
}

// actionsApart takes over what was done, and is to be done, for the decisions
// that were taken over and for clicks; open actions of the backup for those are
// needless.
func (m *merge) actionsApart(ctx context.Context, versions map[string]int) error {
	for id := range versions {
		if err := m.cancelOpen(ctx, []string{consent.MarkFor(consent.ID(id))}); err != nil {
			return err
		}
	}
	return m.actionsOf(ctx, func(a *consent.Action) bool {
		if a.Consent == "" {
			return true
		}
		version, taken := versions[string(a.Consent)]
		if a.State.Open() {
			a.Version = version // as the decision that asked for it is numbered now
		}
		return taken
	})
}
