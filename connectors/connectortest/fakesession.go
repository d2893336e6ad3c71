package connectortest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// session implements every capability on its Peer.
type session struct{ p *Peer }

var errDown = errors.New("no route to host")

// reach locks the peer, or says that it cannot be reached.
func (s *session) reach(ctx context.Context) (unlock func(), err error) {
	if ctx.Err() != nil {
		return nil, &connectors.Error{Kind: consent.KindTransient, Text: "It was not waited for.", Err: ctx.Err()}
	}
	s.p.mu.Lock()
	if s.p.down {
		s.p.mu.Unlock()
		return nil, &connectors.Error{Kind: consent.KindTransient, Text: "The peer cannot be reached.", Err: errDown}
	}
	if until := s.p.busy; s.p.now().Before(until) {
		s.p.mu.Unlock()
		return nil, &connectors.Error{Kind: consent.KindTransient, Text: "It is busy and says when to come back.", RetryAt: until}
	}
	return s.p.mu.Unlock, nil
}

func (s *session) Close() error { return nil }

func (s *session) Traits() connectors.Traits {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return s.p.traits
}

func (s *session) Probe(ctx context.Context) error {
	unlock, err := s.reach(ctx)
	if err != nil {
		return err
	}
	unlock()
	return nil
}

func (s *session) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer unlock()
	if (!r.From.IsZero() && !s.p.traits.HoldsStart) || (!r.Until.IsZero() && !s.p.traits.HoldsEnd) {
		return connectors.Receipt{}, &connectors.Error{Kind: consent.KindUnsupported, Text: "It cannot keep a time by itself."}
	}
	s.p.rules[r.Mark] = rule{req: r}
	return s.receipt(r, consent.Configured), nil
}

func (s *session) receipt(r connectors.BlockRequest, l consent.Level) connectors.Receipt {
	data, _ := json.Marshal(map[string]string{"rule": r.Mark})
	return connectors.Receipt{
		Mark: r.Mark, Level: l, At: s.p.now().UTC(), Target: r.Target, From: r.From, Until: r.Until,
		Grain: s.p.traits.Grain, Text: "The rule is in its table.", Data: data,
	}
}

func (s *session) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return r, err
	}
	defer unlock()
	delete(s.p.rules, r.Mark)
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, At: s.p.now().UTC(), Text: "The rule is gone."}, nil
}

func (s *session) Held(ctx context.Context) ([]connectors.Held, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []connectors.Held
	for _, r := range s.p.rules {
		out = append(out, connectors.Held{
			Mark: r.req.Mark, Text: r.req.Target.Recipient.Name, From: r.req.From, Until: r.req.Until,
			Active: r.inForce(s.p.now()), Receipt: s.receipt(r.req, consent.Configured),
		})
	}
	slices.SortFunc(out, func(a, b connectors.Held) int { return cmp.Compare(a.Mark, b.Mark) })
	return out, nil
}

func (s *session) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return connectors.Finding{}, err
	}
	defer unlock()
	f := connectors.Finding{At: s.p.now().UTC(), Seen: consent.NotChecked}
	got, ok := s.p.rules[r.Mark]
	switch {
	case !ok:
		f.Missing, f.Text = true, "The rule is not in its table."
	case got.refused > 0:
		f.Level, f.Seen, f.Refused, f.LastTry = consent.Effective, consent.Stopped, got.refused, got.last
		f.Text = "It was turned away " + strconv.FormatUint(got.refused, 10) + " times."
	default:
		f.Level, f.Text = consent.Configured, "The rule is in its table; nothing has tried since."
	}
	return f, nil
}

func (s *session) Grants(ctx context.Context) ([]consent.Grant, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.SortedFunc(maps.Values(s.p.grants), func(a, b consent.Grant) int { return cmp.Compare(a.ID, b.ID) }), nil
}

func (s *session) Revoke(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer unlock()
	delete(s.p.grants, r.Grant.ID)
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, At: s.p.now().UTC(), Grain: connectors.GrainToken, Text: "The grant is gone from its list."}, nil
}

func (s *session) PeerTime(ctx context.Context) (time.Time, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer unlock()
	return s.p.now(), nil
}

func (s *session) Coverage(ctx context.Context) (connectors.Coverage, error) {
	unlock, err := s.reach(ctx)
	if err != nil {
		return connectors.Coverage{}, err
	}
	defer unlock()
	return connectors.Coverage{Alive: s.p.now(), Sees: []string{"bytes", "destinations"}, Whole: true, Text: "Everything that passes it."}, nil
}

// Observe gives every record once; its cursor is how many were given.
func (s *session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	s.p.mu.Lock()
	at := len(s.p.records)
	s.p.mu.Unlock()
	if n, err := strconv.Atoi(string(from)); err == nil && n <= at {
		at = n
	}
	for {
		s.p.mu.Lock()
		recs, more := slices.Clone(s.p.records[at:]), s.p.more
		s.p.mu.Unlock()
		for part := range slices.Chunk(recs, 500) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			at += len(part)
			emit(part, connectors.Cursor(strconv.Itoa(at)))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		}
	}
}
