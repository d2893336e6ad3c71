package ssdp

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const igd = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>FRITZ!Box 7590</friendlyName>
<manufacturer>AVM Berlin</manufacturer><modelName>FRITZ!Box 7590</modelName><modelNumber>avm</modelNumber><serialNumber>12345678</serialNumber>
<UDN>uuid:75802409-bccb-40e7-8e6c-444e6d000001</UDN><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
<friendlyName>WANDevice</friendlyName><manufacturer>MiniUPnP</manufacturer><UDN>uuid:75802409-bccb-40e7-8e6c-444e6d000002</UDN></device></deviceList></device></root>`

func TestParseDescription(t *testing.T) {
	gateway := Description{
		DeviceType: "urn:schemas-upnp-org:device:InternetGatewayDevice:1", FriendlyName: "FRITZ!Box 7590", Manufacturer: "AVM Berlin",
		ModelName: "FRITZ!Box 7590", ModelNumber: "avm", Serial: "12345678", UDNs: []string{"75802409-bccb-40e7-8e6c-444e6d000001", "75802409-bccb-40e7-8e6c-444e6d000002"},
	}
	for _, c := range []struct {
		name, in string
		want     Description
		wrong    string
	}{
		{"a gateway with its parts", igd, gateway, ""},
		{"of two names the first counts", `<root><device><friendlyName>A</friendlyName><friendlyName>B</friendlyName></device></root>`, Description{FriendlyName: "A"}, ""},
		{"names are cleaned", "<root><device><friendlyName> \u202eA&#x9;B&lt;b&gt;\u200b </friendlyName></device></root>", Description{FriendlyName: "A B<b>"}, ""},
		{"a name in pieces", `<root><device><friendlyName>A<!-- x -->B<![CDATA[ & C]]></friendlyName></device></root>`, Description{FriendlyName: "AB & C"}, ""},
		{"nothing of use", `<html><body>hello</body></html>`, Description{}, ""},
		{"nothing", ``, Description{}, ""},
		{"a long text is cut", `<root><device><modelName>` + strings.Repeat("x", 5000) + `</modelName></device></root>`, Description{}, ""},
		{"entities of its own", `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><root><device><friendlyName>&b;</friendlyName></device></root>`, Description{}, "declares"},
		{"an unknown entity", `<root><device><friendlyName>&lol;</friendlyName></device></root>`, Description{}, "entity"},
		{"an external file", `<!DOCTYPE r SYSTEM "file:///etc/passwd"><root/>`, Description{}, "declares"},
		{"nested too deep", strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), Description{}, "deep"},
		{"not closed", `<root><device>`, Description{}, "unexpected EOF"},
		{"crossed", `<root><device></root></device>`, Description{}, "reading description"},
		{"another encoding", `<?xml version="1.0" encoding="utf-16"?><root/>`, Description{}, "encoding"},
		{"too long", "<root>" + strings.Repeat(" ", 70_000) + "</root>", Description{}, "64 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseDescription(strings.NewReader(c.in))
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("error %v, want %q", err, c.wrong)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v; want -, got +\n%s", err, diff)
			}
		})
	}
}

func TestThirtyTwoLevelsAreAllowed(t *testing.T) {
	if _, err := ParseDescription(strings.NewReader(strings.Repeat("<a>", 32) + strings.Repeat("</a>", 32))); err != nil {
		t.Error(err)
	}
}

// shape is how deep the elements of a document are nested and whether it
// declares anything, found without ParseDescription.
func shape(s string) (deepest int, declares bool) {
	dec := xml.NewDecoder(strings.NewReader(s))
	for depth := 0; ; {
		tok, err := dec.RawToken()
		if err != nil {
			return deepest, declares
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
			deepest = max(deepest, depth)
		case xml.EndElement:
			depth--
		case xml.Directive:
			declares = true
		}
	}
}

func TestShapeSeesDepthAndDeclarations(t *testing.T) {
	if d, declares := shape(strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)); d != 40 || declares {
		t.Errorf("%d levels, %v", d, declares)
	}
	if _, declares := shape(`<!DOCTYPE r [<!ENTITY a "aaaa">]><root>&a;</root>`); !declares {
		t.Error("a declaration was not seen")
	}
}

// FuzzDescription is target F5.
func FuzzDescription(f *testing.F) {
	f.Add(igd)
	f.Add(`<!DOCTYPE r [<!ENTITY a "aaaa">]><root>&a;</root>`)
	f.Add(`<root><device><UDN>uuid:x</UDN></device></root>`)
	f.Add(strings.Repeat("<a>", 33) + strings.Repeat("</a>", 33))
	f.Add("<root>" + strings.Repeat(" ", maxDescription) + "</root>")
	files, _ := os.ReadDir("testdata")
	for _, e := range files {
		if b, err := os.ReadFile("testdata/" + e.Name()); err == nil && !e.IsDir() {
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDescription(strings.NewReader(s))
		if err == nil && len(s) > maxDescription {
			t.Fatalf("read %d bytes", len(s))
		}
		if len(d.UDNs) > maxParts {
			t.Fatalf("%d parts", len(d.UDNs))
		}
		if depth, declares := shape(s); err == nil && (depth > maxDepth || declares) {
			t.Fatalf("took %d levels, declarations %v", depth, declares)
		}
		out := 0
		for _, v := range append([]string{d.FriendlyName, d.Manufacturer, d.ModelName, d.ModelNumber, d.Serial, d.DeviceType}, d.UDNs...) {
			out += len(v)
		}
		if out > 3*len(s) { // composing a letter may take three times its bytes
			t.Fatalf("%d bytes of text out of %d: something was expanded", out, len(s))
		}
		for _, v := range []string{d.FriendlyName, d.Manufacturer, d.ModelName, d.ModelNumber, d.Serial, d.DeviceType} {
			if len([]rune(v)) > 300 || strings.ContainsAny(v, "\x00\x1b\r\n\u202e") {
				t.Fatalf("text %+q", v)
			}
		}
	})
}
