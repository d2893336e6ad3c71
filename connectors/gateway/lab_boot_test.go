//go:build lab && linux

package gateway

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestLabBootFileRestores(t *testing.T) {
	dir := t.TempDir()
	s := open(t, map[string]string{"boot": dir})
	up4, up6 := upload(t, "dev", acme4, 5*time.Millisecond), upload(t, "dev", acme6, 5*time.Millisecond)
	d2 := download(t, "dev2", other6)
	from, pause := time.Now().Add(5*time.Second), time.Now().Add(6*time.Second)
	later := block(t, s, connectors.BlockRequest{Mark: "consent-later", From: from, Target: target(devMAC, acme4, "198.51.100.0/24")})
	now := block(t, s, connectors.BlockRequest{Mark: "consent-now", Target: target(devMAC, acme6)})
	block(t, s, connectors.BlockRequest{Mark: "device-d2", Until: pause, Target: target(dev2MAC)})
	before, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	live := nft(t, "list", "table", "inet", "bestbefore")
	saved := filepath.Join(dir, "saved.nft")
	if err := os.WriteFile(saved, []byte("delete table inet bestbefore\n"+live), 0o600); err != nil {
		t.Fatal(err)
	}
	nft(t, "-c", "-f", saved) // a household that saves all its rules itself can load them again
	file := filepath.Join(dir, bootFile)
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", st, err)
	}
	nft(t, "delete", "table", "inet", "bestbefore") // what a restart does
	flowing(t, "IPv6 without the table", up6)
	nft(t, "-f", file)
	nft(t, "-f", file) // loading twice is no harm
	after, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	for mark, k := range before {
		a := after[mark]
		if a == nil || !a.complete() || a.targetHash() != k.targetHash() || !a.from.Equal(k.from) || !a.until.Equal(k.until) {
			t.Errorf("%s is not what it was: %+v, %+v", mark, k.plan, a)
		}
	}
	quiet(t, "IPv6", up6, time.Second)
	until(t, "effective after loading", 5*time.Second, func() bool { return verify(t, s, now).Level == consent.Effective })
	flowing(t, "IPv4 before its start", up4)
	quiet(t, "IPv4 after its start", up4, time.Second)
	if diff := up4.lastAt().Sub(from); diff < -1100*time.Millisecond || diff > time.Second {
		t.Errorf("the loaded start was %v off", diff)
	} else {
		t.Logf("figure: start from the boot file: last packet %v after it (whole seconds)", diff)
	}
	if f := verify(t, s, later); f.Missing || f.Level != consent.Effective {
		t.Errorf("finding %+v", f)
	}
	until(t, "the pause's end", 20*time.Second, func() bool { return time.Since(d2.lastAt()) < 50*time.Millisecond && time.Now().After(pause) })
	t.Logf("figure: pause from the boot file: open download went on %v after its end", time.Since(pause))
}

func TestLabBootFileIsTheRunningTable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [b]*?") // a pattern that must be taken by its letters
	s := open(t, map[string]string{"boot": dir})
	block(t, s, connectors.BlockRequest{Mark: "consent-a", Target: target(devMAC, acme4, acme6, "198.51.100.0/25")})
	block(t, s, connectors.BlockRequest{Mark: "device-b", From: time.Now().Add(time.Hour).Truncate(time.Second), Target: target(dev2MAC)})
	live := plainListing(nft(t, "-s", "list", "table", "inet", "bestbefore"))
	nft(t, "delete", "table", "inet", "bestbefore")
	nft(t, "-f", filepath.Join(dir, bootFile))
	if diff := cmp.Diff(live, plainListing(nft(t, "-s", "list", "table", "inet", "bestbefore"))); diff != "" {
		t.Errorf("running (-) and loaded (+) differ:\n%s", diff)
	}
}

// plainListing leaves the order of sets, and what fills by itself, out of a listing.
func plainListing(s string) map[string]bool {
	out := map[string]bool{}
	for block := range strings.SplitSeq(moving.ReplaceAllString(s, ""), "\n\t}\n") {
		out[strings.TrimSpace(block)] = true
	}
	return out
}

func TestLabBootUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("SKIP: systemd-analyze is not here")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, unitName)
	if err := os.WriteFile(file, []byte(renderUnit(filepath.Join(dir, "a b%.nft"))), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemd-analyze", "verify", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The downstream rules are what stops a sender that does not listen: without
// them the outside keeps sending, and the home keeps receiving.
func TestLabTwinWithoutReturningRules(t *testing.T) {
	s := open(t, nil)
	down := push(t, "dev", acme6)
	flowing(t, "pushed stream", down)
	rc := block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme6)})
	quiet(t, "pushed stream", down, time.Second)
	withoutRule(t, chainReturning, roleFreeze)
	flowing(t, "pushed stream without the rule", down)
	unblock(t, s, rc)
}

// The start that the kernel keeps needs no forgetting of connections; with
// an "established accept" before our rules it would not hold.
func TestLabTwinAcceptBeforeOurRules(t *testing.T) {
	s := open(t, nil)
	d := upload(t, "dev", acme6, 5*time.Millisecond)
	flowing(t, "upload", d)
	block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme6)})
	quiet(t, "upload", d, time.Second)
	nft(t, "insert rule inet bestbefore leaving accept")
	flowing(t, "upload with an accept before", d)
}

func withoutRule(t testing.TB, chain, role string) {
	t.Helper()
	var k kernel
	rules, err := k.rulesOf(chain)
	if err != nil {
		t.Fatal(err)
	}
	rules = slices.DeleteFunc(rules, func(r rule) bool { got, _, _ := parseComment(r.comment); return got != role })
	if _, err := k.swap(rules, nil, nil); err != nil {
		t.Fatal(err)
	}
}

// whole is all that stands, with what its sets hold.
func whole() (map[string]*kept, error) {
	var k kernel
	t, err := k.load()
	if err != nil {
		return nil, err
	}
	for _, m := range t.marks {
		if err := k.fill(m, time.Now()); err != nil {
			return nil, err
		}
	}
	return t.marks, nil
}

// A box with one interface for both sides tells the home by its addresses.
func TestLabHomeByAddress(t *testing.T) {
	open(t, nil)
	stays := atHome{nets: []netip.Prefix{netip.MustParsePrefix("10.77.1.0/24"), netip.MustParsePrefix("10.0.0.0/13"), netip.MustParsePrefix("fd77:1::/64"), netip.MustParsePrefix("2001:db8::/33")}}
	if err := new(kernel).prepare(stays); err != nil {
		t.Fatal(err)
	}
	live := plainListing(nft(t, "-s", "list", "table", "inet", "bestbefore"))
	file := filepath.Join(t.TempDir(), bootFile)
	if err := os.WriteFile(file, []byte(renderBase(stays, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	nft(t, "-f", file)
	if diff := cmp.Diff(live, plainListing(nft(t, "-s", "list", "table", "inet", "bestbefore"))); diff != "" {
		t.Errorf("running (-) and loaded (+) differ:\n%s", diff)
	}
}
