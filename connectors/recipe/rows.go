package recipe

import (
	"context"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// row is what was taken of one item of an answer.
type row struct {
	fields map[string]string
	item   found
}

// list asks and gives the rows of the answer.
func (s *session) list(ctx context.Context, q Request, r Rows, sc *scope) ([]row, error) {
	a, err := s.ask(ctx, q, sc)
	if err != nil || a.none {
		return nil, err
	}
	return s.rows(ctx, a, r, sc)
}

func (s *session) rows(ctx context.Context, a reply, r Rows, sc *scope) ([]row, error) {
	if !a.read {
		return nil, connectors.Fault(consent.KindTransient, words.Sprintf("%s gave an answer that cannot be understood.", a.host), nil)
	}
	items := []found{{value: a.body}}
	if r.Items != "" {
		p, err := parsePath(r.Items)
		if err != nil {
			return nil, connectors.Fault(consent.KindPermanent, words.Text("The recipe has a path that is none."), err)
		}
		items = p.all(items[0])
	}
	var out []row
	for _, it := range items {
		ok, err := s.fitsAll(ctx, it, r.Where, sc)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, s.take(it, r))
		}
	}
	return out, nil
}

// textLong bounds one field of a row.
const textLong = 1000

func (s *session) take(it found, r Rows) row {
	out := row{fields: map[string]string{}, item: it}
	for f, v := range r.Set {
		out.fields[f] = v
	}
	for f, t := range r.Take {
		p, err := parsePath(t)
		if err != nil {
			continue // Parse refused such a file
		}
		v, _ := p.one(it)
		if len(v) > textLong {
			v = ""
		}
		out.fields[f] = s.clean(v)
	}
	return out
}

// fitsAll reports whether all conditions hold of an item.
func (s *session) fitsAll(ctx context.Context, it found, cs []Cond, sc *scope) (bool, error) {
	for _, c := range cs {
		if ok, err := s.fits(ctx, it, c, sc); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (s *session) fits(ctx context.Context, it found, c Cond, sc *scope) (bool, error) {
	p, err := parsePath(c.Path)
	if err != nil {
		return false, connectors.Fault(consent.KindPermanent, words.Text("The recipe has a path that is none."), err)
	}
	if c.Exists != nil {
		got := p.all(it)
		return (len(got) > 0 && got[0].value != nil) == *c.Exists, nil
	}
	v, ok := p.one(it)
	for _, test := range []struct {
		want *string
		fits func(v, want string) bool
	}{
		{c.Equals, func(v, w string) bool { return ok && v == w }},
		{c.Not, func(v, w string) bool { return !ok || v != w }},
		{c.Starts, func(v, w string) bool { return ok && strings.HasPrefix(v, w) }},
		{c.Has, func(v, w string) bool { return ok && strings.Contains(v, w) }},
	} {
		if test.want == nil {
			continue
		}
		want, err := fillIn(*test.want, s.valueOf(ctx, sc), plain)
		if err != nil {
			return false, err
		}
		return test.fits(v, want), nil
	}
	return false, nil
}

// requestsMax bounds what one verb may ask, whatever the answers hold.
const requestsMax = 200

// run takes the steps in their order and answers how many requests were sent.
func (s *session) run(ctx context.Context, steps []Step, sc *scope) (int, error) {
	n := 0
	for _, st := range steps {
		for _, in := range s.repeats(st, sc) {
			if n++; n > requestsMax {
				return n, connectors.Fault(consent.KindPermanent, words.Text("It would take more requests than a recipe may send at once."), nil)
			}
			rows, err := s.list1(ctx, st, in)
			if err != nil {
				return n, err
			}
			if st.Save != "" {
				sc.rows[st.Save] = append(sc.rows[st.Save], rows...)
			}
		}
	}
	return n, nil
}

// list1 asks one step; where nothing is kept of the answer, it need not be JSON.
func (s *session) list1(ctx context.Context, st Step, sc *scope) ([]row, error) {
	a, err := s.ask(ctx, st.Request, sc)
	if err != nil || a.none || st.Save == "" && (a.read || !sc.strict) {
		return nil, err
	}
	return s.rows(ctx, a, st.Rows, sc)
}

// repeats are the scopes that a step runs in: one, or one for each of something.
func (s *session) repeats(st Step, sc *scope) []*scope {
	if st.Each == "" {
		return []*scope{sc}
	}
	if one := loops[st.Each]; one != "" {
		var out []*scope
		for _, v := range strings.Fields(sc.values[st.Each]) {
			in := sc.with("", row{})
			in.values[one] = v
			out = append(out, in)
		}
		return out
	}
	var out []*scope
	for _, r := range sc.rows[st.Each] {
		out = append(out, sc.with("each", r))
	}
	return out
}

// targetOf puts what is known of a device under the names of the loops.
func targetOf(t connectors.Target) map[string]string {
	out := map[string]string{"device": string(t.Device)}
	add := func(name, v string) {
		if !strings.Contains(" "+out[name]+" ", " "+v+" ") {
			out[name] = strings.TrimSpace(out[name] + " " + v)
		}
	}
	for _, i := range t.Identifiers {
		if i.Type == discovery.MAC {
			if m, ok := discovery.NormalizeMAC(i.Value); ok {
				add("macs", m)
			}
		}
	}
	for _, text := range t.Addresses {
		a, err := netip.ParseAddr(text)
		if a = a.Unmap().WithZone(""); err != nil || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
			continue
		}
		add("addresses", a.String())
		if a.Is4() {
			add("addresses4", a.String())
		} else {
			add("addresses6", a.String())
		}
	}
	return out
}

// asTime reads a moment: RFC 3339, the same without a zone (then it is UTC), or
// seconds or milliseconds since 1970.
func asTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), t.Year() >= 1970 && t.Year() < 2200
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n > 7e12 {
		return time.Time{}, false
	}
	if n > 7e9 { // seconds beyond the year 2190 are milliseconds
		n /= 1000
	}
	return time.UnixMilli(int64(n * 1000)).UTC(), true
}
