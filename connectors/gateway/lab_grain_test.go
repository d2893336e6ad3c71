//go:build lab && linux

package gateway

import (
	"context"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestLabOneRecipientEndsTheOtherGoesOn(t *testing.T) {
	s := open(t, nil)
	acme := []*stream{upload(t, "dev", acme4, 5*time.Millisecond), upload(t, "dev", acme6, 5*time.Millisecond)}
	other := []*stream{upload(t, "dev", other4, 5*time.Millisecond), upload(t, "dev", other6, 5*time.Millisecond)}
	for i := range acme {
		flowing(t, "Acme", acme[i])
		flowing(t, "the other", other[i])
	}
	rc := block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, "2001:db8:1::10/128", acme4)})
	for _, f := range acme {
		quiet(t, "Acme", f, time.Second)
	}
	for _, f := range other {
		from, sent := f.bytes.Load(), f.sent.Load()
		flowing(t, "the other", f)
		t.Logf("figure: other recipient went on: %d bytes sent, %d arrived", f.sent.Load()-sent, f.bytes.Load()-from)
	}
	f := verify(t, s, rc)
	t.Log(f.Text)
	if f.Level != consent.Effective || f.Seen != consent.Stopped || f.Refused < 100 {
		t.Errorf("finding %+v", f)
	}
	// A second permission of the same device, ended too; lifting one leaves the other (T61).
	rc2 := block(t, s, connectors.BlockRequest{Mark: "consent-other", Target: target(devMAC, other4, other6)})
	for _, f := range other {
		quiet(t, "the other", f, time.Second)
	}
	unblock(t, s, rc)
	for _, f := range acme {
		flowing(t, "Acme after lifting", f)
	}
	for _, f := range other {
		if time.Since(f.lastAt()) < time.Second {
			t.Error("lifting one block let the other's traffic through")
		}
	}
	unblock(t, s, rc2)
	unblock(t, s, rc2) // twice is success
	for _, f := range other {
		flowing(t, "the other after lifting", f)
	}
}

func TestLabPauseEndsByItself(t *testing.T) {
	s := open(t, nil)
	d := download(t, "dev", acme6)
	flowing(t, "download", d)
	end := time.Now().Add(3 * time.Second)
	rc := block(t, s, connectors.BlockRequest{Mark: "device-d1", Target: target(devMAC), Until: end})
	quiet(t, "download", d, time.Second)
	if e := time.Until(end); e < 0 {
		t.Fatal("the lab is too slow for this test")
	}
	until(t, "flowing again", 20*time.Second, func() bool { return time.Since(d.lastAt()) < 50*time.Millisecond })
	t.Logf("figure: open download went on %v after the pause's end", time.Since(end))
	if time.Now().Before(end) {
		t.Error("it flowed before the end of the pause")
	}
	fresh := upload(t, "dev", other4, 5*time.Millisecond)
	flowing(t, "a new flow", fresh)
	f := verify(t, s, rc)
	if f.Missing {
		t.Errorf("a pause that is over is not missing: %+v", f)
	}
	t.Log(f.Text)
}

func TestLabRenewalLeavesNoGap(t *testing.T) {
	s := open(t, nil)
	req := connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme4)}
	rc := block(t, s, req)
	up := upload(t, "dev", acme4, 100*time.Microsecond)
	until(t, "refused", 5*time.Second, func() bool { return verify(t, s, rc).Refused > 100 })
	sent := up.sent.Load()
	const rounds = 50
	for range rounds {
		rc = block(t, s, req)
	}
	sent = up.sent.Load() - sent
	t.Logf("figure: %d renewals under %d packets: %d bytes got through", rounds, sent/500, up.bytes.Load())
	if up.bytes.Load() != 0 {
		t.Errorf("%d bytes got through while the block was renewed", up.bytes.Load())
	}
	// Twin: lifting and setting in two steps does let packets through.
	for i := 0; i < rounds && up.bytes.Load() == 0; i++ {
		unblock(t, s, rc)
		rc = block(t, s, req)
	}
	if up.bytes.Load() == 0 {
		t.Error("the sender is too slow to see a gap at all")
	}
	// Moving the date: it is not in force any more, and the new start is the kernel's.
	from := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	req.From = from
	rc = block(t, s, req)
	flowing(t, "after the date moved", up)
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || !held[0].From.Equal(from) || held[0].Active {
		t.Errorf("held %+v, %v", held, err)
	}
	if f := verify(t, s, rc); f.Level != consent.Configured || f.Seen != consent.CannotTell {
		t.Errorf("finding %+v", f)
	}
}

// counters and expiry times change by themselves.
var moving = regexp.MustCompile(`counter packets \d+ bytes \d+|expires \w+`)

func foreign(t *testing.T) string {
	t.Helper()
	out := nft(t, "list", "ruleset")
	if i := strings.Index(out, "table inet bestbefore {"); i >= 0 {
		if j := strings.Index(out[i:], "\n}\n"); j >= 0 {
			out = out[:i] + out[i+j+3:]
		}
	}
	return moving.ReplaceAllString(out, "")
}

func TestLabForeignTablesAreNotTouched(t *testing.T) {
	before := nft(t, "list", "ruleset")
	s, _ := openIn(t, t.TempDir(), nil)
	a := block(t, s, connectors.BlockRequest{Mark: "a", Target: target(devMAC)})
	block(t, s, connectors.BlockRequest{Mark: "b", Target: target(dev2MAC, acme4, "198.51.100.0/24", acme6)})
	if got := foreign(t); got != moving.ReplaceAllString(before, "") {
		t.Errorf("foreign tables changed:\n%s\n%s", before, got)
	}
	unblock(t, s, a)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(nft(t, "list", "tables"), "bestbefore") {
		t.Error("closing the session lifted a block")
	}
	s, _ = openIn(t, t.TempDir(), nil) // another installation finds what is left
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Mark != "b" {
		t.Fatalf("held %+v, %v", held, err)
	}
	t.Log(held[0].Text)
	unblock(t, s, held[0].Receipt)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := nft(t, "list", "ruleset"); got != before {
		t.Errorf("not as before:\n%s\n%s", before, got)
	}
}

func TestLabFlushedTableIsMissing(t *testing.T) {
	s := open(t, nil)
	req := connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme4)}
	rc := block(t, s, req)
	if f := verify(t, s, rc); f.Missing || f.Level != consent.Configured || !strings.Contains(f.Text, "not tried since") {
		t.Errorf("finding %+v", f)
	}
	up := upload(t, "dev", acme4, 5*time.Millisecond)
	nft(t, "flush", "table", "inet", "bestbefore")
	flowing(t, "after somebody flushed our table", up)
	if f := verify(t, s, rc); !f.Missing || f.Level != consent.NoLevel {
		t.Errorf("finding %+v", f)
	}
	rc = block(t, s, req)
	quiet(t, "after applying again", up, time.Second)
	nft(t, "delete", "table", "inet", "bestbefore")
	if f := verify(t, s, rc); !f.Missing {
		t.Errorf("finding %+v", f)
	}
	unblock(t, s, rc)
}

func TestLabBytesThatPassAreFlowing(t *testing.T) {
	s := open(t, nil)
	up := upload(t, "dev", acme4, 5*time.Millisecond)
	flowing(t, "upload", up)
	rc := block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme4)})
	quiet(t, "upload", up, time.Second)
	if f := verify(t, s, rc); f.Seen != consent.Stopped {
		t.Errorf("finding %+v", f)
	}
	// Somebody lets everything through before our rules can refuse it: the rules
	// are all there, and only connection tracking tells.
	nft(t, "insert rule inet bestbefore leaving accept")
	flowing(t, "upload past the rules", up)
	f := verify(t, s, rc)
	t.Log(f.Text)
	if f.Seen != consent.Flowing || f.Passed == 0 || f.Missing {
		t.Errorf("finding %+v", f)
	}
}

func TestLabWithoutRights(t *testing.T) {
	for name, args := range map[string][]string{
		"no capabilities": {"setpriv", "--bounding-set", "-all", "--inh-caps", "-all"},
		"another user":    {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"},
	} {
		cmd := exec.CommandContext(context.Background(), args[0], append(args[1:], selfCopy(t), "-test.run=^$")...)
		cmd.Env = append(cmd.Environ(), "BBGW_AGENT=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "needs administrator rights on the box that routes the home") {
			t.Errorf("%s: %v %s", name, err, out)
		}
		t.Logf("%s: %s", name, strings.TrimSpace(string(out)))
	}
}

// A block goes with the hardware address: a device that takes another IP
// address stays blocked, and whoever takes the old one is not hit (T38).
func TestLabBlockFollowsTheDevice(t *testing.T) {
	s := open(t, nil)
	before := download(t, "dev", acme6)
	flowing(t, "download", before)
	block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme4, acme6)})
	quiet(t, "download", before, time.Second)
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
	move := func(from, to, addr, plain string) {
		ip("-n", labName(from), "addr", "del", plain, "dev", "eth0")
		ip("-n", labName(to), "addr", "add", addr, "dev", "eth0")
		ip("neigh", "flush", "dev", "br0")
	}
	move("dev", "dev2", "10.77.1.2/24", "10.77.1.2/24")
	ip("-n", labName("dev"), "addr", "add", "10.77.1.9/24", "dev", "eth0")
	ip("-n", labName("dev"), "route", "replace", "default", "via", "10.77.1.1")
	t.Cleanup(func() {
		ip("-n", labName("dev"), "addr", "del", "10.77.1.9/24", "dev", "eth0")
		move("dev2", "dev", "10.77.1.2/24", "10.77.1.2/24")
		ip("-n", labName("dev"), "route", "replace", "default", "via", "10.77.1.1")
	})
	hit := upload(t, "dev", acme4, 5*time.Millisecond)
	spared := in(t, "dev2", func() (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP("10.77.1.2")}}).Dial("tcp", serveAny(t, acme4))
	})
	defer spared.Close()
	if n, err := spared.Read(make([]byte, 8)); n == 0 {
		t.Errorf("the device that took the old address is hit: %v", err)
	}
	until(t, "the device with its new address tries", 5*time.Second, func() bool { return hit.sent.Load() > 10000 })
	if hit.bytes.Load() > 0 {
		t.Errorf("%d bytes got through with a new address", hit.bytes.Load())
	}
}
