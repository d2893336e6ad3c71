package rpc

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"bestbefore/assets/words"
)

// samePeer checks that the other end runs as the same user (or as root).
func samePeer(c net.Conn) error {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return words.New("not a local socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return fmt.Errorf("asking who the other end is: %w", err)
	}
	var cred *unix.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) { cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return fmt.Errorf("asking who the other end is: %w", err)
	}
	if asked != nil {
		return fmt.Errorf("asking who the other end is: %w", asked)
	}
	if int(cred.Uid) != os.Getuid() && cred.Uid != 0 {
		return words.Errorf("the other end belongs to another user of this computer")
	}
	return nil
}
