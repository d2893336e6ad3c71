package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
)

// aCapture is a pcap file in which the bell sends n packets of 100 bytes outside,
// and a device that was never seen here one.
func aCapture(t *testing.T, n int) string {
	t.Helper()
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint32(le.AppendUint32(b, 0), 0), 65535), 1) // Ethernet
	at := clock.Wall().Add(-time.Hour).Truncate(time.Minute)
	packet := func(mac [6]byte, last byte) {
		p := append([]byte{2, 0, 0, 0, 0, 1}, mac[:]...)
		p = append(p, 8, 0, 0x45, 0, 0, 100, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 77, last, 198, 51, 100, 10)
		p = append(p, 0x9c, 0x40, 0x1b, 0x58, 0, 80, 0, 0) // UDP from 40000 to 7000
		p = append(p, make([]byte, 14+100-len(p))...)
		b = le.AppendUint32(le.AppendUint32(b, uint32(at.Unix())), 0)
		b = append(le.AppendUint32(le.AppendUint32(b, uint32(len(p))), uint32(len(p))), p...)
	}
	for range n {
		packet([6]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}, 30)
	}
	packet([6]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x99}, 99)
	path := filepath.Join(t.TempDir(), "friend.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestACaptureIsTakenOverOnTheCommandLine: beside a running program, over its
// socket. Looking changes nothing, the same file counts once, and devices never
// seen here come only when they are wanted.
func TestACaptureIsTakenOverOnTheCommandLine(t *testing.T) {
	dir, _ := household(t)
	file := aCapture(t, 5)
	taken := func(args ...string) (i engine.CaptureInfo) {
		t.Helper()
		code, out, errs := try(t, dir, append([]string{"import-capture", file, "--json"}, args...)...) // how far it is may stand in errs
		if err := json.Unmarshal([]byte(out), &i); err != nil || code != exitDone {
			t.Fatalf("exit %d, %v, %s\n%s", code, err, errs, out)
		}
		return i
	}
	up := func() (sum float64) {
		for _, r := range rows(t, dir, "flows", named(t, dir, bellMAC)) {
			sum += r["bytes_up"].(float64)
		}
		return sum
	}
	if i := taken("--show"); len(i.Known) != 1 || len(i.Unknown) != 1 || i.Taken != 0 || up() != 0 { // the twin: nothing is there before
		t.Fatalf("looked at: %+v, %v bytes", i, up())
	}
	for range 2 {
		taken()
		if got := up(); got != 500 {
			t.Fatalf("%v bytes, want 500", got)
		}
	}
	if n := len(rows(t, dir, "devices")); n != 2 {
		t.Errorf("%d devices: one came that was not wanted", n)
	}
	taken("--new")
	within(t, "the new device comes", func() bool { return len(rows(t, dir, "devices")) == 3 })
	if got := up(); got != 500 {
		t.Errorf("%v bytes after the third time", got)
	}
	fails(t, dir, "no capture file", "import-capture", filepath.Join(dir, "flows.db"))
}

// TestADescriptionsAddressIsTold: what a real DHCP client said of the bell's
// maker's description is kept with it and told, and not fetched.
func TestADescriptionsAddressIsTold(t *testing.T) {
	dir, _ := household(t)
	bell := named(t, dir, bellMAC)
	told := func() (d map[string]any) {
		t.Helper()
		if err := json.Unmarshal([]byte(does(t, dir, "device", bell, "--json")), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if got := told()["mud_url"]; got != "" { // the twin: nobody said anything
		t.Fatalf("%v", got)
	}
	file, err := filepath.Abs("../../discovery/capture/testdata/dhcpcd4.pcap")
	if err != nil {
		t.Fatal(err)
	}
	does(t, dir, "import-capture", file)
	if got := told()["mud_url"]; got != "https://lamp.maker.example/lamp2000" {
		t.Errorf("%v", got)
	}
	holds(t, does(t, dir, "device", bell), "its maker publishes what it needs at https://lamp.maker.example/lamp2000", "not fetched")
}
