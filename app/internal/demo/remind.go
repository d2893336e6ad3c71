package demo

import (
	"context"
	"slices"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// remindTerm ends a moment more than a day from now, so that the reminder of the
// day before comes while somebody watches.
const remindTerm = "86404s"

// reminder is the message of the day as the program would show it now, by the
// same rule and in the same words, were this device the only one; false when
// there is none.
func (h *Home) reminder(ctx context.Context, of discovery.DeviceID) (view.Notice, bool, error) {
	cs, err := h.Engine().Consents(ctx)
	if err != nil {
		return view.Notice{}, false, err
	}
	cs = slices.DeleteFunc(cs, func(c engine.ConsentInfo) bool { return c.Device != of })
	all := make([]consent.Remindable, len(cs))
	for i, c := range cs {
		all[i] = consent.Remindable{Consent: c.Consent, Headline: c.Headline}
	}
	p := h.presenter()
	lines := consent.Remind(all, consent.Reminded{}, p.Now, p.Zone)
	return p.Notice(lines, cs, false), len(lines) > 0, nil
}

// presenter says things as the screen does.
func (h *Home) presenter() view.Presenter {
	_, zone, err := clock.Zone()
	if err != nil {
		zone = time.UTC
	}
	return view.Presenter{Translate: words.Text, Zone: zone, Now: h.Now(), Peers: map[string]string{}}
}

// tellReminded waits for the reminder of the television, whose permission ends
// tomorrow, and until the doorbell's is one that ends soon.
func (h *Home) tellReminded(ctx context.Context, tell telling, bell engine.ConsentInfo) error {
	tv, err := h.find(ctx, "tv")
	if err != nil {
		return err
	}
	n, err := h.message(ctx, tv.ID, "there is a reminder of what ends tomorrow")
	if err != nil {
		return err
	}
	tell(words.Sprintf("Reminded, a day before, of %s: %s. %s", tv.Name(), n.Title, n.Body))
	if err := pause(ctx, bell.RenewableFrom().Sub(h.Now())); err != nil {
		return err
	}
	tell(words.Sprintf("Ends soon: %s was allowed for a moment only, so for it there is no day before. It can be renewed from now on. Nobody does.", bell.DeviceName))
	return nil
}

// tellMessage tells what the desktop says of the end of c.
func (h *Home) tellMessage(ctx context.Context, tell telling, c engine.ConsentInfo) error {
	n, err := h.message(ctx, c.Device, "there is a message of what ended")
	if err != nil {
		return err
	}
	tell(words.Sprintf("Told on the desktop: %s. %s", n.Title, n.Body))
	return nil
}

// message waits for the one about a device.
func (h *Home) message(ctx context.Context, of discovery.DeviceID, what string) (n view.Notice, err error) {
	err = h.until(ctx, 15*time.Second, what, func() (ok bool, err error) {
		n, ok, err = h.reminder(ctx, of)
		return ok, err
	})
	return n, err
}
