package openwrt

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"bestbefore/assets/words"
)

// maxCuts bounds how many pairs of addresses are cut in one go.
const maxCuts = 64

// cut ends what is open and says what it did: the firewall lets established
// connections pass before any rule.
func (s *Session) cut(ctx context.Context, r rule) string {
	if !s.cuts() {
		return words.Text("; what is open goes on until it ends by itself")
	}
	h, err := s.around(ctx, homeAge)
	if err != nil {
		return words.Text("; what is open could not be ended")
	}
	pairs := s.pairs(ctx, r, h)
	if len(pairs) > maxCuts {
		pairs = pairs[:maxCuts]
	}
	for _, p := range pairs {
		args := []string{"-D"}
		if p.src.Is6() {
			args = append(args, "-f", "ipv6")
		}
		if args = append(args, "-s", p.src.String()); p.dst.IsValid() {
			args = append(args, "-d", p.dst.String())
		}
		if _, _, err := s.line.run(ctx, cutCommand, args...); err != nil { // its own code 1 means that nothing was open
			s.log.Warn("open connections not ended", "error", err)
			return words.Sprintf("; what is open could not be ended: %s", sentenceOf(err))
		}
	}
	return words.Text("; what was open was ended")
}

// pair is what one call of conntrack ends.
type pair struct{ src, dst netip.Addr }

// pairs are the ends of what is open now and under r; of a whole device all its
// addresses, and beside them what was opened to it from outside.
func (s *Session) pairs(ctx context.Context, r rule, h *home) []pair {
	var out []pair
	for _, m := range r.macs {
		if d := h.devices[m]; d != nil && len(r.to) == 0 {
			for _, a := range d.addrs {
				out = append(out, pair{src: a})
			}
		}
	}
	if !s.observes() {
		return out
	}
	rows, err := s.table(ctx)
	if err != nil {
		s.log.Warn("open connections not read", "error", err)
	}
	for _, c := range rows {
		if p := (pair{c.src, c.dst}); s.under(r, c, h) && !slices.Contains(out, p) && !slices.Contains(out, pair{src: c.src}) {
			out = append(out, p)
		}
	}
	return out
}

// under says whether a connection is one that r stops.
func (s *Session) under(r rule, c conn, h *home) bool {
	local, dest, _, _, ok := h.sorted(c)
	return ok && slices.Contains(r.macs, h.macs[local]) && r.hits(dest)
}

// cutDue ends what is open when a rule begins that the router started by itself.
func (s *Session) cutDue(ctx context.Context) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for mark, from := range s.starts {
		if s.now().Before(from) || ctx.Err() != nil {
			continue
		}
		r, ok, err := s.readBack(ctx, mark)
		if err != nil { // what is open is still to be cut when the router answers
			s.log.Info("a block that begins by itself was not read", "error", err)
			continue
		}
		delete(s.starts, mark)
		if ok && r.active(s.now()) {
			s.log.Info("a block began by itself", "open connections", s.cut(ctx, r))
		}
	}
}

// baseline is what was sent so far on connections that r stops and that are open.
func (s *Session) baseline(ctx context.Context, r rule) (map[string]uint64, bool) {
	if !s.observes() {
		return nil, false
	}
	h, err := s.around(ctx, homeAge)
	if err != nil {
		return nil, false
	}
	rows, err := s.table(ctx)
	if err != nil {
		return nil, false
	}
	open := map[string]uint64{}
	for _, c := range rows {
		if s.under(r, c, h) {
			if len(open) == 256 {
				return open, false
			}
			_, _, _, moved, _ := h.sorted(c)
			open[fmt.Sprintf("%x", c.id())] = moved.up
		}
	}
	return open, true
}
