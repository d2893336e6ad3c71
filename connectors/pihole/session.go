package pihole

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

// Session is a live connection to one Pi-hole.
type Session struct {
	api    *api
	source discovery.Source
	log    *slog.Logger
	now    func() time.Time
	local  bool // it runs on this computer
	watch  *watch
	every  time.Duration // between two looks at the log

	writing sync.Mutex // one change of groups at a time

	once sync.Once
}

// lookEvery is how often the log is read.
const lookEvery = 5 * time.Second

// closeTime bounds the farewell.
const closeTime = 2 * time.Second

// Open signs in once and looks whether that is a Pi-hole.
func (*Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(s); err != nil {
		return nil, needsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil {
		return nil, permanent("the Pi-hole connector was given no clock or no way out", nil)
	}
	base, err := dnsblock.ParseBase(s.Values[optAddress], peer)
	if err != nil {
		return nil, err
	}
	a := &api{web: &dnsblock.Web{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}}
	if ref := s.Secrets[optPassword]; ref != "" {
		if h.Secret == nil {
			return nil, permanent("the Pi-hole connector was given no way to read its password", nil)
		}
		if a.password, err = h.Secret(ctx, ref); err != nil {
			return nil, needsPerson("The password of the Pi-hole cannot be read from the key store.", err)
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
	if err := a.login(ctx, ""); err != nil {
		return nil, err
	}
	if err := ses.Probe(ctx); err != nil {
		_ = ses.Close()
		return nil, err
	}
	return ses, nil
}

// Probe makes it answer. What is only a lack is in the coverage.
func (s *Session) Probe(ctx context.Context) error {
	_, err := s.blocking(ctx)
	return err
}

// blocking reports whether it refuses anything at all now.
func (s *Session) blocking(ctx context.Context) (bool, error) {
	var b struct {
		Blocking string `json:"blocking"`
	}
	if err := s.api.get(ctx, "/api/dns/blocking", nil, &b); err != nil {
		return false, err
	}
	switch b.Blocking {
	case "failed":
		return false, transient("Pi-hole answers, but its DNS server does not run.", nil)
	case "":
		return false, needsPerson("What answers there is not a Pi-hole of version 6; check the address.", nil)
	}
	s.watch.protected(b.Blocking != "disabled")
	return b.Blocking != "disabled", nil
}

// PeerTime is its clock: when it says that our own session was used last, which
// is now. It does not stamp its answers.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	var list struct {
		Sessions []struct {
			Current bool    `json:"current_session"`
			Active  float64 `json:"last_active"`
		} `json:"sessions"`
	}
	began := s.now()
	if err := s.api.get(ctx, "/api/auth/sessions", nil, &list); err != nil {
		return time.Time{}, err
	}
	for _, x := range list.Sessions {
		if x.Current && x.Active >= leastTime && x.Active <= mostTime {
			at := time.Unix(int64(x.Active), 0).UTC()
			s.api.web.Showed(at, began)
			return at, nil
		}
	}
	return time.Time{}, unsupported("Pi-hole does not say what time it is.", nil)
}

// Traits say what a block here is.
func (s *Session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainRecipient, SurvivesRestart: true, IPv4: true, IPv6: true, NamesOnly: true, ByAddress: true, OwnClock: s.local,
		Note: "It refuses names when they are looked up: what runs already goes on, and a device with its own DNS passes it.",
	}
}

// Close gives the seat back. What is blocked stays blocked.
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

// readConfig notes how it keeps its log, and its clock.
func (s *Session) readConfig(ctx context.Context) error {
	var c struct {
		Config struct {
			Misc struct {
				Level int `json:"privacylevel"`
			} `json:"misc"`
		} `json:"config"`
	}
	err := s.api.get(ctx, "/api/config/misc/privacylevel", nil, &c)
	if k := connectors.KindOf(err); err != nil && (k == consent.KindTransient || k == consent.KindSignIn) {
		return err
	}
	if err == nil {
		s.watch.privacy(c.Config.Misc.Level)
	}
	if _, err := s.PeerTime(ctx); err != nil { // without it its times are taken as they are
		s.log.Debug("asking for its clock", "error", err)
	}
	return nil
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
	level   int    // of privacy: 1 hides names, 2 clients too, 3 all
	paused  bool   // it refuses nothing at all now
	clients map[netip.Addr]time.Time
	fresh   map[netip.Addr]bool // asked since the last telling
	devices network
}

// maxClients bounds how many devices are remembered.
const maxClients = 4096

func newWatch(now func() time.Time) *watch {
	return &watch{now: now, clients: map[netip.Addr]time.Time{}, fresh: map[netip.Addr]bool{}}
}

func (w *watch) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *watch) protected(on bool) { w.note(func() { w.paused = !on }) }
func (w *watch) privacy(level int) { w.note(func() { w.level = level }) }
func (w *watch) skipped(n int)     { w.note(func() { w.odd += uint64(n) }) }

func (w *watch) begin() {
	w.note(func() {
		if w.since.IsZero() {
			w.since = w.now().UTC()
		}
	})
}

// looked notes that the log was read to its present end.
func (w *watch) looked() { w.note(func() { w.alive = w.now().UTC() }) }

// gap notes that rows are missing that nobody read.
func (w *watch) gap(n uint64) {
	w.note(func() {
		w.lost += n
		w.lostAt = w.now().UTC()
	})
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

func (w *watch) coverage(ahead time.Duration) connectors.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := connectors.Coverage{Since: w.since, Alive: w.alive, Sees: []string{"names", "queries"}, Lost: w.lost, Lessen: dnsblock.Lessen}
	said := []string{"DNS only: which names are looked up, not what is sent; a device with its own DNS is not seen"}
	for a := range w.clients {
		out.Addresses = append(out.Addresses, a.String())
		if mac := w.devices.owner[a]; mac != "" {
			out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.MAC, Value: mac})
		}
	}
	if w.rows > 0 {
		said = append(said, fmt.Sprintf("%d look-ups of %d addresses", w.rows, len(w.clients)))
	}
	switch {
	case w.level >= 3:
		said = append(said, "its privacy level hides all of its log, so nothing is seen now")
	case w.level == 2:
		said = append(said, "its privacy level hides names and devices")
	case w.level == 1:
		said = append(said, "its privacy level hides names")
	}
	if w.paused {
		said = append(said, "its blocking is switched off, so nothing is refused now")
	}
	if w.lost > 0 {
		said = append(said, fmt.Sprintf("its log no longer held all that was asked since we last looked (noticed %s UTC)", w.lostAt.Format("2 January 15:04")))
	}
	if w.odd > 0 {
		said = append(said, fmt.Sprintf("%d rows could not be read", w.odd))
	}
	if ahead != 0 {
		way := "ahead"
		if ahead < 0 {
			way = "behind"
		}
		said = append(said, fmt.Sprintf("its clock is %s %s; times are corrected", ahead.Abs().Round(10*time.Second), way))
	}
	sortCoverage(&out)
	out.Text = strings.Join(said, "; ") + "."
	return out
}
