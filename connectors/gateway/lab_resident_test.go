//go:build lab && linux

package gateway

import (
	"net/netip"
	"os"
	"slices"
	"testing"
)

// TestLabTheBoxThatRoutesTheHomeKnowsIt: behind it lies the home and not the
// outside, and nothing once its kernel forwards no more.
func TestLabTheBoxThatRoutesTheHomeKnowsIt(t *testing.T) {
	behind := New().Behind()
	has := func(addr string) bool {
		return slices.ContainsFunc(behind, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(addr)) })
	}
	if !has("10.77.1.2") || !has("fd77:1::2") || has(acme4) || has(acme6) {
		t.Errorf("behind it: %v", behind)
	}
	for _, file := range []string{"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"} {
		if err := os.WriteFile(file, []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.WriteFile(file, []byte("1"), 0); err != nil {
				t.Error(err)
			}
		})
	}
	if behind = New().Behind(); len(behind) != 0 {
		t.Errorf("it forwards nothing, but behind it: %v", behind)
	}
}
