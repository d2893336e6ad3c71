package fritzbox

import (
	"context"
	"encoding/xml"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// Bounds of the list of devices.
const (
	maxList  = 4 << 20
	maxHosts = 2048
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
