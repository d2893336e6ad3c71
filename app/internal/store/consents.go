package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// consentRow is a row of the table consent.
type consentRow struct {
	id, device, decided, seen, seenBy, body string
	version                                 int64
	due, seenAt                             sql.NullInt64
	sum                                     []byte
}

const consentColumns = "id, version, device, decided, due_at, seen, seen_at, seen_by, body, sum"

// believed leaves out rows that were set aside.
const believed = " AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.place = 'consent' AND q.key = consent.id)"

// encodeConsent splits c into columns. The body is the decision alone; the
// third axis lives in columns of its own.
func encodeConsent(c consent.Consent) (consentRow, error) {
	r := consentRow{
		id: string(c.ID), version: int64(c.Version), device: string(c.Device), decided: string(c.Decided),
		due: msUp(c.DueAt()), seen: string(c.Seen), seenAt: ms(c.SeenAt), seenBy: string(c.SeenBy),
	}
	c.Seen, c.SeenAt, c.SeenBy = "", time.Time{}, ""
	var err error
	if r.body, err = toJSON(c); err != nil {
		return r, err
	}
	r.sum = r.checksum()
	return r, nil
}

func (r consentRow) checksum() []byte {
	return rowSum("consent", r.id, r.version, r.device, r.decided, r.due, r.seen, r.seenAt, r.seenBy, r.body)
}

func (r *consentRow) scan(s scanner) error {
	return s.Scan(&r.id, &r.version, &r.device, &r.decided, &r.due, &r.seen, &r.seenAt, &r.seenBy, &r.body, &r.sum)
}

// saveConsent changes a row where it lies, which costs less than to replace it.
const saveConsent = "INSERT INTO consent(" + consentColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?)" +
	" ON CONFLICT(id) DO UPDATE SET version = excluded.version, device = excluded.device, decided = excluded.decided, due_at = excluded.due_at," +
	" seen = excluded.seen, seen_at = excluded.seen_at, seen_by = excluded.seen_by, body = excluded.body, sum = excluded.sum"

func (r consentRow) save(ctx context.Context, t *txn) error {
	_, err := t.ExecContext(ctx, saveConsent,
		r.id, r.version, r.device, r.decided, r.due, r.seen, r.seenAt, r.seenBy, r.body, r.sum)
	return err
}

// decode gives the consent, or why the row cannot be believed.
func (r consentRow) decode() (consent.Consent, error) {
	if string(r.checksum()) != string(r.sum) {
		return consent.Consent{}, errSum
	}
	c, err := decodeBody(r.body)
	if err != nil {
		return consent.Consent{}, err
	}
	if string(c.ID) != r.id || int64(c.Version) != r.version || string(c.Decided) != r.decided || msUp(c.DueAt()) != r.due {
		return consent.Consent{}, errors.New("its columns and its body differ")
	}
	c.Seen, c.SeenAt, c.SeenBy = consent.Seen(r.seen), fromMS(r.seenAt), discovery.Source(r.seenBy)
	return c, nil
}

func decodeBody(body string) (consent.Consent, error) {
	var c consent.Consent
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		return c, fmt.Errorf("reading the record: %w", err)
	}
	return c, checkConsent(c)
}

// checkConsent refuses what must never be stored: nothing becomes live from
// garbage, and nothing live is without an end unless a person chose so.
func checkConsent(c consent.Consent) error {
	switch c.Decided {
	case consent.Unknown, consent.Requested, consent.Deferred, consent.Given, consent.Renewed, consent.Refused,
		consent.Expired, consent.Withdrawn, consent.Revoked, consent.Invalidated:
	default:
		return fmt.Errorf("a permission cannot be %q", c.Decided)
	}
	switch {
	case c.ID == "", c.Device == "", c.Version < 1:
		return errors.New("a permission needs an id, a device and a version")
	case c.SchemaVersion > consent.SchemaVersion:
		return fmt.Errorf("the record is of the newer format %d", c.SchemaVersion)
	case c.Decided.Live() && c.DueAt().IsZero() && c.Term.Kind != consent.NoEnd:
		return errors.New("a live permission needs an end")
	}
	return nil
}

// Decide writes a decision with everything that follows from it durably in one
// transaction; consent.ErrChanged when another version is stored than d.Expect.
// Open actions of the consent's own mark and of d's actions' marks are
// cancelled, running ones too: whoever runs them learns it from SaveAction.
func (s *Store) Decide(ctx context.Context, d consent.Decision) error {
	return s.DecideAll(ctx, []consent.Decision{d})
}

// DecideAll is Decide for several decisions in one transaction: all are written,
// or none, and then the first fault is given.
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
		// The transaction as a whole ends with ctx; to watch it for each of its
		// short statements costs more than they do.
		each := context.WithoutCancel(ctx)
		for i, d := range ds {
			if err := errors.Join(ctx.Err(), c.decide(each, d, rows[i])); err != nil {
				return err
			}
		}
		return nil
	}, TopicConsents, TopicActions)
}

// decide writes one decision.
func (c *change) decide(ctx context.Context, d consent.Decision, row consentRow) error {
	before, err := c.expect(ctx, d)
	if err != nil {
		return err
	}
	if body := keepUnknown(before, row.body); body != row.body {
		row.body = body
		row.sum = row.checksum()
	}
	if err := c.appendVersion(ctx, row); err != nil {
		return err
	}
	if err := row.save(ctx, c.txn); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, "DELETE FROM quarantine WHERE place = 'consent' AND key = ?", row.id); err != nil {
		return err
	}
	marks := []string{consent.MarkFor(d.Consent.ID)}
	for _, a := range d.Actions {
		marks = append(marks, a.Mark)
	}
	if err := c.cancelOpen(ctx, marks); err != nil {
		return err
	}
	if _, err := c.addActions(ctx, d.Actions); err != nil {
		return err
	}
	return c.note(ctx, d.Notes)
}

// expect compares the stored version with the one that the decision was made
// on, and gives its body, "" when there is none.
func (c *change) expect(ctx context.Context, d consent.Decision) (body string, err error) {
	var row consentRow
	err = row.scan(c.QueryRowContext(ctx, "SELECT "+consentColumns+" FROM consent WHERE id = ?", string(d.Consent.ID)))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if d.Expect != 0 {
			return "", fmt.Errorf("deciding: %w", consent.ErrNotFound)
		}
		return "", nil
	case err != nil:
		return "", err
	case row.version != int64(d.Expect):
		return "", consent.ErrChanged
	}
	return row.body, nil
}

func (c *change) appendVersion(ctx context.Context, r consentRow) error {
	at := ms(c.s.cfg.Now())
	_, err := c.ExecContext(ctx, "INSERT INTO consent_version(id, version, at, body, sum) VALUES(?,?,?,?,?)",
		r.id, r.version, at, r.body, versionSum(r.id, r.version, at, r.body))
	return err
}

func versionSum(id string, version int64, at sql.NullInt64, body string) []byte {
	return rowSum("consent_version", id, version, at, body)
}

// Consents lists the newest versions, the one that ends first at the top.
// Damaged records are left out; see Quarantine.
func (s *Store) Consents(ctx context.Context) ([]consent.Consent, error) {
	return s.consents(ctx, "1=1"+believed+" ORDER BY due_at IS NULL, due_at, id")
}

// ConsentsOf lists the newest versions of one device, merged entries included.
func (s *Store) ConsentsOf(ctx context.Context, id discovery.DeviceID) ([]consent.Consent, error) {
	in, args := placeholders(s.group(id))
	return s.consents(ctx, "device IN ("+in+")"+believed+" ORDER BY due_at IS NULL, due_at, id", args...)
}

// consents reads rows, and sets aside those that cannot be believed. One that
// its history could heal is read once more.
func (s *Store) consents(ctx context.Context, where string, args ...any) ([]consent.Consent, error) {
	out, bad, err := s.readConsents(ctx, where, args)
	if err == nil && len(bad) > 0 {
		s.setAside(ctx, bad)
		out, _, err = s.readConsents(ctx, where, args)
	}
	if err != nil {
		return nil, classify(s.evidence.path, fmt.Errorf("reading permissions: %w", err))
	}
	return out, nil
}

func (s *Store) readConsents(ctx context.Context, where string, args []any) (out []consent.Consent, bad []badRow, err error) {
	err = each(ctx, s.evidence, func(sc scanner) error {
		var r consentRow
		if err := r.scan(sc); err != nil {
			return err
		}
		c, err := r.decode()
		if err != nil {
			bad = append(bad, badRow{"consent", r.id, err.Error()})
			return nil
		}
		out = append(out, c)
		return nil
	}, "SELECT "+consentColumns+" FROM consent WHERE "+where, args...)
	return out, bad, err
}

// Consent returns the newest version, or consent.ErrNotFound; together with
// ErrQuarantined when it is there and cannot be believed.
func (s *Store) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	cs, err := s.consents(ctx, "id = ?"+believed, string(id))
	if err != nil {
		return consent.Consent{}, err
	}
	if len(cs) == 1 {
		return cs[0], nil
	}
	var n int
	if err := s.evidence.read.QueryRowContext(ctx, "SELECT count(*) FROM consent WHERE id = ?", string(id)).Scan(&n); err != nil {
		return consent.Consent{}, classify(s.evidence.path, err)
	}
	if n > 0 {
		return consent.Consent{}, fmt.Errorf("permission %s: %w", id, errors.Join(ErrQuarantined, consent.ErrNotFound))
	}
	return consent.Consent{}, fmt.Errorf("permission %s: %w", id, consent.ErrNotFound)
}

// ConsentVersions lists all versions of a permission, oldest first.
func (s *Store) ConsentVersions(ctx context.Context, id consent.ID) ([]consent.Consent, error) {
	var out []consent.Consent
	var bad []badRow
	err := each(ctx, s.evidence, func(sc scanner) error {
		r, err := scanVersion(sc)
		if err != nil {
			return err
		}
		c, err := r.decode()
		if err != nil {
			bad = append(bad, badRow{"consent_version", r.key(), err.Error()})
			return nil
		}
		out = append(out, c)
		return nil
	}, "SELECT id, version, at, body, sum FROM consent_version WHERE id = ? ORDER BY version", string(id))
	if err != nil {
		return nil, classify(s.evidence.path, fmt.Errorf("reading versions of a permission: %w", err))
	}
	s.setAside(ctx, bad)
	return out, nil
}

// versionRow is a row of the table consent_version.
type versionRow struct {
	id, body string
	version  int64
	at       sql.NullInt64
	sum      []byte
}

func scanVersion(s scanner) (r versionRow, err error) {
	err = s.Scan(&r.id, &r.version, &r.at, &r.body, &r.sum)
	return r, err
}

func (r versionRow) key() string { return fmt.Sprintf("%s/%d", r.id, r.version) }

func (r versionRow) decode() (consent.Consent, error) {
	if string(versionSum(r.id, r.version, r.at, r.body)) != string(r.sum) {
		return consent.Consent{}, errSum
	}
	c, err := decodeBody(r.body)
	if err == nil && (string(c.ID) != r.id || int64(c.Version) != r.version) {
		err = errors.New("its columns and its body differ")
	}
	c.Seen = consent.NotChecked
	return c, err
}
