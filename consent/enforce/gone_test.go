package enforce

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// A service that shut is never chosen for a block: another does it, for those
// that come later without asking; where there is none, a person is told why.
func TestT30ABlockIsNotGivenToAServiceThatShut(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		shut, other := h.peer("a", fine), h.peer("b", fine)
		shut.block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindPermanent, Text: "410: this service has ended", Dead: true}
		}
		first := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(time.Second)
		second := h.ended("c2", consent.Block)
		h.r.Poke()
		settle(time.Second)
		if shut.asked() != 1 || !other.holds(first.Mark) || !other.holds(second.Mark) {
			return h.state(first.ID) + ", " + h.state(second.ID)
		}
		h.setClosed("b", &connectors.Error{Kind: consent.KindUnsupported, Text: "it was removed"})
		h.mu.Lock()
		delete(h.peers, "b")
		delete(h.closed, "b")
		h.mu.Unlock()
		third := h.ended("c3", consent.Block)
		h.r.Poke()
		settle(time.Second)
		x := h.action(third.ID)
		return fault(shut.asked() != 1 || x.State != consent.NeedsPerson || !strings.Contains(x.Reason, "has ended"), "asked %d times, %s", shut.asked(), h.state(third.ID))
	}, changing(func(e *connectors.Error) { e.Dead = false }))
}

// A person's retry gives a service that shut one more chance.
func TestT30APersonMayTryAServiceThatShutAgain(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.peer("a", fine)
		p.block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindPermanent, Text: "410", Dead: true}
		}
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(time.Second)
		if h.action(a.ID).State != consent.NeedsPerson {
			t.Fatal(h.state(a.ID))
		}
		p.block = nil
		if err := h.r.Retry(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if x := h.action(a.ID); x.State != consent.Done || !p.holds(a.Mark) {
			t.Error(h.state(a.ID))
		}
	})
}

// What an issuer ended together with an access is recorded.
func TestT31WhatElseEndedIsRecorded(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		h.watched("account", consent.NotChecked, consent.Grant{ID: "g1", EndsAlso: []string{"the app on the phone"}})
		h.ended("c1", consent.Revoke, consent.Grant{ID: "g1", Connection: "account"})
		defer h.serve()()
		settle(time.Second)
		h.memory.mu.Lock()
		defer h.memory.mu.Unlock()
		told := slices.ContainsFunc(h.notes, func(n ledger.Note) bool { return strings.Contains(n.Text, "also ended: the app on the phone") })
		return fault(!told, "%v", h.notes)
	}, func(_ *Config, h *bench) {
		h.each = func(p *peer) { p.grants = []consent.Grant{{ID: "g1"}} } // the issuer does not tell
	})
}

// A person may end any access of a peer, also one that is no device's or does not
// lead to a permission's recipient.
func TestAPersonEndsAnAccessByItself(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		p := h.watched("broker", consent.NotChecked, consent.Grant{ID: "old"})
		p.account = func(connectors.Target) (connectors.Account, error) {
			return connectors.Account{}, &connectors.Error{Kind: consent.KindUnsupported, Text: "No account is known."}
		}
		as, err := h.AddActions(t.Context(), []consent.Action{{
			Kind: consent.ActRevoke, Origin: consent.FromPerson, Recipient: consent.Recipient{Name: "Old phone"}, Grant: "old", Connection: "broker",
			Mark: consent.MarkAccess("broker", "old"), Confirmed: true, State: consent.Pending,
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer h.serve()()
		settle(time.Second)
		if x := h.action(as[0].ID); x.State != consent.Done || p.asked() != 1 {
			t.Error(h.state(as[0].ID))
		}
	})
}
