package mdns

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// bench drives a browser with packets and a clock of its own.
type bench struct {
	t     *testing.T
	b     *browser
	now   time.Time
	got   batch
	asked []string
	shots int // one-shot questions
}

func newBench(t *testing.T, types ...string) *bench {
	t.Helper()
	if types == nil {
		types = []string{"_hue._tcp.local."}
	}
	w := &bench{t: t, b: newBrowser(types, false, func(string) bool { return false }), now: start}
	w.b.asker.linkUp("eth0", start)
	w.pass(0)
	w.asked = nil
	return w
}

func (w *bench) hear(src string, rrs ...dns.RR) {
	w.t.Helper()
	m, err := parse(answer(w.t, rrs...))
	if err != nil {
		w.t.Fatal(err)
	}
	w.b.take(m, from(src), w.now)
}

// pass lets time go by, doing what falls due on the way.
func (w *bench) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		w.round()
		next := w.b.due()
		if next.IsZero() || next.After(end) {
			break
		}
		if next.After(w.now) {
			w.now = next
		}
	}
	w.now = end
	w.round()
}

func (w *bench) round() {
	got := w.b.work(w.now)
	w.got.events = append(w.got.events, got.events...)
	w.got.sightings = append(w.got.sightings, got.sightings...)
	for range w.b.asker.shots(w.now) {
		w.shots++
	}
	for _, qs := range w.b.asker.collect(w.b.types, w.b.only, w.now) {
		for _, q := range qs {
			w.asked = append(w.asked, q.Name+" "+dns.TypeToString[q.Qtype])
		}
	}
}

// events returns what happened since the last call, as lines.
func (w *bench) events() []string {
	var out []string
	for _, e := range w.got.events {
		s := e.Service
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s:%d %q %v stale=%v gone=%v", e.Kind, s.Instance, s.Type, s.Host, s.Port, []string(s.TXT), e.Addresses, s.Stale, s.Gone)))
	}
	w.got.events = nil
	return out
}

func (w *bench) expect(what string, want ...string) {
	w.t.Helper()
	if d := cmp.Diff(want, w.events()); d != "" {
		w.t.Errorf("%s: %s", what, d)
	}
}

const lampUp = `add Lamp 1 _hue._tcp Lamp.local:443 ["id=1" "md=Model"] [192.168.1.5 fd00::5] stale=false gone=false`

func TestBrowserJoinsRecordsOverPackets(t *testing.T) {
	w := newBench(t)
	for i, rr := range slices.Backward(lamp.all()) { // the least helpful order
		w.hear("192.168.1.5", rr)
		w.pass(time.Duration(i) * time.Millisecond)
	}
	w.pass(100 * time.Millisecond)
	w.expect("one add", lampUp)
}

func TestBrowserAsksForWhatIsMissing(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.ptr(4500))
	w.pass(100 * time.Millisecond)
	if got := sorted(w.asked); !cmp.Equal(got, []string{`lamp\ 1._hue._tcp.local. SRV`, `lamp\ 1._hue._tcp.local. TXT`}) {
		t.Errorf("asked %q", got)
	}
	w.asked = nil
	w.hear("192.168.1.5", lamp.srv(120), lamp.text(4500))
	w.pass(100 * time.Millisecond)
	if got := sorted(w.asked); !cmp.Equal(got, []string{`lamp.local. A`, `lamp.local. AAAA`}) {
		t.Errorf("asked %q", got)
	}
	w.hear("192.168.1.5", lamp.addrs(120)...)
	w.pass(100 * time.Millisecond)
	w.expect("add", lampUp)
	w.asked = nil
	w.pass(20 * time.Second)
	for _, q := range w.asked {
		if !strings.Contains(q, " PTR") {
			t.Errorf("asked for %q although nothing is missing", q)
		}
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestBrowserBacksOff(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.ptr(4500))
	w.pass(70 * time.Minute)
	n := 0
	for _, q := range w.asked {
		if strings.HasSuffix(q, " SRV") {
			n++
		}
	}
	if n < 8 || n > 14 {
		t.Errorf("asked %d times in 70 minutes, want about 12", n)
	}
}

func TestBrowserUpdates(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(10 * time.Second)
	w.expect("add", lampUp)
	changed := lamp
	changed.txt, changed.port, changed.four = []string{"id=2"}, 8443, "192.168.1.77"
	w.hear("192.168.1.5", changed.text(4500))
	w.pass(200 * time.Millisecond)
	w.expect("new TXT", `update Lamp 1 _hue._tcp Lamp.local:443 ["id=2"] [192.168.1.5 fd00::5] stale=false gone=false`)
	w.hear("192.168.1.5", changed.srv(120))
	w.pass(200 * time.Millisecond)
	w.expect("new port", `update Lamp 1 _hue._tcp Lamp.local:8443 ["id=2"] [192.168.1.5 fd00::5] stale=false gone=false`)
	w.hear("192.168.1.77", changed.addrs(120)...)
	w.pass(200 * time.Millisecond)
	w.expect("both addresses", `update Lamp 1 _hue._tcp Lamp.local:8443 ["id=2"] [192.168.1.5 192.168.1.77 fd00::5] stale=false gone=false`)
	w.pass(2 * time.Second)
	w.expect("old one flushed", `update Lamp 1 _hue._tcp Lamp.local:8443 ["id=2"] [192.168.1.77 fd00::5] stale=false gone=false`)
	w.hear("192.168.1.77", changed.all()...)
	w.pass(time.Second)
	w.expect("the same again says nothing")
}

func TestBrowserGoodbyeAndReturn(t *testing.T) {
	for name, bye := range map[string][]dns.RR{
		"all records": {lamp.ptr(0), lamp.srv(0), lamp.text(0)},
		"PTR only":    {lamp.ptr(0)},
	} {
		w := newBench(t)
		w.hear("192.168.1.5", lamp.all()...)
		w.pass(10 * time.Second)
		w.events()
		w.hear("192.168.1.5", bye...)
		w.pass(900 * time.Millisecond)
		w.expect(name + ": not at once")
		w.pass(300 * time.Millisecond)
		got := w.events()
		if len(got) != 1 || !strings.HasPrefix(got[0], "remove Lamp 1") || !strings.HasSuffix(got[0], "gone=true") {
			t.Errorf("%s: %q", name, got)
		}
		w.hear("192.168.1.5", lamp.all()...)
		w.pass(time.Second)
		w.expect(name+": back", lampUp)
	}
}

// A device that is pulled out: SRV and addresses are asked for three times, then
// it is stale, with all that was known of it, and gone when the PTR ends.
func TestBrowserStaleThenGone(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(time.Second)
	w.events()
	w.asked = nil
	w.pass(118 * time.Second)
	n := 0
	for _, q := range w.asked {
		if q == `lamp\ 1._hue._tcp.local. SRV` {
			n++
		}
	}
	if n != 3 {
		t.Errorf("SRV refreshed %d times, want 3", n)
	}
	w.pass(2 * time.Second)
	w.expect("stale", `update Lamp 1 _hue._tcp Lamp.local:443 ["id=1" "md=Model"] [192.168.1.5 fd00::5] stale=true gone=false`)
	w.pass(10 * time.Second)
	w.hear("192.168.1.5", append(lamp.addrs(120), lamp.srv(120))...)
	w.pass(time.Second)
	w.expect("answers again", `update Lamp 1 _hue._tcp Lamp.local:443 ["id=1" "md=Model"] [192.168.1.5 fd00::5] stale=false gone=false`)
	w.pass(75 * time.Minute)
	if got := w.events(); len(got) != 2 || !strings.Contains(got[0], "stale=true") || !strings.HasPrefix(got[1], "remove") {
		t.Errorf("%q", got)
	}
	if len(w.b.instances)+len(w.b.hosts)+w.b.cache.count+len(w.b.asker.wants) != 0 {
		t.Errorf("left: %d instances, %d hosts, %d records, %d wants", len(w.b.instances), len(w.b.hosts), w.b.cache.count, len(w.b.asker.wants))
	}
}

// A device that answers its refresh questions is never stale: the twin of the above.
func TestBrowserRefreshKeepsFresh(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	for range 7200 {
		w.pass(time.Second)
		if len(w.asked) > 0 {
			w.asked = nil
			w.hear("192.168.1.5", lamp.all()...)
		}
	}
	w.expect("two hours", lampUp)
}

func TestBrowserLearnsTypes(t *testing.T) {
	other := lamp
	other.typ = "_shelly._tcp"
	enum := &dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: "_shelly._tcp.local."}
	sub := &dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: "_T256._sub._matterc._udp.local."}
	w := newBench(t)
	w.hear("192.168.1.5", enum, sub)
	w.pass(50 * time.Millisecond)
	if !cmp.Equal(w.asked, []string{"_shelly._tcp.local. PTR"}) {
		t.Errorf("asked %q", w.asked)
	}
	w = newBench(t)
	w.hear("192.168.1.5", other.all()...)
	w.pass(time.Second)
	if got := w.events(); len(got) != 1 {
		t.Errorf("overheard: %q", got)
	}
	w = newBench(t)
	w.b.only = true
	w.hear("192.168.1.5", append(other.all(), enum)...)
	w.pass(time.Second)
	w.expect("only the given types")
}

func TestBrowserLimitsTypesOfOneSource(t *testing.T) {
	w := newBench(t)
	for i := range 300 {
		w.hear("192.168.1.66", &dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: fmt.Sprintf("_x%d._tcp.local.", i)})
	}
	if n := len(w.b.types); n != 1+maxTypesSource {
		t.Errorf("%d types", n)
	}
	for s := range 50 {
		for i := range 60 {
			w.hear(fmt.Sprintf("192.168.2.%d", s), &dns.PTR{Hdr: header(enumerate, dns.TypePTR, dns.ClassINET, 4500), Ptr: fmt.Sprintf("_y%d-%d._tcp.local.", s, i)})
		}
	}
	if n := len(w.b.types); n != maxTypes {
		t.Errorf("%d types in all, want %d", n, maxTypes)
	}
}

// A flood of invented devices from one source: bounded, and a device that was
// there before stays.
func TestBrowserFlood(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(time.Second)
	w.events()
	for i := range 20000 { // 1,000 a second
		fake := svc{inst: fmt.Sprint("Fake", i), typ: "_hue._tcp", host: fmt.Sprintf("fake%d.local.", i), port: 1, four: "192.168.1.66"}
		w.hear("192.168.1.66", fake.all()...)
		if i%100 == 0 {
			w.pass(100 * time.Millisecond)
		}
	}
	w.pass(time.Second)
	if n := len(w.b.hosts); n > newNamesBurst+21*newNamesSecond+1 {
		t.Errorf("%d hosts held after a flood", n)
	}
	for _, e := range w.events() {
		if strings.HasPrefix(e, "remove") || strings.Contains(e, "Lamp") {
			t.Errorf("event %q", e)
		}
	}
	if n, due := w.b.limits.notice(w.now); !due || n < 10000 {
		t.Errorf("notice %d %v", n, due)
	}
}

// From many sources, the number of strangers is bounded, and a confirmed host
// still gets in.
func TestBrowserBoundsStrangers(t *testing.T) {
	w := newBench(t)
	w.b.known = func(h string) bool { return h == "lamp.local" }
	for i := range 3000 {
		src := fmt.Sprintf("10.0.%d.%d", i%600/250, 1+i%600%250)
		fake := svc{inst: fmt.Sprint("Fake", i), typ: "_hue._tcp", host: fmt.Sprintf("fake%d.local.", i), port: 1, four: src}
		w.hear(src, fake.all()...)
	}
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(time.Second)
	if w.b.strangers != maxHosts || len(w.b.hosts) != maxHosts+1 {
		t.Errorf("%d strangers, %d hosts", w.b.strangers, len(w.b.hosts))
	}
	if !slices.Contains(w.events(), lampUp) {
		t.Error("the confirmed host was not let in")
	}
}

// Threat 2: inventions from a thousand spoofed addresses fill everything there
// is. A device that the household knows still gets in when it speaks, even from
// an address that has used up its allowance; without Known it does not.
func TestBrowserFloodNeverLosesTheKnown(t *testing.T) {
	for _, known := range []bool{true, false} {
		w := newBench(t)
		w.b.known = func(h string) bool { return known && h == "lamp.local" }
		for i := range 5600 {
			src := fmt.Sprintf("10.0.%d.%d", i%1200/250, 1+i%1200%250)
			fake := svc{inst: fmt.Sprint("Fake", i), typ: "_hue._tcp", host: fmt.Sprintf("fake%d.local.", i), port: 1, four: src}
			w.hear(src, fake.all()...)
		}
		for i := range 2 * newNamesBurst {
			w.hear("192.168.1.5", svc{inst: fmt.Sprint("More", i), typ: "_hue._tcp"}.ptr(4500))
		}
		w.b.work(w.now)
		if w.b.cache.count != maxCached && len(w.b.cache.sets) != maxNames {
			t.Fatalf("%d records, %d names: not full", w.b.cache.count, len(w.b.cache.sets))
		}
		w.got = batch{}
		w.hear("192.168.1.5", lamp.all()...)
		w.pass(50 * time.Millisecond)
		if got := slices.Contains(w.events(), lampUp); got != known {
			t.Errorf("known %v: shown %v", known, got)
		}
		// Its name beside inventions opens no more than the spare room.
		for i := range keptForKnown + 500 {
			w.hear("192.168.1.66", append(lamp.addrs(120), svc{inst: fmt.Sprint("Beside", i), typ: "_hue._tcp"}.ptr(4500))...)
		}
		if n := w.b.cache.count; n > maxCached+keptForKnown || !known && n > maxCached {
			t.Errorf("known %v: %d records", known, n)
		}
	}
}

// 10,000 goodbyes for what the sender never said remove nothing.
func TestBrowserForgedGoodbyes(t *testing.T) {
	w := newBench(t)
	w.hear("192.168.1.5", lamp.all()...)
	w.pass(time.Second)
	w.events()
	for i := range 10000 {
		fake := svc{inst: fmt.Sprint("Fake", i), typ: "_hue._tcp", host: "fake.local."}
		w.hear("192.168.1.66", fake.ptr(0), fake.srv(0), fake.text(0))
	}
	w.pass(5 * time.Second)
	w.expect("nothing")
	if len(w.b.instances) != 1 || w.b.cache.count != 5 {
		t.Errorf("%d instances, %d records", len(w.b.instances), w.b.cache.count)
	}
}

func TestBrowserRareNames(t *testing.T) {
	for _, raw := range []string{
		"Büro Drucker", "名前テスト", "Émile’s Mac 💡", "dots.in.the.name v1.2", `back\slash`, `at@sign (paren) "quote"; $`, "comma, and = sign",
		strings.Repeat("x", 63), strings.Repeat("ü", 31) + "z", "UPPER Case", "trailing dot.", "ctl\x01char", "raw\xff\xfebytes", "_underscore._tcp", "a",
	} {
		wire := append(append([]byte{byte(len(raw))}, raw...), 0)
		esc, _, err := dns.UnpackDomainName(wire, 0)
		if err != nil {
			t.Fatal(err)
		}
		odd := lamp
		odd.inst = strings.TrimSuffix(esc, ".")
		if strings.HasSuffix(raw, ".") {
			odd.inst = esc[:len(esc)-1]
		}
		w := newBench(t)
		w.hear("192.168.1.5", odd.all()...)
		w.pass(time.Second)
		if len(w.got.events) != 1 || w.got.events[0].Service.Instance != raw {
			t.Errorf("%q: %q", raw, w.events())
		}
	}
}

// The model of an Apple computer: no PTR record points to it.
func TestBrowserFindsDeviceInfoBesideAService(t *testing.T) {
	for _, typ := range []string{"_smb._tcp", "_hue._tcp"} { // the second is the twin: not asked for, not believed
		share := lamp
		share.typ = typ
		info := lamp
		info.typ, info.txt = "_device-info._tcp", []string{"model=MacBookPro18,1"}
		w := newBench(t, typ+".local.", deviceInfo)
		w.hear("192.168.1.5", share.all()...)
		w.pass(time.Second)
		w.events()
		asked := slices.Contains(w.asked, `lamp\ 1._device-info._tcp.local. TXT`)
		w.hear("192.168.1.5", info.text(4500))
		w.pass(time.Second)
		if typ != "_smb._tcp" {
			if asked || len(w.got.events) != 0 {
				t.Errorf("%s: asked %v, %q", typ, asked, w.events())
			}
			continue
		}
		if !asked {
			t.Errorf("not asked for: %q", w.asked)
		}
		w.expect("found", `add Lamp 1 _device-info._tcp Lamp.local:0 ["model=MacBookPro18,1"] [192.168.1.5 fd00::5] stale=false gone=false`)
		w.hear("192.168.1.5", share.ptr(0), share.srv(0))
		w.pass(3 * time.Second)
		if got := w.events(); len(got) != 2 || !strings.HasPrefix(got[0], "remove") || !strings.HasPrefix(got[1], "remove") {
			t.Errorf("both should go: %q", got)
		}
		if len(w.b.instances) != 0 {
			t.Errorf("%d instances left", len(w.b.instances))
		}
	}
}
