package pihole

import (
	"context"
	"errors"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery/flow"
)

const (
	// ripe is how old a row must be before it is taken: what became of a question
	// is written into its row a moment after the row is there.
	ripe = time.Second
	// unripeFor bounds that for clocks that differ.
	unripeFor = 5 * time.Second
)

// Observe reads the log from the cursor on and then every few seconds. What was
// asked while nobody looked is read later, as far as the log goes back.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	p, known := readPlace(from)
	look := func(ctx context.Context) (bool, error) { return s.look(ctx, &p, &known, emit) }
	return s.ObserveLog(ctx, &s.watch.Watch, emit, s.readConfig, look)
}

// look brings p up to the newest row and gives what is new.
func (s *Session) look(ctx context.Context, p *place, known *bool, emit dnsblock.Emit) (gave bool, err error) {
	if !*known { // from now: what is there already is not ours
		pg, err := s.readLog(ctx, question{limit: 1})
		if err != nil {
			return false, err
		}
		*p = place{}
		if len(pg.rows) > 0 {
			p.Mark, p.At = pg.rows[0].id, pg.rows[0].at
		}
		*known = true
		emit(nil, p.cursor())
		return true, nil
	}
	for more := p.Down > 0; ; more = false { // what a pause has cut off comes first
		some, err := s.descend(ctx, p, emit)
		gave = gave || some
		if err != nil || !more {
			return gave, err
		}
	}
}

// descend reads from Down, or from the newest row, to Mark.
func (s *Session) descend(ctx context.Context, p *place, emit dnsblock.Emit) (gave bool, err error) {
	ask := question{limit: smallPage}
	for begun := 0; ; {
		ask.from = p.since()
		if ask.cursor = 0; p.Down > 0 {
			ask.limit = largePage
			if ask.cursor = p.Down - 1; ask.cursor < max(p.Mark, 1) { // the row of Mark is looked at once more
				break
			}
		}
		pg, err := s.readLog(ctx, ask)
		if errors.Is(err, errCursor) || err == nil && p.Down == 0 && len(pg.rows) > 0 && pg.rows[0].id < p.Mark {
			s.watch.Gap(1) // how much was thrown away with the old log nobody knows
			s.Log.Warn("the query log was begun anew")
			p.anew()
			emit(nil, p.cursor())
			if begun++; begun > 1 { // it says so of whatever it is asked for; the next look may fare better
				break
			}
			ask = question{limit: smallPage}
			continue
		}
		if err != nil {
			return gave, err
		}
		if p.renumbered(pg) {
			s.watch.Gap(1)
			s.Log.Warn("the query log lost its newest rows, and uses their numbers again")
			p.again()
			emit(nil, p.cursor())
			continue
		}
		s.readReplies(ctx, p.Mark, pg)
		before := p.Down
		some, arrived := s.give(p, pg, before == 0, emit)
		gave = gave || some
		switch {
		case arrived, p.Down == 0 && len(pg.rows) > 0: // nothing new, or nothing ripe
		case before == 0 && p.Down > 0, p.Down < before: // a page of what was given already leads nowhere
			continue
		case !ask.disk: // its memory holds a day
			ask.disk = true
			continue
		default:
			s.ended(p)
		}
		break
	}
	if p.Top > p.Mark {
		p.done()
		emit(nil, p.cursor())
	}
	return gave, nil
}

// ended notes how many rows are missing where the log ended before the place was
// met to which all had been given.
func (s *Session) ended(p *place) {
	if n := p.Down - 1 - p.Mark; p.Down > 0 && p.Mark > 0 && n > 0 {
		s.watch.Gap(uint64(n))
		s.Log.Warn("the query log no longer reaches back to where we left it", "rows", n)
	}
}

// give emits the new rows of a page, in batches that carry each their own place.
func (s *Session) give(p *place, pg page, top bool, emit dnsblock.Emit) (gave, arrived bool) {
	var sums dnsblock.Tally
	n := 0
	ahead := s.Seat.Web.Ahead()
	flush := func() {
		if recs := sums.Records(s.Source); len(recs) > 0 {
			gave = true
			emit(recs, p.cursor())
		}
		n = 0
	}
	for _, r := range pg.rows {
		if r.id <= p.Mark {
			arrived = true
			break
		}
		if p.Down > 0 && r.id >= p.Down { // given already
			continue
		}
		at := r.at.Add(-ahead)
		if young := s.Now().Sub(at); top && p.Top == 0 && young < ripe && young > -unripeFor {
			continue
		}
		if p.Top == 0 {
			p.Top, p.TopAt = r.id, r.at
		}
		p.Down = r.id
		if p.Log > 0 && p.Mark == 0 && !r.at.After(p.At) { // of the log before: a copy was put back
			continue
		}
		s.watch.Took(r.client, at)
		sums.Add(dnsblock.Question{Client: r.client, Name: r.name, At: at, Refused: r.refused, Answers: s.replies.answers(r)})
		if n++; n == connectors.MaxBatch {
			flush()
		}
	}
	if arrived && p.Top > 0 { // the place of the last batch is that of the whole descent
		end := *p
		end.done()
		if recs := sums.Records(s.Source); len(recs) > 0 {
			gave = true
			emit(recs, end.cursor())
		}
		return gave, true
	}
	flush()
	return gave, arrived
}
