package openwrt

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
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
	_ connectors.Leaver     = (*Session)(nil)
	_ connectors.Narrower   = (*Session)(nil)
)

// Session is a live connection to one router.
type Session struct {
	line       *line
	source     discovery.Source
	log        *slog.Logger
	now        func() time.Time
	interval   time.Duration
	zoneOfHome string         // the firewall's name for the home
	zone       *time.Location // the router's; nil when it is not known
	nlbwmon    bool           // something else sets the counters back
	missing    string         // the right without which nothing can be blocked; "" when none is missing
	dates      string         // why no date is handed over; "" when one may be
	loadTime   time.Duration  // how long the firewall may take to follow

	writing sync.Mutex           // one change to the firewall at a time; guards the two below
	proved  bool                 // a change has been confirmed in this session
	starts  map[string]time.Time // when rules of ours begin by themselves

	mu   sync.Mutex // guards the fields below
	home *home
	seen seen
}

// seen is what Coverage tells of the flows.
type seen struct {
	since, alive                     time.Time
	cut, tooLarge, uncounted, zeroed bool
	parts                            bool
	bad                              uint64
}

// Open signs in once and finds out what the account may do.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(set); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, connectors.Permanent(words.Text("the OpenWrt connector was given no clock, no way out or no way to read its password"), nil)
	}
	s := &Session{source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now, zoneOfHome: set.Values[optZone], starts: map[string]time.Time{}, loadTime: loadTime}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.zoneOfHome == "" {
		s.zoneOfHome = "lan"
	}
	if len(s.zoneOfHome) > 32 || strings.Trim(strings.ToLower(s.zoneOfHome), "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return nil, connectors.NeedsPerson(words.Text("The name of a firewall zone holds letters, digits and _ only; \"lan\" is usual."), nil)
	}
	var err error
	if s.interval, err = connectors.Seconds(set.Values[optInterval], 10*time.Second); err != nil {
		return nil, err
	}
	s.line = &line{username: set.Values[optUsername], http: h.HTTP, now: h.Now}
	if s.line.url, err = ubusAt(set.Values[optAddress]); err != nil {
		return nil, err
	}
	if s.line.password, err = h.Secret(ctx, set.Secrets[optPassword]); err != nil {
		return nil, connectors.NeedsPerson(words.Text("The router's password cannot be read from the key store."), err)
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// start is the part of Open that speaks to the router.
func (s *Session) start(ctx context.Context) error {
	if err := s.line.login(ctx, ""); err != nil {
		return err
	}
	if _, err := s.around(ctx, 0); err != nil {
		return err
	}
	may := s.line.granted()
	s.missing = may.mayWrite()
	s.readZone(ctx)
	s.dates = s.clockOff(ctx)
	if may.may("ubus", "file", "stat") && may.may("file", nlbwmonBinary, "list") {
		s.nlbwmon = s.line.call(ctx, "file", "stat", map[string]any{"path": nlbwmonBinary}, nil) == nil
	}
	if s.missing != "" {
		return nil
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.from.After(s.now()) {
			s.starts[r.mark] = r.from
		}
	}
	return nil
}

// observes says whether the table of connections may be read at all.
func (s *Session) observes() bool {
	may := s.line.granted()
	return may.mayRun(catCommand+" "+tableFile) || may.may("ubus", "file", "read") && may.may("file", tableFile, "read")
}

// cuts says whether open connections may be ended.
func (s *Session) cuts() bool { return s.line.granted().mayRun(cutCommand + " -D -s 192.0.2.1") }

// Capabilities leaves out what the account has no right to; Coverage says what is missing.
func (s *Session) Capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Prober: s, Discoverer: s, Coverer: s}
	if s.observes() {
		c.Observer = s
	}
	if s.zone != nil {
		c.PeerClock = s
	}
	if s.missing == "" {
		c.Blocker, c.Holder, c.Verifier, c.Leaver, c.Traits = s, s, s, s, s.Traits()
	}
	return c
}

// Traits say what a block here is.
func (s *Session) Traits() connectors.Traits {
	t := connectors.Traits{
		Grain: connectors.GrainRecipient, HoldsStart: s.dates == "", HoldsEnd: s.dates == "",
		SurvivesRestart: true, IPv4: true, IPv6: true, CutsOpenFlows: s.cuts(),
	}
	switch {
	case s.dates != "":
		t.Note = words.Sprintf("No date is left with the router: %s.", s.dates)
	case !t.CutsOpenFlows:
		t.Note = words.Text("What is open when a block begins goes on until it ends by itself: the account may not run conntrack on the router.")
	default:
		t.Note = words.Text("After a restart of the router a date holds once its clock is right; when a block begins with our program off, what is open then goes on until it ends by itself.")
	}
	// The firewall tells devices apart by their hardware address only where they are
	// the source, so that no rule of ours meets what begins outside.
	t.Note += " " + words.Text("What is opened from outside through a forwarded port still reaches the device, and it answers; take that port's forwarding away on the router.")
	return t
}

// Probe asks the smallest thing that needs the session.
func (s *Session) Probe(ctx context.Context) error {
	if s.zone != nil {
		_, err := s.PeerTime(ctx)
		return err
	}
	_, err := s.around(ctx, 0)
	return err
}

// closeTime is how long a good-bye may take.
const closeTime = 2 * time.Second

// Close signs off. What is blocked stays blocked.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	s.line.close(ctx)
	return nil
}
