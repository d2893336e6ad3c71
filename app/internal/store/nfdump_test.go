//go:build unix

package store

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const (
	packetFlows = 30      // flows in one packet of NetFlow 5
	flowsPaced  = 150_000 // flows sent a second, so that nfcapd loses none
)

// nfdumped gives nfcapd the flows of s over loopback and returns the file that it
// wrote of them, and how many it holds. Without nfdump the comparison is left out,
// and says so.
func nfdumped(b *testing.B, s *Store) (file string, flows int) {
	for _, program := range []string{"nfcapd", "nfdump"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("NOT COMPARED with nfdump: %v (apt-get install nfdump)", err)
		}
	}
	dir := b.TempDir()
	to := freePort(b)
	catch := exec.CommandContext(b.Context(), "nfcapd", "-w", dir, "-b", "127.0.0.1", "-p", strconv.Itoa(to), "-t", "3600", "-B", "8388608")
	must(b, catch.Start())
	conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", to))
	must(b, err)
	defer func() { must(b, conn.Close()) }()
	awaitListener(b, conn)
	sendFlows(b, s, conn)
	must(b, catch.Process.Signal(syscall.SIGTERM)) // it writes what it has
	_ = catch.Wait()                               // it says that it was ended
	files, err := filepath.Glob(filepath.Join(dir, "nfcapd.*"))
	must(b, err)
	if len(files) != 1 {
		b.Fatalf("nfcapd wrote %v", files)
	}
	said, err := exec.CommandContext(b.Context(), "nfdump", "-r", files[0], "-I").CombinedOutput()
	must(b, err)
	if m := regexp.MustCompile(`(?m)^Flows: (\d+)`).FindSubmatch(said); m != nil {
		flows, err = strconv.Atoi(string(m[1]))
		must(b, err)
	}
	return files[0], flows
}

func freePort(b *testing.B) int {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(b, err)
	defer func() { must(b, c.Close()) }()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// awaitListener knocks until nobody refuses: the kernel tells so of the packet before.
func awaitListener(b *testing.B, c net.Conn) {
	deadline := time.Now().Add(10 * time.Second)
	for quiet := 0; quiet < 2; time.Sleep(20 * time.Millisecond) {
		quiet++
		if _, err := c.Write([]byte{0}); err != nil {
			quiet = 0
		}
		if time.Now().After(deadline) {
			b.Fatal("nfcapd does not listen")
		}
	}
}

// sendFlows sends every single record of s as a flow.
func sendFlows(b *testing.B, s *Store, c net.Conn) {
	const up = 40 * 24 * time.Hour // the exporter has run for longer than the oldest flow is old
	now, sent := s.cfg.Now(), 0
	buf := make([]byte, 24, 24+packetFlows*48)
	began := time.Now()
	flush := func() {
		n := (len(buf) - 24) / 48
		binary.BigEndian.PutUint16(buf[0:], 5)
		binary.BigEndian.PutUint16(buf[2:], uint16(n))
		binary.BigEndian.PutUint32(buf[4:], uint32(up.Milliseconds()))
		binary.BigEndian.PutUint32(buf[8:], uint32(now.Unix()))
		binary.BigEndian.PutUint32(buf[16:], uint32(sent))
		_, err := c.Write(buf)
		must(b, err)
		sent, buf = sent+n, buf[:24]
		time.Sleep(time.Duration(sent)*time.Second/flowsPaced - time.Since(began))
	}
	must(b, each(b.Context(), s.flows.read, func(sc scanner) error {
		var device, last, route, span, octets int64
		if err := sc.Scan(&device, &last, &route, &span, &octets); err != nil {
			return err
		}
		var f [48]byte
		binary.BigEndian.PutUint32(f[0:], 0x0a000000|uint32(device))
		binary.BigEndian.PutUint32(f[4:], 0xc6120000|uint32(route)) // 198.18.0.0/15 is for benchmarks
		binary.BigEndian.PutUint32(f[16:], uint32(1+octets/700))
		binary.BigEndian.PutUint32(f[20:], uint32(octets))
		ended := up.Milliseconds() - (now.UnixMilli() - last)
		binary.BigEndian.PutUint32(f[24:], uint32(ended-span))
		binary.BigEndian.PutUint32(f[28:], uint32(ended))
		binary.BigEndian.PutUint16(f[34:], 443)
		f[38] = 6
		if buf = append(buf, f[:]...); len(buf) == cap(buf) {
			flush()
		}
		return nil
	}, "SELECT device, last, route, span, up + down FROM flow"))
	if len(buf) > 24 {
		flush()
	}
}

// childrenCPU is what the programs that were started have used.
func childrenCPU() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// nfdumpTop is the other program's look through its file for the 20 largest destinations.
func nfdumpTop(b *testing.B, file string) {
	cmd := exec.CommandContext(b.Context(), "nfdump", "-r", file, "-s", "dstip/bytes", "-n", "20")
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}
