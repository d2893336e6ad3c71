package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// pins are the addresses of an issuer as they were when the household linked it.
// They are sealed together with the token; another address is never followed.
type pins struct {
	Issuer     string `json:"issuer,omitempty"`
	Authorize  string `json:"authorize,omitempty"`
	Token      string `json:"token,omitempty"`
	Device     string `json:"device,omitempty"`
	Revoke     string `json:"revoke,omitempty"`
	Introspect string `json:"introspect,omitempty"`
	TokenIn    string `json:"token_in,omitempty"`
	RevokeIn   string `json:"revoke_in,omitempty"`
	NamesSelf  bool   `json:"names_self,omitempty"`
}

// provider is base with the addresses that are pinned.
func (p pins) provider(base provider) provider {
	base.Authorize, base.Token, base.Device, base.Introspect, base.ClientIn = p.Authorize, p.Token, p.Device, p.Introspect, p.TokenIn
	base.Revoke = nil
	if p.Revoke != "" {
		base.Revoke = &revocation{URL: p.Revoke}
	}
	return base
}

// describe reads the issuer's own description and judges every address in it
// against was, which is empty the first time.
func (a *asker) describe(ctx context.Context, was pins) (pins, error) {
	d, err := a.description(ctx)
	if err != nil {
		return pins{}, err
	}
	if strings.TrimSuffix(d.Issuer, "/") != strings.TrimSuffix(a.issuer, "/") || was.Issuer != "" && d.Issuer != was.Issuer {
		return pins{}, connectors.Fault(consent.KindNeedsPerson, words.Sprintf("What answers at %s calls itself by another name than the address that you gave; nothing was sent there.", a.Name), nil)
	}
	out := pins{Issuer: d.Issuer, TokenIn: pick(d.TokenAuth), RevokeIn: pick(d.RevokeAuth), NamesSelf: d.NamesIssuer}
	if len(d.RevokeAuth) == 0 {
		out.RevokeIn = out.TokenIn
	}
	for _, x := range []struct {
		which    string
		was, now string
		to       *string
	}{
		{"at which access is revoked", was.Revoke, d.Revoke, &out.Revoke},
		{"at which access is renewed", was.Token, d.Token, &out.Token},
		{"at which a token's state is told", was.Introspect, d.Introspect, &out.Introspect},
		{"at which a code is asked for", was.Device, d.Device, &out.Device},
		{"of the page for your yes", was.Authorize, d.Authorize, &out.Authorize},
	} {
		if x.now == "" && x.was == "" {
			continue
		}
		if *x.to, err = connectors.OwnAddress(x.which, d.Issuer, x.was, x.now); err != nil {
			return pins{}, err
		}
	}
	return out, nil
}

// description asks at the address of RFC 8414 section 3, then at that of OpenID.
func (a *asker) description(ctx context.Context) (described, error) {
	u, err := url.Parse(a.issuer)
	if err != nil {
		return described{}, connectors.Fault(consent.KindNeedsPerson, words.Text("The address of the provider is not right."), nil)
	}
	path := strings.TrimSuffix(u.Path, "/")
	const places = 2
	gone := 0
	for _, p := range []string{"/.well-known/oauth-authorization-server" + path, path + "/.well-known/openid-configuration"} {
		at := url.URL{Scheme: u.Scheme, Host: u.Host, Path: p}
		r, err := a.do(ctx, http.MethodGet, at.String(), nil, http.Header{"Accept": {"application/json"}}, nil)
		switch {
		case err != nil:
			return described{}, err
		case r.Status >= 500:
			return described{}, a.refusal(r)
		case r.Status == http.StatusGone:
			if gone++; gone == places { // all of it: one that was never there is no loss
				return described{}, a.refusal(r)
			}
			continue
		case !r.OK():
			continue
		}
		d, err := readDescribed(r.Body)
		if err != nil {
			return described{}, connectors.Fault(consent.KindTransient, words.Sprintf("%s does not describe itself as OAuth asks (RFC 8414).", a.Name), err)
		}
		return d, nil
	}
	return described{}, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s does not describe itself as OAuth asks (RFC 8414); it cannot be linked by its address alone.", a.Name), nil)
}
