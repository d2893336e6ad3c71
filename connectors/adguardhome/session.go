package adguardhome

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
	"bestbefore/discovery"
)

var (
	_ connectors.Prober     = (*Session)(nil)
	_ connectors.Discoverer = (*Session)(nil)
	_ connectors.Observer   = (*Session)(nil)
	_ connectors.Coverer    = (*Session)(nil)
	_ connectors.Blocker    = (*Session)(nil)
	_ connectors.Holder     = (*Session)(nil)
	_ connectors.Verifier   = (*Session)(nil)
	_ connectors.PeerClock  = (*Session)(nil)
	_ connectors.Traiter    = (*Session)(nil)
	_ connectors.Leaver     = (*Session)(nil)
)

// Session is a live connection to one AdGuard Home.
type Session struct {
	api    *api
	source discovery.Source
	log    *slog.Logger
	now    func() time.Time
	local  bool // it runs on this computer
	watch  *watch
	every  time.Duration // between two looks at the log

	writing sync.Mutex // one change of the rules at a time

	once sync.Once
}

// lookEvery is how often the log is read.
const lookEvery = 5 * time.Second

// closeTime bounds the farewell.
const closeTime = 2 * time.Second

// Open signs in once and looks whether that is AdGuard Home.
func (*Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(s); err != nil {
		return nil, needsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil {
		return nil, permanent("the AdGuard Home connector was given no clock or no way out", nil)
	}
	base, err := dnsblock.ParseBase(s.Values[optAddress], peer)
	if err != nil {
		return nil, err
	}
	a := &api{username: strings.TrimSpace(s.Values[optUsername]), web: &dnsblock.Web{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}}
	if ref := s.Secrets[optPassword]; ref != "" {
		if h.Secret == nil {
			return nil, permanent("the AdGuard Home connector was given no way to read its password", nil)
		}
		if a.password, err = h.Secret(ctx, ref); err != nil {
			return nil, needsPerson("The password of AdGuard Home cannot be read from the key store.", err)
		}
	}
	host := base.Hostname()
	ip, err := netip.ParseAddr(host)
	ses := &Session{
		api: a, source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now, every: lookEvery,
		local: err == nil && ip.IsLoopback() || host == "localhost", watch: newWatch(h.Now),
	}
	if ses.log == nil {
		ses.log = slog.New(slog.DiscardHandler)
	}
	if a.username != "" {
		if err := a.login(ctx, ""); err != nil {
			return nil, err
		}
	}
	if err := ses.Probe(ctx); err != nil {
		_ = ses.Close()
		return nil, err
	}
	return ses, nil
}

// status is what it says of itself.
type status struct {
	DNSAddresses []string `json:"dns_addresses"`
	Protection   *bool    `json:"protection_enabled"`
	Running      *bool    `json:"running"`
}

func (s *Session) status(ctx context.Context) (status, error) {
	var out status
	if err := s.api.get(ctx, "/control/status", nil, &out); err != nil {
		return out, err
	}
	if out.Protection == nil || out.Running == nil {
		return out, needsPerson("What answers there is not AdGuard Home; check the address.", nil)
	}
	return out, nil
}

// Probe makes it answer, and says what is switched off there that the household
// would miss. What is only a lack is in the coverage.
func (s *Session) Probe(ctx context.Context) error {
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	s.watch.protected(*st.Protection)
	if !*st.Running {
		return transient("AdGuard Home answers, but its DNS server does not run.", nil)
	}
	return nil
}

// PeerTime is its clock, as it stamps its answers.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	var st status
	r, err := s.api.read(ctx, "/control/status", nil, &st)
	if err != nil {
		return time.Time{}, err // the time of whatever else answers there is no second clock
	}
	if r.At.IsZero() {
		return time.Time{}, unsupported("AdGuard Home does not say what time it is.", nil)
	}
	return r.At, nil
}

// Traits say what a block here is.
func (s *Session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainRecipient, SurvivesRestart: true, IPv4: true, IPv6: true, NamesOnly: true, ByAddress: true, OwnClock: s.local,
		Note: "It refuses names when they are looked up: what runs already goes on, and a device with its own DNS passes it.",
	}
}

// Close signs off. What is blocked stays blocked.
func (s *Session) Close() error {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		s.api.logout(ctx)
	})
	return nil
}

// Coverage is what was noted while observing; nobody is asked.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	return s.watch.coverage(s.api.web.Ahead()), nil
}

// watch remembers what observing found out.
type watch struct {
	now func() time.Time

	mu      sync.Mutex // guards all below
	since   time.Time
	alive   time.Time
	rows    uint64
	lost    uint64
	lostAt  time.Time
	odd     uint64 // rows that could not be read
	off     bool   // its query log is switched off
	masked  bool   // it shortens addresses in its log
	paused  bool   // its protection is switched off
	clients map[netip.Addr]time.Time
	fresh   map[netip.Addr]bool // asked since the last telling
	leases  map[netip.Addr]lease
	home    map[string]string // what the household calls an address or a hardware address
}

// maxClients bounds how many devices are remembered.
const maxClients = 4096

func newWatch(now func() time.Time) *watch {
	return &watch{now: now, clients: map[netip.Addr]time.Time{}, fresh: map[netip.Addr]bool{}}
}

func (w *watch) protected(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused = !on
}

func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		w.since = w.now().UTC()
	}
}

// looked notes that the log was read to its present end.
func (w *watch) looked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive = w.now().UTC()
}

// gap notes that rows are missing that nobody read.
func (w *watch) gap(n uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost += n
	w.lostAt = w.now().UTC()
}

func (w *watch) took(client netip.Addr, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows++
	if !client.IsValid() {
		return
	}
	if _, known := w.clients[client]; !known && len(w.clients) >= maxClients {
		return
	}
	if at.After(w.clients[client]) {
		w.clients[client] = at
	}
	w.fresh[client] = true
}

func (w *watch) skipped(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.odd += uint64(n)
}

// logging notes how it keeps its log.
func (w *watch) logging(c logConfig) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off, w.masked = !c.Enabled, c.Masked
}

func (w *watch) isMasked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.masked
}

func (w *watch) coverage(ahead time.Duration) connectors.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := connectors.Coverage{Since: w.since, Alive: w.alive, Sees: []string{"names", "queries"}, Lost: w.lost, Lessen: dnsblock.Lessen}
	said := []string{"DNS only: which names are looked up, not what is sent; a device with its own DNS is not seen"}
	for a := range w.clients {
		out.Addresses = append(out.Addresses, a.String())
		if l, ok := w.leases[a]; ok {
			out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.MAC, Value: l.mac})
		}
	}
	if w.rows > 0 {
		said = append(said, fmt.Sprintf("%d look-ups of %d addresses", w.rows, len(w.clients)))
	}
	if w.off {
		said = append(said, "its query log is switched off, so nothing is seen now")
	}
	if w.masked {
		said = append(said, "it shortens addresses in its log, so nobody can tell which device asked")
	}
	if w.paused {
		said = append(said, "its protection is switched off, so nothing is refused now")
	}
	if w.lost > 0 {
		said = append(said, fmt.Sprintf("its log no longer held all that was asked since we last looked (noticed %s UTC)", w.lostAt.Format("2 January 15:04")))
	}
	if w.odd > 0 {
		said = append(said, fmt.Sprintf("%d rows could not be read", w.odd))
	}
	if ahead != 0 {
		said = append(said, fmt.Sprintf("its clock is %s %s; times are corrected", ahead.Abs().Round(10*time.Second), direction(ahead)))
	}
	sortCoverage(&out)
	out.Text = strings.Join(said, "; ") + "."
	return out
}

func direction(d time.Duration) string {
	if d > 0 {
		return "ahead"
	}
	return "behind"
}

// levelOf is what a call reached.
func levelOf(readBack bool) consent.Level {
	if readBack {
		return consent.Configured
	}
	return consent.Accepted
}
