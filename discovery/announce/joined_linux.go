package announce

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// mdnsPort is where the library listens, on every address.
const mdnsPort = 5353

// stayOnJoined makes the library's sockets hear only the interfaces on which
// they joined. By default Linux gives a socket whatever any program of the
// machine has joined, and the library answers where it was asked: beside another
// mDNS daemon it would tell the real network of devices that are meant for the
// loopback only. The library does not hand its sockets out, so they are found
// by their port.
func stayOnJoined() error {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("finding our sockets: %w", err)
	}
	var errs []error
	for _, n := range names {
		fd, err := strconv.Atoi(n.Name())
		if err != nil {
			continue
		}
		at, err := unix.Getsockname(fd)
		if err != nil {
			continue // not a socket, or closed meanwhile
		}
		switch a := at.(type) {
		case *unix.SockaddrInet4:
			if a.Port == mdnsPort {
				errs = append(errs, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0))
			}
		case *unix.SockaddrInet6:
			if a.Port == mdnsPort {
				errs = append(errs, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("keeping the announcements on the loopback interface: %w", err)
	}
	return nil
}
