package store

import (
	"strings"
	"testing"
	"time"

	"bestbefore/discovery/flow"
)

func TestKindsOfDataAreKeptWithTheirTraffic(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	at := noon.Add(-time.Minute)
	rec := func(kinds string, up uint64) flow.Record {
		return flow.Record{Key: flow.Key{Device: "d1", Protocol: "mqtt", Port: 1883}, Up: up, Count: 1, First: at, Last: at, Source: "connector:k1", Categories: kinds}
	}
	must(t, s.AddFlows(t.Context(), "k1", []flow.Record{
		rec("temperature", 1), rec("humidity,energy", 2), rec("", 4), rec("light level,<b>,video,"+strings.Repeat("x", 50), 8),
	}, nil))
	for name, since := range map[string]time.Time{"single records": at.Add(-time.Hour), "hourly sums": at.AddDate(0, 0, -5)} {
		got := value(s.Flows(t.Context(), flow.Query{Device: "d1", Since: since}))(t)
		if len(got) != 1 || got[0].Up != 15 || got[0].Categories != "energy,humidity,light level,temperature,video" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if sums := value(s.Totals(t.Context(), flow.Query{}))(t); len(sums) != 1 || sums[0].Up != 15 {
		t.Errorf("the kinds split the sums: %+v", sums)
	}
}

func TestKindsAreWordsOnly(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "b,a,b": "a,b", " light level , ": "light level", "21.5,Temp,\x1b[2J,a\nb,ok": "ok",
		strings.Repeat("a,", 1000): "a",
	} {
		if got := kinds(in); got != want {
			t.Errorf("kinds(%q) = %q, want %q", in, got, want)
		}
	}
	if got := allKinds("a,c", "b,c"); got != "a,b,c" {
		t.Errorf("joined: %q", got)
	}
}
