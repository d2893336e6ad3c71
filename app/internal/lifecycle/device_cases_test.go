package lifecycle

import (
	"net/netip"
	"strings"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors/adguardhome"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// The printer's old address, its new one, and who takes the old one.
const (
	oldAddr  = "192.168.77.30"
	newAddr  = "192.168.77.44"
	otherMAC = "00:11:22:33:44:66"
)

// seenAt is a device that is met at an address now.
func seenAt(h *Home, mac, addr string, services ...discovery.Service) discovery.DeviceID {
	h.core.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: clock.Wall(), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Addresses: []netip.Addr{netip.MustParseAddr(addr)}, Services: services,
	})
	id, ok := h.inventory.Resolve(mac, netip.Addr{}, "")
	if !ok {
		panic("the inventory lost what it was just shown")
	}
	return id
}

func toMaker(id discovery.DeviceID, until string) engine.AllowRequest {
	return engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "Printer Maker", Destinations: []string{"maker.example"}}, Until: until, Then: consent.Block, How: "test",
	}
}

// T38: a device takes another address while it is blocked, and somebody else the
// old one: the block goes along and hits nobody else. Its twin stands in the
// middle: before the move is seen, the block is where it was.
func TestT38ABlockByAddressesFollowsItsDevice(t *testing.T) {
	for name, x := range blockers {
		t.Run(name, func(t *testing.T) {
			b := startBlocker(t, x.serve)
			h, e, id := withBlocker(t, x.kind, b)
			if _, err := e.Allow(t.Context(), toMaker(id, "1s")); err != nil {
				t.Fatal(err)
			}
			passes := func(addr string) bool { return b.ask(addr, "video.maker.example") }
			until(t, "it is refused", func() bool { return !passes(oldAddr) })
			if !passes(newAddr) {
				t.Fatal("the twin: an address that is nobody's yet is refused too, so this shows nothing")
			}
			seenAt(h, bellMAC, newAddr)
			seenAt(h, otherMAC, oldAddr)
			if err := h.core.WatchMoved(t.Context()); err != nil { // as it is done each minute
				t.Fatal(err)
			}
			until(t, "the block has followed it, and spares who has its address now", func() bool { return !passes(newAddr) && passes(oldAddr) })
			if told := diaryKinds(t, e); !strings.Contains(told, "the block is set anew") {
				t.Errorf("the diary does not tell it: %s", told)
			}
		})
	}
}

// T37: on the day the peer itself says that the address is another device's: that
// one is not hit, the right one is. The twin's peer knows nothing of addresses.
func TestT37TheAddressOfAnotherDeviceIsNotHit(t *testing.T) {
	for _, knows := range []bool{true, false} {
		b := startBlocker(t, asAdGuardHome)
		_, e, id := withBlocker(t, adguardhome.New(), b)
		info, err := e.Allow(t.Context(), toMaker(id, "1h"))
		if err != nil {
			t.Fatal(err)
		}
		if knows { // the neighbour table has not seen it yet
			b.mu.Lock()
			b.leases = map[string]string{oldAddr: otherMAC, newAddr: bellMAC}
			b.mu.Unlock()
		}
		if _, err := e.End(t.Context(), info.ID, "test"); err != nil {
			t.Fatal(err)
		}
		hit, spared := newAddr, oldAddr
		if !knows {
			hit, spared = oldAddr, newAddr
		}
		until(t, "it is refused", func() bool { return !b.ask(hit, "video.maker.example") })
		if !b.ask(spared, "video.maker.example") {
			t.Errorf("the peer knows whose addresses they are %v: %s is refused too", knows, spared)
		}
	}
}

// T34: a revoked account of a real broker is made anew by somebody there: found at
// the next look, told as a relapse, and a person is asked, since only they know why.
// The twin's account stays deleted.
func TestT34AnAccountThatIsMadeAnew(t *testing.T) {
	for _, again := range []bool{true, false} {
		b, h, cam := atBroker(t, "auto")
		e := h.Engine()
		info, err := e.Allow(t.Context(), toBroker(cam, "1h", consent.Revoke))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.End(t.Context(), info.ID, "test"); err != nil {
			t.Fatal(err)
		}
		var done consent.Action
		until(t, "the account is deleted, and a try was turned away", func() bool {
			if b.gone("cam") {
				b.publish("cam", "home/cam/temperature", "20")
			}
			c, err := e.Consent(t.Context(), info.ID)
			if err == nil && len(c.Actions) > 0 {
				done = c.Actions[0]
			}
			return done.State == consent.Done && c.Seen == consent.Stopped
		})
		if again {
			b.control(`{"command":"createClient","username":"cam","password":"pw-of-cam","roles":[{"rolename":"role-cam"}]}`)
			if !b.publish("cam", "home/cam/temperature", "21") {
				t.Fatal("the new account does not work, so this shows nothing")
			}
		}
		looked := done.Verified
		until(t, "it was looked at again", func() bool {
			c, err := e.Consent(t.Context(), info.ID)
			if err != nil {
				return false
			}
			now, err := h.store.Action(t.Context(), done.ID)
			if err != nil {
				t.Fatal(err)
			}
			if now.State == consent.Done && now.Verified == looked { // else after a minute, an hour, a day
				now.VerifyAt = h.now()
				if err := h.store.SaveAction(t.Context(), now); err != nil {
					t.Fatal(err)
				}
				h.runner.Poke()
			}
			if !again {
				return now.Verified > looked && c.Seen != consent.Flowing
			}
			newest := c.Actions[0]
			return c.Decided == consent.Withdrawn && c.Seen == consent.Flowing && newest.Origin == consent.FromRelapse && newest.State == consent.NeedsPerson
		})
		if told := diaryKinds(t, e); strings.Contains(told, "relapse") != again {
			t.Errorf("made anew %v: %s", again, told)
		}
	}
}
