package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// most is how many entries one question may return.
const most = 1000

// Note writes lines into the diary.
func (s *Store) Note(ctx context.Context, notes ...ledger.Note) error {
	if len(notes) == 0 {
		return nil
	}
	return s.commit(ctx, func(c *change) error { return c.note(ctx, notes) })
}

// note chains lines in the transaction of what they tell.
func (c *change) note(ctx context.Context, notes []ledger.Note) error {
	if len(notes) == 0 {
		return nil
	}
	if !c.noted {
		head, err := headOf(c.QueryRowContext(ctx, newestEntry))
		if err != nil {
			return err
		}
		c.head, c.noted = head, true
	}
	salts := make([]byte, 16*len(notes))
	if _, err := rand.Read(salts); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	items := make([]ledger.Item, len(notes))
	for i, n := range notes {
		if n.Time.IsZero() {
			n.Time = c.s.cfg.Now()
		}
		var t ledger.Text
		items[i].Entry, t, c.head = ledger.Append(c.head, n, salts[16*i:16*i+16])
		items[i].Text = &t
	}
	if err := c.insertEntries(ctx, items); err != nil {
		return fmt.Errorf("writing the diary: %w", err)
	}
	return nil
}

func (c *change) insertEntries(ctx context.Context, items []ledger.Item) error {
	var entries, texts [][]any
	for _, x := range items {
		e, t := x.Entry, x.Text
		entries = append(entries, []any{int64(e.Seq), e.Format, e.Time.UnixMilli(), string(e.Kind), e.Device, e.Consent, e.Action, e.TextHash, e.Prev, e.Hash})
		salt := t.Salt
		if salt == nil {
			salt = []byte{} // erased; NULL is not allowed
		}
		texts = append(texts, []any{int64(t.Seq), salt, t.Text, t.Erased})
	}
	if err := c.insert(ctx, "INSERT INTO diary("+diaryColumns+")", entries, ""); err != nil {
		return err
	}
	// A text without its entry is the trace of tampering; it must not stop decisions.
	return c.insert(ctx, "INSERT OR REPLACE INTO diary_text(seq, salt, text, erased)", texts, "")
}

const (
	diaryColumns = "seq, format, time, kind, device, consent, action, text_hash, prev, hash"
	newestEntry  = "SELECT seq, hash FROM diary ORDER BY seq DESC LIMIT 1"
)

func headOf(row scanner) (ledger.Head, error) {
	var h ledger.Head
	err := row.Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Head{}, nil
	}
	return h, err
}

// scanItem reads a diary row joined with its text.
func scanItem(sc scanner) (ledger.Item, error) {
	var it ledger.Item
	var at sql.NullInt64
	var salt []byte
	var text sql.NullString
	var erased sql.NullBool
	err := sc.Scan(&it.Seq, &it.Format, &at, &it.Kind, &it.Device, &it.Consent, &it.Action, &it.TextHash, &it.Prev, &it.Hash, &salt, &text, &erased)
	it.Time = fromMS(at)
	if text.Valid {
		it.Text = &ledger.Text{Seq: it.Seq, Salt: salt, Text: text.String, Erased: erased.Bool}
	}
	return it, err
}

const selectItems = "SELECT d.seq, d.format, d.time, d.kind, d.device, d.consent, d.action, d.text_hash, d.prev, d.hash, t.salt, t.text, t.erased FROM diary d LEFT JOIN diary_text t ON t.seq = d.seq"

// Diary lists entries, newest first, at most 1,000 at a time.
func (s *Store) Diary(ctx context.Context, q ledger.Query) ([]ledger.Line, error) {
	where, args := []string{"1=1"}, []any(nil)
	add := func(cond string, as ...any) { where, args = append(where, cond), append(args, as...) }
	if q.Before > 0 {
		add("d.seq < ?", int64(min(q.Before, 1<<62)))
	}
	if q.Device != "" {
		in, as := placeholders(s.group(discovery.DeviceID(q.Device)))
		add("d.device IN ("+in+")", as...)
	}
	if q.Consent != "" {
		add("d.consent = ?", q.Consent)
	}
	if q.Text != "" {
		cond, as := s.holding(q)
		add(cond, as...)
	}
	limit := q.Limit
	if limit <= 0 || limit > most {
		limit = most
	}
	lines, err := all(ctx, s.evidence.read, func(sc scanner) (ledger.Line, error) {
		it, err := scanItem(sc)
		l := ledger.Line{Entry: it.Entry}
		if it.Text != nil {
			l.Text, l.Erased = it.Text.Text, it.Text.Erased
		}
		return l, err
	}, selectItems+" WHERE "+strings.Join(where, " AND ")+" ORDER BY d.seq DESC LIMIT ?", append(args, limit)...)
	return lines, classify(s.evidence.path, err)
}

// holding is the condition for the entries whose text holds what is searched
// for, and for those of the devices that are called so.
func (s *Store) holding(q ledger.Query) (string, []any) {
	cond, args := `t.text LIKE ? ESCAPE '\'`, []any{"%" + likeEscape.Replace(q.Text) + "%"}
	var named []string
	for _, id := range q.Named {
		named = append(named, s.group(discovery.DeviceID(id))...)
	}
	if len(named) == 0 {
		return cond, args
	}
	in, as := placeholders(named)
	return "(" + cond + " OR d.device IN (" + in + "))", append(args, as...)
}

var likeEscape = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// EraseText deletes the texts of a device's entries for good, merged entries
// included, and leaves a tombstone in the chain, which goes on to verify. It
// says how many texts were deleted.
func (s *Store) EraseText(ctx context.Context, device discovery.DeviceID, tombstone ledger.Note) (int, error) {
	ids := s.group(device)
	if !slices.Contains(ids, string(device)) {
		ids = append(ids, string(device))
	}
	n := 0
	err := s.commit(ctx, func(c *change) error {
		n = 0
		for _, id := range ids {
			res, err := c.ExecContext(ctx, eraseOf, id)
			if err != nil {
				return fmt.Errorf("deleting texts: %w", err)
			}
			gone, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if gone == 0 {
				continue
			}
			n += int(gone)
			t := tombstone
			t.Kind, t.Device = ledger.KindErased, id
			if err := c.note(ctx, []ledger.Note{t}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		return n, err
	}
	// The write-ahead log still holds the old pages, and backups the old texts.
	return n, errors.Join(s.evidence.checkpoint(ctx), s.renewBackups(ctx))
}

const eraseOf = `UPDATE diary_text SET salt = x'', text = '', erased = 1
	WHERE erased = 0 AND seq IN (SELECT seq FROM diary WHERE device = ? AND device <> '')`
