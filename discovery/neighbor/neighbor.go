// Package neighbor reads the system's neighbour table: which hardware address
// answers at which address of the home network. It also says which device is
// this computer and which is the router. It needs no rights, changes nothing
// and sends nothing, unless it is told to knock at addresses.
package neighbor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// The rhythm of the scanner.
const (
	defaultEvery = 10 * time.Second
	settling     = time.Second // between the first readings, when names come in before hardware addresses
	firstRounds  = 15
	maxRows      = 4096 // of one reading; a table that long is an attack or not a home
	proxyLimit   = 4    // IPv4 addresses of one hardware address; more is a router that answers for others
	knockAgain   = time.Minute
	sweepAgain   = 10 * time.Minute
)

// Row is one line of the neighbour table.
type Row struct {
	MAC       string // canonical, see discovery.NormalizeMAC
	Addr      netip.Addr
	Interface string
	Live      bool // confirmed a moment ago, not only remembered
}

// Card is one network interface of this computer.
type Card struct {
	Name     string
	MAC      string // "" where it has none
	Prefixes []netip.Prefix
}

// Gateway is a way out of the home network.
type Gateway struct {
	Addr      netip.Addr
	Interface string
}

// Table is everything that one reading gives.
type Table struct {
	Rows     []Row
	Cards    []Card
	Gateways []Gateway
	Hostname string
}

// Config is what a Scanner needs.
type Config struct {
	Now func() time.Time // required
	Log *slog.Logger     // nil logs nothing
	// Report is told what could not be read, once per change; nil when all is well
	// again. May be nil.
	Report func(error)
	Every  time.Duration // between readings; 0 means 10 seconds
	// Read reads the table; nil means the system's own. What it could read is
	// returned together with the error about what it could not.
	Read func(context.Context) (Table, error)
	// Knock sends something harmless to an address on this network, so that the
	// system looks up its hardware address. Nil means that nobody is asked and
	// the table is only read. See Knock.
	Knock func(netip.Addr) error
	// Wanted lists addresses whose hardware address nobody knows yet. May be nil.
	Wanted func() []netip.Addr
	// Sweep knocks at every address of networks of up to 256, every ten minutes,
	// so that devices that announce nothing turn up. Only with Knock.
	Sweep bool
}

// Validate names everything that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	if c.Now == nil {
		errs = append(errs, errors.New("neighbor: Now is missing"))
	}
	if c.Every < 0 {
		errs = append(errs, errors.New("neighbor: Every is negative"))
	}
	if c.Sweep && c.Knock == nil {
		errs = append(errs, errors.New("neighbor: Sweep needs Knock"))
	}
	return errors.Join(errs...)
}

// Scanner reports neighbours as sightings. It implements discovery.Scanner.
type Scanner struct {
	cfg Config
}

var _ discovery.Scanner = (*Scanner)(nil)

// New checks c. It starts nothing.
func New(c Config) (*Scanner, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Read == nil {
		c.Read = readSystem
	}
	c.Every = cmp.Or(c.Every, defaultEvery)
	return &Scanner{cfg: c}, nil
}

// Scan reads the table again and again and emits what is in it, until ctx ends.
// Unchanged neighbours come as quiet sightings while they answer. It never
// returns early: what cannot be read is reported and tried again.
func (s *Scanner) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	w := watch{cfg: s.cfg, known: map[string]string{}, knocked: map[netip.Addr]time.Time{}}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		w.read(ctx, emit)
		every := s.cfg.Every
		if round < firstRounds {
			every = min(every, settling)
		}
		timer.Reset(every)
	}
}

// watch is what one Scan remembers.
type watch struct {
	cfg     Config
	known   map[string]string // what was last said of a neighbour
	trouble string
	knocked map[netip.Addr]time.Time
	swept   time.Time
}

func (w *watch) read(ctx context.Context, emit func(discovery.Sighting)) {
	t, err := w.cfg.Read(ctx)
	if ctx.Err() != nil {
		return
	}
	w.report(err)
	now := w.cfg.Now()
	seen := map[string]bool{}
	for _, s := range Sightings(t) {
		key := string(s.Source) + s.Interface + value(s)
		said := fmt.Sprint(s.Role, s.Addresses, s.Identifiers)
		seen[key] = true
		if s.Quiet && w.known[key] == said {
			continue // only remembered by the system: no sign that it is here now
		}
		s.At = now
		s.Quiet = w.known[key] == said
		w.known[key] = said
		emit(s)
	}
	for key := range w.known {
		if !seen[key] {
			delete(w.known, key)
		}
	}
	w.knock(t, now)
}

func value(s discovery.Sighting) string {
	if s.Source == discovery.SourceSelf || len(s.Identifiers) == 0 {
		return ""
	}
	return s.Identifiers[0].Value
}

// report tells a trouble when it begins, changes and ends.
func (w *watch) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == w.trouble {
		return
	}
	w.trouble = text
	if err != nil {
		w.cfg.Log.Warn("neighbour table cannot be read", "err", err)
	}
	if w.cfg.Report != nil {
		w.cfg.Report(err)
	}
}

// Sightings turns one reading into sightings: this computer first, then every
// neighbour. Those that are only remembered are marked quiet.
func Sightings(t Table) []discovery.Sighting {
	var out []discovery.Sighting
	if self, ok := thisComputer(t); ok {
		out = append(out, self)
	}
	type key struct{ iface, mac string }
	rows := map[key][]Row{}
	var order []key
	for _, r := range t.Rows[:min(len(t.Rows), maxRows)] {
		k := key{r.Interface, r.MAC}
		if virtual(r.Interface) || own(t, r) || outward(t, r.Interface) {
			continue
		}
		if rows[k] == nil {
			order = append(order, k)
		}
		rows[k] = append(rows[k], r)
	}
	slices.SortFunc(order, func(a, b key) int { return cmp.Or(cmp.Compare(a.iface, b.iface), cmp.Compare(a.mac, b.mac)) })
	for _, k := range order {
		out = append(out, neighbour(k.mac, rows[k], t.Gateways))
	}
	return out
}

func thisComputer(t Table) (discovery.Sighting, bool) {
	s := discovery.Sighting{Source: discovery.SourceSelf, Role: discovery.RoleThisComputer, Detail: words.Text("this computer's own network cards")}
	for _, c := range t.Cards {
		if c.MAC != "" && !virtual(c.Name) {
			s.Identifiers = append(s.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: c.MAC})
		}
		for _, p := range c.Prefixes {
			s.Addresses = append(s.Addresses, zoned(p.Addr(), c.Name))
		}
	}
	if len(s.Identifiers) == 0 {
		return s, false
	}
	if host, _, _ := strings.Cut(t.Hostname, "."); host != "" {
		s.Identifiers = append(s.Identifiers, discovery.Identifier{Type: discovery.Hostname, Value: host + ".local"})
	}
	return s, true
}

// own reports whether a row is about this computer itself.
func own(t Table, r Row) bool {
	return slices.ContainsFunc(t.Cards, func(c Card) bool {
		return c.MAC == r.MAC || slices.ContainsFunc(c.Prefixes, func(p netip.Prefix) bool { return zoned(p.Addr(), c.Name) == r.Addr })
	})
}

func neighbour(mac string, rows []Row, gateways []Gateway) discovery.Sighting {
	s := discovery.Sighting{
		Source:      discovery.SourceNeighbor,
		Interface:   rows[0].Interface,
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Quiet:       true,
	}
	old := 0
	var gate []netip.Addr
	for _, r := range rows {
		s.Addresses = append(s.Addresses, r.Addr)
		s.Quiet = s.Quiet && !r.Live
		if r.Addr.Is4() {
			old++
		}
		if slices.ContainsFunc(gateways, func(g Gateway) bool { return g.Addr == r.Addr && g.Interface == r.Interface }) {
			s.Role = discovery.RoleRouter
			gate = append(gate, r.Addr)
		}
	}
	s.Detail = words.Sprintf("its hardware address answers on %s", discovery.Clean(s.Interface))
	if s.Role == discovery.RoleRouter {
		s.Detail = words.Sprintf("the way out of the home network goes through it (%s)", discovery.Clean(s.Interface))
	}
	if old > proxyLimit {
		// Some access points answer for everybody behind them. Then the hardware
		// address says nothing about who has those addresses.
		s.Addresses = gate
		s.Detail = words.Sprintf("it answers for %d addresses on %s", old, discovery.Clean(s.Interface))
	}
	slices.SortFunc(s.Addresses, netip.Addr.Compare)
	return s
}

// virtual reports whether an interface leads to machines inside this computer
// or into a tunnel, and not into the home.
func virtual(name string) bool {
	name = strings.ToLower(name)
	if id, ok := strings.CutPrefix(name, "br-"); ok && len(id) == 12 && strings.Trim(id, "0123456789abcdef") == "" {
		return true // Docker; OpenWrt's br-lan is the home itself
	}
	for _, p := range []string{"lo", "docker", "virbr", "veth", "lxc", "lxd", "vmnet", "vboxnet", "tun", "tap", "utun", "wg", "zt", "tailscale", "cni", "flannel", "vethernet", "awdl", "llw"} {
		if rest, ok := strings.CutPrefix(name, p); ok && (len(p) > 2 || rest == "" || rest[0] >= '0' && rest[0] <= '9') {
			return true
		}
	}
	return false
}
