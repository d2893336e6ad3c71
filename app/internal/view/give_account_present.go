package view

import (
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// byAccount changes the ways to end it where an account is what can be ended: it
// may be shared, and it may be deleted for good. What is known of that comes with
// the preview of a complete draft.
func (p Presenter) byAccount(in GiveInput, ways []Choice) []Choice {
	if len(in.Preview.Lines) == 0 {
		return ways
	}
	can, _ := blockers(in.Connections)
	out := ways
	if can && (in.Preview.Account || onlyAccounts(in.Connections)) {
		out = []Choice{{ID: string(consent.Block), Label: p.T("Block it"), Detail: p.T("its account is switched off; it can be undone")}}
		if in.Preview.Coarse || in.Draft.Remedy == blockDevice {
			out[0].Detail = p.T("asks you first, since others use the same account")
			out = append(out, Choice{ID: blockDevice, Label: p.T("Block all who use it"), Detail: p.T("everything that is sent through the account stops")})
		}
	}
	if !in.Preview.Revocable {
		return out
	}
	out = append(out, Choice{ID: string(consent.Revoke), Label: p.T("Delete its account"), Detail: p.T("for good: it must be set up anew")})
	if can {
		out = append(out, Choice{ID: string(consent.RevokeThenBlock), Label: p.T("Delete it, else block it"), Detail: p.T("if deleting is not possible on that day")})
	}
	return out
}

// onlyAccounts reports whether what can block cuts accounts and nothing else.
func onlyAccounts(cs []engine.ConnectionInfo) bool {
	return !slices.ContainsFunc(cs, func(c engine.ConnectionInfo) bool {
		return may(c, engine.AbleToBlock) && c.Traits.Grain != connectors.GrainAccount
	})
}
