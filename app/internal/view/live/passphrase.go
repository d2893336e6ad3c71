package live

import (
	"context"
	"time"

	"bestbefore/app/internal/engine"
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

// keyTime is how long a page waits for the key, which a key store may hold up.
const keyTime = 300 * time.Millisecond

// keyNow is what seals passwords, as far as it is known without waiting.
func (p *Pump) keyNow(ctx context.Context) engine.KeyInfo {
	ctx, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	k, err := p.config.Engine.Key(ctx)
	if err != nil {
		p.config.Log.Debug("asking for the key", "error", err)
		return engine.KeyInfo{}
	}
	return k
}

func (p *Pump) demo() bool { return p.config.Desk.Read != nil && p.config.Desk.Read().Demo }

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
