package connectortest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mac = "02:00:00:00:00:01"

// options reach p through sessions that bend makes of its own.
func options(p *Peer, bend func(connectors.Session) connectors.Session) Options {
	target := func(name, to string) connectors.Target {
		return connectors.Target{
			Device: "d1", Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
			Recipient: consent.Recipient{Name: name, Destinations: []string{to}},
		}
	}
	return Options{
		Open: func(t T) connectors.Session {
			p.Restart()
			s, err := p.Connector().Open(context.Background(), connectors.Settings{}, &connectors.Host{})
			if err != nil {
				t.Fatalf("opening: %v", err)
			}
			return bend(s)
		},
		Target: target("Acme", "203.0.113.7"), Other: target("Bolt", "198.51.100.9"),
		Try: func(_ T, to connectors.Target) bool {
			return p.Send(mac, to.Recipient.Destinations[0], 443, 10)
		},
		Send:         func(_ T, port uint16) { p.Send(mac, "192.0.2.1", port, SendBytes) },
		SeesWhileOff: true,
		Grant: func(T) consent.Grant {
			g := consent.Grant{ID: "token-1", Kind: "token"}
			p.AddGrant(g)
			return g
		},
		Works:   func(_ T, g consent.Grant) bool { return p.Works(g.ID) },
		Dies:    func(_ T, g consent.Grant) { p.KillGrant(g.ID) },
		Busy:    func(t T, until time.Time) { p.SetBusy(until); t.Cleanup(func() { p.SetBusy(time.Time{}) }) },
		Break:   func(t T) { p.SetDown(true); t.Cleanup(func() { p.SetDown(false) }) },
		Forget:  func(T) { p.Restart() },
		Secrets: []string{"hunter2"},
	}
}

func straight(s connectors.Session) connectors.Session { return s }

// complaints runs the suite in a bubble, where its waits cost nothing.
func complaints(t *testing.T, bend func(connectors.Session) connectors.Session) (got map[string][]string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		got = Check(options(NewPeer(time.Now), bend))
		time.Sleep(48 * time.Hour) // until those that hang have come back
	})
	return got
}

func TestAGoodConnectorPasses(t *testing.T) {
	for name, faults := range complaints(t, straight) {
		t.Errorf("%s: %q", name, faults)
	}
}

func TestRunIsTheSameSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes the real clock's few seconds")
	}
	o := options(NewPeer(time.Now), straight)
	o.ShortPause = 500 * time.Millisecond
	Run(t, o)
}

func TestANarrowConnectorIsSkippedNotFailed(t *testing.T) {
	got := complaints(t, func(s connectors.Session) connectors.Session { return closer{s} })
	if len(got) > 0 {
		t.Errorf("a session that can nothing was complained about: %q", got)
	}
}

// closer is a session without any capability.
type closer struct{ s connectors.Session }

func (c closer) Close() error { return c.s.Close() }

// bent is a session in which a test replaces capabilities.
type bent struct {
	connectors.Session
	c connectors.Capabilities
}

func (b bent) Capabilities() connectors.Capabilities { return b.c }

func bend(f func(*connectors.Capabilities)) func(connectors.Session) connectors.Session {
	return func(s connectors.Session) connectors.Session {
		c := connectors.CapabilitiesOf(s)
		f(&c)
		return bent{s, c}
	}
}

// blocker is a Blocker with function fields over a good one.
type blocker struct {
	connectors.Blocker
	block   func(context.Context, connectors.BlockRequest) (connectors.Receipt, error)
	unblock func(context.Context, connectors.Receipt) (connectors.Receipt, error)
}

func (b blocker) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	if b.block == nil {
		return b.Blocker.Block(ctx, r)
	}
	return b.block(ctx, r)
}

func (b blocker) Unblock(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	if b.unblock == nil {
		return b.Blocker.Unblock(ctx, r)
	}
	return b.unblock(ctx, r)
}

type verifier func(context.Context, connectors.Receipt) (connectors.Finding, error)

func (v verifier) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	return v(ctx, r)
}

type observer func(context.Context, connectors.Cursor, func([]flow.Record, connectors.Cursor)) error

func (o observer) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	return o(ctx, from, emit)
}

type revoker func(context.Context, connectors.RevokeRequest) (connectors.Receipt, error)

func (r revoker) Revoke(ctx context.Context, q connectors.RevokeRequest) (connectors.Receipt, error) {
	return r(ctx, q)
}

// TestTheSuiteCatches bends a good connector in one way each and wants the
// named cases to complain.
func TestTheSuiteCatches(t *testing.T) {
	yes := func(r connectors.BlockRequest) connectors.Receipt {
		return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, Grain: connectors.GrainRecipient}
	}
	faults := map[string]struct {
		bend func(*connectors.Capabilities)
		want []string // cases that must complain
	}{
		"a liar that does nothing and says it stopped": {
			func(c *connectors.Capabilities) {
				c.Blocker = blocker{
					block:   func(_ context.Context, r connectors.BlockRequest) (connectors.Receipt, error) { return yes(r), nil },
					unblock: func(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) { return r, nil },
				}
				c.Verifier = verifier(func(context.Context, connectors.Receipt) (connectors.Finding, error) {
					return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, Refused: 9}, nil
				})
			},
			[]string{"a block stops what it says and nothing else", "levels are not claimed before they are reached", "what was lifted is reported missing"},
		},
		"one that hangs": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					time.Sleep(time.Hour) // whatever its context says
					return good.Block(ctx, r)
				}}
			},
			[]string{"a cancelled call returns", "a block stops what it says and nothing else"},
		},
		"one that forgets the first block over the second": {
			func(c *connectors.Capabilities) {
				good, last := c.Blocker, connectors.Receipt{}
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					if last.Mark != "" && last.Mark != r.Mark {
						_, _ = good.Unblock(ctx, last)
					}
					last = yes(r)
					return good.Block(ctx, r)
				}}
			},
			[]string{"two marks are held side by side", "lifting lifts exactly its own"},
		},
		"one that never notices what its peer forgot": {
			func(c *connectors.Capabilities) {
				good := c.Verifier
				c.Verifier = verifier(func(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
					f, err := good.Verify(ctx, r)
					if f.Missing {
						f = connectors.Finding{Level: consent.Configured}
					}
					return f, err
				})
			},
			[]string{"a peer that forgot is reported missing, and can be told again", "what was lifted is reported missing"},
		},
		"one that lifts everything": {
			func(c *connectors.Capabilities) {
				good, held := c.Blocker, c.Holder
				c.Blocker = blocker{Blocker: good, unblock: func(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
					all, _ := held.Held(ctx)
					for _, h := range all {
						_, _ = good.Unblock(ctx, h.Receipt)
					}
					return r, nil
				}}
			},
			[]string{"lifting lifts exactly its own", "what was never set can be lifted"},
		},
		"one that refuses to lift twice, with a bare error": {
			func(c *connectors.Capabilities) {
				good, done := c.Blocker, false
				c.Blocker = blocker{Blocker: good, unblock: func(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
					if done {
						return r, errors.New("no such rule for hunter2")
					}
					done = true
					return good.Unblock(ctx, r)
				}}
			},
			[]string{"lifting twice is success"},
		},
		"one that claims effective at once": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					rec, err := good.Block(ctx, r)
					rec.Level = consent.Effective
					return rec, err
				}}
			},
			[]string{"levels are not claimed before they are reached"},
		},
		"one that ignores a start in the future": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					r.From, r.Until = time.Time{}, time.Time{}
					return good.Block(ctx, r)
				}}
			},
			[]string{"a start in the future is held or refused", "a start that comes takes effect by itself", "an end is held or refused"},
		},
		"one that says that it cannot hold a start, and takes it": {
			func(c *connectors.Capabilities) { c.Traits.HoldsStart = false },
			[]string{"a start in the future is held or refused"},
		},
		"one that takes an unreachable peer for success": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, unblock: func(ctx context.Context, r connectors.Receipt) (connectors.Receipt, error) {
					_, _ = good.Unblock(ctx, r)
					return r, nil
				}}
			},
			[]string{"an unreachable peer is a typed error, never success"},
		},
		"one that does not resume": {
			func(c *connectors.Capabilities) {
				good := c.Observer
				c.Observer = observer(func(ctx context.Context, _ connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
					return good.Observe(ctx, nil, emit)
				})
			},
			[]string{"observing resumes without a gap or a double"},
		},
		"one that counts twice": {
			func(c *connectors.Capabilities) {
				good := c.Observer
				c.Observer = observer(func(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
					return good.Observe(ctx, from, func(r []flow.Record, n connectors.Cursor) { emit(r, n); emit(r, n) })
				})
			},
			[]string{"what is sent is observed once"},
		},
		"one whose observer outlives its context": {
			func(c *connectors.Capabilities) {
				good := c.Observer
				c.Observer = observer(func(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
					err := good.Observe(ctx, from, emit)
					time.Sleep(time.Hour)
					return err
				})
			},
			[]string{"streams end with their context"},
		},
		"one that says that a token was revoked": {
			func(c *connectors.Capabilities) {
				c.Revoker = revoker(func(_ context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
					return connectors.Receipt{Mark: r.Mark, Level: consent.Accepted}, nil // 200, and nothing happens
				})
			},
			[]string{"a revoked grant is gone and no longer works"},
		},
		"one that answers for another device": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					rec, err := good.Block(ctx, r)
					rec.Target.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: "02:00:00:00:00:77"}}
					return rec, err
				}}
			},
			[]string{"a receipt is of the device that was meant"},
		},
		"one that takes the first device at hand": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					r.Target.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: mac}}
					return good.Block(ctx, r)
				}}
			},
			[]string{"a block of a device that is not there cuts nobody else"},
		},
		"one that takes a dead token for a bad line": {
			func(c *connectors.Capabilities) {
				good, list := c.Revoker, c.GrantLister
				c.Revoker = revoker(func(ctx context.Context, r connectors.RevokeRequest) (connectors.Receipt, error) {
					if gs, err := list.Grants(ctx); err == nil && !slices.ContainsFunc(gs, func(g consent.Grant) bool { return g.ID == r.Grant.ID }) {
						return connectors.Receipt{}, &connectors.Error{Kind: consent.KindTransient, Text: "401"}
					}
					return good.Revoke(ctx, r)
				})
			},
			[]string{"a grant that has died meanwhile is not tried for ever", "revoking twice is success"},
		},
		"one that does not listen to when to come back": {
			func(c *connectors.Capabilities) {
				good := c.Blocker
				c.Blocker = blocker{Blocker: good, block: func(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
					rec, err := good.Block(ctx, r)
					var e *connectors.Error
					if errors.As(err, &e) {
						err = &connectors.Error{Kind: e.Kind, Text: e.Text}
					}
					return rec, err
				}}
			},
			[]string{"a peer that says when to come back is quoted rightly"},
		},
		"one that crashes": {
			func(c *connectors.Capabilities) {
				c.Verifier = verifier(func(context.Context, connectors.Receipt) (connectors.Finding, error) { panic("index out of range") })
			},
			[]string{"a receipt survives being stored", "levels are not claimed before they are reached"},
		},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			got := complaints(t, bend(f.bend))
			for _, w := range f.want {
				if len(got[w]) == 0 {
					t.Errorf("the case %q did not complain; these did: %q", w, slices.Sorted(maps.Keys(got)))
				}
			}
		})
	}
}

func TestSecretsInErrorsAreCaught(t *testing.T) {
	got := complaints(t, bend(func(c *connectors.Capabilities) {
		c.Prober = nil
		c.Blocker = blocker{Blocker: c.Blocker, unblock: func(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) {
			return r, &connectors.Error{Kind: consent.KindTransient, Text: "401 for password hunter2"}
		}}
	}))
	if !slices.ContainsFunc(got["lifting twice is success"], func(s string) bool { return strings.Contains(s, "shows a secret") }) {
		t.Errorf("not caught: %q", got["lifting twice is success"])
	}
}
