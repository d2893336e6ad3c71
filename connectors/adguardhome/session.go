package adguardhome

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
	"bestbefore/consent"
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
	*dnsblock.Session
	watch *watch
}

// Open signs in once and looks whether that is AdGuard Home.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	base, password, err := dnsblock.Start(ctx, New().Spec(), set, h, web.Request{Method: http.MethodGet, Path: "/control/logout"})
	if err != nil {
		return nil, err
	}
	s := &Session{Session: base, watch: &watch{Watch: dnsblock.Watch{Now: h.Now}}}
	username := strings.TrimSpace(set.Values[optUsername])
	s.Seat.Show = func(cookie string) http.Header { return dnsblock.Header("Cookie", cookieName+"="+cookie) }
	s.Seat.Login = func(ctx context.Context) (string, error) { return login(ctx, s.Seat.Web, username, password) }
	if username != "" {
		if err := s.Seat.SignIn(ctx, ""); err != nil {
			return nil, err
		}
	}
	if err := s.Probe(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// status is what it says of itself.
type status struct {
	DNSAddresses []string `json:"dns_addresses"`
	Protection   *bool    `json:"protection_enabled"`
	Running      *bool    `json:"running"`
}

func (s *Session) status(ctx context.Context) (status, error) {
	var out status
	if err := s.Get(ctx, "/control/status", &out); err != nil {
		return out, err
	}
	if out.Protection == nil || out.Running == nil {
		return out, connectors.NeedsPerson(words.Text("What answers there is not AdGuard Home; check the address."), nil)
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
		return connectors.Transient(words.Text("AdGuard Home answers, but its DNS server does not run."), nil)
	}
	return nil
}

// PeerTime is its clock, as it stamps its answers.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	var st status
	r, err := s.Seat.Get(ctx, "/control/status", nil, &st)
	if err != nil {
		return time.Time{}, err // the time of whatever else answers there is no second clock
	}
	if r.At.IsZero() {
		return time.Time{}, connectors.Unsupported(words.Text("AdGuard Home does not say what time it is."), nil)
	}
	return r.At, nil
}

// Coverage is what was noted while observing; nobody is asked.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	w := s.watch
	return w.Coverage(s.Seat.Web.Ahead(), func(a netip.Addr) string { return w.leases[a].mac }, w.said), nil
}

// watch remembers what observing found out.
type watch struct {
	dnsblock.Watch // guards all below

	off    bool // its query log is switched off
	masked bool // it shortens addresses in its log
	paused bool // its protection is switched off
	leases map[netip.Addr]lease
	home   map[string]string // what the household calls an address or a hardware address
}

func (w *watch) protected(on bool) { w.Note(func() { w.paused = !on }) }

// logging notes how it keeps its log.
func (w *watch) logging(c logConfig) { w.Note(func() { w.off, w.masked = !c.Enabled, c.Masked }) }

func (w *watch) isMasked() (masked bool) {
	w.Note(func() { masked = w.masked })
	return masked
}

// said is what it keeps from us now.
func (w *watch) said() (out []string) {
	if w.off {
		out = append(out, "its query log is switched off, so nothing is seen now")
	}
	if w.masked {
		out = append(out, "it shortens addresses in its log, so nobody can tell which device asked")
	}
	if w.paused {
		out = append(out, "its protection is switched off, so nothing is refused now")
	}
	return out
}

// levelOf is what a call reached.
func levelOf(readBack bool) consent.Level {
	if readBack {
		return consent.Configured
	}
	return consent.Accepted
}
