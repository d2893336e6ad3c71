package gateway

import (
	"flag"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func bootPlans() []plan {
	at := time.Date(2026, 5, 31, 22, 0, 0, 500e6, time.UTC)
	one, two := mac{2, 0, 0, 0, 0, 1}, mac{2, 0, 0, 0, 0, 2}
	to := mergeRanges(parseRanges([]string{"203.0.113.0/24", "198.51.100.7", "255.255.255.0/24", "2001:db8::/32", "::/0"}))
	return []plan{
		{mark: "device-two", macs: []mac{one, two}, any: true, until: at.Add(time.Hour)},
		{mark: "consent-one", macs: []mac{one}, to: to, from: at},
		{mark: "consent-four", macs: []mac{two}, to: []addrRange{{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.1")}}},
	}
}

func TestBootFile(t *testing.T) {
	base := renderBase(atHome{ifs: []string{"br0", "wlan0"}, nets: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("fd00::/64")}}, "")
	var marks strings.Builder
	for _, p := range bootPlans() {
		marks.WriteString(renderMark(p))
	}
	for name, got := range map[string]string{
		"boot.nft":     base + marks.String(),
		"empty.nft":    renderBase(atHome{ifs: []string{"br0"}}, "/var/lib/best before/[a]*.nft"),
		"boot.service": renderUnit("/var/lib/best before/100%/bestbefore-gateway.nft"),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// nft itself reads what we write.
func TestBootFileIsReadByNft(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("SKIP: nft as root is needed")
	}
	for _, name := range []string{"boot.nft", "empty.nft"} {
		if out, err := exec.Command("nft", "-c", "-f", filepath.Join("testdata", name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
