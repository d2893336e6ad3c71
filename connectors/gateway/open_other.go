//go:build !linux

package gateway

import (
	"context"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

const supported = false

// Open says that this system is not supported.
func (*Connector) Open(context.Context, connectors.Settings, *connectors.Host) (connectors.Session, error) {
	return nil, &connectors.Error{
		Kind: consent.KindUnsupported,
		Text: words.Text("the gateway connector works on Linux only; run the agent on the Linux box that routes the home"),
	}
}
