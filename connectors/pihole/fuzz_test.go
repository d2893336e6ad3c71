package pihole

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/connectors/web"
	"bestbefore/discovery/flow"
)

// before reports whether p lies before q.
func (p place) before(q place) bool {
	if p.Log != q.Log {
		return p.Log < q.Log
	}
	return p.Mark < q.Mark
}

// FuzzPage is F9: no panic, no more rows than the bound, the same as
// encoding/json, and the cursor never goes back.
func FuzzPage(f *testing.F) {
	f.Add([]byte(aPage(3)), int64(5))
	for _, s := range []string{
		``, `null`, `{}`, `{"queries":null}`, `{"queries":[null]}`, `{"queries":[{"id":1,"time":1e999}]}`, `{"queries":[{"id":9223372036854775807,"time":1700000000.5,"domain":"a.example"}]}`,
		`{"queries":[{"id":2,"time":1700000000,"domain":"a.example"},{"id":3,"time":1700000000,"domain":"b.example"}]}`, `{"queries":[{"id":-1,"time":1,"domain":"x"}]}`, `{"queries":[{"id":"7"}]}`,
	} {
		f.Add([]byte(s), int64(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, mark int64) {
		p, err := readPage(b)
		var raw struct {
			Queries []json.RawMessage `json:"queries"`
		}
		if plain := json.Unmarshal(b, &raw); (plain == nil) != (err == nil) {
			t.Fatalf("encoding/json says %v, we say %v", plain, err)
		}
		if err != nil {
			return
		}
		if len(p.rows) > maxRows || len(p.rows)+p.odd != len(raw.Queries) {
			t.Fatalf("%d rows and %d odd of %d", len(p.rows), p.odd, len(raw.Queries))
		}
		s := &Session{Session: &dnsblock.Session{Seat: &dnsblock.Seat{Web: &web.Client{Now: time.Now}}, Now: time.Now}, watch: &watch{Watch: dnsblock.Watch{Now: time.Now}}}
		at := place{Mark: max(mark, 0)}
		was := at
		s.give(&at, p, true, func(recs []flow.Record, c connectors.Cursor) {
			next, ok := readPlace(c)
			if !ok || next.before(was) || len(recs) > connectors.MaxBatch {
				t.Fatalf("%s after %+v", c, was)
			}
			was = next
		})
		at.done()
		if at.before(was) {
			t.Fatalf("%+v after %+v", at, was)
		}
	})
}

// FuzzCursor: what is no cursor of ours is none, and none goes back.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"mark":5,"top":9,"down":7}`))
	f.Add([]byte(`{"mark":-5}`))
	f.Add([]byte(`{"mark":5,"top":3,"down":9}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := readPlace(b)
		if !ok {
			return
		}
		next := p
		next.done()
		if next.before(p) || next.Down != 0 {
			t.Fatalf("%+v after %+v", next, p)
		}
		if again, ok := readPlace(p.cursor()); !ok || again.Mark != p.Mark || again.Down != p.Down {
			t.Fatalf("%+v was written and read as %+v", p, again)
		}
	})
}

// aPage is a page of n rows as the real program writes them.
func aPage(n int) string {
	var b strings.Builder
	b.WriteString(`{"queries":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"time":%f,"type":"A","status":"FORWARDED","dnssec":"INSECURE","domain":"n%d.example","upstream":"127.0.0.1#5398","reply":{"type":"IP","time":0.00019},"client":{"ip":"192.168.1.%d","name":null},"list_id":null,"ede":{"code":0,"text":null},"cname":null}`,
			1_000_000-i, 1_795_000_000-float64(i)*0.14, i%300, i%40)
	}
	fmt.Fprintf(&b, `],"cursor":1000000,"recordsTotal":%d,"recordsFiltered":%d,"draw":0,"took":0.01}`, n, n)
	return b.String()
}

// BenchmarkPage is a page of rows made into records; the floor is encoding/json
// reading the same rows.
func BenchmarkPage(b *testing.B) {
	const n = 4000
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
			var whole struct {
				Queries []rawRow `json:"queries"`
			}
			if err := json.Unmarshal(body, &whole); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
	})
}
