package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// lifted is the answer of Lift.
type lifted struct {
	N int `json:"n"`
}

// methods is the table of what can be asked; its names are the interface's.
func methods() map[string]method {
	m := map[string]method{}
	addDevices(m)
	addPermissions(m)
	addOutside(m)
	addForgetting(m)
	addCaptures(m)
	addKeys(m)
	addBackups(m)
	addNewcomers(m)
	addAccess(m)
	addRecipes(m)
	addLinking(m)
	addBehaviour(m)
	return m
}

func addDevices(m map[string]method) {
	m["Devices"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Devices(ctx) })
	m["Device"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Device(ctx, a.Ref) })
	m["Questions"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Questions(ctx) })
	m["Label"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Label(ctx, a.Device, a.Text)
	})
	m["Merge"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Merge(ctx, a.Device, a.Other)
	})
	m["Split"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Split(ctx, a.Device) })
	m["SetEssential"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.SetEssential(ctx, a.Device, discovery.Essential(a.Text))
	})
	m["Answer"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Answer(ctx, a.Ref, a.Yes)
	})
	m["Flows"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Flows(ctx, *a.Flows) })
	m["Totals"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Totals(ctx, *a.Flows) })
	m["Days"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Days(ctx, a.Device, a.Number)
	})
	m["Hours"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Hours(ctx, a.Device) })
}

func addPermissions(m map[string]method) {
	m["Consents"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Consents(ctx) })
	m["Consent"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Consent(ctx, a.Consent) })
	m["PreviewAllow"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.PreviewAllow(ctx, *a.Allow) })
	m["Review"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Review(ctx, a.Consent) })
	m["Allow"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Allow(ctx, *a.Allow) })
	m["Renew"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Renew(ctx, a.Consent, a.Text, a.How)
	})
	m["End"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.End(ctx, a.Consent, a.How) })
	m["Extend"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Extend(ctx, a.Consent, a.How)
	})
	m["Lapse"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.Lapse(ctx, a.Consent, a.How)
	})
	m["Undo"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Undo(ctx) })
	m["PreviewDisconnect"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.PreviewDisconnect(ctx, a.Device)
	})
	m["Disconnect"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Disconnect(ctx, a.Device, a.Yes, a.How)
	})
	m["Pause"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Pause(ctx, a.Device, a.Text, a.Yes, a.How)
	})
	m["Reconnect"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Reconnect(ctx, a.Device, a.How)
	})
	m["Action"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Action(ctx, a.Action) })
	m["Confirm"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Confirm(ctx, a.Action, a.How)
	})
	m["KeepDates"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.KeepDates(ctx, a.How) })
	m["ConfirmClock"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.ConfirmClock(ctx, a.How)
	})
	m["Preferences"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Preferences(ctx) })
	m["SetPreferences"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.SetPreferences(ctx, a.Preferences)
	})
	m["Step"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.Step(ctx, a.Action, engine.Step(a.Text), a.How)
	})
	m["Retry"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return nil, e.Retry(ctx, a.Action) })
}

func addOutside(m map[string]method) {
	m["Connectors"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Connectors(ctx) })
	m["Connect"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		r := a.Connect.ConnectRequest
		r.Secrets = a.Connect.Secrets
		return e.Connect(ctx, r)
	})
	m["ChangeConnection"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		r := a.Change.ChangeRequest
		r.Secrets = a.Change.Secrets
		return e.ChangeConnection(ctx, r)
	})
	m["AbandonConnection"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.AbandonConnection(ctx, a.Ref, a.How)
	})
	m["RemoveConnection"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.RemoveConnection(ctx, a.Ref)
	})
	m["PreviewRemove"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.PreviewRemove(ctx, a.Ref)
	})
	m["EndAndRemove"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.EndAndRemove(ctx, a.Ref, a.How)
	})
	m["Held"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Held(ctx) })
	m["Lift"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		n, err := e.Lift(ctx, a.Ref, a.Text)
		return lifted{n}, err
	})
	m["Diary"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Diary(ctx, *a.Diary) })
	m["VerifyDiary"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.VerifyDiary(ctx) })
	m["ExportFlows"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.ExportFlows(ctx, *a.Flows, a.Text)
	})
	m["ExportConsent"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.ExportConsent(ctx, a.Consent, a.Text)
	})
	m["Export"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) { return e.Export(ctx, a.Text) })
	m["Overview"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Overview(ctx) })
}
