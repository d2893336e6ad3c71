package ssdp

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const alive = "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nLOCATION: http://192.168.77.1:49000/rootDesc.xml\r\n" +
	"SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\nNT: upnp:rootdevice\r\nUSN: uuid:75802409-BCCB-40e7-8e6c-444e6d000001::upnp:rootdevice\r\nNTS: ssdp:alive\r\n\r\n"

const response = "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nST: upnp:rootdevice\r\nUSN: uuid:4d696e69-444c-164e-9d41-001132000012::upnp:rootdevice\r\nEXT:\r\n" +
	"SERVER: Debian DLNADOC/1.50 UPnP/1.0 MiniDLNA/1.3.0\r\nLOCATION: http://192.168.77.12:8200/rootDesc.xml\r\nContent-Length: 0\r\n\r\n"

func TestParseMessage(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Message // without Header
		wrong    string
	}{
		{"an announcement", alive, Message{UDN: "75802409-bccb-40e7-8e6c-444e6d000001", Type: "upnp:rootdevice"}, ""},
		{"a response", response, Message{UDN: "4d696e69-444c-164e-9d41-001132000012", Type: "upnp:rootdevice"}, ""},
		{"bare line feeds", strings.ReplaceAll(response, "\r", ""), Message{UDN: "4d696e69-444c-164e-9d41-001132000012", Type: "upnp:rootdevice"}, ""},
		{"no empty line at the end", strings.TrimSpace(response), Message{UDN: "4d696e69-444c-164e-9d41-001132000012", Type: "upnp:rootdevice"}, ""},
		{"field names in any case", "HTTP/1.1 200 OK\r\nusn: uuid:abcdef01\r\nSt: roku:ecp\r\n", Message{UDN: "abcdef01", Type: "roku:ecp"}, ""},
		{"of two the first counts", "HTTP/1.1 200 OK\r\nUSN: uuid:abcdef01\r\nUSN: uuid:abcdef02\r\n", Message{UDN: "abcdef01"}, ""},
		{"broken lines are skipped", "HTTP/1.1 200 OK\r\nnonsense\r\n: x\r\n" + strings.Repeat("a", 70) + ": b\r\nUSN: uuid:abcdef01\r\n", Message{UDN: "abcdef01"}, ""},
		{"a goodbye", strings.Replace(alive, "ssdp:alive", "ssdp:byebye", 1), Message{Bye: true, UDN: "75802409-bccb-40e7-8e6c-444e6d000001", Type: "upnp:rootdevice"}, ""},
		{"no number", "HTTP/1.1 200 OK\r\nUSN: upnp:rootdevice\r\n", Message{}, ""},
		{"a number that says nothing", "HTTP/1.1 200 OK\r\nUSN: uuid:00000000-0000-0000-0000-000000000000\r\n", Message{}, ""},
		{"a question", "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n", Message{}, "neither"},
		{"an error", "HTTP/1.1 404 Not Found\r\n\r\n", Message{}, "neither"},
		{"half a status line", "HTTP/1.1", Message{}, "neither"},
		{"nothing", "", Message{}, "neither"},
		{"an unknown announcement", strings.Replace(alive, "ssdp:alive", "ssdp:\x1b[2J", 1), Message{}, `unknown NTS "ssdp:[2J"`},
		{"too long", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x", 9000), Message{}, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseMessage([]byte(c.in))
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("error %v, want %q", err, c.wrong)
				}
				return
			}
			got.Header = nil
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v; want -, got +\n%s", err, diff)
			}
		})
	}
}

// FuzzMessage is target F4.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		alive, response, "HTTP/1.1 200\nUSN:uuid:x", "NOTIFY * HTTP/1.1\r\nNTS: ssdp:update\r\n", "\x00\xff\r\n:::\r\n",
		strings.Replace(response, "http://192.168.77.12:8200/", "http://127.0.0.1:8200/", 1), strings.Replace(response, "192.168.77.12:8200", "[fd77::12]:8200", 1),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMessage(b)
		if err != nil {
			return
		}
		size := 0
		if len(m.Header) > maxHeaders {
			t.Fatalf("%d fields", len(m.Header))
		}
		for k, v := range m.Header {
			if k == "" || len(k) > 64 || len(v) > maxHeader || strings.Contains(v, "\n") || strings.TrimSpace(v) != v {
				t.Fatalf("field %q: %q", k, v)
			}
			size += len(k) + len(v)
		}
		if size > 3*len(b) || len(m.UDN) > maxHeader { // upper case may take more bytes than lower case
			t.Fatalf("%d bytes out of %d, UDN %q", size, len(b), m.UDN)
		}
		for _, sender := range []netip.Addr{nasSender, netip.MustParseAddr("192.168.77.1"), netip.MustParseAddr("fd77::12"), netip.MustParseAddr("127.0.0.1")} {
			to, u, err := Location(m.Header["LOCATION"], sender)
			if err == nil && (to.Addr() != sender || sender.IsLoopback() || u.User != nil || to.Port() != 80 && to.Port() < 1024) {
				t.Fatalf("%s would dial %s for %q", sender, to, m.Header["LOCATION"])
			}
		}
	})
}
