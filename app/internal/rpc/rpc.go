// Package rpc speaks engine.Engine over a local socket, so that a second program
// (a command line, a window) can use the engine of the one process that owns the
// files. One request per line and one answer per line, both JSON.
//
// The socket is a file of mode 0600 in the data folder, and the peer's user is
// checked where the system can tell. There is no TCP.
package rpc

import (
	"context"
	"encoding/json"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// SocketName is the socket's file name in the data folder.
const SocketName = "engine.sock"

// maxMessage bounds one line from the other side.
const maxMessage = 64 << 20

// ErrNobody says that no engine listens on the socket.
var ErrNobody = words.New("no running Best Before answers in this data folder")

// request is one call. Method "watch" turns the connection into a stream of
// changes, "attend" into one of places that a window shall show.
type request struct {
	Method string          `json:"method"`
	Args   json.RawMessage `json:"args,omitempty"`
}

// reply is its answer.
type reply struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
	Code   string          `json:"code,omitempty"` // names a sentinel that errors.Is should still find
	// Certificate is the unknown one that the error is about, for errors.As.
	Certificate *connectors.CertificateError `json:"certificate,omitempty"`
}

// sentinels survive the wire by their code.
var sentinels = map[string]error{
	"not_found": consent.ErrNotFound, "changed": consent.ErrChanged, "protected": consent.ErrProtected,
	"essential": consent.ErrEssential, "nothing_to_undo": engine.ErrNothingToUndo, "irreversible": consent.ErrIrreversible,
	"deleting": engine.ErrDeleting,
}

// method answers one call on an engine.
type method func(ctx context.Context, e engine.Engine, args json.RawMessage) (any, error)

// args is the one shape of arguments for all methods: each uses what it needs.
type args struct {
	Device  discovery.DeviceID `json:"device,omitempty"`
	Other   discovery.DeviceID `json:"other,omitempty"`
	Consent consent.ID         `json:"consent,omitempty"`
	Action  consent.ActionID   `json:"action,omitempty"`
	Text    string             `json:"text,omitempty"`
	How     string             `json:"how,omitempty"`
	Ref     string             `json:"ref,omitempty"`
	Yes     bool               `json:"yes,omitempty"`
	Number  int                `json:"number,omitempty"`

	Preferences engine.Preferences `json:"preferences,omitzero"`

	Met []engine.NewRecipient `json:"met,omitempty"`

	Flows   *engine.FlowQuery    `json:"flows,omitempty"`
	Diary   *engine.DiaryQuery   `json:"diary,omitempty"`
	Allow   *engine.AllowRequest `json:"allow,omitempty"`
	Forget  engine.ForgetRequest `json:"forget,omitzero"`
	Connect *connectArgs         `json:"connect,omitempty"`
	Change  *changeArgs          `json:"change,omitempty"`

	IDs     []string               `json:"ids,omitempty"`
	Declare *engine.DeclareRequest `json:"declare,omitempty"`
}

// connectArgs carries secrets, which engine.ConnectRequest keeps out of JSON on
// purpose. They cross only this socket.
type connectArgs struct {
	engine.ConnectRequest
	Secrets map[string]string `json:"secrets,omitempty"`
}

// changeArgs is the same for engine.ChangeRequest.
type changeArgs struct {
	engine.ChangeRequest
	Secrets map[string]string `json:"secrets,omitempty"`
}

// on makes a method of f.
func on(f func(ctx context.Context, e engine.Engine, a args) (any, error)) method {
	return func(ctx context.Context, e engine.Engine, raw json.RawMessage) (any, error) {
		var a args
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &a); err != nil {
				return nil, err
			}
		}
		if a.Flows == nil {
			a.Flows = &engine.FlowQuery{}
		}
		if a.Diary == nil {
			a.Diary = &engine.DiaryQuery{}
		}
		if a.Allow == nil {
			a.Allow = &engine.AllowRequest{}
		}
		if a.Connect == nil {
			a.Connect = &connectArgs{}
		}
		if a.Declare == nil {
			a.Declare = &engine.DeclareRequest{}
		}
		return f(ctx, e, a)
	}
}
