//go:build !linux

package rpc

import "net"

// samePeer relies on the data folder's rights where the system cannot tell
// whose the other end is: only its owner can reach the socket.
func samePeer(net.Conn) error { return nil }
