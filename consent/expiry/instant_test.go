package expiry

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/consent"
)

// What a scheduler lacks in a twin: the version that a decision was made on, the
// memory of what was decided, and the stored instant.

// careless writes a decision whatever version is stored.
type careless struct{ *bench }

func (s careless) Decide(_ context.Context, d consent.Decision) error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.consents[d.Consent.ID] = d.Consent
	s.made = append(s.made, d)
	return nil
}

// interrupted has somebody else decide after the list of what is due was read
// and before the end is written.
type interrupted struct {
	Store
	by func()
}

func (s interrupted) Due(ctx context.Context, now time.Time, n int) ([]consent.Consent, error) {
	due, err := s.Store.Due(ctx, now, n)
	if len(due) > 0 {
		s.by()
	}
	return due, err
}

func renewNow(b *bench, c consent.Consent) (consent.Decision, error) {
	next, as, err := consent.Renew(c, consent.Term{Kind: consent.ForPeriod, Rule: "PT1H"}, consent.Decider{By: "somebody", How: "clicked", Now: b.now(), Zone: time.UTC})
	return consent.Decision{Consent: next, Expect: c.Version, Actions: as}, err
}

// once reports that no version was decided twice and that nothing lives without an end.
func (b *bench) once() bool {
	var seen []int
	for _, d := range b.decisions() {
		if slices.Contains(seen, d.Consent.Version) || d.Consent.Decided.Live() && d.Consent.Expires.IsZero() {
			return false
		}
		seen = append(seen, d.Consent.Version)
	}
	return len(seen) > 0
}

// T11: the twin writes without looking at the version, so that of a renewal and
// an end in the same second both are written and the later one wins by chance.
func TestT11TheTwinOfOneOutcome(t *testing.T) {
	carelessly := func(c *Config) { c.Store = careless{c.Store.(*bench)} }
	t.Run("the renewal comes while the end is being written", func(t *testing.T) {
		holdsAndFails(t, func(b *bench) bool {
			c := b.give("c1", 10*time.Second, consent.Block)
			store := b.s.c.Store
			b.s.c.Store = interrupted{store, func() {
				if b.get("c1").Version > 1 {
					return
				}
				if d, err := renewNow(b, c); err == nil {
					_ = b.Decide(context.Background(), d)
				}
			}}
			defer b.serve()()
			time.Sleep(time.Minute)
			synctest.Wait()
			return b.get("c1").Decided == consent.Renewed && b.once()
		}, carelessly)
	})
	t.Run("the end comes while the renewal is being clicked", func(t *testing.T) {
		holdsAndFails(t, func(b *bench) bool {
			c := b.give("c1", 10*time.Second, consent.Block)
			defer b.serve()()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			d, err := renewNow(b, c) // of what was shown a moment ago
			return err == nil && errors.Is(b.s.c.Store.Decide(context.Background(), d), consent.ErrChanged) && b.expired("c1") && b.once()
		}, carelessly)
	})
}

// byTheDate knows no decision: what is in force it tells from the date alone.
type byTheDate struct{ *bench }

func (s byTheDate) get(id consent.ID) consent.Consent {
	c := s.bench.get(id)
	if s.now().Before(c.Expires) {
		c.Decided = consent.Given
	}
	return c
}

// T4: what ended stays ended, as a decision that was written down, and is neither
// ended again nor lifted; what another has left goes on. The twin tells from the
// date whether a permission is in force, and there it comes alive.
func TestT04TheTwinOfADecisionThatStays(t *testing.T) {
	check := func(read func(*bench, consent.ID) consent.Consent) (alive, again, lifted bool) {
		inDoubt(t, false, func(_ *testing.T, b *bench, w *wrong, k *kept) {
			b.give("c1", time.Second, consent.Block)
			b.give("c2", 3*time.Hour, consent.Block)
			defer b.serve()()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			for _, believed := range []bool{true, false} { // with a guard that notices it, and without
				if believed {
					b.jump(-year)
				} else {
					w.step.Store(int64(-year))
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				alive = alive || read(b, "c1").Decided != consent.Expired
				again = again || len(b.decisions()) != 1
				lifted = lifted || slices.ContainsFunc(b.all(), func(a consent.Action) bool { return a.Kind != consent.ActBlock }) || len(k.all()) > 0
			}
			if b.get("c2").Decided != consent.Given {
				t.Error("the other one ended a year before its date")
			}
		})
		return alive, again, lifted
	}
	if alive, again, lifted := check((*bench).get); alive || again || lifted {
		t.Errorf("alive %v, ended again %v, lifted %v", alive, again, lifted)
	}
	if alive, _, _ := check(func(b *bench, id consent.ID) consent.Consent { return byTheDate{b}.get(id) }); !alive {
		t.Error("the twin: told from its date it has ended too; this test shows nothing")
	}
}

func (b *bench) all() []consent.Action {
	b.memory.mu.Lock()
	defer b.memory.mu.Unlock()
	return slices.Clone(b.actions)
}

// byTheDial ends what the clock on the wall shows, each time that it shows it.
type byTheDial struct {
	*bench
	shown *string
}

func (s byTheDial) Due(_ context.Context, now time.Time, _ int) ([]consent.Consent, error) {
	c := s.get("c1")
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	dial := now.In(zone).Format("2006-01-02T15:04")
	passed := *s.shown < c.ExpiresCivil && dial >= c.ExpiresCivil
	*s.shown = dial
	if !passed {
		return nil, nil
	}
	c.Decided = consent.Given
	return []consent.Consent{c}, nil
}

func (s byTheDial) NextDue(context.Context) (time.Time, bool, error) { return time.Time{}, false, nil }

// T9: 02:30 comes twice in that night. The twin goes by what the clock on the
// wall shows, and ends it twice.
func TestT09TheTwinOfTheInstant(t *testing.T) {
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // the second is at 01:30
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	holdsAndFails(t, func(b *bench) bool {
		b.jump(first.Add(-time.Hour).Sub(b.now()))
		c := b.give("c1", time.Hour, consent.Block)
		c.Zone, c.ExpiresCivil = "Europe/Berlin", "2026-10-25T02:30"
		if c.Expires, err = consent.CivilEnd(c.ExpiresCivil, berlin); err != nil {
			return false
		}
		b.put(c)
		defer b.serve()()
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		d := b.decisions()
		return len(d) == 1 && !d[0].Consent.Ended.Before(first) && d[0].Consent.Ended.Before(first.Add(time.Minute))
	}, func(c *Config) { c.Store = byTheDial{c.Store.(*bench), new(string)} })
}

// byItsZone counts each date anew in its zone.
type byItsZone struct{ *bench }

func (s byItsZone) Due(_ context.Context, now time.Time, _ int) (out []consent.Consent, err error) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for _, c := range s.consents {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			continue // nothing can be told of it
		}
		if end, err := consent.CivilEnd(c.ExpiresCivil, zone); err == nil && c.Decided.Live() && !now.Before(end) {
			out = append(out, c)
		}
	}
	return out, nil
}

// T14: of a zone that this computer does not know, and of one whose rules have
// changed since (the civil date would be an hour later now), the stored instant
// decides. The twin counts the date anew.
func TestT14TheTwinOfTheInstant(t *testing.T) {
	for name, zone := range map[string]string{"missing": "Nowhere/Atlantis", "other rules": "Etc/GMT+1"} {
		t.Run(name, func(t *testing.T) {
			holdsAndFails(t, func(b *bench) bool {
				c := b.give("c1", time.Minute, consent.Block)
				c.Zone = zone
				b.put(c)
				defer b.serve()()
				time.Sleep(time.Minute - time.Second)
				synctest.Wait()
				early := b.expired("c1")
				time.Sleep(2 * time.Second)
				synctest.Wait()
				return !early && b.expired("c1") && len(b.decisions()) == 1
			}, func(c *Config) { c.Store = byItsZone{c.Store.(*bench)} })
		})
	}
}
