package adguardhome

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery/flow"
)

// Observe reads the log from the cursor on and then every few seconds. What was
// asked while nobody looked is read later, as far as the log goes back.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	p, known := readPlace(from)
	config := func(ctx context.Context) error {
		c, err := s.readLogConfig(ctx)
		if err == nil {
			s.watch.logging(c)
		}
		return err
	}
	look := func(ctx context.Context) (bool, error) { return s.look(ctx, &p, &known, emit) }
	return s.ObserveLog(ctx, &s.watch.Watch, emit, config, look)
}

// look brings p up to the newest row and gives what is new.
func (s *Session) look(ctx context.Context, p *place, known *bool, emit dnsblock.Emit) (gave bool, err error) {
	if !*known { // from now: what is there already is not ours
		return true, s.start(ctx, p, known, emit)
	}
	for more := p.Down != ""; ; more = false { // what a pause has cut off comes first
		some, err := s.descend(ctx, p, emit)
		gave = gave || some
		if err != nil || !more {
			return gave, err
		}
	}
}

// start marks the newest row as the place to begin after.
func (s *Session) start(ctx context.Context, p *place, known *bool, emit dnsblock.Emit) error {
	pg, err := s.readLog(ctx, smallPage, "", "")
	if err != nil {
		return err
	}
	*p = place{}
	if len(pg.rows) > 0 {
		p.begin(pg.rows[0].at)
		for _, r := range pg.rows {
			p.take(r)
		}
		p.done()
	}
	*known = true
	emit(nil, p.cursor())
	return nil
}

// descend reads from Down, or from the newest row, to Mark. While a page is
// stored, the one below it is on its way.
func (s *Session) descend(ctx context.Context, p *place, emit dnsblock.Emit) (gave bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	limit, fresh := largePage, p.Down == ""
	if fresh {
		limit = smallPage
	}
	ask := func(limit int, from string) func() (page, error) {
		return dnsblock.Ahead(func() (page, error) { return s.readLog(ctx, limit, from, "") })
	}
	asked, next := p.Down, ask(limit, p.Down)
	defer func() { stop(); _, _ = next() }() // nothing is asked when it has returned
	var last []row                           // the page before, to find a way on where its end is not found again
	for {
		pg, err := next()
		if err == nil && len(pg.rows) == 0 && p.Down != "" {
			end, bad := time.Parse(time.RFC3339Nano, p.Down)
			if bad == nil {
				pg, err = s.wayOn(ctx, end, last)
			}
		}
		if err != nil {
			return gave, err
		}
		if len(pg.rows) == 0 {
			return s.finish(p, gave, false, emit), nil
		}
		switch {
		case fresh:
			p.begin(pg.rows[0].at)
			fresh, limit = false, largePage
		case pg.limit > 0: // fewer, where so many were too large an answer
			limit = min(limit, pg.limit)
		}
		end := pg.rows[len(pg.rows)-1].at
		below := cmp.Or(pg.oldest, end.Format(time.RFC3339Nano))
		leads := older(below, asked)
		if leads && !p.meets(end) {
			next = ask(limit, below)
		}
		some, arrived := s.give(p, pg, emit)
		gave = gave || some
		if arrived || !leads { // what it was asked for before leads nowhere
			return s.finish(p, gave, arrived, emit), nil
		}
		last, asked, p.Down = pg.rows, below, below
	}
}

// older reports whether a page that ends at now has led on from where it was asked
// for; all do where that was the top.
func older(now, asked string) bool {
	to, bad := time.Parse(time.RFC3339Nano, now)
	from, none := time.Parse(time.RFC3339Nano, asked)
	return bad == nil && (none != nil || to.Before(from))
}

// finish ends a descent, and says so where the log ended before the place was
// met to which everything had been given.
func (s *Session) finish(p *place, gave, arrived bool, emit dnsblock.Emit) bool {
	if !arrived && !p.Touched && !p.Mark.IsZero() {
		s.watch.Gap(1)
		s.Log.Warn("the query log no longer reaches back to where we left it", "left", p.Mark.UTC().Format(time.RFC3339))
		if p.Top.IsZero() { // it was emptied, and nothing is there yet
			*p = place{}
			emit(nil, p.cursor())
			return gave
		}
	}
	if now, ok := s.Seat.Web.PeerNow(); ok && p.Mark.After(now.Add(time.Minute)) {
		// Its clock was set back. What came since stands below what we know.
		s.watch.Gap(1)
		p.done()
		p.Mark, p.Seen, p.Floor = now, nil, now
		emit(nil, p.cursor())
		return gave
	}
	if p.Top.IsZero() {
		return gave
	}
	moved := !p.Top.Equal(p.Mark)
	p.done()
	if moved {
		emit(nil, p.cursor())
	}
	return gave
}

// wayOn looks for a way past the end of a page that is not found again: the log
// looks a moment up by halving, and fails where rows stand out of order. The rows
// before it are tried; at last everything is counted through from the top.
func (s *Session) wayOn(ctx context.Context, end time.Time, last []row) (page, error) {
	for _, back := range []int{2, 5, 20} {
		if back > len(last) {
			break
		}
		pg, err := s.readLog(ctx, largePage, last[len(last)-back].at.Format(time.RFC3339Nano), "")
		if err != nil {
			return page{}, err
		}
		if below, met := pg.below(end); met {
			return below, nil // with nothing below it, the log really ends there
		}
	}
	for offset := 0; offset < maxLog; offset += largePage { // rows that come meanwhile push others down, so none is passed over
		pg, err := s.readLogAt(ctx, offset)
		if err != nil || len(pg.rows) == 0 {
			return page{}, err
		}
		if below, _ := pg.below(end); len(below.rows) > 0 {
			return below, nil
		}
	}
	return page{}, nil
}

// maxLog is how many rows are counted through at the most.
const maxLog = 10_000_000

// below is the part of a page that is older than end; met says that the page
// shows the row at end itself.
func (pg page) below(end time.Time) (out page, met bool) {
	out.oldest = pg.oldest
	for i, r := range pg.rows {
		met = met || r.at.Equal(end)
		if r.at.Before(end) {
			out.rows = pg.rows[i:]
			break
		}
	}
	return out, met
}

// give emits the new rows of a page, in batches that carry each their own place.
func (s *Session) give(p *place, pg page, emit dnsblock.Emit) (gave, arrived bool) {
	var sums dnsblock.Tally
	n := 0
	var down time.Time
	ahead, masked := s.Seat.Web.Ahead(), s.watch.isMasked()
	flush := func() {
		if !down.IsZero() {
			p.Down = down.Format(time.RFC3339Nano)
		}
		if recs := sums.Records(s.Source); len(recs) > 0 {
			gave = true
			emit(recs, p.cursor())
		}
		n = 0
	}
	for _, r := range pg.rows {
		isNew, over := p.take(r)
		if over {
			arrived = true
			break
		}
		if isNew {
			at := r.at.Add(-ahead)
			if masked { // what stands there is nobody's address
				r.client = netip.Addr{}
			}
			s.watch.Took(r.client, at)
			sums.Add(dnsblock.Question{Client: r.client, Name: r.name, At: at, Refused: r.refused, Answers: r.answers})
			n++
		}
		down = r.at
		if n == connectors.MaxBatch {
			flush()
		}
	}
	if arrived { // the place of the last batch is that of the whole descent
		end := *p
		end.done()
		if recs := sums.Records(s.Source); len(recs) > 0 {
			gave = true
			emit(recs, end.cursor())
		}
		return gave, true
	}
	flush()
	return gave, false
}
