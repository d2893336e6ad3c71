package connectors

import "testing"

func TestMoved(t *testing.T) {
	both := Traits{ByAddress: true, IPv4: true, IPv6: true}
	at := func(a ...string) Target { return Target{Addresses: a} }
	for _, c := range []struct {
		was, now Target
		want     bool
	}{
		{at("192.168.1.5"), at("192.168.1.5"), false},
		{at("192.168.1.5", "2001:db8::5"), at("2001:db8::5", "192.168.1.5"), false},
		{at("192.168.1.5"), at("::ffff:192.168.1.5"), false},
		{at("fe80::1%eth0"), at("fe80::1%wlan0"), false},
		{at("192.168.1.5"), at("192.168.1.6"), true},
		{at("192.168.1.5"), at("192.168.1.5", "2001:db8::5"), true},
		{at("192.168.1.5", "192.168.1.6"), at("192.168.1.6"), true}, // the other one may be somebody else's
		{at("192.168.1.5"), at(), false},                            // nowhere else
		{at(), at("192.168.1.5"), true},
		{at("192.168.1.5"), at("not an address"), false},
	} {
		if got := both.Moved(c.was, c.now); got != c.want {
			t.Errorf("%v, now %v: %v", c.was.Addresses, c.now.Addresses, got)
		}
	}
	four := Traits{ByAddress: true, IPv4: true}
	if four.Moved(at("192.168.1.5", "2001:db8::5"), at("192.168.1.5", "2001:db8::6")) || !four.Moved(at("192.168.1.5"), at("192.168.1.6")) {
		t.Error("what cannot be hit counts, or what can does not")
	}
	if (Traits{IPv4: true}).Moved(at("192.168.1.5"), at("192.168.1.6")) {
		t.Error("a peer that follows by itself is told all the same")
	}
}
