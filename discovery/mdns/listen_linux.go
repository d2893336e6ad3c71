package mdns

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// listen binds port 5353 of the group's own address on ifi. The standard
// library would bind the wildcard address instead, and with it take unicast
// packets away from another mDNS daemon on this machine.
func listen(network string, ifi net.Interface) (*net.UDPConn, error) {
	family, level, all := unix.AF_INET, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL
	var to unix.Sockaddr = &unix.SockaddrInet4{Port: port, Addr: group4.As4()}
	if network == "udp6" {
		family, level, all = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL
		to = &unix.SockaddrInet6{Port: port, Addr: group6.As16(), ZoneId: uint32(ifi.Index)}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("making a socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), network)
	defer f.Close() // the connection holds a copy
	for _, o := range [][3]int{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		// Only the groups joined by this socket on this interface.
		{level, all, 0},
	} {
		if err := unix.SetsockoptInt(fd, o[0], o[1], o[2]); err != nil {
			return nil, fmt.Errorf("setting a socket option: %w", err)
		}
	}
	if err := unix.Bind(fd, to); err != nil {
		return nil, fmt.Errorf("binding port %d: %w", port, err)
	}
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, fmt.Errorf("using the socket: %w", err)
	}
	return c.(*net.UDPConn), nil
}
