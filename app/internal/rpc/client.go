package rpc

import (
	"context"
	"encoding/json"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

var _ engine.Engine = (*Client)(nil)

// Raise asks the window of the other process to show itself; false when it has none.
func (c *Client) Raise(ctx context.Context, target string) (bool, error) {
	return ask[bool](ctx, c, "raise", target)
}

// Watch streams changes; the channel is closed when ctx or the other process ends.
func (c *Client) Watch(ctx context.Context) <-chan changes.Change {
	out := make(chan changes.Change, 1)
	x, err := c.open(ctx)
	if err != nil {
		close(out)
		return out
	}
	stop := context.AfterFunc(ctx, func() { _ = x.Close() })
	go func() {
		defer close(out)
		defer c.Close() // the other side went: what is idle leads nowhere
		defer stop()
		defer x.Close()
		if json.NewEncoder(x).Encode(request{Method: "watch"}) != nil {
			return
		}
		for in := json.NewDecoder(x.in); ; {
			var ch changes.Change
			if in.Decode(&ch) != nil {
				return
			}
			changes.Offer(out, ch)
		}
	}()
	return out
}

// The rest is one line per method of the interface.

func (c *Client) Devices(ctx context.Context) ([]engine.DeviceInfo, error) {
	return ask[[]engine.DeviceInfo](ctx, c, "Devices", args{})
}

func (c *Client) Device(ctx context.Context, ref string) (engine.DeviceInfo, error) {
	return ask[engine.DeviceInfo](ctx, c, "Device", args{Ref: ref})
}

func (c *Client) Questions(ctx context.Context) ([]discovery.Question, error) {
	return ask[[]discovery.Question](ctx, c, "Questions", args{})
}

func (c *Client) Label(ctx context.Context, id discovery.DeviceID, text string) error {
	return do(ctx, c, "Label", args{Device: id, Text: text})
}

func (c *Client) Merge(ctx context.Context, keep, gone discovery.DeviceID) error {
	return do(ctx, c, "Merge", args{Device: keep, Other: gone})
}

func (c *Client) Split(ctx context.Context, id discovery.DeviceID) ([]discovery.DeviceID, error) {
	return ask[[]discovery.DeviceID](ctx, c, "Split", args{Device: id})
}

func (c *Client) SetEssential(ctx context.Context, id discovery.DeviceID, e discovery.Essential) error {
	return do(ctx, c, "SetEssential", args{Device: id, Text: string(e)})
}

func (c *Client) Answer(ctx context.Context, question string, same bool) error {
	return do(ctx, c, "Answer", args{Ref: question, Yes: same})
}

func (c *Client) Flows(ctx context.Context, q engine.FlowQuery) ([]engine.FlowInfo, error) {
	return ask[[]engine.FlowInfo](ctx, c, "Flows", args{Flows: &q})
}

func (c *Client) Totals(ctx context.Context, q engine.FlowQuery) ([]engine.Total, error) {
	return ask[[]engine.Total](ctx, c, "Totals", args{Flows: &q})
}

func (c *Client) Days(ctx context.Context, device discovery.DeviceID, days int) ([]engine.Day, error) {
	return ask[[]engine.Day](ctx, c, "Days", args{Device: device, Number: days})
}

func (c *Client) Hours(ctx context.Context, device discovery.DeviceID) ([]engine.Hour, error) {
	return ask[[]engine.Hour](ctx, c, "Hours", args{Device: device})
}

func (c *Client) ExportFlows(ctx context.Context, q engine.FlowQuery, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "ExportFlows", args{Flows: &q, Text: dir})
}

func (c *Client) Consents(ctx context.Context) ([]engine.ConsentInfo, error) {
	return ask[[]engine.ConsentInfo](ctx, c, "Consents", args{})
}

func (c *Client) Consent(ctx context.Context, id consent.ID) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Consent", args{Consent: id})
}

func (c *Client) PreviewAllow(ctx context.Context, r engine.AllowRequest) (engine.Preview, error) {
	return ask[engine.Preview](ctx, c, "PreviewAllow", args{Allow: &r})
}

func (c *Client) Review(ctx context.Context, id consent.ID) (engine.ReviewInfo, error) {
	return ask[engine.ReviewInfo](ctx, c, "Review", args{Consent: id})
}

func (c *Client) Allow(ctx context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Allow", args{Allow: &r})
}

func (c *Client) Renew(ctx context.Context, id consent.ID, until, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Renew", args{Consent: id, Text: until, How: how})
}

func (c *Client) End(ctx context.Context, id consent.ID, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "End", args{Consent: id, How: how})
}

func (c *Client) Extend(ctx context.Context, id consent.ID, how string) (engine.ConsentInfo, error) {
	return ask[engine.ConsentInfo](ctx, c, "Extend", args{Consent: id, How: how})
}

func (c *Client) Lapse(ctx context.Context, id consent.ID, how string) error {
	return do(ctx, c, "Lapse", args{Consent: id, How: how})
}

func (c *Client) Undo(ctx context.Context) (string, error) {
	return ask[string](ctx, c, "Undo", args{})
}

func (c *Client) PreviewDisconnect(ctx context.Context, id discovery.DeviceID) (engine.Preview, error) {
	return ask[engine.Preview](ctx, c, "PreviewDisconnect", args{Device: id})
}

func (c *Client) Disconnect(ctx context.Context, id discovery.DeviceID, confirmed bool, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Disconnect", args{Device: id, Yes: confirmed, How: how})
}

func (c *Client) Pause(ctx context.Context, id discovery.DeviceID, until string, confirmed bool, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Pause", args{Device: id, Text: until, Yes: confirmed, How: how})
}

func (c *Client) Reconnect(ctx context.Context, id discovery.DeviceID, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Reconnect", args{Device: id, How: how})
}

func (c *Client) Action(ctx context.Context, id consent.ActionID) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Action", args{Action: id})
}

func (c *Client) Confirm(ctx context.Context, id consent.ActionID, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Confirm", args{Action: id, How: how})
}

// KeepDates implements engine.Moves.
func (c *Client) KeepDates(ctx context.Context, how string) error {
	return do(ctx, c, "KeepDates", args{How: how})
}

func (c *Client) ConfirmClock(ctx context.Context, how string) error {
	return do(ctx, c, "ConfirmClock", args{How: how})
}

func (c *Client) Preferences(ctx context.Context) (engine.Preferences, error) {
	return ask[engine.Preferences](ctx, c, "Preferences", args{})
}

func (c *Client) SetPreferences(ctx context.Context, p engine.Preferences) error {
	return do(ctx, c, "SetPreferences", args{Preferences: p})
}

func (c *Client) Step(ctx context.Context, id consent.ActionID, to engine.Step, how string) (consent.Action, error) {
	return ask[consent.Action](ctx, c, "Step", args{Action: id, Text: string(to), How: how})
}

func (c *Client) Retry(ctx context.Context, id consent.ActionID) error {
	return do(ctx, c, "Retry", args{Action: id})
}

func (c *Client) Connectors(ctx context.Context) (engine.ConnectorsInfo, error) {
	return ask[engine.ConnectorsInfo](ctx, c, "Connectors", args{})
}

func (c *Client) Connect(ctx context.Context, r engine.ConnectRequest) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "Connect", args{Connect: &connectArgs{ConnectRequest: r, Secrets: r.Secrets}})
}

func (c *Client) ChangeConnection(ctx context.Context, r engine.ChangeRequest) (engine.ConnectionInfo, error) {
	return ask[engine.ConnectionInfo](ctx, c, "ChangeConnection", args{Change: &changeArgs{ChangeRequest: r, Secrets: r.Secrets}})
}

func (c *Client) AbandonConnection(ctx context.Context, id, how string) ([]string, error) {
	return ask[[]string](ctx, c, "AbandonConnection", args{Ref: id, How: how})
}

func (c *Client) RemoveConnection(ctx context.Context, id string) error {
	return do(ctx, c, "RemoveConnection", args{Ref: id})
}

func (c *Client) PreviewRemove(ctx context.Context, id string) (engine.RemovalInfo, error) {
	return ask[engine.RemovalInfo](ctx, c, "PreviewRemove", args{Ref: id})
}

func (c *Client) EndAndRemove(ctx context.Context, id, how string) (string, error) {
	return ask[string](ctx, c, "EndAndRemove", args{Ref: id, How: how})
}

func (c *Client) Held(ctx context.Context) ([]engine.HeldInfo, error) {
	return ask[[]engine.HeldInfo](ctx, c, "Held", args{})
}

func (c *Client) Lift(ctx context.Context, connection, mark string) (int, error) {
	n, err := ask[lifted](ctx, c, "Lift", args{Ref: connection, Text: mark})
	return n.N, err
}

func (c *Client) Diary(ctx context.Context, q engine.DiaryQuery) ([]engine.DiaryEntry, error) {
	return ask[[]engine.DiaryEntry](ctx, c, "Diary", args{Diary: &q})
}

func (c *Client) VerifyDiary(ctx context.Context) (ledger.Report, error) {
	return ask[ledger.Report](ctx, c, "VerifyDiary", args{})
}

func (c *Client) ExportConsent(ctx context.Context, id consent.ID, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "ExportConsent", args{Consent: id, Text: dir})
}

func (c *Client) Export(ctx context.Context, dir string) ([]string, error) {
	return ask[[]string](ctx, c, "Export", args{Text: dir})
}

func (c *Client) Overview(ctx context.Context) (engine.Overview, error) {
	return ask[engine.Overview](ctx, c, "Overview", args{})
}
