package lifecycle

import (
	"bufio"
	"io"
	"net/netip"
	"strings"
)

// maxResolvers bounds what is believed of one file.
const maxResolvers = 16

// parseResolvers reads the name servers of a resolv.conf. Loopback ones are a
// helper on this computer, which is safe by itself.
func parseResolvers(r io.Reader) []netip.Addr {
	var out []netip.Addr
	lines := bufio.NewScanner(io.LimitReader(r, 64<<10))
	for lines.Scan() && len(out) < maxResolvers {
		f := strings.Fields(lines.Text())
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(f[1]); err == nil && !a.IsLoopback() {
			out = append(out, a.Unmap().WithZone(""))
		}
	}
	return out
}
