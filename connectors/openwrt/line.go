package openwrt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// nobody is the session of those who have not signed in.
const nobody = "00000000000000000000000000000000"

// idle is after how many seconds the router forgets us.
const idle = 300

// line is the way to one router, with our session there. It is safe for concurrent use.
type line struct {
	url, username string
	password      connectors.Secret
	http          *http.Client
	now           func() time.Time
	pause         connectors.Pause

	signing sync.Mutex // one login at a time

	mu      sync.Mutex // guards the fields below
	id      string
	rights  rights
	refused error // a refused password is never tried again
	closed  bool
}

// once asks without regard to what the answer means.
func (l *line) once(ctx context.Context, session, object, method string, args any) (json.RawMessage, error) {
	if err := l.pause.Left(l.now(), peer); err != nil {
		return nil, err
	}
	if args == nil {
		args = struct{}{}
	}
	raw, err := json.Marshal(request{"2.0", 1, "call", []any{session, object, method, args}})
	if err != nil {
		return nil, connectors.Permanent(words.Text("the request to the router cannot be written"), err)
	}
	if len(raw) > maxRequest {
		return nil, connectors.Permanent(words.Text("This is more than the router takes at once; block the whole device instead."), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(raw))
	if err != nil {
		return nil, connectors.Permanent(words.Text("the request to the router cannot be written"), err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.http.Do(req)
	if err != nil {
		return nil, connectors.Unreached(ctx, peer, err)
	}
	defer resp.Body.Close()
	if err := l.pause.Note(resp.StatusCode, resp.Header, l.now(), peer); err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil, connectors.SentOn(peer, resp.Header.Get("Location"))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, connectors.Unreached(ctx, peer, err)
	}
	if len(body) > maxAnswer {
		return nil, connectors.Transient(words.Text("The router gives an answer that is far too long; it was not read."), nil)
	}
	return parseResponse(body, object, method)
}

// login signs in, unless somebody else did so since old was given.
func (l *line) login(ctx context.Context, old string) error {
	l.signing.Lock()
	defer l.signing.Unlock()
	if id, err := l.session(); err != nil || id != old {
		return err
	}
	raw, err := l.once(ctx, nobody, "session", "login", map[string]any{"username": l.username, "password": l.password.Reveal(), "timeout": idle})
	switch codeOf(err) {
	case codeDenied: // checked: a wrong password is code 6
		err = connectors.Fault(consent.KindSignIn, words.Text("The router does not accept this user name and password; it is not tried again until you enter them anew."), nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.refused = err
		return err
	case rpcNoObject, rpcDenied: // what signs people in is not there yet, or not any more
		return asleep()
	case codeOK:
	default:
		return sorted(err)
	}
	if err != nil {
		return err
	}
	var in struct {
		ID   string `json:"ubus_rpc_session"`
		ACLs rights `json:"acls"`
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.ID == "" || len(in.ID) > maxSessionName || strings.Trim(in.ID, "0123456789abcdefABCDEF") != "" {
		return connectors.Transient(words.Text("The router signs us in in a way that cannot be read."), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.id, l.rights = in.ID, in.ACLs
	return nil
}

func (l *line) session() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return "", connectors.Permanent(words.Text("The connection to the router was closed."), nil)
	}
	return l.id, l.refused
}

func (l *line) granted() rights {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rights
}

func sorted(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		return r.sentence()
	}
	return err
}

// asleep is the fault of a router whose service is about to start anew, as it
// does when a package is installed or its settings are loaded.
func asleep() error {
	return connectors.Transient(words.Text("The router's service for programs does not answer just now; it is tried again."), nil)
}

// again asks once more for what the router did not have: that is so while its
// service starts anew, when it has not even what signs people in.
func (l *line) again(ctx context.Context, id, object, method string, args any) (json.RawMessage, error) {
	if _, err := l.once(ctx, nobody, "session", "access", nil); codeOf(err) == rpcNoObject {
		return nil, asleep()
	}
	return l.once(ctx, id, object, method, args)
}

// call asks as ourselves. The router answers the same to a session that has run
// out and to a right that is missing; what the login granted tells them apart,
// so that a missing right does not make us sign in again and again.
func (l *line) call(ctx context.Context, object, method string, args any, out any) error {
	id, err := l.session()
	if err != nil {
		return err
	}
	raw, err := l.once(ctx, id, object, method, args)
	if codeOf(err) == rpcNoObject {
		raw, err = l.again(ctx, id, object, method, args)
	}
	code := codeOf(err)
	if code == rpcNoSession || code == rpcDenied && l.granted().may("ubus", object, method) {
		if err := l.login(ctx, id); err != nil {
			return err
		}
		if id, err = l.session(); err != nil {
			return err
		}
		raw, err = l.once(ctx, id, object, method, args)
	}
	if err != nil {
		return sorted(err)
	}
	if out == nil {
		return nil
	}
	if raw == nil { // well, but without data
		return errNoData
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return connectors.Transient(words.Sprintf("The router answers \"%s %s\" in a way that cannot be read.", object, method), err)
	}
	return nil
}

// errNoData is an answer that all is well, without what was asked for: so the
// router answers for a section that does not exist.
var errNoData = connectors.Transient(words.Later("The router answers without what was asked for."), nil)

// run runs a command of the router and gives what it wrote.
func (l *line) run(ctx context.Context, command string, params ...string) (code int, text string, err error) {
	var out struct {
		Code   int    `json:"code"`
		Stdout string `json:"stdout"`
	}
	err = l.call(ctx, "file", "exec", map[string]any{"command": command, "params": params}, &out)
	return out.Code, out.Stdout, err
}

// close ends our session; the router forgets it by itself where it does not let us.
func (l *line) close(ctx context.Context) {
	l.mu.Lock()
	id, may := l.id, l.rights.may("ubus", "session", "destroy")
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if !was && id != "" && may {
		_, _ = l.once(ctx, id, "session", "destroy", nil) // the router names our session itself; it runs out anyway
	}
}
