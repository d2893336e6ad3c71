package mdns

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// mutate changes a few bytes of base, and cuts one packet in four short.
func mutate(rnd *rand.Rand, base []byte) []byte {
	b := bytes.Clone(base)
	for range 1 + rnd.IntN(6) {
		b[rnd.IntN(len(b))] = byte(rnd.IntN(256))
	}
	if rnd.IntN(4) == 0 {
		b = b[:rnd.IntN(len(b))]
	}
	return b
}

// 30,000 damaged packets through parser, cache and browser: no panic, every
// table within its limit. How long each took is printed; a busy machine is no fault.
func TestDamagedPackets(t *testing.T) {
	w := newBench(t)
	base := answer(t, append(lamp.all(), &dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: "_hue._tcp.local."})...)
	rnd := rand.New(rand.NewPCG(7, 7))
	var parsed, took []time.Duration
	for i := range 30000 {
		b := mutate(rnd, base)
		// Whoever else wants this processor is not counted as the parser's time:
		// the same packet is as slow three times only if it is to blame.
		least := time.Hour
		for range 3 {
			begun := time.Now()
			_, _ = parse(b)
			least = min(least, time.Since(begun))
		}
		begun := time.Now()
		if m, err := parse(b); err == nil {
			w.b.take(m, from("192.168.1.66"), w.now)
		}
		parsed, took = append(parsed, least), append(took, time.Since(begun))
		if i%1000 == 0 {
			w.pass(100 * time.Millisecond)
			w.got, w.asked = batch{}, nil
		}
	}
	slices.Sort(parsed)
	slices.Sort(took)
	at := func(of []time.Duration, percent int) time.Duration { return of[len(of)*percent/100] }
	t.Logf("parsing p50 %v, p99 %v a packet; with all that follows p50 %v, p95 %v, p99 %v; %d records, %d hosts, %d types", at(parsed, 50), at(parsed, 99),
		at(took, 50), at(took, 95), at(took, 99), w.b.cache.count, len(w.b.hosts), len(w.b.types))
	if w.b.cache.count > maxCached || len(w.b.hosts) > maxHosts || len(w.b.types) > 1+maxTypesSource {
		t.Errorf("%d records, %d hosts, %d types", w.b.cache.count, len(w.b.hosts), len(w.b.types))
	}
	// All of it goes when its time is over.
	w.pass(3 * time.Hour)
	if n := w.b.cache.count + len(w.b.hosts) + len(w.b.instances) + len(w.b.asker.wants) + len(w.b.dirty); n != 0 {
		t.Errorf("%d things left after three hours", n)
	}
}
