package mqtt

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery/flow"
)

// The figures of reliability.md, row 7.
const (
	claimBudget    = 1 << 20
	retainedBudget = 32 << 20
	retainedTime   = 10 * time.Minute // until a test gives up; what it took is printed, the goal is a minute
	dropTime       = time.Minute
)

// long reports whether the full figures were asked for.
func long() bool { return os.Getenv("LAB_LONG") != "" }

// TestAHugeMessageThroughARealBroker: somebody publishes the largest message
// that MQTT knows, and Mosquitto passes it on. It costs us nothing, the loss is
// told, and the next message is read.
func TestAHugeMessageThroughARealBroker(t *testing.T) {
	size := 32 << 20
	if long() {
		size = 256<<20 - 1
	}
	b := startBroker(t, "127.0.0.1")
	b.account("cam", "home/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	out := stream(t, ses)
	p := connectRaw(t, b, "cam")
	junk := make([]byte, 64<<10)
	const topic = "home/cam/image"
	head := binary.AppendUvarint([]byte{0x30}, uint64(size))
	head = append(binary.BigEndian.AppendUint16(head, uint16(len(topic))), topic...)
	read := func() bool {
		n, _ := out.flows(func(r flow.Record) bool { return r.Categories == "temperature" })
		return n == 1
	}
	grew := peak(func() {
		if _, err := p.c.Write(head); err != nil {
			t.Fatal(err)
		}
		for left := size - 2 - len(topic); left > 0; left -= min(left, len(junk)) {
			if _, err := p.c.Write(junk[:min(left, len(junk))]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.c.Write(publishPacket("home/cam/temperature", []byte("1"), false)); err != nil {
			t.Fatal(err)
		}
		if !eventually(time.Minute, read) {
			t.Error("what came after the huge message was not read")
		}
	})
	t.Logf("a message of %d MiB through Mosquitto cost %d KiB", size>>20, grew>>10)
	if grew > claimBudget {
		t.Errorf("it cost %d KiB", grew>>10)
	}
	if cov, _ := ses.Coverage(t.Context()); cov.Lost != 1 {
		t.Errorf("the loss is not told: %+v", cov)
	}
}

// TestRetainedTopicsOfARealBroker: everything that somebody ever left at the
// broker comes at once when we subscribe.
func TestRetainedTopicsOfARealBroker(t *testing.T) {
	topics := 20_000
	if long() {
		topics = 1_000_000
	}
	b := startBroker(t, "127.0.0.1", "max_queued_messages 0")
	b.account("cam", "home/#", "home")
	p := connectRaw(t, b, "cam")
	for i := range topics {
		if _, err := p.w.Write(publishPacket(fmt.Sprintf("home/%d/temperature", i), []byte(`{"temperature":1}`), true)); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = p.w.Write([]byte{0x32, 9, 0, 4, 'h', 'o', 'm', 'e', 0, 1, '1'}) // QoS 1: its answer comes when all before it has been taken
	if err := p.w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.c, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	began := time.Now()
	grew := peak(func() {
		stream(t, ses)
		if !eventually(retainedTime, func() bool {
			ses.book.mu.Lock()
			defer ses.book.mu.Unlock()
			return ses.book.retained+ses.system.drops64() >= uint64(topics)
		}) {
			t.Errorf("%d of %d were read within %s", ses.book.retained, topics, retainedTime)
		}
	})
	t.Logf("%d retained topics of Mosquitto in %s, %d KiB", topics, time.Since(began).Round(time.Millisecond), grew>>10)
	if grew > retainedBudget {
		t.Errorf("they cost %d MiB", grew>>20)
	}
}

// drops64 is what the broker says that it dropped.
func (c *systemCounters) drops64() uint64 { n, _ := c.lost(); return n }

// TestDropsAreToldSoon: a subscriber falls behind, and Mosquitto throws its
// messages away. The twin: before the drops nothing is told.
func TestDropsAreToldSoon(t *testing.T) {
	b := startBroker(t, "127.0.0.1")
	b.account("cam", "home/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	stream(t, ses)
	slow := exec.Command("mosquitto_sub", "-h", b.host, "-p", strconv.Itoa(b.port), "-u", "cam", "-P", passwordOf("cam"), "-i", "slow", "-q", "1", "-t", "home/#")
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Process.Kill(); _ = slow.Wait() })
	if !eventually(2*time.Minute, func() bool { return strings.Contains(b.out.String(), "as slow ") }) {
		t.Fatal("the slow subscriber did not sign in")
	}
	if cov, _ := ses.Coverage(t.Context()); cov.Lost != 0 {
		t.Errorf("nothing was dropped, but %d are told", cov.Lost)
	}
	if err := slow.Process.Signal(standStill); err != nil {
		t.Fatal(err)
	}
	pub := exec.Command("mosquitto_pub", "-h", b.host, "-p", strconv.Itoa(b.port), "-u", "cam", "-P", passwordOf("cam"), "-q", "1", "-t", "home/cam/temperature", "-l")
	pub.Stdin = strings.NewReader(strings.Repeat("21.5\n", 5000))
	began := time.Now()
	if out, err := pub.CombinedOutput(); err != nil {
		t.Fatalf("publishing: %v %s", err, out)
	}
	if !eventually(dropTime, func() bool { cov, err := ses.Coverage(t.Context()); return err == nil && cov.Lost > 0 }) {
		t.Fatal("the drops are not told")
	}
	t.Logf("told %s after the first message", time.Since(began).Round(time.Millisecond))
}
