package netflow

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func TestConformance(t *testing.T) {
	var ses *Session
	var seq uint32
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			s, err := New().Open(context.Background(), settings(ct), host())
			if err != nil {
				ct.Fatalf("%v", err)
			}
			ct.Cleanup(func() { _ = s.Close() })
			ses, seq = s.(*Session), 0
			return s
		},
		Send: func(ct connectortest.T, port uint16) {
			c := exporter(ct, ses, "127.0.0.1")
			defer c.Close()
			if _, err := c.Write(five(seq, up(connectortest.SendBytes, port), down(900, port))); err != nil {
				ct.Fatalf("%v", err)
			}
			seq += 2
		},
	})
}

// The same two flows in each of the three formats are the same record.
func TestEachFormatTellsTheSame(t *testing.T) {
	flows := []oneWay{up(5000, 443), down(70000, 443)}
	for name, msgs := range map[string][]packet{
		"version 5": {five(0, flows...)},
		"version 9": {nine(0, 7, 1, set(0, template(256, fields4))), nine(1, 7, 2, set(256, data4(flows...)))},
		"IPFIX": {
			ten(0, 7, set(2, template(256, append(fields4[:6:6], [2]uint16{152, 8}, [2]uint16{153, 8})))),
			ten(0, 7, set(256, func() (p packet) {
				for _, f := range flows {
					p = p.addr(f.src).addr(f.dst).u16(f.srcPort).u16(f.dstPort).u8(f.proto).u32(uint32(f.bytes)).u64(1_800_000_000_000 - 3000).u64(1_800_000_000_000 - 1000)
				}
				return p
			}())),
		},
	} {
		c := newCollector(&watch{})
		h, _ := parseHomes("")
		sums := newTallies(h)
		for _, m := range msgs {
			for _, f := range c.read(message0(m)) {
				if !sums.add(f) {
					t.Errorf("%s: %+v was left out", name, f)
				}
			}
		}
		got := sums.take()
		if len(got) != 1 || len(got[0]) != 1 {
			t.Errorf("%s: %v", name, got)
			continue
		}
		r, at := got[0][0], time.Unix(1_900_000_000, 0)
		if r.Up != 5000 || r.Down != 70000 || r.Count != 1 || r.Port != 443 || r.Protocol != "tcp" || r.Local.Address != phone || r.Destination.Address != maker ||
			r.Local.MAC != "" || !r.First.Equal(at.Add(-3*time.Second)) || !r.Last.Equal(at.Add(-time.Second)) {
			t.Errorf("%s: %+v", name, r)
		}
		if w := c.watch; w.bad+w.lost+w.unknown+w.refused+w.odd != 0 {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// What is not from the exporter's address is counted and nothing else; the twin
// shows that the same message from the right address is taken.
func TestOnlyTheNamedExporterIsHeard(t *testing.T) {
	s := open(t)
	w := observe(t, s)
	stranger := exporter(t, s, "127.0.0.2")
	defer stranger.Close()
	if _, err := stranger.Write(five(0, up(5000, 443))); err != nil {
		t.Fatal(err)
	}
	until(t, "the stranger to be counted", func() bool {
		c, _ := s.Coverage(context.Background())
		return strings.Contains(c.Text, "1 messages of others were not looked at, the last from 127.0.0.2")
	})
	router := exporter(t, s, "127.0.0.1")
	defer router.Close()
	if _, err := router.Write(five(0, up(700, 443))); err != nil {
		t.Fatal(err)
	}
	until(t, "the router's flow", func() bool { up, _ := w.sum(443); return up > 0 })
	if up, _ := w.sum(443); up != 700 {
		t.Errorf("%d bytes were taken, 700 are the router's", up)
	}
	c, err := s.Coverage(context.Background())
	if err != nil || !c.Claim || !strings.Contains(c.Text, "claim") || c.Alive.IsZero() {
		t.Errorf("it does not say that it is a claim: %+v, %v", c, err)
	}
}

// A silent exporter covers nothing: nobody knows whether it was ever set up.
func TestCoverageBeforeTheFirstMessage(t *testing.T) {
	c, err := open(t).Coverage(context.Background())
	if err != nil || c.Whole || !c.Alive.IsZero() || !strings.Contains(c.Text, "nothing has come") {
		t.Errorf("%+v, %v", c, err)
	}
}

// Templates of one source do not read the data of another, and each has its own
// thousand.
func TestTemplatesStayWithTheirSource(t *testing.T) {
	w := &watch{}
	c := newCollector(w)
	a, b := message0(nine(0, 7, 1, set(0, template(256, fields4)))), message0(nine(0, 7, 1, set(256, data4(up(5000, 443)))))
	b.from = netip.MustParseAddrPort("192.168.1.1:9001")
	c.read(a)
	if got := c.read(b); len(got) != 0 || w.unknown != 1 {
		t.Errorf("another source's template was used: %v, %d unknown", got, w.unknown)
	}
	b.from = a.from // the twin: from its own source it is read
	if got := c.read(b); len(got) != 1 || got[0].bytes != 5000 {
		t.Errorf("its own template was not used: %v", got)
	}
	b.data = nine(1, 8, 1, set(256, data4(up(5000, 443)))) // another domain of the same source
	if got := c.read(b); len(got) != 0 {
		t.Errorf("another domain's template was used: %v", got)
	}
}

func TestTemplatesAreBounded(t *testing.T) {
	w := &watch{}
	c := newCollector(w)
	for id := range 3000 {
		c.read(message0(nine(uint32(id), 7, 1, set(0, template(uint16(256+id), fields4)))))
	}
	s := c.sources[message0(nil).from]
	if len(s.templates.of) != maxTemplates || w.refused != 2000 {
		t.Errorf("%d templates are kept, %d refused", len(s.templates.of), w.refused)
	}
	for port := range 1000 {
		m := message0(nine(0, 7, 1, set(0, template(256, fields4))))
		m.from = netip.AddrPortFrom(m.from.Addr(), uint16(port+1024))
		c.read(m)
	}
	if len(c.sources) > maxSources {
		t.Errorf("%d sources are kept", len(c.sources))
	}
	for d := range uint32(1000) {
		c.read(message0(nine(0, d, 0)))
	}
	if n := len(c.source(message0(nil).from).streams); n > maxDomains {
		t.Errorf("%d domains are kept", n)
	}
}

// A record that takes no room would be read for ever.
func TestTemplatesThatTakeNoRoomAreRefused(t *testing.T) {
	w := &watch{}
	c := newCollector(w)
	done := make(chan bool)
	go func() {
		defer close(done)
		c.read(message0(nine(0, 7, 2, set(0, template(256, [][2]uint16{{1, 0}})), set(256, data4(up(1, 1))))))
		c.read(message0(nine(0, 7, 2, set(0, template(257, nil)), set(257, data4(up(1, 1))))))
		c.read(message0(ten(0, 7, set(3, packet{}.u16(258).u16(0).u16(0)), set(258, data4(up(1, 1))))))
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it reads for ever")
	}
	if w.refused != 3 {
		t.Errorf("%d templates were refused, want 3", w.refused)
	}
}

func TestGapsAreLost(t *testing.T) {
	for name, x := range map[string]struct {
		msgs []packet
		lost uint64
	}{
		"version 5 counts flows":     {[]packet{five(0, up(1, 1)), five(1, up(1, 1)), five(12, up(1, 1)), five(13, up(1, 1))}, 10},
		"version 9 counts messages":  {[]packet{nine(5, 7, 0), nine(6, 7, 0), nine(9, 7, 0)}, 2},
		"IPFIX counts records":       {[]packet{ten(0, 7, set(2, template(256, fields4))), ten(0, 7, set(256, data4(up(1, 1), up(1, 2)))), ten(9, 7, set(256, data4(up(1, 1))))}, 7},
		"a restart is no gap":        {[]packet{five(500, up(1, 1)), five(0, up(1, 1)), five(1, up(1, 1))}, 0},
		"what comes late is no gap":  {[]packet{five(0, up(1, 1)), five(2, up(1, 1)), five(1, up(1, 1)), five(3, up(1, 1))}, 0},
		"the numbers turn over":      {[]packet{five(0xffffffff, up(1, 1)), five(0, up(1, 1))}, 0},
		"domains have their own":     {[]packet{nine(5, 7, 0), nine(90, 8, 0), nine(6, 7, 0), nine(91, 8, 0)}, 0},
		"two streams beside another": {[]packet{five(0, up(1, 1)), nine(50, 0, 0), five(1, up(1, 1)), nine(51, 0, 0)}, 0},
	} {
		w := &watch{}
		c := newCollector(w)
		for _, m := range x.msgs {
			c.read(message0(m))
		}
		if got := w.coverage(maker).Lost; got != x.lost {
			t.Errorf("%s: %d lost, want %d", name, got, x.lost)
		}
	}
}

// The queue is bounded: while the store takes its time, what does not fit is
// dropped, counted, and said.
func TestASlowStoreLosesCountedMessages(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	in := make(chan message, 1)
	done := make(chan error, 1)
	go func() { done <- s.receive(ctx, in) }()
	c := exporter(t, s, "127.0.0.1")
	defer c.Close()
	for i := range uint32(50) {
		if _, err := c.Write(five(i, up(1, 443))); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the drops to be counted", func() bool { c, _ := s.Coverage(ctx); return c.Lost == 49 })
	cancel()
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhichFlowsAreTheHomes(t *testing.T) {
	h, err := parseHomes("192.168.1.0/24, 2001:db8:1::/56")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr
	for _, x := range []struct {
		src, dst string
		want     bool
	}{
		{"192.168.1.20", "198.51.100.10", true},
		{"198.51.100.10", "192.168.1.20", true},
		{"2001:db8:1::20", "2001:db8:ff::1", true},
		{"192.168.1.20", "192.168.1.30", false},
		{"203.0.113.5", "198.51.100.10", false}, // the router itself
		{"192.168.1.20", "224.0.0.251", false},
		{"192.168.1.20", "255.255.255.255", false},
		{"0.0.0.0", "192.168.1.20", false},
	} {
		if got := newTallies(h).add(oneWay{src: at(x.src), dst: at(x.dst)}); got != x.want {
			t.Errorf("%s to %s: %v", x.src, x.dst, got)
		}
	}
	for _, bad := range []string{"home", "192.168.1.0/33", strings.Repeat("10.0.0.1 ", maxHomes+1)} {
		if _, err := parseHomes(bad); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestSampledAmountsAreScaledAndSaid(t *testing.T) {
	w := &watch{}
	c := newCollector(w)
	p := five(0, up(100, 443))
	p[22], p[23] = 0x40, 10 // every tenth
	if got := c.read(message0(p)); len(got) != 1 || got[0].bytes != 1000 {
		t.Errorf("%+v", got)
	}
	opts := packet{}.u16(300).u16(4).u16(4).u16(1).u16(4).u16(34).u16(4)
	c.read(message0(nine(0, 7, 3, set(1, opts), set(300, packet{}.u32(1).u32(20)), set(0, template(256, fields4)))))
	if got := c.read(message0(nine(1, 7, 1, set(256, data4(up(100, 443)))))); len(got) != 1 || got[0].bytes != 2000 {
		t.Errorf("%+v", got)
	}
	if text := w.coverage(maker).Text; !strings.Contains(text, "one packet in 20") {
		t.Error(text)
	}
}

func TestOpeningSaysWhatIsWrong(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.LocalAddr().String())
	for name, set := range map[string]map[string]string{
		"no exporter":  {},
		"low port":     {optExporter: "127.0.0.1", optPort: "53"},
		"no port":      {optExporter: "127.0.0.1", optPort: "x"},
		"bad interval": {optExporter: "127.0.0.1", optInterval: "NaN"},
		"bad home":     {optExporter: "127.0.0.1", optHome: "x"},
		"taken port":   {optExporter: "127.0.0.1", optPort: port},
	} {
		_, err := New().Open(context.Background(), connectors.Settings{Values: set}, host())
		var e *connectors.Error
		if !errors.As(err, &e) || e.Kind != consent.KindNeedsPerson {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New().Open(context.Background(), settings(t), &connectors.Host{Now: time.Now}); connectors.KindOf(err) != consent.KindPermanent {
		t.Errorf("without a network: %v", err)
	}
}
