package adguardhome

import (
	"context"
	"net/http"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
)

// cookieName is the session's cookie.
const cookieName = "agh_session"

// login asks for a session. Without a user name there is nothing to sign in
// with: some homes run it open.
func login(ctx context.Context, w *web.Client, username string, password connectors.Secret) (cookie string, err error) {
	if username == "" {
		return "", signIn(words.Text("It asks for a user name and a password; give those of AdGuard Home's own page."))
	}
	r, err := w.Do(ctx, web.Request{
		Method: http.MethodPost, Path: "/control/login",
		Body: map[string]string{"name": username, "password": password.Reveal()},
	})
	if err != nil {
		return "", err
	}
	switch {
	case r.Status == http.StatusForbidden, r.Status == http.StatusUnauthorized, r.Status == http.StatusBadRequest:
		return "", signIn(words.Text("AdGuard Home refused the user name or the password. It was tried once and is not tried again until you say so, because it locks out who tries too often."))
	case !r.OK():
		return "", w.Refusal(r)
	}
	for _, c := range (&http.Response{Header: r.Header}).Cookies() {
		if c.Name == cookieName && c.Value != "" {
			return c.Value, nil
		}
	}
	return "", connectors.NeedsPerson(words.Text("What answers there is not AdGuard Home; check the address."), nil)
}
