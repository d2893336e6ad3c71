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

// saveConsents writes the rows of permissions. One that is there is changed where it
// lies, which costs less than to replace it.
func saveConsents(ctx context.Context, t *txn, rows ...consentRow) error {
	values := make([][]any, len(rows))
	for i, r := range rows {
		values[i] = []any{r.id, r.version, r.device, r.decided, r.due, r.seen, r.seenAt, r.seenBy, r.body, r.sum}
	}
	return t.insert(ctx, "INSERT INTO consent("+consentColumns+")", values,
		" ON CONFLICT(id) DO UPDATE SET version = excluded.version, device = excluded.device, decided = excluded.decided, due_at = excluded.due_at,"+
			" seen = excluded.seen, seen_at = excluded.seen_at, seen_by = excluded.seen_by, body = excluded.body, sum = excluded.sum")
}

func (r consentRow) save(ctx context.Context, t *txn) error { return saveConsents(ctx, t, r) }

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
		return consent.Consent{}, words.New("its columns and its body differ")
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
		return words.Errorf("a permission cannot be %q", c.Decided)
	}
	switch {
	case c.ID == "", c.Device == "", c.Version < 1:
		return words.New("a permission needs an id, a device and a version")
	case c.SchemaVersion > consent.SchemaVersion:
		return words.Errorf("the record is of the newer format %d", c.SchemaVersion)
	case c.Decided.Live() && c.DueAt().IsZero() && c.Term.Kind != consent.NoEnd:
		return words.New("a live permission needs an end")
	}
	return nil
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
		return consent.Consent{}, words.Errorf("permission %s: %w", id, errors.Join(ErrQuarantined, consent.ErrNotFound))
	}
	return consent.Consent{}, words.Errorf("permission %s: %w", id, consent.ErrNotFound)
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
		err = words.New("its columns and its body differ")
	}
	c.Seen = consent.NotChecked
	return c, err
}
