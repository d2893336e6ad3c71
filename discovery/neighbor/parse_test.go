package neighbor

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	router  = "44:4e:6d:00:00:01"
	speaker = "b8:27:eb:00:00:10"
)

var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func card(a netip.Addr) string {
	return map[string]string{"192.168.77.20": "Wi-Fi 2", "172.20.0.1": "vEthernet (WSL)"}[a.String()]
}

func number(n int) string {
	if n == 11 {
		return "Wi-Fi 2"
	}
	return ""
}

func TestRowParsers(t *testing.T) {
	for _, c := range []struct {
		file  string
		parse func(io.Reader) ([]Row, error)
		want  []Row
	}{
		{"arp-darwin.txt", parseARPDarwin, []Row{
			{router, ip("192.168.77.1"), "en0", true},
			{speaker, ip("192.168.77.10"), "en0", true},
		}},
		{"ndp-darwin.txt", parseNDPDarwin, []Row{
			{speaker, ip("fd77:77:77:1::10"), "en0", false},
			{router, ip("fe80::464e:6dff:fe00:1%en0"), "en0", true},
			{speaker, ip("fe80::ba27:ebff:fe00:10%en0"), "en0", false},
		}},
		{"arp-windows-de.txt", func(r io.Reader) ([]Row, error) { return parseARPWindows(r, card) }, []Row{
			{router, ip("192.168.77.1"), "Wi-Fi 2", true},
			{speaker, ip("192.168.77.10"), "Wi-Fi 2", true},
			{"00:15:5d:00:00:05", ip("172.20.0.5"), "vEthernet (WSL)", true},
		}},
		{"netsh-windows.txt", parseNDPWindows, []Row{
			{speaker, ip("fd77:77:77:1::10"), "Wi-Fi 2", true},
			{router, ip("fe80::464e:6dff:fe00:1%Wi-Fi 2"), "Wi-Fi 2", true},
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := c.parse(f)
			if diff := cmp.Diff(c.want, got, sameAddr); err != nil || diff != "" {
				t.Errorf("%v; want -, got +\n%s", err, diff)
			}
		})
	}
}

func TestRouteParsers(t *testing.T) {
	for _, c := range []struct {
		file  string
		parse func(io.Reader) ([]Gateway, error)
		want  []Gateway
	}{
		{"netstat-darwin.txt", parseRoutesDarwin, []Gateway{
			{ip("192.168.77.1"), "en0"}, {ip("fe80::464e:6dff:fe00:1%en0"), "en0"}, {ip("fe80::%utun0"), "utun0"},
		}},
		{"route-windows.txt", func(r io.Reader) ([]Gateway, error) { return parseRoutesWindows(r, card, number) }, []Gateway{
			{ip("192.168.77.1"), "Wi-Fi 2"}, {ip("fe80::464e:6dff:fe00:1%Wi-Fi 2"), "Wi-Fi 2"},
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			f, err := os.Open("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got, err := c.parse(f)
			if diff := cmp.Diff(c.want, got, sameAddr); err != nil || diff != "" {
				t.Errorf("%v; want -, got +\n%s", err, diff)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestParsersPassOnWhatTheyCannotRead(t *testing.T) {
	if _, err := parseARPDarwin(broken{}); err == nil {
		t.Error("no error from a broken pipe")
	}
}

func FuzzParsers(f *testing.F) {
	files, _ := os.ReadDir("testdata")
	for _, e := range files {
		if b, err := os.ReadFile("testdata/" + e.Name()); err == nil {
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		var all []Row
		for _, parse := range []func(io.Reader) ([]Row, error){
			parseARPDarwin, parseNDPDarwin, parseNDPWindows,
			func(r io.Reader) ([]Row, error) {
				return parseARPWindows(r, func(netip.Addr) string { return "x" })
			},
		} {
			rows, _ := parse(strings.NewReader(s))
			all = append(all, rows...)
		}
		for _, r := range all {
			if len(r.MAC) != 17 || !r.Addr.IsValid() || r.Addr.IsMulticast() || r.Interface == "" {
				t.Fatalf("row %+v", r)
			}
		}
		parseRoutesDarwin(strings.NewReader(s))
		parseRoutesWindows(strings.NewReader(s), card, number)
		Sightings(Table{Rows: all})
	})
}
