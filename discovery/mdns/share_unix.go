//go:build unix && !linux

package mdns

import (
	"errors"

	"golang.org/x/sys/unix"
)

// share lets other programs use the port too.
func share(fd uintptr) error {
	return errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}
