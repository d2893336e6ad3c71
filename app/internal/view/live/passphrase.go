package live

import (
	"context"

	"bestbefore/app/internal/view"
)

// AskKey asks how it stands with the key; answer gets the question for its
// passphrase on the window's goroutine.
func (p *Pump) AskKey(answer func(view.Passphrase)) {
	p.do(func(ctx context.Context) {
		k, err := p.config.Engine.Key(ctx)
		if err != nil {
			p.config.Log.Debug("asking for the key", "error", err)
			return
		}
		v := p.presenter().Passphrase(k)
		p.config.Dispatch(func() { answer(v) })
	})
}

// LookForKey has the key store asked anew, which may ask for its own password.
func (p *Pump) LookForKey() {
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.Unlock(ctx, ""); err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().KeyFound(), Severity: view.Fresh})
	})
}

// GiveKey hands a passphrase over; done is told on the window's goroutine why it
// was not taken, "" when it was.
func (p *Pump) GiveKey(passphrase string, done func(why string)) {
	p.do(func(ctx context.Context) {
		why := p.why(p.config.Engine.Unlock(ctx, passphrase))
		p.config.Dispatch(func() { done(why) })
	})
}
