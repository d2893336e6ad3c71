package gateway

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

const supported = true

var (
	_ connectors.Connector  = (*Connector)(nil)
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

// Session is a live connection to this box's kernel.
type Session struct {
	source   discovery.Source
	log      *slog.Logger
	now      func() time.Time
	lan, wan []string // as set; empty is "find out"
	boot     bootPlace
	tuning   tuning
	interval time.Duration
	opened   time.Time
	tracker  *tracker
	last     atomic.Pointer[sides] // nil until the sides are known

	kernel kernel

	mu     sync.Mutex // one writer to the kernel's table and the boot files at a time; guards the fields below
	stays  atHome     // what our table lets through
	stood  *table     // as it was read last; nil at first
	closed bool
}

// Open checks rights and interfaces, makes our table and switches the kernel's
// flow accounting on.
func (*Connector) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(s); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil {
		return nil, connectors.Permanent(words.Text("the gateway connector was given no clock"), nil)
	}
	ses := &Session{
		source: discovery.Source("connector:" + h.Connection), log: h.Log, now: h.Now,
		lan: names(s.Values[optLAN]), wan: names(s.Values[optWAN]), interval: 5 * time.Second,
	}
	if ses.log == nil {
		ses.log = slog.New(slog.DiscardHandler)
	}
	if v := s.Values[optInterval]; v != "" {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || !(n >= 0.05 && n <= 3600) {
			return nil, connectors.NeedsPerson(words.Sprintf("%q is not a number of seconds between 0.05 and 3600", v), nil)
		}
		ses.interval = time.Duration(n * float64(time.Second))
	}
	var err error
	if ses.boot, err = placeFor(s, h.StateDir); err != nil {
		return nil, err
	}
	if err := ses.start(ctx); err != nil {
		return nil, err
	}
	return ses, nil
}

// start is the part of Open that speaks to the kernel.
func (s *Session) start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return connectors.Transient(words.Text("opening the gateway took too long"), err)
	}
	if err := checkNames(s.lan); err != nil {
		return err
	}
	h, err := s.home()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.kernel.prepare(h.stays); err != nil {
		return refusal(words.Text("making our table in the kernel"), err)
	}
	s.stays = h.stays
	if s.tuning, err = tune(s.boot.dir); err != nil {
		return refusal(words.Text("switching flow accounting on"), err)
	}
	if len(s.tuning.Changed) > 0 {
		s.log.Info("flow accounting switched on", "settings", strings.Join(s.tuning.Changed, " "))
	}
	if err := s.boot.setUp(); err != nil {
		return err
	}
	s.opened = s.now().UTC()
	s.tracker = newTracker(s)
	return s.takeOver()
}

// sides are the interfaces of the home and of the outside.
type sides struct{ lan, wan []string }

// home reads the network. While the default route is away, the sides that it
// last showed are taken to be the same still.
func (s *Session) home() (home, error) {
	h, err := readHome(s.lan, s.wan)
	if err != nil {
		return home{}, refusal(words.Text("reading this box's network"), err)
	}
	if len(h.lan) > 0 {
		s.last.Store(&sides{h.lan, h.wan})
		return h, nil
	}
	last := s.last.Load()
	if last == nil {
		return home{}, connectors.NeedsPerson(words.Text("cannot tell which interface leads into the home; give it with lan=NAME"), nil)
	}
	if h, err = readHome(last.lan, last.wan); err != nil {
		return home{}, refusal(words.Text("reading this box's network"), err)
	}
	return h, nil
}

// standing is our table as the kernel has it now. The caller holds mu.
func (s *Session) standing() (*table, error) {
	gen, err := s.kernel.generation()
	if err == nil && (s.stood == nil || s.stood.gen != gen) {
		s.stood, err = s.kernel.load()
	}
	if err != nil {
		s.stood = nil
		return nil, refusal(words.Text("reading our table"), err)
	}
	return s.stood, nil
}

// mark is what the kernel holds under a mark now, nil for nothing. The caller holds mu.
func (s *Session) mark(name string) (*kept, error) {
	t, err := s.standing()
	if err != nil {
		return nil, err
	}
	k := t.marks[safeMark(name)]
	if k == nil {
		return nil, nil
	}
	rules, err := s.kernel.again(k.rules)
	if err == nil {
		k.rules = rules
		err = s.kernel.fill(k, s.now())
	}
	if err != nil {
		return nil, refusal(words.Text("reading the block back"), err)
	}
	return k, nil
}

// prepared is our table with all that is common to the marks: somebody may have
// flushed everything, and the home's interfaces may be others. The caller holds mu.
func (s *Session) prepared(h home) (*table, error) {
	t, err := s.standing()
	if err != nil {
		return nil, err
	}
	if !t.ready(h.stays) || !h.stays.equal(s.stays) {
		if err := s.kernel.prepare(h.stays); err != nil {
			return nil, refusal(words.Text("making our table in the kernel"), err)
		}
		s.stays = h.stays
		if err := s.boot.base(renderBase(h.stays, s.boot.marks())); err != nil {
			s.log.Warn("boot file not written", "error", err)
		}
		if t, err = s.standing(); err != nil {
			return nil, err
		}
	}
	if err := s.kernel.tidy(t); err != nil {
		return nil, refusal(words.Text("tidying our table"), err)
	}
	return t, nil
}

// takeOver makes the boot files say what the kernel holds, without pauses that
// are over. The caller holds mu.
func (s *Session) takeOver() error {
	t, err := s.standing()
	if err != nil {
		return err
	}
	if err := s.kernel.tidy(t); err != nil {
		return refusal(words.Text("tidying our table"), err)
	}
	if err := s.sweep(t, s.now()); err != nil {
		return err
	}
	texts := map[string]string{}
	for mark, k := range t.marks {
		if err := s.kernel.fill(k, s.now()); err != nil {
			return refusal(words.Text("reading our table"), err)
		}
		if len(k.macs) > 0 {
			texts[mark] = renderMark(k.plan)
		}
	}
	if err := s.boot.base(renderBase(s.stays, s.boot.marks())); err != nil {
		return err
	}
	return s.boot.only(texts)
}

// sweep removes pauses that are over by then. The caller holds mu.
func (s *Session) sweep(t *table, then time.Time) error {
	for mark, k := range t.marks {
		if !k.ended(then) {
			continue
		}
		if err := s.kernel.take(t, k); err != nil {
			return refusal(words.Text("removing a pause that is over"), err)
		}
		if err := s.boot.drop(mark); err != nil {
			s.log.Warn("boot file not written", "error", err)
		}
	}
	return nil
}

// Close leaves blocks in force. A table without any is removed.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	t, err := s.standing()
	if err != nil {
		return err
	}
	if len(t.marks) > 0 {
		return nil
	}
	if err := s.kernel.removeTable(); err != nil {
		return refusal(words.Text("removing our empty table"), err)
	}
	return nil
}

// Leave undoes everything that the connector did to this box: blocks, table,
// boot file, unit and kernel settings. For when the connection is removed.
func (s *Session) Leave(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return errors.Join(s.kernel.removeTable(), s.boot.remove(), s.tuning.restore())
}
