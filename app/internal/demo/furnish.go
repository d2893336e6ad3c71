package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors/mqtt"
	"bestbefore/consent"
)

// how is what the diary says of decisions that the demo made.
const how = "demo"

// When the doorbell's permission runs out, usually and in a hurry.
const (
	bellTerm = "120s"
	fastTerm = "10s"
)

// furnish connects the relay, waits until every device was found and was seen
// sending, and gives the demo's permissions.
func (h *Home) furnish(ctx context.Context) error {
	if err := h.connect(ctx); err != nil {
		return err
	}
	if _, err := h.found(ctx); err != nil {
		return err
	}
	if err := h.give(ctx); err != nil {
		return err
	}
	_, err := h.giveBell(ctx)
	return err
}

// connect sets up the connections with the relay and with the broker.
func (h *Home) connect(ctx context.Context) error {
	if _, err := h.Engine().Connect(ctx, engine.ConnectRequest{Kind: Kind, Name: "Demo relay"}); err != nil {
		return fmt.Errorf("connecting the demo's relay: %w", err)
	}
	if _, err := h.Engine().Connect(ctx, engine.ConnectRequest{
		Kind: mqtt.Kind, Name: "Demo broker",
		Values:  map[string]string{"address": net.JoinHostPort(brokerHost, brokerPort), "username": account, "topics": announced + "/#," + states + "/#"},
		Secrets: map[string]string{"password": h.broker.accounts[account]},
	}); err != nil {
		return fmt.Errorf("connecting the demo's broker: %w", err)
	}
	return nil
}

// found waits until all devices are known by name and were seen sending.
func (h *Home) found(ctx context.Context) (map[string]engine.DeviceInfo, error) {
	out := map[string]engine.DeviceInfo{}
	err := h.until(ctx, 30*time.Second, "all devices are found and seen sending", func() (bool, error) {
		ds, err := h.Engine().Devices(ctx)
		if err != nil {
			return false, err
		}
		for _, d := range ds {
			for key := range known(d.Identifiers) {
				out[key] = d
			}
			if t, ok := thingOf(h.things, d); ok {
				out[t.key] = d
			}
		}
		for _, t := range h.things {
			if data(out[t.key]) != t.carries {
				return false, nil
			}
		}
		for _, d := range h.devices {
			x, ok := out[d.key]
			if !ok || len(x.Services) == 0 || x.BytesWeek == 0 {
				return false, nil
			}
		}
		return true, nil
	})
	return out, err
}

// give gives the permissions beside the doorbell's.
func (h *Home) give(ctx context.Context) error {
	for _, p := range given() {
		if _, err := h.allow(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// giveBell gives the one that is about to end.
func (h *Home) giveBell(ctx context.Context) (engine.ConsentInfo, error) {
	return h.allow(ctx, permission{bellKey, bellMakerRecipient(), []consent.Category{"video"}, h.bellTerm()})
}

func (h *Home) bellTerm() string {
	if h.config.Fast {
		return fastTerm
	}
	return bellTerm
}

func (h *Home) allow(ctx context.Context, p permission) (engine.ConsentInfo, error) {
	d, err := h.find(ctx, p.key)
	if err != nil {
		return engine.ConsentInfo{}, err
	}
	info, err := h.Engine().Allow(ctx, engine.AllowRequest{
		Device: d.ID, Recipient: p.recipient, Data: p.data, Until: p.until, Then: consent.Block, How: how,
	})
	if err != nil {
		return engine.ConsentInfo{}, fmt.Errorf("giving a permission to %s: %w", d.Name(), err)
	}
	return info, nil
}

// find is one of the demo's devices.
func (h *Home) find(ctx context.Context, key string) (engine.DeviceInfo, error) {
	ds, err := h.Engine().Devices(ctx)
	if err != nil {
		return engine.DeviceInfo{}, err
	}
	for _, d := range ds {
		if known(d.Identifiers)[key] {
			return d, nil
		}
	}
	return engine.DeviceInfo{}, fmt.Errorf("the demo's %s is not there", key)
}

// errNever says that something did not happen in its time.
var errNever = errors.New("it did not happen")

// until looks again and again, whether ok.
func (h *Home) until(ctx context.Context, within time.Duration, what string, ok func() (bool, error)) error {
	deadline := h.Now().Add(within)
	for {
		yes, err := ok()
		switch {
		case err != nil:
			return err
		case yes:
			return nil
		case !h.Now().Before(deadline):
			return fmt.Errorf("%w: %s (waited %s)", errNever, what, within)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
