package live

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"bestbefore/consent"
	"bestbefore/discovery"
)

// TestEveryDecisionOffersUndo: what the engine can take back, the window offers to take back.
func TestEveryDecisionOffersUndo(t *testing.T) {
	for name, decide := range map[string]func(p *Pump){
		"renew": func(p *Pump) { p.Renew("c1", "P1M") },
		"renew until a date": func(p *Pump) {
			p.RenewAt("c1", "2099-05-31", func(string) {})
		},
		"end":                func(p *Pump) { p.End("c1") },
		"lapse":              func(p *Pump) { p.Lapse("c1") },
		"extend":             func(p *Pump) { p.Extend("c1") },
		"label":              func(p *Pump) { p.Rename("d1", "Door") },
		"confirm":            func(p *Pump) { p.Confirm("d1") },
		"merge by question":  func(p *Pump) { p.Answer("q1", true) },
		"split":              func(p *Pump) { p.Split("d1") },
		"essential":          func(p *Pump) { p.SetEssential("d1", "medical") },
		"reconnect by a row": func(p *Pump) { p.Reconnect("d1") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{
					devices: oneDevice("Bell"), renew: func(string) error { return nil },
					label: func(context.Context, discovery.DeviceID, string) error { return nil },
				}
				p, s := pump(t, f)
				decide(p)
				s.settle()
				s.settle()
				if len(s.toasts) != 1 || s.toasts[0].Undo == "" || s.toasts[0].Text == "" {
					t.Fatalf("offered %+v", s.toasts)
				}
				p.Undo(s.toasts[0].Undo)
				s.settle()
				if f.asked["undo"] != 1 || len(s.toasts) != 2 || s.toasts[1].Undo != "" {
					t.Errorf("asked %v, said %+v", f.asked, s.toasts)
				}
			})
		})
	}
}

// TestAnAccessThatWasDeletedOffersNoUndo: it would not bring the access back. The
// twin is every other remedy, which the test above ends with.
func TestAnAccessThatWasDeletedOffersNoUndo(t *testing.T) {
	for _, r := range consent.Remedies() {
		synctest.Test(t, func(t *testing.T) {
			p, s := pump(t, &fake{devices: oneDevice("Bell"), remedy: r})
			p.End("c1")
			s.settle()
			deleted := r == consent.Revoke || r == consent.RevokeThenBlock
			if got := last(t, s.toasts); (got.Undo == "") != deleted {
				t.Errorf("%s: offered %+v", r, got)
			}
		})
	}
}

// TestARefusedRenewalIsAnsweredWhereItWasTyped: in the person's words where they are known.
func TestARefusedRenewalIsAnsweredWhereItWasTyped(t *testing.T) {
	for want, err := range map[string]error{
		"Write the time as 18:00.":              fmt.Errorf("25:00: %w", consent.ErrDate),
		"That moment has already passed.":       fmt.Errorf("then: %w", consent.ErrPast),
		"A permission lasts 12 months at most.": fmt.Errorf("then: %w", consent.ErrTooLong),
		"The disk is full.":                     errors.New("the disk is full"),
		"":                                      nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			p, s := pump(t, &fake{devices: oneDevice("Bell"), renew: func(string) error { return err }})
			var said []string
			p.RenewAt("c1", "2026-11-23T25:00", func(why string) { said = append(said, why) })
			s.settle()
			if len(said) != 1 || said[0] != want || len(s.toasts) > 0 != (err == nil) {
				t.Errorf("answered %q and said %v, want %q", said, s.toasts, want)
			}
		})
	}
}
