package demo

import (
	"context"
	"encoding/json"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Kind is the demo's connector; it is in no other program's list.
const Kind = "demo"

// connector reaches the demo's relay.
type connector struct{ relay *relay }

// Spec describes it.
func (connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind: Kind, Name: "Demo relay", Once: true,
		Sees:  words.Text("Everything that the made-up devices of the demo send out of the home, and to whom."),
		Stops: words.Text("What one made-up device sends to one recipient."),
	}
}

// Open talks to the relay inside this program.
func (c connector) Open(ctx context.Context, _ connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	s := &session{relay: c.relay, connection: h.Connection}
	if err := s.Probe(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// session is one connection to the relay.
type session struct {
	relay      *relay
	connection string
}

// reach says whether the relay can be asked at all.
func (s *session) reach(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The demo's relay was not waited for."), Err: ctx.Err()}
	case s.relay.isOff():
		return &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The demo's relay is off.")}
	default:
		return nil
	}
}

func (s *session) Close() error { return nil }

// Traits are the relay's. It is a part of this program, so it can keep no date
// with the program off, and says so by holding none.
func (s *session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainRecipient, IPv4: true, IPv6: true, CutsOpenFlows: true,
		Note: words.Text("The demo relay lives inside this program: what it blocks is over when the demo ends."),
	}
}

// Probe asks whether the relay works.
func (s *session) Probe(ctx context.Context) error { return s.reach(ctx) }

// Block sets a rule.
func (s *session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	if err := s.reach(ctx); err != nil {
		return connectors.Receipt{}, err
	}
	if !r.From.IsZero() || !r.Until.IsZero() {
		return connectors.Receipt{}, &connectors.Error{Kind: consent.KindUnsupported, Text: words.Text("The demo's relay keeps no dates by itself.")}
	}
	devices := known(r.Target.Identifiers)
	if len(devices) == 0 {
		return connectors.Receipt{}, &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("Nothing of it passes the demo's relay: it talks only to the broker at home.")}
	}
	s.relay.set(r, devices)
	return s.receipt(r), nil
}

func (s *session) receipt(r connectors.BlockRequest) connectors.Receipt {
	data, _ := json.Marshal(map[string]string{"rule": r.Mark}) // of strings: cannot fail
	return connectors.Receipt{
		Mark: r.Mark, Level: consent.Configured, At: s.relay.now().UTC(), Target: r.Target,
		Grain: connectors.GrainRecipient, Text: words.Text("The rule is in the relay's table."), Data: data,
	}
}

// Unblock takes exactly that rule away.
func (s *session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	if err := s.reach(ctx); err != nil {
		return r, err
	}
	s.relay.lift(r.Mark)
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, At: s.relay.now().UTC(), Grain: connectors.GrainRecipient, Text: words.Text("The rule is gone from the relay's table.")}, nil
}

// Held lists the rules.
func (s *session) Held(ctx context.Context) ([]connectors.Held, error) {
	if err := s.reach(ctx); err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, x := range s.relay.held() {
		out = append(out, connectors.Held{
			Mark: x.req.Mark, Text: x.words(), Active: true, Receipt: s.receipt(x.req),
		})
	}
	return out, nil
}

// Verify looks at what the rule turned away, and whether anything is open past it.
func (s *session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	if err := s.reach(ctx); err != nil {
		return connectors.Finding{}, err
	}
	f := connectors.Finding{At: s.relay.now().UTC(), Seen: consent.NotChecked}
	x, passes, ok := s.relay.marked(r.Mark)
	f.Refused, f.LastTry = x.refused, x.last
	switch {
	case !ok:
		f.Missing, f.Text = true, words.Text("The rule is not in the relay's table.")
	case passes:
		f.Level, f.Seen, f.Text = consent.Configured, consent.Flowing, words.Text("The rule is in the relay's table, but a connection is open all the same.")
	case x.refused > 0:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("The relay turned it away %d times.", x.refused)
	default:
		f.Level, f.Text = consent.Configured, words.Text("The rule is in the relay's table; nothing has tried since.")
	}
	return f, nil
}

// Coverage is everything that the devices send.
func (s *session) Coverage(ctx context.Context) (connectors.Coverage, error) {
	if err := s.reach(ctx); err != nil {
		return connectors.Coverage{}, err
	}
	c := connectors.Coverage{
		Alive: s.relay.now().UTC(), Sees: []string{"bytes", "destinations", "names"},
		Text: words.Text("Everything that the made-up devices send out of the home."),
	}
	for _, d := range household() {
		c.Devices = append(c.Devices, d.identifiers(s.connection)...)
	}
	return c, nil
}

// Discover tells by which of their own identifiers the relay knows the devices.
func (s *session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	for _, d := range household() {
		emit(discovery.Sighting{At: s.relay.now(), Identifiers: d.identifiers(s.connection), Detail: words.Text("the demo's relay knows it")})
	}
	<-ctx.Done()
	return ctx.Err()
}

// The most lines of one batch, and how often the relay says that it is alive.
const (
	batchLines = 500
	beatEvery  = 5 * time.Second
)

// Observe hands on the relay's journal.
func (s *session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	r := s.relay
	r.mu.Lock()
	at := r.log.at(from)
	r.mu.Unlock()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for ctx.Err() == nil {
		r.mu.Lock()
		at = max(at, r.log.first)
		lines, more := r.log.from(at, batchLines), r.log.more
		next := r.log.cursor(at + len(lines))
		r.mu.Unlock()
		if len(lines) > 0 {
			at += len(lines)
			emit(s.records(lines), next)
			continue
		}
		select {
		case <-ctx.Done():
		case <-more:
		case <-beat.C:
			emit(nil, nil)
		}
	}
	return ctx.Err()
}

func (s *session) records(lines []line) []flow.Record {
	out := make([]flow.Record, len(lines))
	for i, l := range lines {
		out[i] = l.record
		out[i].Local = flow.Local{Remote: s.connection + "/" + l.device}
	}
	return out
}
