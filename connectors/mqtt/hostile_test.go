package mqtt

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// fakeBroker speaks just enough MQTT to be believed, then does what after says.
func fakeBroker(t testing.TB, after func(w *bufio.Writer) error) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer c.Close()
				serveFake(c, after)
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	return ln.Addr().String()
}

func serveFake(c net.Conn, after func(w *bufio.Writer) error) {
	r, w := bufio.NewReader(c), bufio.NewWriterSize(c, 256<<10)
	done := make(chan struct{})
	started := false
	defer func() {
		_ = c.Close()
		if started {
			<-done
		}
	}()
	var mu sync.Mutex
	for {
		kind, body, err := readPacket(r)
		if err != nil {
			return
		}
		mu.Lock()
		switch kind {
		case 1:
			_, _ = w.Write([]byte{0x20, 2, 0, 0})
		case 8:
			_, _ = w.Write([]byte{0x90, 3, body[0], body[1], 0})
		case 12:
			_, _ = w.Write([]byte{0xd0, 0})
		}
		err = w.Flush()
		last := kind == 8 && bytes.Contains(body, []byte("last/#"))
		mu.Unlock()
		if err != nil {
			return
		}
		if last && !started {
			started = true
			go func() {
				defer close(done)
				if after(bufio.NewWriterSize(c, 256<<10)) != nil {
					_ = c.Close()
				}
			}()
		}
	}
}

func readPacket(r *bufio.Reader) (byte, []byte, error) {
	first, err := r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(r) // MQTT's lengths are written the same way
	if err != nil {
		return 0, nil, err
	}
	body := make([]byte, n)
	_, err = io.ReadFull(r, body)
	return first >> 4, body, err
}

func publishPacket(topic string, payload []byte, retained bool) []byte {
	head := byte(0x30)
	if retained {
		head |= 1
	}
	out := binary.AppendUvarint([]byte{head}, uint64(2+len(topic)+len(payload)))
	out = binary.BigEndian.AppendUint16(out, uint16(len(topic)))
	return append(append(out, topic...), payload...)
}

// openFake opens a session that only watches.
func openFake(t testing.TB, addr string) *Session {
	t.Helper()
	return openSession(t, connectors.Settings{Values: map[string]string{optAddress: addr, optControl: "no", optTopics: "home/#,homeassistant/#,last/#"}})
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// peak watches the heap while f runs.
func peak(f func()) int64 {
	before := heap()
	stop, top := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, int64(m.HeapAlloc))
			select {
			case <-stop:
				top <- most
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	return <-top - before
}

// TestHugeClaims: a message that claims 256 MiB costs nothing, whether its
// bytes come or not, and the next one is read.
func TestHugeClaims(t *testing.T) {
	sent := make(chan struct{})
	junk := make([]byte, 64<<10) // the peer's own, beside its writer of 256 KiB
	addr := fakeBroker(t, func(w *bufio.Writer) error {
		const size = 256<<20 - 1
		_, _ = w.Write(binary.AppendUvarint([]byte{0x30}, size))
		for left := size; left > 0; left -= min(left, len(junk)) {
			if _, err := w.Write(junk[:min(left, len(junk))]); err != nil {
				return err
			}
		}
		_, _ = w.Write(publishPacket("home/a/temperature", []byte("1"), false))
		close(sent)
		return w.Flush()
	})
	ses := openFake(t, addr)
	var out *seen
	grew := peak(func() {
		out = stream(t, ses)
		if !eventually(2*time.Minute, func() bool {
			n, _ := out.flows(func(flow.Record) bool { return true })
			return n == 1
		}) {
			t.Error("what came after the huge message was not read")
		}
	})
	if grew > claimBudget {
		t.Errorf("a claim of 256 MiB cost %d KiB", grew>>10)
	}
	t.Logf("256 MiB passed by at a cost of %d KiB", grew>>10)
	if cov, _ := ses.Coverage(t.Context()); cov.Lost != 1 || !strings.Contains(cov.Text, "too large") {
		t.Errorf("the loss is not told: %+v", cov)
	}
}

// TestWithoutTheLimit shows what the limit is for: the library alone believes
// the claim.
func TestWithoutTheLimit(t *testing.T) {
	claim := binary.AppendUvarint([]byte{0x30}, 256<<20-1)
	cost := func(r io.Reader) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := packets.ReadPacket(r); err == nil {
			t.Error("half a packet was read")
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if n := cost(bytes.NewReader(claim)); n < 200<<20 {
		t.Errorf("without the limit a claim of 256 MiB costs %d bytes; is the limit still needed?", n)
	}
	limited := newLimitReader(bytes.NewReader(append([]byte{0x20, 2, 0, 0}, claim...)), new(atomic.Uint64))
	if _, err := packets.ReadPacket(limited); err != nil {
		t.Fatal(err)
	}
	if n := cost(limited); n > 1<<20 {
		t.Errorf("with the limit it costs %d bytes", n)
	}
}

// TestAMillionRetainedTopics (20,000 without LAB_LONG): hostile names, each new, with deep JSON in between.
func TestAMillionRetainedTopics(t *testing.T) {
	topics := 20_000
	if long() {
		topics = 1_000_000
	}
	deep := []byte(strings.Repeat(`{"a":[`, 20_000))
	addr := fakeBroker(t, func(w *bufio.Writer) error {
		for i := range topics {
			topic := fmt.Sprintf("home/\x1b[31m\u202e%d/temperature", i)
			payload := []byte(`{"temperature":1,"device":{"name":"x"}}`)
			switch {
			case i%1000 == 0:
				payload = deep
			case i%10 == 0:
				topic = fmt.Sprintf("homeassistant/sensor/%d/config", i)
				payload = fmt.Appendf(nil, `{"state_topic":"home/%d/\u0007t","device":{"identifiers":["id%d\u202e"],"name":"\u001b[2J%s"}}`, i, i, strings.Repeat("n", 100))
			}
			if _, err := w.Write(publishPacket(topic, payload, true)); err != nil {
				return err
			}
		}
		_, _ = w.Write(publishPacket("home/end/temperature", []byte("1"), false))
		return w.Flush()
	})
	ses := openFake(t, addr)
	began := time.Now()
	var out *seen
	grew := peak(func() {
		out = stream(t, ses)
		if !eventually(retainedTime, func() bool {
			n, _ := out.flows(func(flow.Record) bool { return true })
			return n == 1
		}) {
			t.Error("not read to the end")
		}
	})
	t.Logf("%d retained topics in %s, %d KiB", topics, time.Since(began).Round(time.Millisecond), grew>>10)
	if grew > retainedBudget {
		t.Errorf("a million topics cost %d MiB", grew>>20)
	}
	ses.book.mu.Lock()
	defer ses.book.mu.Unlock()
	if len(ses.book.topics) > maxTopics || len(ses.book.publishers) > maxPublishers+1 || len(ses.book.claims) > maxClaimsKept {
		t.Errorf("%d topics, %d publishers, %d claims", len(ses.book.topics), len(ses.book.publishers), len(ses.book.claims))
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	for _, s := range out.sightings {
		text := s.Detail + s.Identifiers[0].Value
		for _, f := range s.Facts {
			text += f.Value
		}
		if strings.ContainsAny(text, "\x1b\x07\u202e") {
			t.Fatalf("%q is shown", text)
		}
	}
}

// TestBadBrokers: each of these ends in an error of the right kind, soon.
func TestBadBrokers(t *testing.T) {
	raw := func(first []byte) func(t *testing.T) string {
		return func(t *testing.T) string {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				c, err := ln.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				_, _ = c.Write(first)
				_, _ = io.Copy(io.Discard, c)
			}()
			t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
			return ln.Addr().String()
		}
	}
	for name, c := range map[string]struct {
		addr func(t *testing.T) string
		want consent.ErrorKind
	}{
		"a web server":          {raw([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), consent.KindPermanent},
		"a message before all":  {raw(publishPacket("a", []byte("b"), false)), consent.KindPermanent},
		"an unknown refusal":    {raw([]byte{0x20, 2, 0, 77}), consent.KindPermanent},
		"an endless length":     {raw([]byte{0x20, 0xff, 0xff, 0xff, 0xff, 0xff}), consent.KindPermanent},
		"a wrong password":      {raw([]byte{0x20, 2, 0, 5}), consent.KindSignIn},
		"a server too busy":     {raw([]byte{0x20, 2, 0, 3}), consent.KindTransient},
		"nobody there":          {func(t *testing.T) string { return fmt.Sprintf("127.0.0.1:%d", freePort(t, "127.0.0.1")) }, consent.KindTransient},
		"one that says nothing": {raw(nil), consent.KindTransient},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it ends by itself long before that
			defer cancel()
			_, err := New().Open(ctx, connectors.Settings{Values: map[string]string{optAddress: c.addr(t), optControl: "no"}}, testHost())
			if err == nil || connectors.KindOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if ctx.Err() != nil {
				t.Error("it did not end by itself")
			}
		})
	}
}

// TestLyingSubacks: a SUBACK with more answers than questions must not reach the library.
func TestLyingSubacks(t *testing.T) {
	addr := fakeBroker(t, func(w *bufio.Writer) error {
		_, _ = w.Write([]byte{0x90, 12, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		return w.Flush()
	})
	ses := openFake(t, addr)
	out := stream(t, ses)
	if !eventually(2*time.Minute, func() bool {
		out.mu.Lock()
		defer out.mu.Unlock()
		return len(out.errs) == 2 && connectors.KindOf(out.errs[0]) == consent.KindPermanent
	}) {
		t.Error("it was believed")
	}
}

// FuzzLimitReader is F12: nothing is passed on that claims more than the limit,
// whatever was read is whole packets, and nothing is allocated for a claim.
func FuzzLimitReader(f *testing.F) {
	connack := []byte{0x20, 2, 0, 0}
	f.Add(append(bytes.Clone(connack), publishPacket("home/x", []byte("y"), false)...))
	f.Add(append(bytes.Clone(connack), 0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1))
	f.Add([]byte{0x20, 2, 0, 77})
	f.Add(append(bytes.Clone(connack), 0x90, 3, 0, 1, 0, 0xd0, 0))
	f.Fuzz(func(t *testing.T, in []byte) {
		var large atomic.Uint64
		out, err := io.ReadAll(newLimitReader(bytes.NewReader(in), &large))
		if len(out) > len(in) {
			t.Fatalf("%d bytes became %d", len(in), len(out))
		}
		r := bufio.NewReader(bytes.NewReader(out))
		for i := 0; ; i++ {
			if _, e := r.Peek(1); e != nil {
				break
			}
			_, _ = r.ReadByte()
			n, e := binary.ReadUvarint(r)
			if e != nil || n > maxPacket {
				t.Fatalf("packet %d claims %d bytes (%v)", i, n, e)
			}
			if _, e := r.Discard(int(min(n, math.MaxInt32))); e != nil {
				if err == nil && !errors.Is(e, io.EOF) {
					t.Fatal(e)
				}
				break
			}
		}
	})
}
