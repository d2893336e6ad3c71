package main

import (
	"strings"
	"testing"

	"bestbefore/connectors/openwrt"
)

// What belongs on the peer first stands alone on standard output, so that it can be kept as a file.
func TestWhatAConnectorNeedsFirst(t *testing.T) {
	dir := t.TempDir()
	code, out, errs := try(t, dir, "connect", "openwrt", "--setup")
	if code != 0 || out != openwrt.Setup || !strings.Contains(errs, "an account on it") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, out, errs = try(t, dir, "connect", "pihole", "--setup"); code != 0 || out != "" || !strings.Contains(errs, "Pi-hole 6 or newer") { // the twin: nothing to paste
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, _, errs = try(t, dir, "connect", "nothing", "--setup"); code != 1 || !strings.Contains(errs, "there is no connector") {
		t.Errorf("%d %q", code, errs)
	}
	if code, out, _ = try(t, dir, "connectors"); code != 0 || !strings.Contains(out, "connect openwrt --setup") || strings.Contains(out, "connect pihole --setup") || !strings.Contains(out, "needs: Pi-hole 6 or newer") {
		t.Errorf("%d %q", code, out)
	}
}

func TestCapturesAreListedAndForgotten(t *testing.T) {
	dir := t.TempDir()
	if code, out, _ := try(t, dir, "captures"); code != 0 || !strings.Contains(out, "No capture was taken over.") {
		t.Errorf("%d %q", code, out)
	}
	if code, out, _ := try(t, dir, "captures", "--json"); code != 0 || strings.TrimSpace(out) != "[]" {
		t.Errorf("%d %q", code, out)
	}
	if code, _, errs := try(t, dir, "captures", "forget", "a.pcap"); code != 1 || !strings.Contains(errs, "no capture file") {
		t.Errorf("%d %q", code, errs)
	}
	if code, _, _ := try(t, dir, "captures", "nonsense"); code != 2 {
		t.Errorf("%d", code)
	}
}
