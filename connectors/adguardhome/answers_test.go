package adguardhome

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAnswersAreReadAndOddOnesCostNothing(t *testing.T) {
	for in, want := range map[string]string{
		`[{"type":"CNAME","value":"x.cdn.example.","ttl":9},{"type":"A","value":"198.51.100.7","ttl":300},{"type":"AAAA","value":"2001:db8::7","ttl":60}]`: "[{198.51.100.7 5m0s} {2001:db8::7 1m0s}]",
		`[{"type":"A","value":"198.51.100.7","ttl":-5}]`:                "[{198.51.100.7 0s}]",
		`[{"type":"A","value":"198.51.100.7","ttl":1e300}]`:             "[{198.51.100.7 24h0m0s}]",
		`[{"type":"A","value":"0.0.0.0","ttl":10}]`:                     "[]",
		`[{"type":"A","value":"fe80::1%eth0"},{"type":"MX","value":7}]`: "[]",
		`"AAAA"`: "[]", `null`: "[]", `{}`: "[]", `[[]]`: "[]", `[{"type":"A","value":{"IP":"1.2.3.4"}}]`: "[]",
	} {
		p, err := readPage([]byte(`{"data":[{"time":"2026-11-22T10:36:33Z","client":"192.168.1.7","question":{"name":"a.example","type":"A"},"answer":` + in + `}]}`))
		if err != nil || len(p.rows) != 1 || p.odd != 0 {
			t.Errorf("%s: %d rows, %d odd, %v", in, len(p.rows), p.odd, err)
			continue
		}
		if got := fmt.Sprint(p.rows[0].answers); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

// FuzzAnswer: never an error, bounded, and only addresses.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`[{"type":"A","value":"198.51.100.7","ttl":300}]`))
	f.Add([]byte(`[` + strings.Repeat(`{"type":"A","value":"1.2.3.4"},`, 40) + `{}]`))
	f.Add([]byte(`[{"type":"AAAA","value":"::ffff:1.2.3.4","ttl":4294967295}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a answers
		if json.Valid(b) && json.Unmarshal(b, &a) != nil {
			t.Fatal("an odd answer costs its row")
		}
		if len(a) > maxAnswers {
			t.Fatalf("%d answers", len(a))
		}
		for _, x := range a {
			if !x.Address.IsValid() || x.Address.IsUnspecified() || x.TTL < 0 || x.TTL > 24*time.Hour {
				t.Fatalf("%+v", x)
			}
		}
	})
}
