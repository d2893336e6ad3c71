package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

const (
	hourMS    = int64(time.Hour / time.Millisecond)
	dayMS     = 24 * hourMS
	batch     = 50      // rows a statement
	cached    = 20_000  // devices and routes remembered between batches
	maxBytes  = 1 << 40 // of one record; more is a lie
	maxRowSum = 1 << 48 // of one row, so that no sum over rows can overflow
	maxDomain = 253
	maxWord   = 64
	maxAhead  = 24 * time.Hour // a source's clock further ahead than this is not believed
	maxSource = 128
)

// route is what a row of traffic is about.
type route struct {
	domain, address, protocol, source, categories string
	port                                          uint16
	refused                                       bool
}

type routeRef struct{ n, day int64 }

// ingest remembers the numbers of devices and routes. It is used by the
// holder of flows.mu only.
type ingest struct {
	devices     map[string]int64
	routes      map[route]routeRef
	summed      map[int64]int64 // the hour up to which a device's days are in overview
	raw, hourly *inserter
	days        *inserter
}

func newIngest(ctx context.Context, f *file) (*ingest, error) {
	const rawHead = "INSERT INTO flow(device, last, route, span, up, down, n) VALUES"
	const rawTail = ` ON CONFLICT DO UPDATE SET span = max(span, excluded.span), up = min(up + excluded.up, 281474976710656),
		down = min(down + excluded.down, 281474976710656), n = min(n + excluded.n, 281474976710656)`
	const hourColumns = "(device, hour, route, up, down, n, first, last) VALUES"
	const hourTail = ` ON CONFLICT DO UPDATE SET up = min(up + excluded.up, 281474976710656), down = min(down + excluded.down, 281474976710656),
		n = min(n + excluded.n, 281474976710656), first = min(first, excluded.first), last = max(last, excluded.last)`
	i := &ingest{devices: map[string]int64{}, routes: map[route]routeRef{}, summed: map[int64]int64{}}
	var err error
	if i.raw, err = newInserter(ctx, f, rawHead, 7, rawTail); err != nil {
		return nil, err
	}
	if i.hourly, err = newInserter(ctx, f, "INSERT INTO hourly"+hourColumns, 8, hourTail); err != nil {
		return nil, err
	}
	i.days, err = newInserter(ctx, f, "INSERT INTO overview"+hourColumns, 8, hourTail)
	return i, err
}

// forget drops what a transaction that failed may have put in.
func (i *ingest) forget() {
	clear(i.devices)
	clear(i.routes)
	clear(i.summed)
	for _, x := range []*inserter{i.raw, i.hourly, i.days} {
		x.args = x.args[:0]
	}
}

type rawKey struct{ device, last, route int64 }

func (k rawKey) compare(o rawKey) int {
	return cmp.Or(cmp.Compare(k.device, o.device), cmp.Compare(k.last, o.last), cmp.Compare(k.route, o.route))
}

type rawRow struct{ span, up, down, n int64 }

type hourKey struct{ device, hour, route int64 }

func (k hourKey) compare(o hourKey) int {
	return cmp.Or(cmp.Compare(k.device, o.device), cmp.Compare(k.hour, o.hour), cmp.Compare(k.route, o.route))
}

type hourRow struct{ up, down, n, first, last int64 }

// AddFlows stores records, their hourly sums and the cursor that follows them
// in one transaction, so that a source resumes exactly after what is stored.
// On a nearly full disk it stores nothing and says so (ErrFull): the room that
// is left belongs to the evidence.
func (s *Store) AddFlows(ctx context.Context, source string, recs []flow.Record, cursor connectors.Cursor) error {
	if len(recs) > 0 && s.room.tooLittle() {
		return &FileError{Kind: ErrFull, File: s.cfg.Dir}
	}
	s.flows.mu.Lock()
	defer s.flows.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// A batch takes milliseconds, and is ended rather than broken off: for each
	// statement that can be broken off, the driver starts a goroutine and waits for
	// it, which on a busy computer takes far longer than the statement.
	ctx = context.WithoutCancel(ctx)
	if len(s.ingest.devices) > cached || len(s.ingest.routes) > cached {
		s.ingest.forget()
	}
	err := s.flows.tx(ctx, func(t *txn) error {
		if err := s.addRecords(ctx, t, recs); err != nil {
			return err
		}
		if cursor == nil {
			return nil
		}
		at := s.cfg.Now().UnixMilli()
		_, err := t.ExecContext(ctx, "INSERT OR REPLACE INTO place(source, cursor, at, sum) VALUES(?,?,?,?)",
			source, []byte(cursor), at, rowSum("place", source, []byte(cursor), at))
		return err
	})
	if err != nil {
		s.ingest.forget()
		return fmt.Errorf("storing flows: %w", err)
	}
	if len(recs) > 0 {
		s.cfg.Changed(TopicFlows)
	}
	return nil
}

func (s *Store) addRecords(ctx context.Context, t *txn, recs []flow.Record) error {
	raw, hours := map[rawKey]rawRow{}, map[hourKey]hourRow{}
	now := s.cfg.Now()
	for _, r := range recs {
		r = bounded(r, now)
		last := r.Last.UnixMilli()
		device, err := s.ingest.device(ctx, t, string(r.Device))
		if err != nil {
			return err
		}
		way, err := s.ingest.route(ctx, t, routeOf(r), last/dayMS)
		if err != nil {
			return err
		}
		span, up, down, n := last-r.First.UnixMilli(), int64(r.Up), int64(r.Down), int64(r.Count)
		rk := rawKey{device, last, way}
		a := raw[rk]
		raw[rk] = rawRow{max(a.span, span), a.up + up, a.down + down, a.n + n}
		hk := hourKey{device, last / hourMS, way}
		off := last % hourMS
		h, old := hours[hk]
		if !old {
			h.first, h.last = off-span, off
		}
		hours[hk] = hourRow{h.up + up, h.down + down, h.n + n, min(h.first, off-span), max(h.last, off)}
	}
	for _, k := range inOrder(raw, rawKey.compare) {
		r := raw[k]
		if err := s.ingest.raw.add(ctx, t, k.device, k.last, k.route, r.span, min(r.up, maxRowSum), min(r.down, maxRowSum), min(r.n, maxRowSum)); err != nil {
			return err
		}
	}
	for _, k := range inOrder(hours, hourKey.compare) {
		r := hours[k]
		r.up, r.down, r.n = min(r.up, maxRowSum), min(r.down, maxRowSum), min(r.n, maxRowSum)
		if err := s.ingest.hour(ctx, t, k, r); err != nil {
			return err
		}
	}
	return errors.Join(s.ingest.raw.flush(ctx, t), s.ingest.hourly.flush(ctx, t), s.ingest.days.flush(ctx, t))
}

// inOrder are the keys of m in the order in which their rows lie in the file, so
// that what lies together is written together.
func inOrder[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}

// hour adds to an hour, and to its day where that is added up already.
func (i *ingest) hour(ctx context.Context, t *txn, k hourKey, r hourRow) error {
	summed, ok := i.summed[k.device]
	if !ok {
		var err error
		if summed, err = summedUntil(ctx, t, k.device); err != nil {
			return err
		}
		i.summed[k.device] = summed
	}
	if k.hour < summed {
		off := k.hour % 24 * hourMS
		if err := i.days.add(ctx, t, k.device, k.hour-k.hour%24, k.route, r.up, r.down, r.n, off+r.first, off+r.last); err != nil {
			return err
		}
	}
	return i.hourly.add(ctx, t, k.device, k.hour, k.route, r.up, r.down, r.n, r.first, r.last)
}

// bounded makes the numbers and words of a record, which come from the network,
// harmless: no overflow, no time outside of what can be stored, no long text.
func bounded(r flow.Record, now time.Time) flow.Record {
	if r.Last.IsZero() || r.Last.UnixMilli() < 0 || r.Last.After(now.Add(maxAhead)) {
		r.Last = now
	}
	if r.First.IsZero() || r.First.After(r.Last) || r.First.UnixMilli() < 0 {
		r.First = r.Last
	}
	r.Up, r.Down = min(r.Up, maxBytes), min(r.Down, maxBytes)
	r.Count = min(max(r.Count, 1), maxBytes)
	r.Destination.Domain = clip(r.Destination.Domain, maxDomain)
	r.Protocol = flow.Protocol(clip(string(r.Protocol), maxWord))
	r.Source = discovery.Source(clip(string(r.Source), maxSource))
	r.Categories = kinds(r.Categories)
	return r
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

func routeOf(r flow.Record) route {
	w := route{domain: r.Destination.Domain, protocol: string(r.Protocol), source: string(r.Source), port: r.Port, refused: r.Refused, categories: r.Categories}
	if r.Destination.Address.IsValid() {
		w.address = r.Destination.Address.Unmap().WithZone("").String()
	}
	return w
}

func (i *ingest) device(ctx context.Context, t *txn, id string) (int64, error) {
	if n, ok := i.devices[id]; ok {
		return n, nil
	}
	var n int64
	err := t.QueryRowContext(ctx, "INSERT INTO device(id, sum) VALUES(?,?) ON CONFLICT(id) DO UPDATE SET id = id RETURNING n", id, rowSum("device", id)).Scan(&n)
	if err == nil {
		i.devices[id] = n
	}
	return n, err
}

// sum is the checksum of its row.
func (w route) sum() []byte {
	refused := int64(0)
	if w.refused {
		refused = 1
	}
	return rowSum("route", w.domain, w.address, w.protocol, int64(w.port), w.source, refused, w.categories)
}

// route gives the number of a route and keeps the day of its last use.
func (i *ingest) route(ctx context.Context, t *txn, w route, day int64) (int64, error) {
	ref, ok := i.routes[w]
	if ok && ref.day >= day {
		return ref.n, nil
	}
	err := t.QueryRowContext(ctx, `INSERT INTO route(domain, address, protocol, port, source, refused, categories, day, sum) VALUES(?,?,?,?,?,?,?,?,?)
		ON CONFLICT DO UPDATE SET day = max(day, excluded.day) RETURNING n, day`,
		w.domain, w.address, w.protocol, int64(w.port), w.source, w.refused, w.categories, day, w.sum()).Scan(&ref.n, &ref.day)
	if err == nil {
		i.routes[w] = ref
	}
	return ref.n, err
}

// inserter gathers rows into statements of many rows, which halves the cost of
// each. Both statements are prepared once.
type inserter struct {
	many, one *sql.Stmt
	columns   int
	args      []any
}

func newInserter(ctx context.Context, f *file, head string, columns int, tail string) (*inserter, error) {
	i := &inserter{columns: columns, args: make([]any, 0, batch*columns)}
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	var err error
	if i.many, err = f.write.PrepareContext(ctx, head+strings.TrimSuffix(strings.Repeat(row+",", batch), ",")+tail); err != nil {
		return nil, fmt.Errorf("preparing to store flows: %w", err)
	}
	if i.one, err = f.write.PrepareContext(ctx, head+row+tail); err != nil {
		return nil, fmt.Errorf("preparing to store flows: %w", err)
	}
	return i, nil
}

func (i *inserter) add(ctx context.Context, t *txn, row ...any) error {
	i.args = append(i.args, row...)
	if len(i.args) < batch*i.columns {
		return nil
	}
	_, err := t.StmtContext(ctx, i.many).ExecContext(ctx, i.args...) //nolint:sqlclosecheck // it is closed with its transaction
	i.args = i.args[:0]
	return err
}

// flush writes what is left, row by row.
func (i *inserter) flush(ctx context.Context, t *txn) error {
	one := t.StmtContext(ctx, i.one) //nolint:sqlclosecheck // it is closed with its transaction
	for a := i.args; len(a) > 0; a = a[i.columns:] {
		if _, err := one.ExecContext(ctx, a[:i.columns]...); err != nil {
			return err
		}
	}
	i.args = i.args[:0]
	return nil
}

// Cursor is where a source goes on; nil when it never stored anything.
func (s *Store) Cursor(ctx context.Context, source string) (connectors.Cursor, error) {
	var c []byte
	err := s.flows.read.QueryRowContext(ctx, "SELECT cursor FROM place WHERE source = ?", source).Scan(&c)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return c, classify(s.flows.path, err)
}

// destination is the reverse of routeOf.
func destination(domain, address string) flow.Destination {
	d := flow.Destination{Domain: domain}
	if a, err := netip.ParseAddr(address); err == nil {
		d.Address = a
	}
	return d
}
