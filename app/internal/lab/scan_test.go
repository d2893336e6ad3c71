//go:build lab && linux

package lab

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScanFindsWhatAvahiFinds compares "scan" in an empty namespace of the whole
// home with what avahi's own browser lists: every service, and for every device
// one entry.
func TestScanFindsWhatAvahiFinds(t *testing.T) {
	if _, err := exec.LookPath("avahi-browse"); err != nil {
		t.Skip("##### SKIPPED: avahi-browse is missing; '.ci/packages lab' installs it #####")
	}
	h := up(t)
	reference := settledReference(h)
	if err := programs.agent(); err != nil {
		t.Fatal(err)
	}
	rounds := 1
	if os.Getenv("LAB_LONG") != "" {
		rounds = 3
	}
	for range rounds {
		h.scanLike(reference)
	}
	if len(reference) < 30 {
		t.Errorf("the reference lists only %d services; were devices skipped?", len(reference))
	}
}

// scanLike scans once, with a data folder of its own, and compares.
func (h *home) scanLike(reference []string) {
	t := h.t
	t.Helper()
	c := h.command("probe", agentPath(), "--data", t.TempDir(), "scan", "--for", "15s", "--json")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var devices []deviceRow
	if err := json.Unmarshal(out, &devices); err != nil {
		t.Fatal(err)
	}
	var found []string
	byMAC := map[string]int{}
	for _, d := range devices {
		for _, s := range d.Services {
			found = append(found, s.Type+" "+s.Instance)
		}
		for _, i := range d.Identifiers {
			if strings.EqualFold(i.Type, "mac") {
				byMAC[strings.ToLower(i.Value)]++
			}
		}
	}
	missing := 0
	for _, s := range reference {
		if !slices.Contains(found, s) {
			missing++
			t.Errorf("not found: %s", s)
		}
	}
	for mac, n := range byMAC {
		if n > 1 {
			t.Errorf("%d entries hold the hardware address %s", n, mac)
		}
	}
	t.Logf("%d of %d services, in %d devices", len(reference)-missing, len(reference), len(devices))
}

// settledReference asks avahi until two answers in a row are the same. That its
// daemon is not up yet is no answer: on a busy machine all of them start at once.
func settledReference(h *home) []string {
	h.t.Helper()
	var last []string
	eventually(h.t, 90*time.Second, "the home has settled", func() bool {
		listing, err := h.command("browse").Output()
		now := reference(string(listing))
		same := err == nil && len(now) > 0 && slices.Equal(now, last)
		last = now
		if !same {
			time.Sleep(2 * time.Second)
		}
		return same
	})
	return last
}

// reference reads avahi-browse -p: "=;eth0;IPv4;Instance;_type._tcp;local;host;address;port;txt".
func reference(listing string) []string {
	var out []string
	for line := range strings.SplitSeq(listing, "\n") {
		f := strings.SplitN(line, ";", 10)
		if len(f) == 10 && f[0] == "=" {
			out = append(out, f[4]+" "+unescape(f[3]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unescape undoes avahi's "\032".
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
