//go:build lab && linux

package lab

import (
	"testing"
	"time"
)

// TestSmokeHomeSends proves what the other tests rest on, without our program:
// devices reach the companies over both families, what the router refuses does
// not arrive, and the count shows it when the router lets it through again.
func TestSmokeHomeSends(t *testing.T) {
	h := up(t, "smoke")
	for _, from := range []string{bell4, bell6} {
		eventually(t, 10*time.Second, from+" reaches its maker", func() bool { return h.arrived("bell-maker", from).Packets > 0 })
	}
	eventually(t, 10*time.Second, "the television reaches the advertiser", func() bool { return h.arrived("ads", tv4, tv6).Packets > 0 })

	h.box("exec", "gw", "nft", "add table inet rough; add chain inet rough c { type filter hook forward priority -10; }; "+
		"add rule inet rough c ether saddr "+bellMAC+" drop")
	cut := time.Now()
	until(cut.Add(4 * time.Second))
	if got := h.arrived("bell-maker", bell4, bell6); got.Last.After(cut.Add(time.Second)) {
		t.Errorf("a packet arrived %s after the block", got.Last.Sub(cut))
	}
	if got := h.arrived("ads", tv4, tv6); got.Last.Before(cut.Add(time.Second)) {
		t.Error("the television stopped too")
	}
	h.box("exec", "gw", "nft", "delete table inet rough")
	lifted := time.Now()
	eventually(t, 15*time.Second, "the doorbell is through again", func() bool {
		return h.arrived("bell-maker", bell4, bell6).Last.After(lifted)
	})
}

// TestSmokeHomeTwice brings the same home up twice and a second one beside it.
func TestSmokeHomeTwice(t *testing.T) {
	h, other := up(t, "gw", "doorbell"), up(t, "gw", "doorbell")
	h.box("up", "gw", "doorbell")
	for _, x := range []*home{h, other} {
		eventually(t, 10*time.Second, "the doorbell reaches its maker", func() bool { return x.arrived("bell-maker", bell4).Packets > 0 })
	}
	other.box("down")
	now := time.Now()
	eventually(t, 5*time.Second, "the first home goes on", func() bool { return h.arrived("bell-maker", bell4).Last.After(now) })
}
