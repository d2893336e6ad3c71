package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// grantDevice is the grant of RFC 8628 section 3.4.
const grantDevice = "urn:ietf:params:oauth:grant-type:device_code"

// device asks again and again whether the person has typed the code.
type device struct {
	attempt
	code string
	gap  time.Duration
}

func startDevice(ctx context.Context, a *asker, p pins) (connectors.Link, error) {
	if a.Device == "" {
		return nil, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s has no codes for other devices; say yes in the browser of this computer instead.", a.Name), nil)
	}
	form := url.Values{"client_id": {a.client}}
	if w := a.wanted(); w != "" {
		form.Set("scope", w)
	}
	form, h := a.asClient(form, a.ClientIn)
	r, err := a.do(ctx, http.MethodPost, a.Device, form, h, nil)
	if err != nil {
		return nil, err
	}
	if !r.OK() {
		return nil, a.refusal(r)
	}
	s, err := readShown(r.Body)
	if err != nil {
		return nil, connectors.Fault(consent.KindTransient, words.Sprintf("What %s answers holds no code for you.", a.Name), err)
	}
	d := &device{attempt: attempt{ask: a, pins: p, ended: make(chan struct{})}, code: s.device, gap: s.gap}
	d.page = connectors.LinkPage{URL: s.page, Code: s.user, Until: a.host.Now().Add(s.until).UTC()}
	return d, nil
}

// Close implements connectors.Link.
func (d *device) Close() error {
	d.close()
	return nil
}

// Wait implements connectors.Link. It asks no more often than it may, less often
// when it is told to, and again when the provider cannot be reached (section 3.5).
func (d *device) Wait(ctx context.Context) (connectors.Linked, error) {
	late := time.NewTimer(d.waitFor())
	defer late.Stop()
	for {
		pause := time.NewTimer(d.gap)
		select {
		case <-pause.C:
		case <-d.ended:
			pause.Stop()
			return connectors.Linked{}, errGivenUp
		case <-late.C:
			pause.Stop()
			return connectors.Linked{}, errTooLate
		case <-ctx.Done():
			pause.Stop()
			return connectors.Linked{}, ctx.Err()
		}
		g, err := d.poll(ctx)
		if err == nil {
			return d.linked(g)
		}
		if !errors.Is(err, errNotYet) {
			return connectors.Linked{}, err
		}
	}
}

// errNotYet says that the person has not answered.
var errNotYet = errors.New("not yet")

// poll asks once. errNotYet: ask again after the gap, which it may have made longer.
func (d *device) poll(ctx context.Context) (given, error) {
	form, h := d.ask.asClient(url.Values{"grant_type": {grantDevice}, "device_code": {d.code}}, d.ask.ClientIn)
	r, err := d.ask.do(ctx, http.MethodPost, d.ask.Token, form, h, nil)
	switch {
	case ctx.Err() != nil:
		return given{}, ctx.Err()
	case err != nil && connectors.KindOf(err) == consent.KindTransient, err == nil && r.Status >= 500:
		d.gap = min(2*d.gap, longestGap)
		return given{}, errNotYet
	case err != nil:
		return given{}, err
	case r.OK():
		g, err := readGiven(r.Body)
		if err != nil {
			return given{}, connectors.Fault(consent.KindTransient, words.Sprintf("What %s answers is no token answer.", d.ask.Name), err)
		}
		return g, nil
	}
	switch errorOf(r.Body) {
	case "authorization_pending":
		return given{}, errNotYet
	case "slow_down":
		d.gap += defaultGap
		return given{}, errNotYet
	case "access_denied":
		return given{}, errSaidNo
	case "expired_token":
		return given{}, errTooLate
	}
	return given{}, d.ask.refusal(r)
}
