package store

import (
	"context"
	"database/sql"
	"iter"
	"strings"
	"time"

	"bestbefore/consent/ledger"
)

// VerifyDiary checks the whole diary against the sealed head and names the
// first entry that is altered or missing. An earlier seal that did not fit when
// the folder was opened is reported until Unseal.
func (s *Store) VerifyDiary(ctx context.Context) (ledger.Report, error) {
	sealed, fault := s.sealedHead()
	var broken error
	r := ledger.Verify(s.items(ctx, &broken), sealed)
	if broken != nil && ctx.Err() != nil {
		return r, ctx.Err()
	}
	if r.Fault == nil && fault != nil {
		r.Fault, r.Sealed = fault, false
	}
	return r, nil
}

// items reads the diary in order, in one snapshot. A fault of storage is given
// to the verifier as the place where the diary ends, and kept in *broken.
func (s *Store) items(ctx context.Context, broken *error) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		rows, err := s.evidence.read.QueryContext(ctx, selectPacked+" ORDER BY d.seq")
		if err != nil {
			*broken = err
			yield(ledger.Item{}, err)
			return
		}
		defer rows.Close() //nolint:errcheck // rows.Err below tells
		var p packed
		for rows.Next() {
			it, err := p.scan(rows)
			if !yield(it, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			*broken = err
			yield(ledger.Item{}, err)
		}
	}
}

// selectPacked reads the words of an entry as one value, which halves the time:
// handing a value over costs more than finding it. Only the last one, the
// text, may contain the separator; see scanPacked.
const selectPacked = `SELECT d.seq, d.format, d.time, d.kind||x'1f'||d.device||x'1f'||d.consent||x'1f'||d.action||x'1f'||d.text_hash||x'1f'||d.prev||x'1f'||d.hash||x'1f'||ifnull(t.text, ''),
	t.salt, t.erased FROM diary d LEFT JOIN diary_text t ON t.seq = d.seq`

// packed scans what selectPacked reads, each row into the same place: no row is
// kept. A separator within a word shifts all that follow, so that no other
// entry's words can come out: the hash would then be a part of the text.
type packed struct {
	seq, format, at, erased any // integers; the library hands over what it read without converting it
	words                   string
	salt                    sql.RawBytes
	text                    ledger.Text
}

func (p *packed) scan(sc scanner) (ledger.Item, error) {
	if err := sc.Scan(&p.seq, &p.format, &p.at, &p.words, &p.salt, &p.erased); err != nil {
		return ledger.Item{}, err
	}
	var w [7]string
	rest := p.words
	for i := range w {
		w[i], rest, _ = strings.Cut(rest, "\x1f")
	}
	seq, _ := p.seq.(int64)
	format, _ := p.format.(int64)
	at, _ := p.at.(int64)
	it := ledger.Item{Entry: ledger.Entry{
		Seq: uint64(seq), Format: int(format), Time: time.UnixMilli(at).UTC(), Kind: ledger.Kind(w[0]),
		Device: w[1], Consent: w[2], Action: w[3], TextHash: w[4], Prev: w[5], Hash: w[6],
	}}
	if erased, there := p.erased.(int64); there {
		p.text = ledger.Text{Seq: it.Seq, Salt: p.salt, Text: rest, Erased: erased != 0}
		it.Text = &p.text
	}
	return it, nil
}
