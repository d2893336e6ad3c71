package enforce

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// byAddress is a DNS blocker that knows addresses only.
var byAddress = connectors.Traits{Grain: connectors.GrainRecipient, ByAddress: true, IPv4: true}

// at gives the device of every test these addresses.
func (h *bench) at(addrs ...string) {
	h.memory.mu.Lock()
	defer h.memory.mu.Unlock()
	d := h.devices["d1"]
	d.ID, d.Addresses = "d1", nil
	for _, a := range addrs {
		d.Addresses = append(d.Addresses, discovery.Address{Addr: netip.MustParseAddr(a), Seen: discovery.At(h.now())})
	}
	h.devices["d1"] = d
}

// refused are the addresses at which a mark is held.
func (p *peer) refused(mark string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.rules[mark].Target.Addresses, " ")
}

// T38: the device of a block that goes by addresses gets another one. The block
// is set anew there, at once and without being taken for forgetting; until then
// nothing is said to be effective. The twin is a peer that does not say that it
// goes by addresses.
func TestT38ABlockFollowsTheAddress(t *testing.T) {
	holdsAndFails(t, func(h *bench) string {
		h.at("192.168.1.20")
		p := h.peer("dns", byAddress)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		settle(2 * time.Minute)
		if got := h.action(a.ID); got.Level != consent.Effective || p.refused(a.Mark) != "192.168.1.20" {
			return fmt.Sprintf("before it moves: %s, at %q", got.Level, p.refused(a.Mark))
		}
		h.at("192.168.1.44")
		if err := h.r.LookAgain(context.Background(), a.ID); err != nil {
			return err.Error()
		}
		settle(time.Second)
		all := h.all()
		last := all[len(all)-1]
		first := h.action(a.ID)
		return fault(p.refused(a.Mark) != "192.168.1.44" || len(all) != 2 || last.Origin != consent.FromMove || last.State != consent.Done ||
			first.Evidence[len(first.Evidence)-1].Level == consent.Effective,
			"%d actions, the last %s %s, blocked at %q", len(all), last.Origin, last.State, p.refused(a.Mark))
	}, func(_ *Config, h *bench) { h.each = func(p *peer) { p.traits.ByAddress = false } })
}

// A pause follows its device as any block does: that its end is written down
// already, or that something newer was cancelled, does not make it old.
func TestAPauseFollowsTheAddress(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.at("192.168.1.20")
		p := h.peer("dns", byAddress)
		block, over := h.pause()
		if _, err := h.AddActions(t.Context(), []consent.Action{{Kind: consent.ActUnblock, Mark: block.Mark, Device: block.Device, State: consent.Cancelled}}); err != nil {
			t.Fatal(err)
		}
		defer h.serve()()
		time.Sleep(2 * time.Minute)
		h.at("192.168.1.44")
		if err := h.r.LookAgain(t.Context(), block.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := p.refused(block.Mark); got != "192.168.1.44" {
			t.Errorf("blocked at %q", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if p.holds(block.Mark) || h.action(over.ID).State != consent.Done {
			t.Errorf("when it is over: blocked %v, the end %s", p.holds(block.Mark), h.action(over.ID).State)
		}
	})
}

// While the peer cannot be told the new address, nothing is said to have stopped.
func TestWhatCouldNotFollowIsNotStopped(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.at("192.168.1.20")
		p := h.peer("dns", byAddress)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if h.seen("c1") != consent.Stopped {
			t.Fatalf("seen %s before it moves", h.seen("c1"))
		}
		p.mu.Lock()
		p.block = func(context.Context, connectors.BlockRequest) error {
			return &connectors.Error{Kind: consent.KindTransient, Text: "It cannot be reached."}
		}
		p.mu.Unlock()
		h.at("192.168.1.44")
		if err := h.r.LookAgain(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		all := h.all()
		if last := all[len(all)-1]; h.seen("c1") != consent.CannotTell || last.State != consent.Waiting || last.Level != consent.NoLevel {
			t.Errorf("seen %s, the last action %s at %q", h.seen("c1"), last.State, last.Level)
		}
	})
}

// A device that changes its address all the time does not keep the peer busy, and
// one that only went away is not gone after.
func TestADeviceThatKeepsMoving(t *testing.T) {
	inHome(t, func(t *testing.T, h *bench) {
		h.at("192.168.1.1")
		p := h.peer("dns", byAddress)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(time.Minute)
		for i := range 3 * maxMoves {
			h.at(fmt.Sprintf("192.168.1.%d", i+2))
			all := h.all()
			if err := h.r.LookAgain(t.Context(), all[len(all)-1].ID); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
			synctest.Wait()
		}
		if n := p.asked(); n > maxMoves+1 {
			t.Errorf("told %d times", n)
		}
		if h.seen("c1") != consent.CannotTell {
			t.Errorf("seen %s, though it is blocked where it is no longer", h.seen("c1"))
		}
		_ = a
	})
	inHome(t, func(t *testing.T, h *bench) {
		h.at("192.168.1.1")
		p := h.peer("dns", byAddress)
		a := h.ended("c1", consent.Block)
		defer h.serve()()
		time.Sleep(time.Minute)
		h.at()
		if err := h.r.LookAgain(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.asked() != 1 {
			t.Errorf("told %d times where a device without an address is", p.asked())
		}
	})
}
