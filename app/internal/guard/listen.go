package guard

import (
	"context"
	"net"
	"net/netip"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// ListenPacket waits for datagrams at one of this computer's own addresses at
// home, or on loopback. Everything, and an address that the internet reaches, is
// refused: what comes in there would come from anybody.
func (*Guard) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, refuse(address, words.Text("it is no address with a port"))
	}
	a := at.Addr().Unmap()
	if network != "udp" && network != "udp4" && network != "udp6" || !a.IsPrivate() && !a.IsLoopback() {
		return nil, &connectors.Error{
			Kind: consent.KindPermanent, Text: words.Sprintf("Best Before does not listen on %s: that is not an address at home", address), Err: ErrRefused,
		}
	}
	var l net.ListenConfig
	return l.ListenPacket(ctx, network, netip.AddrPortFrom(a, at.Port()).String())
}

// Listen waits for connections on loopback: what only a program of this computer,
// such as its browser, can reach.
func (*Guard) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" || !at.Addr().IsLoopback() {
		return nil, &connectors.Error{
			Kind: consent.KindPermanent, Text: words.Sprintf("Best Before does not listen on %s: only programs of this computer may reach that", address), Err: ErrRefused,
		}
	}
	var l net.ListenConfig
	return l.Listen(ctx, network, at.String())
}
