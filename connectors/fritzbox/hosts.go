package fritzbox

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Bounds of the list of devices.
const (
	maxList  = 4 << 20
	maxHosts = 2048
)

// An unchanged list is not read again for refreshAfter. One that has just changed
// may still be the old one: documented is that it lags by 10 to 13 seconds.
const (
	refreshAfter = 10 * time.Minute
	lag          = 15 * time.Second
)

// host is one device as the box knows it.
type host struct {
	mac    string // lower case, colons
	addr   netip.Addr
	active bool
	name   string // what the device calls itself
	label  string // what the household calls it in the box
	model  string
	guest  bool
}

// hardware is text as a MAC address; "" when it is none of one device.
func hardware(text string) string {
	m, err := net.ParseMAC(strings.TrimSpace(text))
	if err != nil || len(m) != 6 || m[0]&1 == 1 || m.String() == "00:00:00:00:00:00" {
		return ""
	}
	return m.String()
}

// four is text as an IPv4 address of one device.
func four(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || !a.Is4() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
		return netip.Addr{}
	}
	return a
}

// parseHosts reads the file behind X_AVM-DE_GetHostListPath.
func parseHosts(body []byte) ([]host, error) {
	if len(body) > maxList {
		return nil, errAnswer
	}
	var out []host
	var h host
	listed := false
	err := leaves(body, func(path []string, text string) error {
		if len(text) > maxField {
			return errAnswer
		}
		switch name := path[len(path)-1]; {
		case len(path) == 1:
			listed = name == "List"
		case len(path) == 2 && name == "Item":
			if len(out) == maxHosts {
				return errAnswer
			}
			if h.mac != "" {
				out = append(out, h)
			}
			h = host{}
		case len(path) == 3:
			h.take(name, text)
		}
		return nil
	})
	var bad *xml.SyntaxError
	if err == nil && !listed || errors.As(err, &bad) {
		err = errAnswer
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// take keeps one field of an entry; a call's answer has the same names after "New".
func (h *host) take(name, text string) {
	switch name {
	case "MACAddress":
		h.mac = hardware(text)
	case "IPAddress":
		h.addr = four(text)
	case "Active":
		h.active = text == "1"
	case "HostName":
		h.name = string(discovery.Clean(text))
	case "X_AVM-DE_FriendlyName":
		h.label = string(discovery.Clean(text))
	case "X_AVM-DE_Model":
		h.model = string(discovery.Clean(text))
	case "X_AVM-DE_Guest":
		h.guest = text == "1"
	}
}

func hostOf(answer map[string]string) host {
	var h host
	for k, v := range answer {
		h.take(strings.TrimPrefix(k, "New"), v)
	}
	return h
}

// byMAC asks for one device; false when the box does not know it.
func (s *Session) byMAC(ctx context.Context, mac string) (host, bool, error) {
	out, err := s.call(ctx, controlHosts, serviceHosts, "GetSpecificHostEntry", argument{"NewMACAddress", strings.ToUpper(mac)})
	if codeOf(err) == codeNoEntry {
		return host{}, false, nil
	}
	if err != nil {
		return host{}, false, err
	}
	h := hostOf(out)
	h.mac = mac // it is not in the answer
	return h, true, nil
}

// macAt asks which device has an address now; "" when none has. Boxes that do
// not know the question are asked for all their devices.
func (s *Session) macAt(ctx context.Context, a netip.Addr) (string, error) {
	out, err := s.call(ctx, controlHosts, serviceHosts, "X_AVM-DE_GetSpecificHostEntryByIP", argument{"NewIPAddress", a.String()})
	switch codeOf(err) {
	case 0:
		if err != nil {
			return "", err
		}
		return hostOf(out).mac, nil
	case codeNoEntry:
		return "", nil
	case codeInvalidAction:
	default:
		return "", err
	}
	all, err := s.enumerate(ctx)
	if err != nil {
		return "", err
	}
	found := ""
	for _, h := range all {
		if h.addr == a && (found == "" || h.active) {
			found = h.mac
		}
	}
	return found, nil
}

// list reads all devices at once; boxes that cannot do that are asked one by one.
func (s *Session) list(ctx context.Context) ([]host, error) {
	out, err := s.call(ctx, controlHosts, serviceHosts, "X_AVM-DE_GetHostListPath")
	if codeOf(err) == codeInvalidAction {
		return s.enumerate(ctx)
	}
	if err != nil {
		return nil, err
	}
	body, err := s.get(ctx, s.plain, out["NewX_AVM-DE_HostListPath"], maxList)
	if err != nil {
		return nil, err
	}
	hosts, err := parseHosts(body)
	if err != nil {
		return nil, connectors.Transient(words.Text("The FRITZ!Box gives a list of devices that cannot be read."), err)
	}
	return hosts, nil
}

// enumerate asks for one device after the other until the box says that there
// are no more.
func (s *Session) enumerate(ctx context.Context) ([]host, error) {
	var out []host
	for i := range maxHosts {
		got, err := s.call(ctx, controlHosts, serviceHosts, "GetGenericHostEntry", argument{"NewIndex", strconv.Itoa(i)})
		if codeOf(err) == codeIndex {
			break
		}
		if err != nil {
			return nil, err
		}
		if h := hostOf(got); h.mac != "" {
			out = append(out, h)
		}
	}
	return out, nil
}

// counter changes whenever the box's list does; it is the cheapest question
// that needs the password.
func (s *Session) counter(ctx context.Context) (string, error) {
	out, err := s.call(ctx, controlHosts, serviceHosts, "X_AVM-DE_GetChangeCounter")
	if codeOf(err) == codeInvalidAction { // an old box
		out, err = s.call(ctx, controlHosts, serviceHosts, "GetGenericHostEntry", argument{"NewIndex", "0"})
		if codeOf(err) == codeIndex {
			return "", nil
		}
	}
	if err != nil {
		return "", err
	}
	return out["NewX_AVM-DE_ChangeCounter"], nil
}

// Discover tells of the devices that are present, and keeps our blocks on them
// when the box gives one another address.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	w := watch{told: map[string]string{}}
	for {
		if err := s.look(ctx, &w, emit); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watch is what one Discover has told already.
type watch struct {
	counter string
	changed time.Time // when the counter was last seen to change
	read    time.Time
	told    map[string]string
}

func (s *Session) look(ctx context.Context, w *watch, emit func(discovery.Sighting)) error {
	n, err := s.counter(ctx)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	if n == "" || n != w.counter {
		w.changed = now
	}
	if w.read.Sub(w.changed) >= lag && now.Sub(w.read).Abs() < refreshAfter {
		s.seen(now, nil)
		return nil
	}
	hosts, err := s.list(ctx)
	if err != nil {
		return err
	}
	w.counter, w.read = n, now
	s.seen(now, hosts)
	for _, h := range hosts {
		if ctx.Err() != nil {
			return nil
		}
		if h.active {
			said := fmt.Sprint(h)
			sight := s.sighting(h, now)
			sight.Quiet = w.told[h.mac] == said
			w.told[h.mac] = said
			emit(sight)
		}
	}
	return s.follow(ctx, hosts, now.Sub(w.changed).Abs() < lag)
}

func (s *Session) sighting(h host, now time.Time) discovery.Sighting {
	out := discovery.Sighting{
		Source: s.source, At: now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: h.mac}},
		Detail: words.Text("in the FRITZ!Box's list of devices"),
	}
	if h.addr.IsValid() {
		out.Addresses = []netip.Addr{h.addr}
	}
	if h.guest {
		out.Detail += words.Text(", in its guest network")
	}
	for _, f := range [][2]string{{"friendly_name", h.label}, {"hostname", h.name}, {"model", h.model}} {
		if f[1] != "" {
			out.Facts = append(out.Facts, discovery.Fact{Key: f[0], Value: f[1], Source: s.source})
		}
	}
	return out
}

// seen notes what was last read; nil leaves the devices as they were.
func (s *Session) seen(at time.Time, hosts []host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = at
	if hosts != nil {
		s.known = hosts
	}
}

// Coverage says what the box can tell, which is who is there.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	present := 0
	out := connectors.Coverage{Since: s.opened, Alive: s.alive, Sees: []string{"presence"}}
	for _, h := range s.known {
		if h.active {
			present++
		}
		out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.MAC, Value: h.mac})
	}
	slices.SortFunc(out.Devices, func(a, b discovery.Identifier) int { return strings.Compare(a.Value, b.Value) })
	out.Text = words.Sprintf("The box knows %d devices, %d of them present; it does not tell where they send.", len(s.known), present)
	if !s.filter {
		out.Text += " " + words.Text("It cannot block: it has no filter for devices, as a repeater has none.")
	}
	return out, nil
}
