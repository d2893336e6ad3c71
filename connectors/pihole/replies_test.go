package pihole

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors/connectortest"
	"bestbefore/discovery/flow"
)

// TestAnswersComeFromTheNameServersLog: a device's question carries the addresses that
// the name was answered with, so that its traffic there gets the name. The twins: a
// Pi-hole that does not show that log gives none, and counts all the same; nor does a
// question that was refused have any.
func TestAnswersComeFromTheNameServersLog(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*fake)
		want string
	}{
		"shown":                   {func(*fake) {}, "[{198.51.100.10 0s}]"},
		"its twin that is not":    {func(f *fake) { f.silent = true }, "[]"},
		"of a program that ended": {func(f *fake) { f.pid = 7 }, "[{198.51.100.10 0s}]"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			s := open(t, f)
			w := connectortest.Watch(t, s, nil).Begun()
			f.ask("192.168.77.30", "video.maker.example")
			w.Until("it is seen", func(v *connectortest.Seen) bool { return v.Sum() == 1 })
			f.with(func() { c.set(f) })
			f.ask("192.168.77.30", "later.maker.example")
			w.Until("the second is seen", func(v *connectortest.Seen) bool { return v.Sum() == 2 })
			v := w.Stop()
			if got := fmt.Sprint(v.Records[len(v.Records)-1].Answers); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestLinesOfTheLog: whose addresses are whose, with the lines as FTL 6.4.1 writes them.
func TestLinesOfTheLog(t *testing.T) {
	at := time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"reply a.example is 198.51.100.1":                                                                "a.example=198.51.100.1",
		"cached A.example is 2001:db8::1":                                                                "a.example=2001:db8::1",
		"17 192.168.1.7/5353 cached-stale a.example is 198.51.100.1":                                     "a.example=198.51.100.1",
		"reply a.example is <CNAME>|reply b.example is 198.51.100.1|reply b.example is 198.51.100.2":     "a.example=198.51.100.1 a.example=198.51.100.2 b.example=198.51.100.1 b.example=198.51.100.2",
		"reply a.example is <CNAME>|reply b.example is 198.51.100.1|reply c.example is 198.51.100.2":     "a.example=198.51.100.1 b.example=198.51.100.1 c.example=198.51.100.2",
		"reply a.example is <CNAME>|query[A] c.example from 192.168.1.7|reply c.example is 198.51.100.2": "c.example=198.51.100.2",
		"reply a.example is <CNAME>|reply b.example is NODATA-IPv6|cached c.example is 198.51.100.2":     "c.example=198.51.100.2",
		"config a.example is 198.51.100.1|gravity blocked a.example is 0.0.0.0|reply a.example is NXDOMAIN|reply a.example is fe80::1%eth0|Pi-hole hostname pi.hole is 127.0.0.1|/etc/hosts 127.0.0.1 is localhost": "",
	} {
		var p replies
		for _, l := range strings.Split(text, "|") {
			p.line(l, at)
		}
		var got []string
		for _, n := range []string{"a.example", "b.example", "c.example"} {
			for _, a := range p.answers(row{name: n, at: at.Add(-time.Second)}) {
				got = append(got, n+"="+a.Address.String())
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %q, want %q", text, s, want)
		}
	}
}

// TestAnAnswerBelongsToItsMoment: the same name at another time has its own answers.
func TestAnAnswerBelongsToItsMoment(t *testing.T) {
	at := time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC)
	var p replies
	p.line("reply a.example is 198.51.100.1", at)
	for before, want := range map[time.Duration]int{0: 1, 9 * time.Second: 1, -500 * time.Millisecond: 1, 11 * time.Second: 0, -2 * time.Second: 0} {
		if got := p.answers(row{name: "a.example", at: at.Add(-before)}); len(got) != want {
			t.Errorf("asked %s before: %v", before, got)
		}
	}
	if got := p.answers(row{name: "a.example", at: at, refused: true}); got != nil {
		t.Errorf("a refused question was answered %v", got)
	}
}

// logs follows [V]: the lines from nextID on, names in small letters, the answers under
// the question; a name that stands for another says so and is followed by that one's.
func (f *fake) logs(w http.ResponseWriter, q url.Values) {
	if f.silent {
		f.fail(w, http.StatusForbidden, "forbidden", "Forbidden")
		return
	}
	var all []map[string]any
	for _, e := range f.log {
		say := func(text string) {
			all = append(all, map[string]any{"timestamp": float64(e.at.UnixMicro()) / 1e6, "message": text, "prio": nil})
		}
		say("query[A] " + e.name + " from " + e.client)
		if e.status == "FORWARDED" {
			say("forwarded " + e.name + " to 127.0.0.1#5300")
			say("reply " + e.name + " is <CNAME>")
			say("reply edge." + e.name + " is " + fakeAnswer)
		}
	}
	next, _ := strconv.Atoi(q.Get("nextID"))
	f.json(w, 200, map[string]any{"log": append([]map[string]any{}, all[min(max(next, 0), len(all)):]...), "nextID": len(all), "pid": f.pid, "file": "/var/log/pihole/pihole.log", "took": 0.001})
}

// FuzzReplies: bounded, and only addresses, whatever stands in the log.
func FuzzReplies(f *testing.F) {
	f.Add("reply a.example is <CNAME>\nreply b.example is 198.51.100.1\ncached a.example is ::1")
	f.Add(strings.Repeat("reply a.example is <CNAME>\n", 40) + "reply x.y is 1.2.3.4")
	f.Add("1 2 reply a.example is 0.0.0.0\n\n is is is is")
	f.Fuzz(func(t *testing.T, text string) {
		var got lines
		got.Next, got.PID = len(text), 1
		for i, l := range strings.Split(text, "\n") {
			got.Log = append(got.Log, struct {
				Timestamp float64 `json:"timestamp"`
				Message   string  `json:"message"`
			}{leastTime + float64(i), l})
		}
		var p replies
		p.take(got)
		if len(p.of) > maxNamed || len(p.chain) > maxChain {
			t.Fatalf("%d names, a chain of %d", len(p.of), len(p.chain))
		}
		for n, all := range p.of {
			if len(all) > maxReplies {
				t.Fatalf("%s has %d", n, len(all))
			}
			for _, a := range p.answers(row{name: n, at: all[0].at}) {
				if (a == flow.Answer{}) || a.Address.IsUnspecified() || a.Address.Zone() != "" {
					t.Fatalf("%s: %+v", n, a)
				}
			}
		}
	})
}
