package recipe

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// batchMax is how many records one batch holds; pagesMax how many full answers
// are read one after the other before it waits all the same.
const (
	batchMax = 500
	pagesMax = 20
)

// place is how far observing has come: the largest cursor, and which rows with
// just that cursor were taken, since most peers give those once more.
type place struct {
	At   string   `json:"at"`
	Seen []string `json:"seen,omitempty"`
}

// Observe asks again and again for what is newer.
func (s *session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	o := s.r.Observe
	every, err := time.ParseDuration(o.Every)
	if err != nil {
		return connectors.Fault(consent.KindPermanent, words.Text("The recipe does not say how often to ask."), err)
	}
	var p place
	if len(from) == 0 || json.Unmarshal(from, &p) != nil || p.At == "" {
		if p.At, err = s.valueOf(ctx, newScope(nil))(o.First); err != nil {
			return err
		}
	}
	for {
		for page := 0; page < pagesMax; page++ {
			full, err := s.poll(ctx, &p, emit)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return err
			}
			if !full {
				break
			}
		}
		t := time.NewTimer(every)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// poll asks once, and says whether there may be more at once.
func (s *session) poll(ctx context.Context, p *place, emit func([]flow.Record, connectors.Cursor)) (bool, error) {
	o := s.r.Observe
	rows, err := s.list(ctx, o.Request, o.Rows, newScope(map[string]string{"cursor": p.At}))
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	s.mu.Lock()
	s.alive = s.h.Now()
	s.mu.Unlock()
	slices.SortStableFunc(rows, func(a, b row) int { return later(a.fields[o.Cursor], b.fields[o.Cursor]) })
	var recs []flow.Record
	moved := false
	for _, r := range rows {
		if !p.step(r, o.Cursor) {
			continue
		}
		moved = true
		if rec, ok, err := s.record(ctx, r); err != nil {
			return false, err
		} else if ok {
			recs = append(recs, rec)
		}
		if len(recs) == batchMax {
			emit(recs, p.cursor())
			recs = nil
		}
	}
	if moved || len(recs) > 0 {
		emit(recs, p.cursor())
	} else {
		emit(nil, nil)
	}
	full := len(rows) >= o.Page
	if full && !moved { // a whole page of one moment, all of it taken: the rest of that moment cannot be asked for
		next, ok := after(p.At)
		if !ok {
			return false, connectors.Fault(consent.KindPermanent, words.Text("More happened in one moment than it gives at once, and there is no going on from there."), nil)
		}
		s.mu.Lock()
		s.lost++
		s.mu.Unlock()
		p.At, p.Seen, moved = next, nil, true
	}
	return full && moved, nil
}

// after is the next moment that a cursor can stand for.
func after(at string) (string, bool) {
	if n, err := strconv.ParseInt(at, 10, 62); err == nil {
		return strconv.FormatInt(n+1, 10), true
	}
	if t, ok := asTime(at); ok {
		return t.Add(time.Millisecond).Format("2006-01-02T15:04:05.000Z07:00"), true
	}
	return "", false
}

// step moves on to a row; false if it was taken before.
func (p *place) step(r row, field string) bool {
	at := r.fields[field]
	if at == "" {
		return false
	}
	text, err := json.Marshal(r.item.value)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(text)
	id := base64.RawStdEncoding.EncodeToString(sum[:9])
	switch c := later(at, p.At); {
	case c < 0:
		return false
	case c > 0:
		p.At, p.Seen = at, nil
	case slices.Contains(p.Seen, id):
		return false
	}
	if len(p.Seen) < batchMax {
		p.Seen = append(p.Seen, id)
	}
	return true
}

func (p *place) cursor() connectors.Cursor { return connectors.CursorOf(p) }

// record makes a flow of a row; false where it names no device or nobody.
func (s *session) record(ctx context.Context, r row) (flow.Record, bool, error) {
	o := s.r.Observe
	get := func(field string) string {
		if field == "" {
			return ""
		}
		return r.fields[field]
	}
	at, ok := asTime(get(o.Time))
	if !ok {
		return flow.Record{}, false, nil
	}
	rec := flow.Record{Count: 1, First: at, Last: at, Source: discovery.Source("connector:" + s.h.Connection)}
	rec.Local.MAC, _ = discovery.NormalizeMAC(get(o.MAC))
	rec.Local.Address = asAddress(get(o.Address))
	if id := string(discovery.Clean(get(o.ID))); id != "" {
		rec.Local.Remote = id
	}
	rec.Destination.Domain = asDomain(get(o.Domain))
	rec.Destination.Address = asAddress(get(o.To))
	rec.Protocol = flow.Protocol(strings.ToLower(string(discovery.Clean(get(o.Protocol)))))
	port, _ := strconv.ParseUint(get(o.Port), 10, 16)
	rec.Port = uint16(port) // ParseUint bounds it
	rec.Up, _ = strconv.ParseUint(get(o.Up), 10, 63)
	rec.Down, _ = strconv.ParseUint(get(o.Down), 10, 63)
	if len(o.Refused) > 0 {
		var err error
		if rec.Refused, err = s.fitsAll(ctx, r.item, o.Refused, newScope(nil)); err != nil {
			return rec, false, err
		}
	}
	known := rec.Local.MAC != "" || rec.Local.Address.IsValid() || rec.Local.Remote != ""
	return rec, known && rec.Destination.String() != "", nil
}

func asAddress(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// asDomain keeps what can be a name, in lower case.
func asDomain(s string) string {
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), "."))
	if s == "" || len(s) > 253 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return ""
	}
	return s
}

// Coverage says what observing sees.
func (s *session) Coverage(context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connectors.Coverage{Since: s.opened.UTC(), Alive: s.alive.UTC(), Sees: s.r.Observe.Sees, Text: s.r.Sees, Lost: s.lost}, nil
}
