package openwrt

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
)

const rows = "ipv4     2 tcp      6 431999 ESTABLISHED src=192.168.1.20 dst=198.51.100.7 sport=50000 dport=443 packets=10 bytes=1000 src=198.51.100.7 dst=192.168.178.2 sport=443 dport=50000 packets=9 bytes=5000 [ASSURED] mark=0 zone=0 use=2\n" +
	"ipv4     2 udp      17 29 src=192.168.1.21 dst=203.0.113.9 sport=5000 dport=53 packets=1 bytes=60 [UNREPLIED] src=203.0.113.9 dst=192.168.178.2 sport=53 dport=5000 packets=0 bytes=0 mark=0 zone=0 use=2\n" +
	"ipv6     10 icmpv6   58 29 src=2001:db8::20 dst=2001:db8:1::1 type=128 code=0 id=1 packets=1 bytes=104 src=2001:db8:1::1 dst=2001:db8::20 type=129 code=0 id=1 packets=1 bytes=104 mark=0 zone=0 use=2\n"

func TestParseTable(t *testing.T) {
	got, bad, whole := parseTable(rows)
	if len(got) != 3 || bad != 0 || !whole {
		t.Fatalf("%+v, %d, %v", got, bad, whole)
	}
	if c := got[0]; c.up != 1000 || c.down != 5000 || c.dport != 443 || c.src.String() != "192.168.1.20" || c.proto != 6 || !c.counted || !c.answered {
		t.Errorf("%+v", c)
	}
	if got[1].answered || got[2].proto != 58 || !got[2].src.Is6() {
		t.Errorf("%+v", got[1:])
	}
	got, bad, whole = parseTable(rows + "what is this\n" + rows[:90])
	if len(got) != 3 || bad != 1 || whole {
		t.Errorf("%d rows, %d bad, whole %v", len(got), bad, whole)
	}
	for _, row := range []string{"", "ipv4 2 tcp 6 1 X src=a dst=b sport=1 dport=2 src=c dst=d", strings.Replace(rows[:strings.IndexByte(rows, '\n')], "bytes=1000", "bytes=-1", 1), strings.Replace(rows, "ipv4", "ipv6", 1)[:200]} {
		if c, ok := parseConn(row); ok {
			t.Errorf("%q is taken for %+v", row, c)
		}
	}
}

func TestZones(t *testing.T) {
	berlin, err := zoneOf("CET-1CEST,M3.5.0,M10.5.0/3", "")
	if err != nil {
		t.Fatal(err)
	}
	real, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC); at.Year() < 2028; at = at.Add(7 * time.Hour) {
		if offset(at, berlin) != offset(at, real) {
			t.Fatalf("%v: %d, want %d", at, offset(at, berlin), offset(at, real))
		}
	}
	for _, c := range []struct {
		posix, name string
		hours       float64
		ok          bool
	}{
		{"UTC", "", 0, true},
		{"GMT0", "UTC", 0, true},
		{"<+0530>-5:30", "", 5.5, true},
		{"", "America/New York", -5, true},
		{"", "", 0, false},
		{"nonsense!", "", 0, false},
		{"", "Nowhere/At All", 0, false},
		{"", "Local", 0, false},
		{"\n", "", 0, false},
	} {
		z, err := zoneOf(c.posix, c.name)
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if c.ok && float64(offset(time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), z))/3600 != c.hours {
			t.Errorf("%+v: %d", c, offset(time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), z))
		}
	}
}

// A date is written so that the firewall makes the right moment of it. Checked: it
// takes off the distance to UTC that holds when UTC shows the same time of day.
func TestDatesAreWrittenAsTheyAreRead(t *testing.T) {
	berlin, err := zoneOf("CET-1CEST,M3.5.0,M10.5.0/3", "")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"2026-10-24T22:30:00Z": "2026-10-25T00:30:00",
		"2026-10-24T23:30:00Z": "", // cannot be said
		"2026-10-25T00:30:00Z": "2026-10-25T01:30:00",
		"2026-10-25T01:30:00Z": "2026-10-25T02:30:00",
		"2026-10-25T02:30:00Z": "2026-10-25T03:30:00",
		"2026-03-28T23:30:00Z": "2026-03-29T00:30:00",
		"2026-03-29T00:30:00Z": "2026-03-29T02:30:00", // which its clocks never show
		"2026-03-29T01:30:00Z": "2026-03-29T03:30:00",
		"2026-07-01T12:00:00Z": "2026-07-01T14:00:00",
		"2038-02-01T00:00:00Z": "",
	} {
		x, _ := time.Parse(time.RFC3339, at)
		if text, can := wall(x, berlin); can != (want != "") || can && text != want {
			t.Errorf("%s: %q, %v, want %q", at, text, can, want)
		}
	}
	plain := 0 // how many would be off if they were written as the clocks show them
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		read := func(text string) time.Time {
			x, _ := time.Parse(dateForm, text)
			return x.Add(-time.Duration(offset(x, z)) * time.Second)
		}
		refused := 0
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2028; at = at.Add(10 * time.Minute) {
			text, ok := wall(at, z)
			if !ok {
				refused++
			} else if !read(text).Equal(at) {
				t.Fatalf("%s: %v is written as %s, which is read as %v", name, at, text, read(text))
			}
			if !read(at.In(z).Format(dateForm)).Equal(at) {
				plain++
			}
		}
		if refused > 2*6 { // an hour in each of the two autumns
			t.Errorf("%s: %d moments cannot be said", name, refused)
		}
	}
	if plain == 0 {
		t.Error("written as the clocks show them all are right too, so nothing was tested")
	}
}

func TestRights(t *testing.T) {
	r := rights{"ubus": {"uci": {"get"}, "luci*": {"*"}}, "file": {"/usr/sbin/conntrack -D -s *": {"exec"}, "/usr/sbin/nft -j list chain inet fw4 forward_*": {"exec"}}}
	for _, c := range []struct {
		scope, object, verb string
		want                bool
	}{
		{"ubus", "uci", "get", true},
		{"ubus", "uci", "set", false},
		{"ubus", "luci-rpc", "getHostHints", true},
		{"file", "/usr/sbin/conntrack -D -s 192.168.1.20 -d 198.51.100.7", "exec", true},
		{"file", "/usr/sbin/conntrack -F", "exec", false},
		{"file", "/usr/sbin/nft -j list chain inet fw4 forward_lan", "exec", true},
		{"other", "x", "y", false},
	} {
		if got := r.may(c.scope, c.object, c.verb); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if root := (rights{"ubus": {"*": {"*"}}, "uci": {"*": {"read", "write"}}, "file": {"*": {"*"}}}); root.mayWrite() != "" || !root.mayRun("/bin/cat /proc/net/nf_conntrack") {
		t.Error("root may not")
	}
	if spec := New().Spec(); !strings.Contains(spec.Setup, "rpcd.bestbefore=login") || strings.Contains(spec.Setup, `"*"`) {
		t.Error("the setup text grants everything, or nothing")
	}
}

// F10: no panic, within the bounds.
func FuzzTable(f *testing.F) {
	f.Add(rows)
	f.Add("ipv4 2 tcp 6 1 src=1.1.1.1 dst=2.2.2.2\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		got, _, _ := parseTable(text)
		if len(got) > maxRows || len(got) > strings.Count(text, "\n") {
			t.Errorf("%d rows", len(got))
		}
		for _, c := range got {
			if !c.src.IsValid() || !c.dst.IsValid() || !c.back.IsValid() || c.src.Is6() != c.dst.Is6() {
				t.Errorf("%+v", c)
			}
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, s := range []string{`{"result":[0,{"values":{}}]}`, `{"result":[6]}`, `{"error":{"code":-32002}}`, `{"result":[0,1,2]}`, `{`, `{"result":["x"]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		data, err := parseResponse(raw, "o", "m")
		if err != nil && data != nil {
			t.Error("data beside an error")
		}
		if codeOf(err) != codeOK && sorted(err).Error() == "" {
			t.Error("a code without a sentence")
		}
		_, _ = parseLoaded(raw)
	})
}

// A section comes from a file that a person may edit.
func FuzzSection(f *testing.F) {
	f.Add("bb_"+key("m"), `{".type":"rule","name":"bestbefore/0/0/m","src":"lan","dest":"*","src_mac":["3C:A6:2F:00:00:01"],"target":"REJECT","proto":"all","family":"any","enabled":"1"}`)
	f.Add("bb_"+key("m"), `{".type":"rule","name":"bestbefore/1780000000/1790000000/m","src_mac":"x","dest_ip":["1.2.3.4/99"]}`)
	f.Fuzz(func(t *testing.T, name, raw string) {
		var s section
		if json.Unmarshal([]byte(raw), &s) != nil {
			return
		}
		r, ok := readRule(name, s, "lan", time.UTC)
		if ok && (r.section() != name || len(r.macs) > maxMACs || len(r.to) > maxTo || !r.odd && len(r.macs) == 0) {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte(place{at: time.UnixMilli(1_780_000_000_000), flows: map[uint64]count{1: {2, 3}, 9: {}}}.encode()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := decodePlace(connectors.Cursor(raw))
		if err != nil {
			return
		}
		again, err := decodePlace(p.encode())
		if err != nil || len(again.flows) != len(p.flows) || !again.at.Equal(p.at) {
			t.Errorf("%+v, then %+v: %v", p, again, err)
		}
	})
}
