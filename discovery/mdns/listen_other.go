//go:build !linux

package mdns

import (
	"context"
	"fmt"
	"net"
	"syscall"
)

// listen binds port 5353 beside whoever has it already. The interface is chosen
// by the options that follow.
func listen(network string, _ net.Interface) (*net.UDPConn, error) {
	var set error
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if err := c.Control(func(fd uintptr) { set = share(fd) }); err != nil {
			return err
		}
		return set
	}}
	host := "0.0.0.0"
	if network == "udp6" {
		host = "[::]"
	}
	c, err := lc.ListenPacket(context.Background(), network, fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		return nil, fmt.Errorf("binding port %d: %w", port, err)
	}
	return c.(*net.UDPConn), nil
}
