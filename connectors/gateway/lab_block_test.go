//go:build lab && linux

package gateway

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestLabBlockDeviceStopsOpenDownloads(t *testing.T) {
	s := open(t, nil)
	flows := map[string]*stream{"IPv4 download": download(t, "dev", acme4), "IPv6 download": download(t, "dev", acme6)}
	neighbour := download(t, "dev2", acme4)
	for name, f := range flows {
		flowing(t, name, f)
	}
	clicked := time.Now()
	rc := block(t, s, connectors.BlockRequest{Mark: "device-d1", Target: target(devMAC)})
	set := time.Since(clicked)
	if rc.Level != consent.Configured || rc.Grain != connectors.GrainDevice {
		t.Errorf("receipt %+v", rc)
	}
	for name, f := range flows {
		quiet(t, name, f, 2*time.Second)
		late := f.lastAt().Sub(clicked)
		t.Logf("figure: block call took %v, %s: last packet %v after the click", set, name, late)
		if late > time.Second {
			t.Errorf("%s: last packet %v after the click", name, late)
		}
	}
	flowing(t, "the other device", neighbour)
	until(t, "effective", 10*time.Second, func() bool { return verify(t, s, rc).Level == consent.Effective })
	f := verify(t, s, rc)
	t.Logf("figure: effective %v after the click: %s", time.Since(clicked), f.Text)
	if f.Seen != consent.Stopped || f.Refused == 0 || f.LastTry.IsZero() || time.Since(f.LastTry) > 5*time.Second || f.Passed != 0 {
		t.Errorf("finding %+v", f)
	}
	unblock(t, s, rc)
	again := download(t, "dev", acme6)
	flowing(t, "a new download after lifting", again)
	flowing(t, "the frozen IPv6 download after lifting", flows["IPv6 download"])
}

func TestLabStartIsKeptByTheKernel(t *testing.T) {
	s := open(t, nil)
	d4, d6 := download(t, "dev", acme4), download(t, "dev", acme6)
	rest := upload(t, "dev", other4, 5*time.Millisecond)
	flowing(t, "IPv4 download", d4)
	from := time.Now().Add(3 * time.Second)
	agent := exec.Command(os.Args[0])
	agent.Env = append(os.Environ(), "BBGW_AGENT=1", "BBGW_FROM="+from.Format(time.RFC3339Nano), "BBGW_TO="+acme4, "BBGW_TO6="+acme6)
	out, err := agent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 200)
	n, _ := out.Read(buf)
	if string(buf[:n]) != "set\n" {
		t.Fatalf("agent says %q", buf[:n])
	}
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = agent.Wait()
	if time.Now().After(from) {
		t.Fatal("the lab is too slow for this test")
	}
	flowing(t, "IPv4 download before the start", d4)
	flowing(t, "IPv6 download before the start", d6)
	for name, d := range map[string]*stream{"IPv4": d4, "IPv6": d6} {
		quiet(t, name+" download", d, 2*time.Second)
		diff := d.lastAt().Sub(from)
		t.Logf("figure: program killed, %s: last packet %v after the start that the kernel keeps", name, diff)
		if diff > time.Second || diff < -time.Second {
			t.Errorf("%s download ended %v after the start", name, diff)
		}
	}
	flowing(t, "the other recipient", rest)
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Mark != "consent-killed" || !held[0].Active {
		t.Fatalf("held %+v, %v", held, err)
	}
	unblock(t, s, held[0].Receipt)
	flowing(t, "IPv6 download after lifting what the killed program left", d6)
}

func TestLabBlockedDeviceDoesNotReachTheRoutersDNS(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	w := observe(t, s, nil)
	asks := uploadTo(t, "gw", "dev", "10.77.1.1:53", 5*time.Millisecond)
	flowing(t, "questions to the router's DNS", asks)
	one := block(t, s, connectors.BlockRequest{Mark: "consent-acme", Target: target(devMAC, acme4)})
	flowing(t, "questions while one recipient is blocked", asks)
	whole := block(t, s, connectors.BlockRequest{Mark: "device-d1", Target: target(devMAC)})
	quiet(t, "questions while the device is blocked", asks, time.Second)
	// What it tries outside is recorded, what it asks this box is not: it is no recipient.
	up := upload(t, "dev", acme4, 5*time.Millisecond)
	until(t, "refused packets", 5*time.Second, func() bool { _, _, n, _ := w.sum(acme4, true, up.port); return n > 0 })
	up.stop()
	if _, _, n, r := w.sum("10.77.1.1", true); n != 0 {
		t.Errorf("the router stands as a recipient: %+v", r)
	}
	unblock(t, s, whole)
	flowing(t, "questions after lifting", asks)
	unblock(t, s, one)
}

func TestLabManyAddresses(t *testing.T) {
	s := open(t, nil)
	up, rest := upload(t, "dev", acme4, 5*time.Millisecond), upload(t, "dev", other4, 5*time.Millisecond)
	to := []string{acme4, "tracker.example"}
	for i := 0; len(to) < maxAddresses+1; i++ { // no two touch, so none are joined
		to = append(to, netip.AddrFrom4([4]byte{100, 64 + byte(i>>13), byte(i >> 5), byte(i<<3) | 1}).String())
	}
	req := connectors.BlockRequest{Mark: "consent-many", Target: target(devMAC, to...)}
	start := time.Now()
	rc := block(t, s, req)
	t.Logf("figure: block with %d addresses took %v, receipt %d bytes", maxAddresses, time.Since(start), len(rc.Data))
	quiet(t, "the recipient", up, time.Second)
	flowing(t, "the other", rest)
	start = time.Now()
	rc = block(t, s, req)
	t.Logf("figure: its renewal took %v", time.Since(start))
	if f := verify(t, s, rc); f.Missing {
		t.Errorf("finding %+v", f)
	}
	req.Target.Recipient.Destinations = append(to, "192.0.2.1")
	if _, err := s.Block(t.Context(), req); connectors.KindOf(err) != consent.KindPermanent {
		t.Errorf("one address too many: %v", err)
	}
	unblock(t, s, rc)
	flowing(t, "the recipient after lifting", up)
}

func TestLabWrongDeviceIsRefused(t *testing.T) {
	s := open(t, nil)
	flowing(t, "dev2", upload(t, "dev2", acme4, 5*time.Millisecond))
	own, err := net.InterfaceByName("br0")
	if err != nil {
		t.Fatal(err)
	}
	moved := target("02:00:00:99:99:99", acme4) // was at 10.77.1.3, where another adapter now is
	moved.Addresses = []string{"10.77.1.3"}
	for name, tg := range map[string]connectors.Target{
		"the router itself": target(own.HardwareAddr.String()),
		"no address":        {Recipient: consent.Recipient{Any: true}},
		"a group":           target("01:00:5e:00:00:01"),
		"moved":             moved,
	} {
		_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: tg})
		if connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%s: %v", name, err)
		}
	}
	held, err := s.Held(t.Context())
	if err != nil || len(held) != 0 {
		t.Errorf("held %+v, %v", held, err)
	}
	// A device that is away is blocked all the same, and the receipt says so.
	rc := block(t, s, connectors.BlockRequest{Mark: "m", Target: target("02:00:00:99:99:99")})
	if !strings.Contains(rc.Text, "does not see this device") {
		t.Errorf("text %q", rc.Text)
	}
}

func TestLabObservingSurvivesAFlush(t *testing.T) {
	s := open(t, map[string]string{"interval": "0.1"})
	w := observe(t, s, nil)
	block(t, s, connectors.BlockRequest{Mark: "m", Until: time.Now().Add(time.Hour), Target: target(dev2MAC, acme4)})
	nft(t, "flush", "table", "inet", "bestbefore")
	until(t, "watching again", 5*time.Second, func() bool { now, err := new(kernel).load(); return err == nil && now.watched })
	block(t, s, connectors.BlockRequest{Mark: "m", Target: target(dev2MAC, acme4)}) // another kind of set under the same name
	nft(t, "delete", "table", "inet", "bestbefore")
	until(t, "watching again", 5*time.Second, func() bool { now, err := new(kernel).load(); return err == nil && now.watched })
	up := upload(t, "dev", acme4, 5*time.Millisecond)
	until(t, "bytes", 5*time.Second, func() bool { n, _, _, _ := w.sum(acme4, false); return n > 0 })
	up.stop()
}
