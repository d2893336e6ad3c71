package mud

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var addresses = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func profile(t *testing.T, name string) Profile {
	t.Helper()
	p, err := Parse(file(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The light bulb of RFC 8520 section 9.
func TestTheExampleOfTheRFC(t *testing.T) {
	want := Profile{
		URL: "https://lighting.example.com/lightbulb2000", LastUpdate: time.Date(2019, 1, 28, 10, 20, 51, 0, time.UTC), CacheValidity: 48 * time.Hour,
		Supported: true, SystemInfo: "The BMS Example Light Bulb",
		From: []Entry{{Name: "cl0-frdev", Accept: true, Family: 6, DNS: "test.example.com", Protocol: "tcp", Remote: Ports{Low: 443, High: 443}, Initiated: "from-device"}},
		To:   []Entry{{Name: "cl0-todev", Accept: true, Family: 6, DNS: "test.example.com", Protocol: "tcp", Remote: Ports{Low: 443, High: 443}, Initiated: "from-device"}},
	}
	if diff := cmp.Diff(want, profile(t, "rfc8520.json"), addresses); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestTheKeysOfTheDrafts(t *testing.T) {
	p := profile(t, "draft.json")
	from := []Entry{
		{Name: "cloud", Accept: true, Family: 4, DNS: "cloud.bulb.example", Protocol: "tcp", Remote: Ports{Low: 8000, High: 8100}, Initiated: "from-device"},
		{Name: "own kind", Accept: true, Family: 4, SameManufacturer: true},
	}
	to := []Entry{{Name: "back", Accept: true, Family: 4, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Protocol: "udp", Remote: Ports{Low: 5000, High: 65535}}}
	if diff := cmp.Diff(from, p.From, addresses); diff != "" {
		t.Errorf("from the device: want -, got +\n%s", diff)
	}
	if diff := cmp.Diff(to, p.To, addresses); diff != "" || p.Skipped != 0 {
		t.Errorf("to the device, %d skipped: want -, got +\n%s", p.Skipped, diff)
	}
}

// one makes a file with one entry of the device.
func one(matches, actions string) string {
	return `{"ietf-mud:mud":{"mud-url":"https://a.example/b","from-device-policy":{"access-lists":{"access-list":[{"name":"x"}]}}},` +
		`"ietf-access-control-list:acls":{"acl":[{"name":"x","aces":{"ace":[{"name":"e","matches":` + matches + `,"actions":` + actions + `}]}}]}}`
}

func TestConditions(t *testing.T) {
	const accept = `{"forwarding":"accept"}`
	for _, c := range []struct {
		name, matches, actions string
		want                   Entry
		skipped                bool
	}{
		{"nothing at all", `{}`, accept, Entry{Accept: true}, false},
		{"refused", `{}`, `{"forwarding":"drop"}`, Entry{}, false},
		{"no action is no permission", `{}`, `{}`, Entry{}, false},
		{
			"the classes of RFC 8520", `{"ietf-mud:mud":{"my-controller":[null],"local-networks":[null],"manufacturer":"Maker.Example","model":"https://m.example/1","controller":"urn:ietf:params:mud:ntp"}}`, accept,
			Entry{Accept: true, MyController: true, LocalNetworks: true, Manufacturer: "maker.example", Model: "https://m.example/1", Controller: "urn:ietf:params:mud:ntp"},
			false,
		},
		{"protocols by number", `{"ipv4":{"protocol":17}}`, accept, Entry{Accept: true, Family: 4, Protocol: "udp"}, false},
		{"an unnamed protocol", `{"ipv4":{"protocol":47}}`, accept, Entry{Accept: true, Family: 4, Protocol: "47"}, false},
		{"not that port", `{"tcp":{"destination-port":{"operator":"neq","port":25}}}`, accept, Entry{Accept: true, Protocol: "tcp", Remote: Ports{Low: 25, High: 25, Not: true}}, false},
		{"the device's own port", `{"udp":{"source-port":{"operator":"lte","port":1023}}}`, accept, Entry{Accept: true, Protocol: "udp", Local: Ports{High: 1023}}, false},
		{"networks", `{"ipv6":{"destination-ipv6-network":"2001:db8::1/32"}}`, accept, Entry{Accept: true, Family: 6, Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}}, false},
		{"what says nothing of who is passed over", `{"ipv4":{"dscp":3,"ttl":4}}`, accept, Entry{Accept: true, Family: 4}, false},
		{"an unknown condition", `{"ipv4":{"phase-of-the-moon":1}}`, accept, Entry{}, true},
		{"a broken network", `{"ipv4":{"destination-ipv4-network":"10.0.0.0/99"}}`, accept, Entry{}, true},
		{"a name of the wrong side", `{"ipv4":{"ietf-acldns:src-dnsname":"a.example"}}`, accept, Entry{}, true},
		{"an empty name", `{"ipv4":{"ietf-acldns:dst-dnsname":""}}`, accept, Entry{}, true},
		{"a port too large", `{"tcp":{"destination-port":{"operator":"eq","port":70000}}}`, accept, Entry{}, true},
		{"a range upside down", `{"tcp":{"destination-port":{"lower-port":9,"upper-port":8}}}`, accept, Entry{}, true},
		{"an unknown operator", `{"tcp":{"destination-port":{"operator":"like","port":1}}}`, accept, Entry{}, true},
		{"a protocol that is none", `{"ipv4":{"protocol":999}}`, accept, Entry{}, true},
		{"two families at once", `{"ipv4":{},"ipv6":{}}`, accept, Entry{}, true},
		{"two protocols at once", `{"ipv4":{"protocol":6},"udp":{}}`, accept, Entry{}, true},
		{"ICMP of IPv6", `{"ipv6":{"protocol":58},"icmp":{"type":1}}`, accept, Entry{Accept: true, Family: 6, Protocol: "icmpv6"}, false},
		{"a nameless controller", `{"ietf-mud:mud":{"controller":5}}`, accept, Entry{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Parse([]byte(one(c.matches, c.actions)))
			if err != nil {
				t.Fatal(err)
			}
			if c.skipped {
				if len(p.From) != 0 || p.Skipped != 1 {
					t.Errorf("kept %+v", p.From)
				}
				return
			}
			c.want.Name = "e"
			if diff := cmp.Diff([]Entry{c.want}, p.From, addresses); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestHostileFiles(t *testing.T) {
	long := one(`{}`, `{}`)
	for _, c := range []struct{ name, in, wrong string }{
		{"nothing", ``, "EOF"},
		{"no JSON", `<xml/>`, "invalid character"},
		{"a list", `[]`, "cannot unmarshal"},
		{"another file", `{"ietf-network:networks":{}}`, "no ietf-mud:mud"},
		{"too long", long + strings.Repeat(" ", maxFile), "longer than"},
		{"too deep", strings.Repeat(`{"a":`, 60) + `1` + strings.Repeat(`}`, 60), "too deep"},
		{"a long address", strings.Replace(long, "https://a.example/b", "https://a.example/"+strings.Repeat("b", 260), 1), "too long"},
	} {
		if _, err := Parse([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
	}
	// One list named a thousand times.
	refs := strings.Repeat(`{"name":"x"},`, 1000) + `{"name":"x"}`
	aces := strings.Repeat(`{"name":"e","matches":{},"actions":{"forwarding":"accept"}},`, 999) + `{"name":"e"}`
	many := strings.Replace(strings.Replace(long, `[{"name":"x"}]`, "["+refs+"]", 1), `[{"name":"e","matches":{},"actions":{}}]`, "["+aces+"]", 1)
	if p, err := Parse([]byte(many)); err != nil || len(p.From) != maxEntries {
		t.Errorf("%d entries, %v", len(p.From), err)
	}
	// Texts are cleaned, and nothing is followed.
	p, err := Parse([]byte(`{"ietf-mud:mud":{"systeminfo":"a\u202eb\u0007 <b>","mfg-name":{"x":1},"is-supported":"yes","last-update":"yesterday","cache-validity":99999}}`))
	if err != nil || p.SystemInfo != "ab <b>" || p.Maker != "" || p.Supported || !p.LastUpdate.IsZero() || p.CacheValidity != 168*time.Hour {
		t.Errorf("%+v, %v", p, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(f, "rfc8520.json"))
	f.Add(file(f, "draft.json"))
	f.Add([]byte(one(`{"ietf-mud:mud":{"my-controller":[null]}}`, `{}`)))
	f.Add([]byte(`{"ietf-mud:mud":{},"mud":{"mud-url":"x"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(b)
		if diff := cmp.Diff(p, again, addresses); diff != "" || err != nil {
			t.Fatalf("read twice, %v\n%s", err, diff)
		}
		if len(p.From) > maxEntries || len(p.To) > maxEntries || len(p.URL) > maxURL {
			t.Fatalf("%d and %d entries, URL of %d", len(p.From), len(p.To), len(p.URL))
		}
		for _, e := range append(p.From, p.To...) {
			if e.Remote.Low > e.Remote.High || strings.ContainsAny(e.Name+e.DNS+e.Controller+e.Model+e.Manufacturer, "\x00\x1b\r\n\u202e") {
				t.Fatalf("%+v", e)
			}
		}
		whole(t, p, records(), Compare(p, records()))
	})
}
