package openwrt

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// maxRequest is what the router takes at most.
const maxRequest = 65_000

// The router's answers that mean something to us.
const (
	codeOK         = 0
	codeNotFound   = 4
	codeNoData     = 5
	codeDenied     = 6
	codeTooLarge   = 8
	rpcNoObject    = -32000
	rpcNoSession   = -32001
	rpcDenied      = -32002
	rpcTimeout     = -32003
	rpcBase        = -32000
	maxSessionName = 64
)

// refusal is a code that the router gave in place of an answer: a ubus status,
// or below zero what stands between HTTP and ubus.
type refusal struct {
	code           int
	object, method string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s %s: code %d", r.object, r.method, r.code) }

// codeOf is the router's code in err, 0 when there is none.
func codeOf(err error) int {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return codeOK
}

// sentence sorts a refusal and says what to do.
func (r *refusal) sentence() error {
	switch r.code {
	case codeDenied, rpcDenied:
		return connectors.NeedsPerson(words.Sprintf("This account may not do \"%s %s\" on the router; paste the setup text on the router once more, it grants what is needed.", r.object, r.method), r)
	case rpcNoObject, 3:
		return connectors.NeedsPerson(words.Sprintf("The router has no \"%s %s\"; install the packages that the setup text names.", r.object, r.method), r)
	case codeNotFound, codeNoData:
		return connectors.Transient(words.Sprintf("The router does not have what \"%s %s\" was asked for.", r.object, r.method), r)
	case 2, -32700, -32600, -32601, -32602:
		return connectors.Permanent(words.Sprintf("The router does not understand \"%s %s\" as it was asked.", r.object, r.method), r)
	case codeTooLarge:
		return connectors.Unsupported(words.Text("The answer is larger than the router gives out at once."), r)
	}
	return connectors.Transient(words.Sprintf("The router could not do \"%s %s\" just now.", r.object, r.method), r)
}

// request and response are JSON-RPC 2.0.
type request struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type response struct {
	Result []json.RawMessage `json:"result"`
	Error  *struct {
		Code int `json:"code"`
	} `json:"error"`
}

// parseResponse gives the data of an answer, nil where the router answers well
// without any, or its refusal.
func parseResponse(body []byte, object, method string) (json.RawMessage, error) {
	var r response
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, connectors.Transient(words.Text("The router gives an answer that cannot be read."), err)
	}
	if r.Error != nil {
		if r.Error.Code == codeOK {
			return nil, connectors.Transient(words.Text("The router gives an answer that cannot be read."), nil)
		}
		return nil, &refusal{r.Error.Code, object, method}
	}
	var code int
	if len(r.Result) == 0 || len(r.Result) > 2 || json.Unmarshal(r.Result[0], &code) != nil || code < 0 {
		return nil, connectors.Transient(words.Text("The router gives an answer that cannot be read."), nil)
	}
	if code != codeOK {
		return nil, &refusal{code, object, method}
	}
	if len(r.Result) == 1 {
		return nil, nil
	}
	return r.Result[1], nil
}

// maxAnswer bounds one answer; the router's own limit for a file is 256 KiB.
const maxAnswer = 2 << 20

func statusError(status int) error {
	switch {
	case status >= 500:
		return connectors.OwnFault(peer, status, nil)
	case status == http.StatusNotFound || status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusMethodNotAllowed:
		return connectors.NeedsPerson(words.Text("Nothing there speaks as OpenWrt does; check the address, and that the package uhttpd-mod-ubus is installed."), nil)
	}
	return connectors.Transient(words.Sprintf("The router answers with status %d.", status), nil)
}
