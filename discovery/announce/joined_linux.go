package announce

import (
	"errors"
	"fmt"
	"net"
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
func stayOnJoined(lo net.Interface) error {
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
				errs = append(errs, leave(fd, lo), unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("keeping the announcements on the loopback interface: %w", err)
	}
	return nil
}

// leave makes an IPv6 socket deaf to the group. For IPv6 Linux asks only whether
// a socket has joined the group anywhere, so that joining it on lo opens it to
// every interface. What it says on lo by itself it goes on saying.
func leave(fd int, lo net.Interface) error {
	group := unix.IPv6Mreq{Interface: uint32(lo.Index)}
	copy(group.Multiaddr[:], net.ParseIP("ff02::fb"))
	err := unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_LEAVE_GROUP, &group)
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		return nil // it has left already
	}
	return err
}
