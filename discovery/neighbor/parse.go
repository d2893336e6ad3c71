package neighbor

import (
	"bufio"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"bestbefore/discovery"
)

// The parsers read what the systems' own programs print. They go by the shape
// of a line and not by its words, which are in the system's language, and they
// compile everywhere so that tables from every system can be tested everywhere.
// Where a program does not say how fresh an entry is, it counts as live: these
// systems drop entries that do not answer within minutes.

const maxOutput = 1 << 20 // bytes of a program's output

// lines calls f with the fields of every line of r.
func lines(r io.Reader, f func([]string)) error {
	s := bufio.NewScanner(io.LimitReader(r, maxOutput))
	for s.Scan() {
		if w := strings.Fields(s.Text()); len(w) > 0 {
			f(w)
		}
	}
	return s.Err()
}

// parseARPDarwin reads "arp -an" of macOS: "? (192.168.1.1) at 44:4e:6d:0:0:1 on en0 ifscope [ethernet]".
func parseARPDarwin(r io.Reader) (rows []Row, err error) {
	err = lines(r, func(w []string) {
		if len(w) < 6 || w[2] != "at" || w[4] != "on" {
			return
		}
		addr, err := netip.ParseAddr(strings.Trim(w[1], "()"))
		mac, ok := looseMAC(w[3])
		if err == nil && ok && !addr.IsMulticast() {
			rows = append(rows, Row{MAC: mac, Addr: addr, Interface: w[5], Live: true})
		}
	})
	return rows, err
}

// parseNDPDarwin reads "ndp -an" of macOS: address%zone, hardware address,
// interface, expiry, state (R is reachable), flags.
func parseNDPDarwin(r io.Reader) (rows []Row, err error) {
	err = lines(r, func(w []string) {
		if len(w) < 4 {
			return
		}
		addr, err := netip.ParseAddr(w[0])
		mac, ok := looseMAC(w[1])
		if err != nil || !ok || addr.IsMulticast() {
			return
		}
		live := len(w) > 4 && w[4] == "R"
		rows = append(rows, Row{MAC: mac, Addr: zoned(addr, w[2]), Interface: w[2], Live: live})
	})
	return rows, err
}

// parseRoutesDarwin reads "netstat -rn" of macOS: default, gateway, flags, interface.
func parseRoutesDarwin(r io.Reader) (gates []Gateway, err error) {
	err = lines(r, func(w []string) {
		if len(w) < 4 || w[0] != "default" {
			return
		}
		if addr, err := netip.ParseAddr(w[1]); err == nil {
			gates = append(gates, Gateway{Addr: zoned(addr, w[3]), Interface: w[3]})
		}
	})
	return gates, err
}

// parseARPWindows reads "arp -a" of Windows. The table of an interface begins
// with a line that holds its own address; card finds its name.
func parseARPWindows(r io.Reader, card func(netip.Addr) string) (rows []Row, err error) {
	iface := ""
	err = lines(r, func(w []string) {
		if strings.Contains(strings.Join(w, " "), " --- 0x") {
			iface = ""
			for _, x := range w {
				if a, err := netip.ParseAddr(x); err == nil {
					iface = card(a)
				}
			}
			return
		}
		if row, ok := windowsRow(w, iface); ok {
			rows = append(rows, row)
		}
	})
	return rows, err
}

// parseNDPWindows reads "netsh interface ipv6 show neighbors". The table of an
// interface begins with "Interface 11: Ethernet".
func parseNDPWindows(r io.Reader) (rows []Row, err error) {
	iface := ""
	err = lines(r, func(w []string) {
		if len(w) >= 3 && strings.HasSuffix(w[1], ":") {
			if _, err := strconv.Atoi(strings.TrimSuffix(w[1], ":")); err == nil {
				iface = strings.Join(w[2:], " ")
				return
			}
		}
		if row, ok := windowsRow(w, iface); ok {
			rows = append(rows, row)
		}
	})
	return rows, err
}

func windowsRow(w []string, iface string) (Row, bool) {
	if len(w) < 2 {
		return Row{}, false
	}
	addr, err := netip.ParseAddr(w[0])
	mac, ok := looseMAC(w[1])
	if err != nil || !ok || addr.IsMulticast() || iface == "" {
		return Row{}, false
	}
	return Row{MAC: mac, Addr: zoned(addr.WithZone(""), iface), Interface: iface, Live: true}, true
}

// parseRoutesWindows reads "route print": for IPv4 destination, mask, gateway,
// own address, metric; for IPv6 number of the interface, metric, destination,
// gateway. card and number find the interface's name.
func parseRoutesWindows(r io.Reader, card func(netip.Addr) string, number func(int) string) (gates []Gateway, err error) {
	err = lines(r, func(w []string) {
		switch {
		case len(w) >= 5 && w[0] == "0.0.0.0" && w[1] == "0.0.0.0":
			gate, err := netip.ParseAddr(w[2])
			me, err2 := netip.ParseAddr(w[3])
			if err == nil && err2 == nil {
				gates = append(gates, Gateway{Addr: gate, Interface: card(me)})
			}
		case len(w) >= 4 && w[2] == "::/0":
			n, err := strconv.Atoi(w[0])
			gate, err2 := netip.ParseAddr(w[3])
			if err == nil && err2 == nil {
				gates = append(gates, Gateway{Addr: zoned(gate, number(n)), Interface: number(n)})
			}
		}
	})
	return gates, err
}

// looseMAC reads a hardware address whose parts may lack their leading zeros,
// as macOS prints them.
func looseMAC(s string) (string, bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' })
	if len(parts) != 6 {
		return "", false
	}
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		} else if len(p) != 2 {
			return "", false
		}
	}
	return discovery.NormalizeMAC(strings.Join(parts, ":"))
}
