// Command fosite is an OAuth server for tests, made of the real ory/fosite. Its
// page says yes at once. There are two clients, so that one can try to end what
// was given to the other.
package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"

	"bestbefore/peers/loopback"
)

// The clients' secrets; they hold what must be encoded in a header.
const (
	houseSecret    = "s+cr%e t&=7"
	strangerSecret = "stranger-secret"
)

func main() { loopback.Serve(server) }

func client(id, secret string) (*fosite.DefaultClient, error) {
	c := &fosite.DefaultClient{
		ID: id, RedirectURIs: []string{"http://127.0.0.1/"}, ResponseTypes: []string{"code"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, Scopes: []string{"offline", "photos", "location"}, Public: secret == "",
	}
	if secret == "" {
		return c, nil
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	c.Secret = hash
	return c, err
}

func server(issuer string) (http.Handler, error) {
	store := storage.NewMemoryStore()
	for id, secret := range map[string]string{"house:hold": houseSecret, "stranger": strangerSecret, "public": ""} {
		c, err := client(id, secret)
		if err != nil {
			return nil, err
		}
		store.Clients[id] = c
	}
	config := &fosite.Config{
		GlobalSecret: []byte("a secret of 32 bytes for tests.."), AccessTokenLifespan: time.Hour, HashCost: bcrypt.MinCost,
		EnforcePKCE: true, TokenURL: issuer + "/token",
	}
	o := compose.Compose(config, store, &compose.CommonStrategy{CoreStrategy: compose.NewOAuth2HMACStrategy(config)},
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OAuth2PKCEFactory,
		compose.OAuth2TokenRevocationFactory, compose.OAuth2TokenIntrospectionFactory)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "revocation_endpoint": issuer + "/revoke",
			"introspection_endpoint": issuer + "/introspect", "code_challenge_methods_supported": []string{"S256"},
		})
	})
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) { authorize(o, w, r) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) { token(o, w, r) })
	mux.HandleFunc("/revoke", func(w http.ResponseWriter, r *http.Request) {
		o.WriteRevocationResponse(r.Context(), w, o.NewRevocationRequest(r.Context(), r))
	})
	mux.HandleFunc("/introspect", func(w http.ResponseWriter, r *http.Request) {
		got, err := o.NewIntrospectionRequest(r.Context(), r, session())
		if err != nil {
			o.WriteIntrospectionError(r.Context(), w, err)
			return
		}
		o.WriteIntrospectionResponse(r.Context(), w, got)
	})
	return mux, nil
}

func session() *fosite.DefaultSession { return &fosite.DefaultSession{Subject: "anna"} }

// authorize says yes to all that was asked for.
func authorize(o fosite.OAuth2Provider, w http.ResponseWriter, r *http.Request) {
	req, err := o.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		o.WriteAuthorizeError(r.Context(), w, req, err)
		return
	}
	for _, s := range req.GetRequestedScopes() {
		req.GrantScope(s)
	}
	resp, err := o.NewAuthorizeResponse(r.Context(), req, session())
	if err != nil {
		o.WriteAuthorizeError(r.Context(), w, req, err)
		return
	}
	o.WriteAuthorizeResponse(r.Context(), w, req, resp)
}

func token(o fosite.OAuth2Provider, w http.ResponseWriter, r *http.Request) {
	req, err := o.NewAccessRequest(r.Context(), r, session())
	if err != nil {
		o.WriteAccessError(r.Context(), w, req, err)
		return
	}
	resp, err := o.NewAccessResponse(r.Context(), req)
	if err != nil {
		o.WriteAccessError(r.Context(), w, req, err)
		return
	}
	o.WriteAccessResponse(r.Context(), w, req, resp)
}
