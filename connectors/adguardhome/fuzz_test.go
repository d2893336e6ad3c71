package adguardhome

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors/dnsblock"
)

// FuzzPage is F8: no panic, no more rows than the bound, the same as
// encoding/json, and no name or address that could not be one.
func FuzzPage(f *testing.F) {
	f.Add([]byte(aPage(3)))
	for _, s := range []string{
		``, `null`, `{}`, `{"data":null,"oldest":""}`, `{"data":[null]}`, `{"data":[{"time":"2026-11-22T10:36:33.46753129+02:00","question":{"name":"a.example"}}]}`,
		`{"data":[{"time":"0001-01-01T00:00:00Z","question":{"name":"a.example"}}]}`, `{"data":[{"time":5}]}`, `{"data":[{"client":"::","question":{"name":"\u202e"}}],"oldest":"x"}`,
		`{"data":[` + strings.Repeat(`{},`, 60) + `{}]}`, `[[[[[[`, `{"data":[{"rules":[{"text":7}]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPage(b)
		var raw rawPage
		if plain := json.Unmarshal(b, &raw); (plain == nil) != (err == nil) {
			t.Fatalf("encoding/json says %v, we say %v", plain, err)
		}
		if err != nil {
			return
		}
		if len(p.rows) > maxRows || len(p.rows)+p.odd != len(raw.Data) {
			t.Fatalf("%d rows and %d odd of %d", len(p.rows), p.odd, len(raw.Data))
		}
		var sums dnsblock.Tally
		place := place{Mark: time.Unix(1_700_000_000, 0)}
		place.begin(time.Unix(1_800_000_000, 0))
		for _, r := range p.rows {
			if y := r.at.Year(); y < 2000 || y > 2200 || r.name == "" {
				t.Fatalf("%+v", r)
			}
			place.take(r)
			sums.Add(dnsblock.Question{Client: r.client, Name: r.name, At: r.at})
		}
		for _, r := range sums.Records("x") {
			if d := r.Destination.Domain; len(d) > 253 || strings.Trim(d, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || r.Count == 0 || r.Last.Before(r.First) {
				t.Fatalf("%+v", r)
			}
		}
		if _, ok := readPlace(place.cursor()); !ok {
			t.Fatal("a cursor of ours is not taken for one")
		}
	})
}

// FuzzRules: whatever stands in the list, everybody else's lines stay as they
// are, and ours come back as they were.
func FuzzRules(f *testing.F) {
	f.Add("||a.example^\n! best-before consent-c1 aa:bb:cc:dd:ee:ff\n||maker.example^$client=192.168.1.20|fd00::20,important")
	f.Add("! best-before x -\n! best-before y -\n||*^$client=1.2.3.4,important\n")
	f.Add("! best-before %zz -\n@@||a^$client=::1")
	f.Fuzz(func(t *testing.T, text string) {
		ours, others := readRules(strings.Split(text, "\n"))
		again, rest := readRules(write(ours, others))
		if len(again) != len(ours) || len(rest) != len(others) {
			t.Fatalf("%q: %v %q, then %v %q", text, ours, others, again, rest)
		}
		for i := range ours {
			if ours[i].text() != again[i].text() || ours[i].mark != again[i].mark {
				t.Fatalf("%+v became %+v", ours[i], again[i])
			}
		}
		for i := range others {
			if others[i] != rest[i] {
				t.Fatalf("%q became %q", others[i], rest[i])
			}
		}
	})
}

// aPage is a page of n rows as the real program writes them.
func aPage(n int) string {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	at := time.Date(2026, 11, 22, 10, 36, 33, 467531290, time.UTC)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		at = at.Add(-140 * time.Millisecond)
		fmt.Fprintf(&b, `{"answer":[{"type":"A","value":"192.0.2.%d","ttl":10}],"answer_dnssec":false,"cached":false,"client":"192.168.1.%d","client_info":{"whois":{},"name":"","disallowed_rule":"192.168.1.7","disallowed":false},"client_proto":"","elapsedMs":"0.054501","question":{"class":"IN","name":"n%d.example","type":"A"},"reason":"NotFilteredNotFound","rules":[],"status":"NOERROR","time":"%s","upstream":"127.0.0.1:5398"}`,
			i%250, i%40, i%300, at.Format(time.RFC3339Nano))
	}
	fmt.Fprintf(&b, `],"oldest":%q}`, at.Format(time.RFC3339Nano))
	return b.String()
}

// BenchmarkPage is a page of rows made into records; the floor is encoding/json
// reading the same rows.
func BenchmarkPage(b *testing.B) {
	const n = 2000
	body := []byte(aPage(n))
	b.Run("records", func(b *testing.B) {
		for b.Loop() {
			p, err := readPage(body)
			if err != nil || len(p.rows) != n {
				b.Fatal(err)
			}
			var sums dnsblock.Tally
			for _, r := range p.rows {
				sums.Add(dnsblock.Question{Client: r.client, Name: r.name, At: r.at, Refused: r.refused})
			}
			if len(sums.Records("x")) == 0 {
				b.Fatal("no records")
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
	})
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			var whole wholePage
			if err := json.Unmarshal(body, &whole); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
	})
}
