//go:build lab

package mdns

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// responder answers for made-up devices on one interface, each device in a
// packet of its own after 20 to 120 ms, as real ones do.
type responder struct {
	t    *testing.T
	sock *socket
	lean bool // PTR records only: everything else must be asked for

	mu      sync.Mutex // guards all below
	silent  bool       // says nothing unasked for and answers nothing
	deaf    bool       // takes no one-shot questions, as some devices
	svcs    []svc
	last    map[string]time.Time
	pending sync.WaitGroup
}

// newResponder starts one in the namespace at path.
func newResponder(t *testing.T, path string, lean bool, svcs []svc) *responder {
	t.Helper()
	r := &responder{t: t, lean: lean, svcs: svcs, last: map[string]time.Time{}}
	inside(t, path, func() {
		ifi, err := net.InterfaceByName("eth0")
		if err == nil {
			r.sock, err = open4(*ifi)
		}
		if err != nil {
			t.Error(err)
		}
	})
	if r.sock == nil {
		t.FailNow()
	}
	var reading sync.WaitGroup
	reading.Go(r.read)
	t.Cleanup(func() { r.sock.conn.Close(); reading.Wait(); r.pending.Wait() })
	return r
}

func (r *responder) send(rrs, extra []dns.RR) {
	m := new(dns.Msg)
	m.Response, m.Authoritative, m.Compress, m.Answer, m.Extra = true, true, true, rrs, extra
	b, err := m.Pack()
	if err != nil {
		r.t.Errorf("packing: %v", err)
		return
	}
	r.raw(b)
}

func (r *responder) raw(b []byte) { _, _ = r.sock.conn.WriteToUDPAddrPort(b, r.sock.to) }

func (r *responder) read() {
	b := make([]byte, 9000)
	for {
		n, from, err := r.sock.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		m := new(dns.Msg)
		if m.Unpack(b[:n]) != nil || m.Response {
			continue
		}
		known := map[string]bool{}
		for _, a := range m.Answer {
			if p, ok := a.(*dns.PTR); ok && p.Hdr.Ttl > 2250 {
				known[lower(p.Ptr)] = true
			}
		}
		for _, q := range m.Question {
			if from.Port() != 5353 {
				r.answerDirect(m, q, from)
			} else {
				r.answer(q, known)
			}
		}
	}
}

// answerDirect answers a one-shot question to its sender alone, as RFC 6762
// section 6.7 asks for: number and question repeated, lives of ten seconds, no
// cache-flush bit. There is no pause between two such answers.
func (r *responder) answerDirect(asked *dns.Msg, q dns.Question, to netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent || r.deaf || q.Qtype != dns.TypePTR {
		return
	}
	for _, s := range r.svcs {
		if lower(q.Name) != s.typ+".local." {
			continue
		}
		m := new(dns.Msg)
		m.Id, m.Response, m.Authoritative, m.Compress, m.Question = asked.Id, true, true, true, []dns.Question{q}
		m.Answer = []dns.RR{s.ptr(10)}
		if !r.lean {
			m.Extra = append([]dns.RR{s.srv(10), s.text(10)}, s.addrs(10)...)
		}
		for _, rr := range m.Extra {
			rr.Header().Class = dns.ClassINET
		}
		b, err := m.Pack()
		if err != nil {
			r.t.Errorf("packing: %v", err)
			return
		}
		r.pending.Add(1)
		time.AfterFunc(time.Duration(rand.IntN(10))*time.Millisecond, func() {
			defer r.pending.Done()
			_, _ = r.sock.conn.WriteToUDPAddrPort(b, to)
		})
	}
}

func (r *responder) answer(q dns.Question, known map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent {
		return
	}
	name := lower(q.Name)
	for _, s := range r.svcs {
		var ans, extra []dns.RR
		switch {
		case name == enumerate:
			ans = []dns.RR{&dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: s.typ + ".local."}}
		case name == s.typ+".local." && q.Qtype == dns.TypePTR && !known[lower(s.full())]:
			ans = []dns.RR{s.ptr(4500)}
			extra = append([]dns.RR{s.srv(120), s.text(4500)}, s.addrs(120)...)
		case name == lower(s.full()) && q.Qtype == dns.TypeSRV:
			ans = []dns.RR{s.srv(120)}
		case name == lower(s.full()) && q.Qtype == dns.TypeTXT:
			ans = []dns.RR{s.text(4500)}
		case name == lower(s.host):
			for _, rr := range s.addrs(120) {
				if rr.Header().Rrtype == q.Qtype {
					ans = append(ans, rr)
				}
			}
		}
		k := fmt.Sprint(name, q.Qtype, s.full())
		if len(ans) == 0 || time.Since(r.last[k]) < time.Second {
			continue
		}
		r.last[k] = time.Now()
		if r.lean {
			extra = nil
		}
		delay := time.Duration(rand.IntN(10)) * time.Millisecond
		if q.Qtype == dns.TypePTR {
			delay = time.Duration(20+rand.IntN(100)) * time.Millisecond
		}
		r.pending.Add(1)
		time.AfterFunc(delay, func() { defer r.pending.Done(); r.send(ans, extra) })
	}
}

// quiet stops or resumes answering.
func (r *responder) quiet(yes bool) { r.mu.Lock(); r.silent = yes; r.mu.Unlock() }

// change replaces service i and announces what changed.
func (r *responder) change(i int, f func(*svc) []dns.RR) {
	r.mu.Lock()
	rrs := f(&r.svcs[i])
	r.mu.Unlock()
	r.send(rrs, nil)
}

// devices makes n services of the given number of types, per to a host.
func devices(n, per, types int) []svc {
	var out []svc
	for i := range n {
		h := i / per
		out = append(out, svc{
			inst: strings.ReplaceAll(fmt.Sprintf("Device %d no %d", h, i), " ", `\ `), typ: fmt.Sprintf("_t%d._tcp", i%types),
			host: fmt.Sprintf("h%d.local.", h), port: uint16(8000 + i%1000), txt: []string{fmt.Sprintf("id=%d", i), "md=Model"},
			four: fmt.Sprintf("10.77.%d.%d", 1+h/250, 1+h%250), six: fmt.Sprintf("fd77::1:%x", h+1),
		})
	}
	return out
}

// typeNames are the types of devices.
func typeNames(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("_t%d._tcp", i))
	}
	return out
}
