package live

import (
	"context"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// newRecipients follows the answer about recipients that are new to a device.
func (p *Pump) newRecipients(device string, names []string, action string) {
	switch action {
	case view.AnswerAllow:
		p.StartGive(device, seen(names)...)
	case view.AnswerFine:
		p.edit(func(ctx context.Context) (string, error) {
			return p.presenter().Fine(), p.config.Engine.Fine(ctx, discovery.DeviceID(device), names, how)
		})
	case view.AnswerStop:
		p.stop(device, names)
	}
}

// stop stops what a device sends to some recipients; where only the whole device
// can be cut, that is shown first and asked for.
func (p *Pump) stop(device string, names []string) {
	p.mu.Lock()
	one := view.CanStopOne(p.conns)
	p.mu.Unlock()
	if !one {
		p.AskDisconnect(device)
		return
	}
	p.edit(func(ctx context.Context) (string, error) {
		in, err := p.giveInput(ctx, view.GiveDraft{DeviceID: device, Recipients: seen(names)})
		if err == nil {
			r := p.presenter().Request(in)
			_, err = p.config.Engine.Refuse(ctx, engine.AllowRequest{Device: r.Device, Recipient: r.Recipient, Data: []consent.Category{"any"}, How: how})
		}
		return p.presenter().Stopped(names), err
	})
}

func seen(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, view.SeenRecipient(n))
	}
	return out
}
