package pihole

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/discovery"
)

// sidHeader carries the session; in a header it needs no second token.
const sidHeader = "X-Ftl-Sid"

// authAnswer is what a log-in gives.
type authAnswer struct {
	Session *struct {
		Valid bool    `json:"valid"`
		SID   *string `json:"sid"`
		TOTP  bool    `json:"totp"`
	} `json:"session"`
	Error *struct {
		Key     string `json:"key"`
		Message string `json:"message"`
	} `json:"error"`
}

// login asks for a session; without a password there is one without a sid.
func login(ctx context.Context, w *web.Client, password connectors.Secret) (sid string, err error) {
	r, err := w.Do(ctx, web.Request{Method: http.MethodPost, Path: "/api/auth", Body: map[string]string{"password": password.Reveal()}})
	if err != nil {
		return "", err
	}
	var got authAnswer
	if bad := json.Unmarshal(r.Body, &got); bad != nil || got.Session == nil && got.Error == nil {
		if r.Status >= http.StatusInternalServerError {
			return "", w.Refusal(r)
		}
		return "", connectors.NeedsPerson(words.Text("What answers there is not a Pi-hole of version 6; check the address."), bad)
	}
	switch {
	case r.Status == http.StatusBadRequest:
		return "", signIn(words.Text("This Pi-hole asks for a second factor. Make an application password in its settings and give that instead."))
	case r.Status == http.StatusUnauthorized, r.OK() && (got.Session == nil || !got.Session.Valid):
		return "", signIn(words.Text("Pi-hole refused the password. It was tried once and is not tried again until you say so."))
	case !r.OK():
		return "", w.Refusal(r)
	case got.Session.SID == nil:
		return "", nil
	}
	return *got.Session.SID, nil
}

// Get reads path into v.
func (s *Session) Get(ctx context.Context, path string, v any) error {
	r, err := s.ask(ctx, web.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	return s.Seat.Web.Decode(r, v)
}

// ask asks for what must be a success. While Pi-hole begins, and where its lists
// are being made anew, it says 400 to all that is about them.
func (s *Session) ask(ctx context.Context, q web.Request) (web.Reply, error) {
	r, err := s.Seat.Do(ctx, q)
	if err != nil || r.OK() {
		return r, err
	}
	return r, s.refusal(r)
}

func (s *Session) refusal(r web.Reply) error {
	var a authAnswer
	if r.Status == http.StatusBadRequest && json.Unmarshal(r.Body, &a) == nil && a.Error != nil && a.Error.Key == "database_error" {
		return connectors.Transient(words.Text("Pi-hole's lists cannot be reached at this moment."), s.Seat.Web.Refusal(r))
	}
	return s.Seat.Web.Refusal(r)
}

// processed is what became of the items of a change: its status alone says nothing.
type processed struct {
	Processed *struct {
		Errors []struct {
			Item  string `json:"item"`
			Error string `json:"error"`
		} `json:"errors"`
	} `json:"processed"`
}

// put makes or changes one item.
func (s *Session) put(ctx context.Context, method, path string, body any) error {
	s.changes++
	r, err := s.ask(ctx, web.Request{Method: method, Path: path, Body: body})
	if err != nil {
		return err
	}
	var p processed
	if err := s.Seat.Web.Decode(r, &p); err != nil {
		return err
	}
	if p.Processed != nil && len(p.Processed.Errors) > 0 {
		return connectors.Permanent(words.Text("Pi-hole said yes, but did not take it."), fmt.Errorf("%s", discovery.CleanLong(p.Processed.Errors[0].Error)))
	}
	return nil
}

// remove deletes one item; one that is gone already is as good.
func (s *Session) remove(ctx context.Context, path string) error {
	s.changes++
	r, err := s.Seat.Do(ctx, web.Request{Method: http.MethodDelete, Path: path})
	if err == nil && !r.OK() && r.Status != http.StatusNotFound {
		err = s.refusal(r)
	}
	return err
}
