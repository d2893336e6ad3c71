package mdns

import (
	"bytes"
	"testing"

	"github.com/miekg/dns"
)

func TestTypeOf(t *testing.T) {
	for _, c := range []struct {
		name, typ, prefix string
		ok                bool
	}{
		{"_http._tcp.local.", "_http._tcp.local.", "", true},
		{"_HTTP._Tcp.Local.", "_http._tcp.local.", "", true},
		{`B\195\188ro\.1._http._tcp.local.`, "_http._tcp.local.", `B\195\188ro\.1`, true},
		{"two.labels._http._tcp.local.", "_http._tcp.local.", "two.labels", true},
		{"_print._sub._ipp._tcp.local.", "", "", false},
		{"_sub._ipp._tcp.local.", "", "", false},
		{"_services._dns-sd._udp.local.", "_dns-sd._udp.local.", "_services", true},
		{`x\._http._tcp.local.`, "", "", false},
		{"_tcp.local.", "", "", false},
		{"http._tcp.local.", "", "", false},
		{"_._tcp.local.", "", "", false},
		{"_http._tcp.example.", "", "", false},
		{".", "", "", false},
		{"", "", "", false},
	} {
		typ, prefix, ok := typeOf(c.name)
		if typ != c.typ || prefix != c.prefix || ok != c.ok {
			t.Errorf("typeOf(%q) = %q, %q, %v; want %q, %q, %v", c.name, typ, prefix, ok, c.typ, c.prefix, c.ok)
		}
	}
}

func TestIdentifierTextIsPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Living Room TV._googlecast._tcp": "living room tv._googlecast._tcp",
		"BÜRO":                            "bÜro", // DNS folds A to Z only
		"a\x01b\nc":                       `a\001b\010c`,
		"raw\xff":                         `raw\255`,
	} {
		if got := identifierText(in); got != want {
			t.Errorf("identifierText(%q) = %q, want %q", in, got, want)
		}
	}
}

// F2: whatever bytes a label has, they come back from the escaped form, and no
// escaped text grows.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"Büro · Ölheizung 1.5 kW", `back\slash`, `at@sign (paren) "q"; $'`, "ctl\x01", "raw\xff\xfe", `\195`, `\999`, `\`, `a\`, `\25x`, "trailing dot.", "UPPER"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, label []byte) {
		if out := unescape(string(label)); len(out) > len(label) {
			t.Errorf("unescape grew %d bytes to %d", len(label), len(out))
		}
		if len(label) == 0 || len(label) > 63 {
			return
		}
		wire := append(append([]byte{byte(len(label))}, label...), 0)
		name, _, err := dns.UnpackDomainName(wire, 0)
		if err != nil {
			t.Fatalf("unpacking a label of %d bytes: %v", len(label), err)
		}
		if got := []byte(unescape(name[:len(name)-1])); !bytes.Equal(got, label) {
			t.Errorf("label %q became %q over %q", label, got, name)
		}
		full := name + "_http._tcp.local."
		if typ, prefix, ok := typeOf(full); ok && (typ != "_http._tcp.local." || prefix+"." != name) {
			t.Errorf("typeOf(%q) = %q, %q", full, typ, prefix)
		}
		if id := identifierText(string(label)); identifierText(unescape(id)) != id {
			t.Errorf("identifierText is not stable for %q: %q", label, id)
		}
	})
}
