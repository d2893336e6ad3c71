package pihole

import (
	"context"
	"net/http"
	"net/netip"
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

// Session is a live connection to one Pi-hole.
type Session struct {
	*dnsblock.Session
	watch   *watch
	replies replies

	changes int // asked of it so far; Writing guards it
}

// Open signs in once and looks whether that is a Pi-hole.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	base, password, err := dnsblock.Start(ctx, New().Spec(), set, h, web.Request{Method: http.MethodDelete, Path: "/api/auth"})
	if err != nil {
		return nil, err
	}
	s := &Session{Session: base, watch: &watch{Watch: dnsblock.Watch{Now: h.Now}}}
	s.Seat.Show = func(sid string) http.Header { return dnsblock.Header(sidHeader, sid) }
	s.Seat.Login = func(ctx context.Context) (string, error) { return login(ctx, s.Seat.Web, password) }
	if err := s.Seat.SignIn(ctx, ""); err != nil {
		return nil, err
	}
	if err := s.Probe(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Probe makes it answer. What is only a lack is in the coverage.
func (s *Session) Probe(ctx context.Context) error {
	_, err := s.blocking(ctx)
	return err
}

// blockingPath says whether it refuses anything at all.
const blockingPath = "/api/dns/blocking"

type blockingAnswer struct {
	Blocking string `json:"blocking"`
}

// blocking reports whether it refuses anything at all now.
func (s *Session) blocking(ctx context.Context) (bool, error) {
	var b blockingAnswer
	if err := s.Get(ctx, blockingPath, &b); err != nil {
		return false, err
	}
	switch b.Blocking {
	case "failed":
		return false, connectors.Transient(words.Text("Pi-hole answers, but its DNS server does not run."), nil)
	case "":
		return false, connectors.NeedsPerson(words.Text("What answers there is not a Pi-hole of version 6; check the address."), nil)
	}
	s.watch.protected(b.Blocking != "disabled")
	return b.Blocking != "disabled", nil
}

// PeerTime is its clock, as it stamps its answers.
func (s *Session) PeerTime(ctx context.Context) (time.Time, error) {
	var b blockingAnswer
	r, err := s.Seat.Get(ctx, blockingPath, nil, &b)
	if err != nil {
		return time.Time{}, err // the time of whatever else answers there is no second clock
	}
	if r.At.IsZero() {
		return time.Time{}, connectors.Unsupported(words.Text("Pi-hole does not say what time it is."), nil)
	}
	return r.At, nil
}

// Coverage is what was noted while observing; nobody is asked.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	w := s.watch
	return w.Coverage(s.Seat.Web.Ahead(), func(a netip.Addr) string { return w.devices.owner[a] }, w.said), nil
}

// readConfig notes how it keeps its log.
func (s *Session) readConfig(ctx context.Context) error {
	var c struct {
		Config struct {
			Misc struct {
				Level int `json:"privacylevel"`
			} `json:"misc"`
		} `json:"config"`
	}
	err := s.Get(ctx, "/api/config/misc/privacylevel", &c)
	if k := connectors.KindOf(err); err != nil && (k == consent.KindTransient || k == consent.KindSignIn) {
		return err
	}
	if err == nil {
		s.watch.privacy(c.Config.Misc.Level)
	}
	return nil
}

// watch remembers what observing found out.
type watch struct {
	dnsblock.Watch // guards all below

	level   int  // of privacy: 1 hides names, 2 clients too, 3 all
	paused  bool // it refuses nothing at all now
	devices network
}

func (w *watch) protected(on bool) { w.Note(func() { w.paused = !on }) }
func (w *watch) privacy(level int) { w.Note(func() { w.level = level }) }

// said is what it keeps from us now.
func (w *watch) said() (out []string) {
	switch {
	case w.level >= 3:
		out = append(out, "its privacy level hides all of its log, so nothing is seen now")
	case w.level == 2:
		out = append(out, "its privacy level hides names and devices")
	case w.level == 1:
		out = append(out, "its privacy level hides names")
	}
	if w.paused {
		out = append(out, "its blocking is switched off, so nothing is refused now")
	}
	return out
}
