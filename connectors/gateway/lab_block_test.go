//go:build lab && linux

package gateway

import (
	"os"
	"os/exec"
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
		if diff > time.Second || diff < -100*time.Millisecond {
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
