package mqtt

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/discovery/flow"
)

// rawPublisher is a client that writes ready-made packets as fast as it may.
type rawPublisher struct {
	c net.Conn
	w *bufio.Writer
}

func connectRaw(t testing.TB, b *broker, account string) *rawPublisher {
	t.Helper()
	c, err := net.Dial("tcp", b.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	str := func(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }
	body := str("MQTT") + "\x04\xc2\x00\x00" + str("raw-"+account) + str(account) + str(passwordOf(account))
	if _, err := c.Write(append([]byte{0x10, byte(len(body))}, body...)); err != nil {
		t.Fatal(err)
	}
	ack := make([]byte, 4)
	if _, err := io.ReadFull(c, ack); err != nil || ack[3] != 0 {
		t.Fatalf("connack %v %v", ack, err)
	}
	return &rawPublisher{c, bufio.NewWriterSize(c, 64<<10)}
}

// send publishes n messages with QoS 0, perSecond of them a second; zero is as
// fast as possible.
func (p *rawPublisher) send(t testing.TB, n, perSecond int) {
	t.Helper()
	packets := make([][]byte, 200)
	for i := range packets {
		packets[i] = publishPacket(fmt.Sprintf("home/room%d/temperature", i), fmt.Appendf(nil, `{"temperature":%d.5,"n":%d}`, i%30, i), false)
	}
	began := time.Now()
	for i := range n {
		if _, err := p.w.Write(packets[i%len(packets)]); err != nil {
			t.Fatal(err)
		}
		if perSecond > 0 && i%100 == 99 {
			if err := p.w.Flush(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		}
	}
	if err := p.w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// received is how many messages came through to the engine.
func received(out *seen) uint64 {
	n, _ := out.flows(func(r flow.Record) bool { return r.Categories == "temperature" })
	return n
}

// TestNothingIsLost is G8: 20,000 messages a second are all counted. LAB_LONG
// runs it for its full minute.
func TestNothingIsLost(t *testing.T) {
	const rate = 20_000
	seconds := 3
	if long() {
		seconds = 60
	}
	b := startBroker(t, "127.0.0.1")
	b.account("flood", "home/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	out := stream(t, ses)
	p := connectRaw(t, b, "flood")
	began := time.Now()
	p.send(t, rate*seconds, rate)
	took := time.Since(began)
	if !eventually(2*time.Minute, func() bool { return received(out) == uint64(rate*seconds) }) {
		cov, _ := ses.Coverage(t.Context())
		t.Errorf("sent %d, received %d, told as lost %d", rate*seconds, received(out), cov.Lost)
	}
	t.Logf("%d messages at %.0f/s, none lost", rate*seconds, float64(rate*seconds)/took.Seconds())
}

// TestNoLossIsHidden is the other half of G8: what a broker that must drop does
// drop is told. Our reader is held up until the broker's queue overflows.
func TestNoLossIsHidden(t *testing.T) {
	b := startBroker(t, "127.0.0.1", "max_queued_messages 100")
	b.account("flood", "home/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	out := streamOn(t, ses)
	const n = 400_000
	p := connectRaw(t, b, "flood")
	ses.book.mu.Lock() // as if our disk stood still
	p.send(t, n, 0)
	time.Sleep(300 * time.Millisecond)
	ses.book.mu.Unlock()
	var got, lost uint64
	if !eventually(2*time.Minute, func() bool {
		cov, err := ses.Coverage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, lost = received(out), cov.Lost
		return got+lost >= n
	}) {
		t.Errorf("sent %d, received %d, told as lost %d: %d are missing without a word", n, got, lost, n-int(got+lost))
	}
	t.Logf("sent %d, received %d, told as lost %d", n, got, lost)
	if lost == 0 {
		t.Log("the broker kept all of it, so nothing had to be told")
	}
}

// BenchmarkMessages is G7: messages a second from the broker to counted
// records, beside mosquitto_sub on the same broker.
func BenchmarkMessages(b *testing.B) {
	const n = 300_000
	for b.Loop() {
		br := startBroker(b, "127.0.0.1", "max_queued_messages 0")
		br.account("flood", "home/#")
		theirs := bySub(b, br, n)
		ses := openSession(b, br.settings("admin", map[string]string{optTopics: "home/#"}))
		out := stream(b, ses)
		began := time.Now()
		connectRaw(b, br, "flood").send(b, n, 0)
		if !eventually(5*time.Minute, func() bool {
			ses.book.mu.Lock()
			defer ses.book.mu.Unlock()
			return ses.book.total >= n
		}) {
			b.Fatalf("only %d came", received(out))
		}
		ours := n / time.Since(began).Seconds()
		b.ReportMetric(ours, "ours/s")
		b.ReportMetric(theirs, "mosquitto_sub/s")
		b.ReportMetric(ours/theirs, "ratio")
		_ = ses.Close()
		br.stop()
	}
}

// bySub measures mosquitto_sub.
func bySub(b *testing.B, br *broker, n int) float64 {
	b.Helper()
	c := exec.Command("mosquitto_sub", "-h", br.host, "-p", strconv.Itoa(br.port), "-u", "admin", "-P", adminPassword, "-t", "home/#", "-C", strconv.Itoa(n))
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	if !eventually(2*time.Minute, func() bool { return strings.Count(br.out.String(), "u'admin'") > 1 }) {
		b.Fatal("mosquitto_sub does not sign in")
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	connectRaw(b, br, "flood").send(b, n, 0)
	if err := c.Wait(); err != nil {
		b.Fatal(err)
	}
	return float64(n) / time.Since(began).Seconds()
}
