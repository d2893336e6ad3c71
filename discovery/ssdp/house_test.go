package ssdp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// street is a house with a clock that moves only when told, a queue of jobs
// that the test does itself, and everything that was emitted.
type street struct {
	*house
	t    *testing.T
	now  time.Time
	jobs chan job
	out  []discovery.Sighting
}

func newStreet(t *testing.T, room int) *street {
	t.Helper()
	s := &street{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), jobs: make(chan job, room)}
	sc, err := New(Config{Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.house = newHouse(sc.cfg, s.jobs)
	return s
}

func (s *street) emit(x discovery.Sighting) { s.out = append(s.out, x) }

func (s *street) packet(from, text string) {
	s.hear(packet{data: []byte(text), from: netip.MustParseAddr(from), iface: "eth0"}, s.emit)
}

// answer does the next job with d, as a worker would.
func (s *street) answer(d Description, err error) {
	s.t.Helper()
	select {
	case j := <-s.jobs:
		s.described(answer{j.place, d, err}, s.emit)
	default:
		s.t.Fatal("nobody asked for a description")
	}
}

func (s *street) asked() int { return len(s.jobs) }

func (s *street) last() discovery.Sighting {
	s.t.Helper()
	if len(s.out) == 0 {
		s.t.Fatal("nothing was emitted")
	}
	return s.out[len(s.out)-1]
}

func facts(s discovery.Sighting) map[string]string {
	out := map[string]string{}
	for _, f := range s.Facts {
		out[f.Key] = f.Value
	}
	return out
}

func TestADescriptionBecomesASighting(t *testing.T) {
	s := newStreet(t, 4)
	s.packet("192.168.77.1", alive)
	s.packet("192.168.77.1", strings.ReplaceAll(alive, "upnp:rootdevice", "urn:schemas-upnp-org:service:WANIPConnection:1"))
	if len(s.out) != 0 || s.asked() != 1 {
		t.Fatalf("%d sightings and %d fetches before the description", len(s.out), s.asked())
	}
	d, err := ParseDescription(strings.NewReader(igd))
	if err != nil {
		t.Fatal(err)
	}
	s.answer(d, nil)
	got := s.last()
	want := []discovery.Identifier{{Type: discovery.UDN, Value: "75802409-bccb-40e7-8e6c-444e6d000001"}, {Type: discovery.UDN, Value: "75802409-bccb-40e7-8e6c-444e6d000002"}}
	if diff := cmp.Diff(want, got.Identifiers); diff != "" {
		t.Errorf("identifiers: %s", diff)
	}
	if diff := cmp.Diff(map[string]string{
		"manufacturer": "AVM Berlin", "model": "FRITZ!Box 7590", "friendly_name": "FRITZ!Box 7590", "serial": "12345678",
		"device_type": "urn:schemas-upnp-org:device:InternetGatewayDevice:1", "server": "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1",
	}, facts(got)); diff != "" {
		t.Errorf("facts: %s", diff)
	}
	if got.From != netip.MustParseAddr("192.168.77.1") || len(got.Addresses) != 1 || got.Addresses[0] != got.From || got.Quiet || !strings.Contains(got.Detail, "FRITZ!Box") {
		t.Errorf("%+v", got)
	}

	// The same again is a quiet sign of life, at most every half minute, and no fetch.
	s.packet("192.168.77.1", alive)
	if len(s.out) != 1 {
		t.Error("a repetition was emitted at once")
	}
	s.now = s.now.Add(31 * time.Second)
	s.packet("192.168.77.1", alive)
	if len(s.out) != 2 || !s.last().Quiet || s.asked() != 0 {
		t.Errorf("%d sightings, %d fetches, %+v", len(s.out), s.asked(), s.last())
	}
	// A restart asks anew.
	s.packet("192.168.77.1", strings.Replace(alive, "NTS:", "BOOTID.UPNP.ORG: 2\r\nNTS:", 1))
	if s.asked() != 1 {
		t.Error("a restart did not lead to a fetch")
	}
}

func TestALocationElsewhereIsNotFollowedButTheDeviceIsThere(t *testing.T) {
	for _, l := range []string{"http://192.168.77.1:80/", "http://127.0.0.1:8080/", "file:///etc/passwd"} {
		s := newStreet(t, 4)
		s.packet("192.168.77.66", strings.Replace(alive, "http://192.168.77.1:49000/rootDesc.xml", l, 1))
		if s.asked() != 0 {
			t.Errorf("%s would be fetched", l)
		}
		if got := s.last(); len(got.Identifiers) != 1 || !strings.Contains(got.Detail, "points elsewhere") {
			t.Errorf("%+v", got)
		}
	}
}

func TestThisComputersOwnServicesAreNotFetched(t *testing.T) {
	s := newStreet(t, 4)
	s.hear(packet{data: []byte(alive), from: netip.MustParseAddr("192.168.77.1"), iface: "eth0", own: true}, s.emit)
	if s.asked() != 0 || len(s.out) != 1 {
		t.Errorf("%d fetches, %d sightings", s.asked(), len(s.out))
	}
}

func TestAGoodbyeIsPassedOnOnce(t *testing.T) {
	s := newStreet(t, 4)
	bye := strings.Replace(alive, "ssdp:alive", "ssdp:byebye", 1)
	s.packet("192.168.77.1", bye)
	if len(s.out) != 0 {
		t.Error("a goodbye of nobody was emitted")
	}
	s.packet("192.168.77.1", alive)
	s.answer(Description{FriendlyName: "Box", UDNs: []string{"75802409-bccb-40e7-8e6c-444e6d000001"}}, nil)
	s.packet("192.168.77.66", bye) // somebody else
	if s.last().Gone {
		t.Error("a stranger's goodbye was believed")
	}
	s.packet("192.168.77.1", bye)
	s.packet("192.168.77.1", bye)
	gone := 0
	for _, x := range s.out {
		if x.Gone {
			gone++
		}
	}
	if gone != 1 {
		t.Errorf("%d goodbyes", gone)
	}
	s.packet("192.168.77.1", alive) // back
	if got := s.last(); got.Gone || len(s.out) != 3 {
		t.Errorf("%d sightings, %+v", len(s.out), got)
	}
}

func TestAFailedDescriptionStillGivesADevice(t *testing.T) {
	s := newStreet(t, 4)
	s.packet("192.168.77.12", response)
	s.answer(Description{}, errors.New("asking for a description: answered 500"))
	if got := s.last(); len(got.Identifiers) != 1 || facts(got)["server"] == "" {
		t.Errorf("%+v", got)
	}
	s.now = s.now.Add(searchEvery + time.Second)
	s.packet("192.168.77.12", response)
	if s.asked() != 1 {
		t.Error("it was not tried again")
	}
	s.answer(Description{FriendlyName: "NAS"}, nil)
	s.now = s.now.Add(time.Minute)
	s.packet("192.168.77.12", strings.Replace(response, "EXT:", "CONFIGID.UPNP.ORG: 7", 1))
	s.answer(Description{}, errors.New("gone"))
	if facts(s.last())["friendly_name"] != "NAS" {
		t.Error("what it said earlier was forgotten")
	}
}

func TestAHueBridgeNamesItsHardwareAddress(t *testing.T) {
	s := newStreet(t, 4)
	s.packet("192.168.77.18", "HTTP/1.1 200 OK\r\nUSN: uuid:2f402f80-da50-11e1-9b23-001788000018::upnp:rootdevice\r\nhue-bridgeid: 001788FFFE000018\r\n\r\n")
	want := []discovery.Identifier{{Type: discovery.UDN, Value: "2f402f80-da50-11e1-9b23-001788000018"}, {Type: discovery.UUID, Value: "001788fffe000018"}, {Type: discovery.MAC, Value: "00:17:88:00:00:18"}}
	if diff := cmp.Diff(want, s.last().Identifiers); diff != "" {
		t.Error(diff)
	}
}

func TestTypesThatTellAreKept(t *testing.T) {
	s := newStreet(t, 4)
	for _, st := range []string{"urn:dial-multiscreen-org:service:dial:1", "urn:schemas-upnp-org:device:tvdevice:1", "urn:schemas-upnp-org:service:Dimming:1", "ssdp:all", "uuid:abcdef01"} {
		s.packet("192.168.77.30", "HTTP/1.1 200 OK\r\nUSN: uuid:abcdef01::x\r\nST: "+st+"\r\n\r\n")
	}
	if got, want := facts(s.last())["device_type"], "urn:dial-multiscreen-org:service:dial:1 urn:schemas-upnp-org:device:tvdevice:1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAFloodIsBounded: senders, descriptions, names and types all have an end.
func TestAFloodIsBounded(t *testing.T) {
	s := newStreet(t, 1)
	for i := range 2000 {
		from := fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)
		s.packet(from, fmt.Sprintf("HTTP/1.1 200 OK\r\nUSN: uuid:abcd%04d::x\r\nLOCATION: http://%s:8200/\r\n\r\n", i, from))
	}
	for i := range 500 {
		s.packet("10.0.0.1", fmt.Sprintf("HTTP/1.1 200 OK\r\nST: urn:x:device:%d\r\nUSN: uuid:abcd%04d::x\r\nLOCATION: http://10.0.0.1:8200/%d\r\n\r\n", i, i, i))
		s.packet("10.0.0.2", fmt.Sprintf("HTTP/1.1 200 OK\r\nST: urn:x:device:%d\r\nUSN: uuid:abcd%04d::x\r\n\r\n", i, i))
	}
	if len(s.senders) != maxSenders || len(s.senders[netip.MustParseAddr("10.0.0.1")].places) != maxPlaces {
		t.Errorf("%d senders, %d places", len(s.senders), len(s.senders[netip.MustParseAddr("10.0.0.1")].places))
	}
	pl := s.senders[netip.MustParseAddr("10.0.0.2")].places[""]
	if len(pl.names) != maxNames || len(pl.types) != maxTypes {
		t.Errorf("%d names, %d types", len(pl.names), len(pl.types))
	}
	s.now = s.now.Add(2 * time.Hour)
	s.packet("10.9.9.9", response)
	if s.senders[netip.MustParseAddr("10.9.9.9")] == nil {
		t.Error("old senders do not make room")
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("took a config without Now")
	}
}

func TestUsable(t *testing.T) {
	up := net.FlagUp | net.FlagMulticast
	for _, c := range []struct {
		i    net.Interface
		want bool
	}{
		{net.Interface{Name: "eth0", Flags: up}, true},
		{net.Interface{Name: "eth0", Flags: net.FlagMulticast}, false},
		{net.Interface{Name: "lo", Flags: up | net.FlagLoopback}, false},
		{net.Interface{Name: "ppp0", Flags: up | net.FlagPointToPoint}, false},
		{net.Interface{Name: "docker0", Flags: up}, false},
	} {
		if got := usable(c.i); got != c.want {
			t.Errorf("%+v: %v", c.i, got)
		}
	}
}

// TestScanEndsAndFollowsInterfaces runs the whole scanner on whatever this
// machine has, which may be nothing but loopback.
func TestScanEndsAndFollowsInterfaces(t *testing.T) {
	s, err := New(Config{Now: time.Now, Usable: func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Scan(ctx, func(discovery.Sighting) {}) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Scan does not end")
	}
}

func TestTroubleWithAnInterfaceIsToldOnce(t *testing.T) {
	var told []error
	l := linkSet{cfg: Config{Report: func(err error) { told = append(told, err) }}, open: map[string]*link{}}
	sc, _ := New(Config{Now: time.Now})
	l.cfg.Log = sc.cfg.Log
	l.report(nil)
	l.report(errors.New("opening eth9 for upnp: no"))
	l.report(errors.New("opening eth9 for upnp: no"))
	l.report(nil)
	if len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("%v", told)
	}
	// An address that this computer does not have cannot be opened.
	if _, err := openLink(net.Interface{Name: "eth9"}, []netip.Prefix{netip.MustParsePrefix("203.0.113.9/24")}); err == nil {
		t.Error("opened nothing")
	}
}
