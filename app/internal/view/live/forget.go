package live

import (
	"context"

	"bestbefore/app/internal/view"
)

// forgetting is the half filled in form of what is to be deleted.
type forgetting struct {
	draft   view.ForgetDraft
	outcome view.Outcome
}

// Forgetting takes what was chosen so far; nothing is deleted.
func (p *Pump) Forgetting(d view.ForgetDraft) {
	p.change(func(w *want) { w.forget = forgetting{draft: d} })
}

// Forget deletes for good what was chosen.
func (p *Pump) Forget() {
	d := p.wanted().forget.draft
	if !d.Ready() {
		return
	}
	p.change(func(w *want) { w.forget.outcome = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		done, err := p.config.Engine.Forget(ctx, d.Request())
		out := p.presenter().Forgotten(done)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.forget = forgetting{outcome: out} })
	})
}

// forgetInput asks what the form needs to know.
func (p *Pump) forgetInput(ctx context.Context, f forgetting) (in view.ForgetInput, err error) {
	in.Draft, in.Outcome = f.draft, f.outcome
	if f.draft.Scope == view.ForgetDevice {
		if in.Devices, err = p.config.Engine.Devices(ctx); err != nil {
			return in, err
		}
	}
	if f.draft.Ready() {
		if in.Preview, err = p.config.Engine.PreviewForget(ctx, f.draft.Request()); err != nil {
			in.Error = p.presenter().Failure(err)
		}
	}
	return in, nil
}
