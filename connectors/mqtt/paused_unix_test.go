//go:build unix

package mqtt

import (
	"syscall"
	"testing"
	"time"

	"bestbefore/discovery/flow"
)

// TestCountsStayTheSendersOwn: the broker stands still and goes on, reads its
// files anew as after its log was rotated, and our store stands still: what the
// sender says it sent is counted once.
func TestCountsStayTheSendersOwn(t *testing.T) {
	b := startBroker(t, "127.0.0.1", "max_queued_messages 100000")
	b.account("flood", "home/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	out := stream(t, ses)
	p := connectRaw(t, b, "flood")
	const each = 4000
	sent := 0
	send := func() {
		p.send(t, each, 0)
		sent += each
	}
	all := func(after string) {
		t.Helper()
		if !eventually(2*time.Minute, func() bool { return received(out) == uint64(sent) }) {
			cov, _ := ses.Coverage(t.Context())
			t.Fatalf("after %s: sent %d, received %d, told as lost %d", after, sent, received(out), cov.Lost)
		}
	}
	process := b.cmd.Process
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	send()
	all("the start")
	for range 3 {
		signal(standStill)
		go func() {
			time.Sleep(300 * time.Millisecond) // the sender meets a broker that stands still
			_ = process.Signal(syscall.SIGCONT)
		}()
		send()
		all("standing still")
		signal(syscall.SIGHUP)
		send()
		all("reading its files anew")
		ses.book.mu.Lock()
		send()
		ses.book.mu.Unlock()
		all("a slow store")
	}
	n, bytes := out.flows(func(r flow.Record) bool { return r.Categories == "temperature" })
	t.Logf("figure: 3 rounds of a broker that stands still, reads its files anew, and a slow store: %d messages sent, %d counted, %d bytes", sent, n, bytes)
}

// TestABrokerThatBeginsAnewIsCountedOn: a session that is opened anew counts
// what is sent from then on, and nothing that was counted before.
func TestABrokerThatBeginsAnewIsCountedOn(t *testing.T) {
	b := startBroker(t, "127.0.0.1", "max_queued_messages 100000")
	b.account("flood", "home/#")
	const each = 3000
	var total uint64
	for range 3 {
		ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
		out := stream(t, ses)
		connectRaw(t, b, "flood").send(t, each, 0)
		if !eventually(2*time.Minute, func() bool { return received(out) == each }) {
			t.Fatalf("sent %d, received %d", each, received(out))
		}
		total += received(out)
		b.stop()
		b.start()
		if !eventually(2*time.Minute, func() bool { out.mu.Lock(); defer out.mu.Unlock(); return len(out.errs) > 0 }) {
			t.Fatal("nobody noticed that the broker went")
		}
		if n := received(out); n != each {
			t.Errorf("%d after the broker went, %d before", n, each)
		}
	}
	t.Logf("figure: a broker that began anew 3 times: %d messages sent, %d counted", 3*each, total)
}
