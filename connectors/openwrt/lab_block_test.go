//go:build lab && linux

package openwrt

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

func seesTheHome(t *testing.T, r *realRouter) {
	reaches(t, "tv", near4)
	reaches(t, "tv", near6)
	h, err := r.open(t).around(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := h.devices[tv]; d == nil || !holds(fmt.Sprint(d.addrs), "192.168.1.20", "2001:db8:1::20") {
		t.Errorf("the television: %+v", d)
	}
	if d := h.devices[camera]; d == nil || d.name != "cam" {
		t.Errorf("the camera: %+v", d)
	}
	for mac, d := range h.devices {
		if s := fmt.Sprint(d.addrs); holds(s, "192.0.2.") || holds(s, "2001:db8:ff:") {
			t.Errorf("a neighbour outside is taken for a device of the home: %s %s", mac, s)
		}
	}
	if len(h.devices) != 3 { // and the router itself
		t.Errorf("%d devices", len(h.devices))
	}
}

func seesFlows(t *testing.T, r *realRouter) {
	reaches(t, "tv", near4) // so that the router knows it
	reaches(t, "tv", near6)
	s := r.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	up := map[string]uint64{}
	w := make(chan error, 1)
	go func() {
		w <- s.Observe(ctx, nil, func(recs []flow.Record, _ connectors.Cursor) {
			mu.Lock()
			defer mu.Unlock()
			for _, x := range recs {
				up[x.Local.MAC+" "+net.JoinHostPort(x.Destination.Address.String(), fmt.Sprint(x.Port))] += x.Up
			}
		})
	}()
	eventually(t, "the first look", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.seen.alive.IsZero() })
	for _, at := range []string{near4, near6} {
		c, err := dial(t, "tv", at)
		if err != nil {
			t.Fatal(err)
		}
		if err := echo(c, 50_000); err != nil {
			t.Error(err)
		}
		eventually(t, at, func() bool { mu.Lock(); defer mu.Unlock(); return up[tv+" "+at] >= 50_000 })
		_ = c.Close()
	}
	cancel()
	if err := <-w; err != nil {
		t.Error(err)
	}
	t.Log(up)
	cov, err := s.Coverage(t.Context())
	if err != nil || !cov.Whole {
		t.Errorf("%+v, %v", cov, err)
	}
}

// chatty opens a connection from the television and another one whenever that
// breaks. The function ends it and says whether the last one still passes.
func chatty(t *testing.T, at string) (goesOn func() bool) {
	t.Helper()
	over, last := make(chan struct{}), make(chan bool, 1)
	go func() {
		var c net.Conn
		for {
			if c == nil {
				c, _ = dial(t, "tv", at)
			}
			if c != nil && echo(c, 100) != nil {
				_ = c.Close()
				c = nil
			}
			select {
			case <-over:
				passes := c != nil && echo(c, 100) == nil
				if c != nil {
					_ = c.Close()
				}
				last <- passes
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() bool { close(over); return <-last }
}

func stopsARecipient(t *testing.T, r *realRouter) {
	s := r.open(t)
	goesOn := []func() bool{chatty(t, near4), chatty(t, near6)}
	others := []func() bool{chatty(t, far4), chatty(t, far6)}
	for _, what := range []string{"the first change, confirmed", "the second"} {
		began := time.Now()
		rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7", "2001:db8:a::7")})
		t.Logf("%s: configured after %v", what, time.Since(began).Round(time.Millisecond))
		for at, want := range map[string]bool{near4: false, near6: false, far4: true, far6: true} {
			if got := reaches(t, "tv", at); got != want {
				t.Errorf("%s: %s is reached: %v", what, at, got)
			}
		}
		if rec.Level != consent.Configured || !holds(rec.Text, "what was open was ended") {
			t.Errorf("%+v", rec)
		}
		if !reaches(t, "camera", near4) || !reaches(t, "camera", near6) {
			t.Error("another device is hit")
		}
		f, err := s.Verify(t.Context(), rec)
		if err != nil || f.Level != consent.Effective || f.Seen != consent.Stopped || f.Refused < 2 {
			t.Errorf("%s: %+v, %v", what, f, err)
		}
		if what == "the second" {
			break
		}
		for _, end := range goesOn {
			if end() {
				t.Error("a connection that was opened before the firewall followed goes on")
			}
		}
		held, err := s.Held(t.Context())
		if err != nil || len(held) != 1 || held[0].Mark != "consent-1" || !held[0].Active {
			t.Errorf("%+v, %v", held, err)
		}
		began = time.Now()
		if rec, err = s.Unblock(t.Context(), rec); err != nil || rec.Level != consent.Configured {
			t.Errorf("%+v, %v", rec, err)
		}
		t.Logf("lifted after %v", time.Since(began).Round(time.Millisecond))
		if !reaches(t, "tv", near4) || !reaches(t, "tv", near6) {
			t.Error("after lifting nothing passes")
		}
	}
	for _, end := range others {
		if !end() {
			t.Error("a connection to somebody else was cut")
		}
	}
	r.forget()
}

// doesNotWait is the twin of stopsARecipient: cut before the firewall has
// followed, what the device opens again at once goes on for ever.
func doesNotWait(t *testing.T, r *realRouter) {
	s := r.open(t)
	s.loadTime, s.proved = time.Nanosecond, true
	goesOn := chatty(t, near4)
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7")})
	if rec.Level != consent.Accepted {
		t.Errorf("%+v", rec)
	}
	eventually(t, "the firewall follows", func() bool { return !reaches(t, "tv", near4) })
	if !goesOn() {
		t.Error("nothing goes on, so waiting is not what cuts it")
	}
	r.forget()
}

func stopsADevice(t *testing.T, r *realRouter) {
	s := r.open(t)
	goesOn := []func() bool{chatty(t, near4), chatty(t, far6)}
	mustBlock(t, s, connectors.BlockRequest{Mark: "device-1", Target: target(tv)})
	for _, at := range []string{near4, near6, far4, far6} {
		if reaches(t, "tv", at) {
			t.Errorf("%s is reached", at)
		}
	}
	for _, end := range goesOn {
		if end() {
			t.Error("an open connection goes on")
		}
	}
	if !reaches(t, "camera", near6) {
		t.Error("another device is hit")
	}
	if err := s.Leave(t.Context()); err != nil || !reaches(t, "tv", near4) {
		t.Errorf("after leaving: %v", err)
	}
	if out := r.run("uci", "show", "firewall"); strings.Contains(out, prefix) {
		t.Errorf("left behind:\n%s", out)
	}
}

// stopsMany gives the firewall as many addresses as a rule may have, some of
// them inside others: what it cannot load would leave the whole firewall as it was.
func stopsMany(t *testing.T, r *realRouter) {
	to := []string{"198.51.100.0/24", "198.51.100.7", "2001:db8:a::/64", "2001:db8:a::7"}
	for i := len(to); i < maxTo; i++ {
		to = append(to, fmt.Sprintf("203.0.%d.%d", 114+i/200, i%200+1))
	}
	s := r.open(t)
	began := time.Now()
	rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, to...)})
	t.Logf("%d addresses: configured after %v", len(to), time.Since(began).Round(time.Millisecond))
	for _, at := range []string{near4, near6, far4, far6} {
		if reaches(t, "tv", at) {
			t.Errorf("%s is reached", at)
		}
	}
	if f, err := s.Verify(t.Context(), rec); err != nil || f.Level != consent.Effective {
		t.Errorf("%+v, %v", f, err)
	}
	r.forget()
}

// kernelTime is when the kernel's rule begins, in UTC.
func (r *realRouter) kernelTime(t *testing.T) string {
	t.Helper()
	c := r.command("nft", "list", "chain", "inet", "fw4", "forward_lan")
	c.Env = append(c.Env, "TZ=UTC")
	out, err := c.Output()
	_, rest, ok := strings.Cut(string(out), "meta time ")
	if err != nil || !ok {
		t.Fatalf("no time: %v\n%s", err, out)
	}
	return strings.Trim(strings.NewReplacer(`>= "`, "", `"`, "").Replace(strings.Split(rest, " counter")[0]), " ")
}

const kernelForm = "2006-01-02 15:04:05"

func keepsDates(t *testing.T, r *realRouter) {
	s := r.open(t)
	rec := mustBlock(t, s, connectors.BlockRequest{
		Mark: "consent-1", Target: target(tv, "198.51.100.7", "2001:db8:a::7"), From: time.Now().Add(8 * time.Second), Until: time.Now().Add(11 * time.Second),
	})
	if got, want := r.kernelTime(t), rec.From.Format(kernelForm)+"-"+rec.Until.Format(kernelForm); got != want {
		t.Errorf("the kernel has %s, want %s", got, want)
	}
	if out := r.run("fw4", "print"); !strings.Contains(out, rec.From.In(s.zone).Format(`meta time "`+kernelForm)) || rec.From.In(s.zone).Hour() == rec.From.Hour() {
		t.Error("the firewall's text does not hold the router's local time")
	}
	_ = s.Close() // the router does it by itself
	if !reaches(t, "tv", near4) || time.Now().After(rec.From) {
		t.Error("it is in force early")
	}
	eventually(t, "the start", func() bool { return !reaches(t, "tv", near4) })
	t.Logf("refused %v after the start", time.Since(rec.From).Round(time.Millisecond))
	if reaches(t, "tv", near6) || time.Now().Before(rec.From) {
		t.Error("IPv6 passes, or it began early")
	}
	eventually(t, "the end", func() bool { return reaches(t, "tv", near4) })
	t.Logf("passes %v after the end", time.Since(rec.Until).Round(time.Millisecond))
	if time.Now().Before(rec.Until) {
		t.Error("it ended early")
	}
	r.forget()
}

// changesClocks leaves dates far away, and near a change of the clocks, and reads
// them from the kernel.
func changesClocks(t *testing.T, r *realRouter) {
	s := r.open(t)
	year := time.Now().Year() + 1
	var all []time.Time
	for _, month := range []time.Month{time.March, time.October} {
		day := time.Date(year, month, 31, 0, 0, 0, 0, time.UTC)
		for day.Weekday() != time.Sunday {
			day = day.AddDate(0, 0, -1)
		}
		for _, minutes := range []int{-90, 30, 90, 150} { // around the change at 01:00 UTC
			if at := day.Add(time.Duration(minutes) * time.Minute); offset(at, s.zone) != 0 {
				all = append(all, at)
			}
		}
	}
	for _, at := range append(all, time.Date(year, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(year, 7, 15, 12, 0, 0, 0, time.UTC)) {
		mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7"), From: at})
		if got := r.kernelTime(t); got != at.Format(kernelForm) {
			t.Errorf("the kernel has %s, want %s", got, at.Format(kernelForm))
		}
	}
	r.forget()
}

// takesBack leaves the first change without our word.
func takesBack(t *testing.T, r *realRouter) {
	s, other := r.open(t), r.open(t)
	rl, err := ruleFor(connectors.BlockRequest{Mark: "consent-1", Target: target(tv, "198.51.100.7")})
	if err != nil {
		t.Fatal(err)
	}
	values, err := rl.values("lan", s.zone)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stage(t.Context(), rl.section(), nil, values); err != nil {
		t.Fatal(err)
	}
	if err := s.line.call(t.Context(), "uci", "apply", map[string]any{"rollback": true, "timeout": 6}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = other.Block(t.Context(), connectors.BlockRequest{Mark: "consent-2", Target: target(camera)})
	wantFault(t, "meanwhile", err, consent.KindTransient, "Somebody else is changing")
	other.proved = true
	_, err = other.Block(t.Context(), connectors.BlockRequest{Mark: "consent-2", Target: target(camera)})
	wantFault(t, "meanwhile, by commit", err, consent.KindTransient, "Somebody else is changing")
	other.proved = false
	eventually(t, "it is in force", func() bool { return !reaches(t, "tv", near4) })
	limit := time.Now().Add(15 * time.Second)
	for !reaches(t, "tv", near4) && time.Now().Before(limit) {
		time.Sleep(50 * time.Millisecond)
	}
	if out := r.run("uci", "show", "firewall"); strings.Contains(out, prefix) || !reaches(t, "tv", near4) {
		t.Errorf("it was not taken back:\n%s", out)
	}
	// What the router gave back to our session is in nobody's way.
	mustBlock(t, other, connectors.BlockRequest{Mark: "consent-2", Target: target(camera)})
	mustBlock(t, s, connectors.BlockRequest{Mark: "consent-3", Target: target(tv, "198.51.100.8")})
	if !reaches(t, "tv", near4) || reaches(t, "tv", far4) || reaches(t, "camera", near4) {
		t.Error("what was taken back holds, or what was set does not")
	}
	r.forget()
}

// readsALargeTable lets the television open more than the router gives out at once.
func readsALargeTable(t *testing.T, r *realRouter) {
	s := r.open(t)
	r.run("conntrack", "-F")
	send := func(from, to string, ports ...int) {
		c, err := connectortest.In("tv", func() (net.PacketConn, error) { return net.ListenPacket("udp", net.JoinHostPort(from, "0")) })
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for port := ports[0]; port < ports[1]; port++ {
			_, _ = c.WriteTo([]byte("x"), &net.UDPAddr{IP: net.ParseIP(to), Port: port})
		}
	}
	read := func(want int, parts bool) {
		t.Helper()
		began := time.Now()
		rows, err := s.table(t.Context())
		if err != nil || len(rows) < want || s.seen.bad > 0 || s.seen.uncounted || s.seen.parts != parts {
			t.Errorf("%d rows, %+v, %v", len(rows), s.seen, err)
		}
		t.Logf("%d connections read in %v", len(rows), time.Since(began).Round(time.Millisecond))
	}
	send("192.168.1.20", "198.51.100.7", 10_000, 10_900)
	read(900, false)
	send("2001:db8:1::20", "2001:db8:a::7", 10_000, 10_900)
	read(1800, true)
	send("192.168.1.20", "198.51.100.7", 10_900, 13_000)
	_, err := s.table(t.Context())
	wantFault(t, "too large", err, consent.KindTransient, "more open connections than it gives out")
	if cov, err := s.Coverage(t.Context()); err != nil || !holds(cov.Text, "larger than the router gives out") {
		t.Errorf("%+v, %v", cov, err)
	}
	r.run("conntrack", "-F")
}

// conforms runs the suite of every connector against the real router. It is
// reached through a wire that can be cut.
func conforms(t *testing.T, r *realRouter) {
	at, err := url.Parse("http://192.168.1.1")
	if err != nil {
		t.Fatal(err)
	}
	var gate connectortest.Gate
	proxy := httputil.NewSingleHostReverseProxy(at)
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	wire := httptest.NewServer(gate.Wrap(proxy))
	defer wire.Close()
	for port := 4100; port < 4104; port++ {
		serve(t, fmt.Sprintf("203.0.113.5:%d", port))
	}
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			r.forget()
			ses, err := New().Open(t.Context(), r.settings(map[string]string{optAddress: wire.URL}), hostFor(password))
			if err != nil {
				ct.Fatalf("%v", err)
			}
			ct.Cleanup(func() { _ = ses.Close() })
			return ses
		},
		Target: target(tv, "198.51.100.7"), Other: target(tv, "198.51.100.8"),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			return reaches(t, "tv", tg.Recipient.Destinations[0]+":4000")
		},
		Send: func(ct connectortest.T, port uint16) {
			c, err := dial(t, "camera", fmt.Sprintf("203.0.113.5:%d", port))
			if err != nil {
				ct.Fatalf("%v", err)
			}
			if err := echo(c, connectortest.SendBytes); err != nil {
				ct.Errorf("%v", err)
			}
			_ = c.Close()
		},
		Break: gate.Break, Busy: gate.Busy, SeesWhileOff: true,
		Forget:      func(connectortest.T) { r.forget() },
		Secrets:     []string{password},
		CallTimeout: 30 * time.Second, Settle: 8 * time.Second, ShortPause: 4 * time.Second,
	})
}
