package demo

import (
	"context"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
)

// remindTerm ends a moment more than a day from now, so that the reminder of the
// day before comes while somebody watches.
const remindTerm = "86404s"

// reminder is the message of the day as the program would show it now, by the
// same rule and in the same words; false when there is none.
func (h *Home) reminder(ctx context.Context) (view.Notice, bool, error) {
	cs, err := h.Engine().Consents(ctx)
	if err != nil {
		return view.Notice{}, false, err
	}
	all := make([]consent.Remindable, len(cs))
	for i, c := range cs {
		all[i] = consent.Remindable{Consent: c.Consent, Headline: c.Headline}
	}
	_, zone, err := clock.Zone()
	if err != nil {
		zone = time.UTC
	}
	lines := consent.Remind(all, consent.Reminded{}, h.Now(), zone)
	return view.Presenter{Zone: zone, Now: h.Now()}.Notice(lines, cs, false), len(lines) > 0, nil
}

// tellReminded waits for the reminder of the permission that ends tomorrow, and
// until the doorbell's is one that ends soon.
func (h *Home) tellReminded(ctx context.Context, tell telling, bell engine.ConsentInfo) error {
	var n view.Notice
	err := h.until(ctx, 15*time.Second, "there is a reminder of what ends tomorrow", func() (ok bool, err error) {
		n, ok, err = h.reminder(ctx)
		return ok, err
	})
	if err != nil {
		return err
	}
	tell("Reminded: %s. %s", n.Title, n.Body)
	if err := pause(ctx, bell.RenewableFrom().Sub(h.Now())); err != nil {
		return err
	}
	tell("Ends soon: from now on the permission of %s can be renewed. Nobody does.", bell.DeviceName)
	return nil
}
