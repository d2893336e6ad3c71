package live

import (
	"context"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
)

// Desk is how the window's own settings are read and changed; the engine knows
// nothing of them. Both functions may be called from any goroutine.
type Desk struct {
	Read func() view.Desk
	Set  func(id, value string) error
	// ReadFile reads a file that the person chose, and refuses one with more than most bytes
	// only by giving no more of it. WriteFile keeps a text where the person said.
	ReadFile  func(path string, most int64) ([]byte, error)
	WriteFile func(path, text string) error
	// SaveCalendar writes the dates of permissions as a calendar file; nil where nobody can.
	SaveCalendar func(path string, all []engine.ConsentInfo, now time.Time) error
}

// settings is the page of settings.
func (p *Pump) settings(ctx context.Context, w want) error {
	in := view.SettingsInput{Export: w.export, Leave: w.leave, Held: w.held}
	var err error
	if in.Preferences, err = p.config.Engine.Preferences(ctx); err != nil {
		return err
	}
	o, err := p.config.Engine.Overview(ctx)
	if err != nil {
		return err
	}
	in.Problems = o.Problems
	if in.Key, err = p.config.Engine.Key(ctx); err != nil {
		return err
	}
	if in.Forget, err = p.forgetInput(ctx, w.forget); err != nil {
		return err
	}
	if in.Backups, err = p.backups(ctx, w.backup); err != nil {
		return err
	}
	in.Calendar = w.calendar
	p.mu.Lock()
	in.Connections = p.conns
	p.mu.Unlock()
	if p.config.Desk.Read != nil {
		in.Desk = p.config.Desk.Read()
	}
	put(p, string(view.PageSettings), p.presenter().Settings(in), same, func(s *view.Settings, r uint64) { s.Revision = r }, p.config.Screen.Settings)
	return nil
}

// askHeld asks what is set outside. It costs the peers something, so it is
// asked when the page comes to be seen and after leaving, not with each look.
func (p *Pump) askHeld() {
	p.do(func(ctx context.Context) {
		held, err := p.config.Engine.Held(ctx)
		if err != nil {
			p.config.Log.Debug("asking what is held", "error", err)
			return
		}
		p.change(func(w *want) { w.held = held })
	})
}

// Set changes one setting.
func (p *Pump) Set(id, value string) {
	p.do(func(ctx context.Context) {
		var err error
		switch {
		case id == view.SetReminders:
			err = p.config.Engine.SetPreferences(ctx, engine.Preferences{Reminders: value == view.On})
		case p.config.Desk.Set != nil:
			err = p.config.Desk.Set(id, value)
		}
		if err != nil {
			p.failed(err)
		}
	})
}

// Leave lifts everything that is set outside and lets every connection go. One
// that does not answer stays, and is named.
func (p *Pump) Leave() {
	p.change(func(w *want) { w.leave = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		info, err := p.config.Engine.Connectors(ctx)
		gone, stayed := 0, []string(nil)
		for _, c := range info.Connections {
			if err := p.config.Engine.RemoveConnection(ctx, c.ID); err != nil {
				p.config.Log.Warn("leaving", "connection", c.ID, "error", err)
				stayed = append(stayed, c.Name)
				continue
			}
			gone++
		}
		out := p.presenter().Left(gone, stayed)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.leave = out })
		p.askHeld()
	})
}

// AskLeaving asks what closing the window would mean; answer gets it on the
// window's goroutine. Where the engine does not answer the question is still asked.
func (p *Pump) AskLeaving(answer func(view.Leaving)) {
	p.do(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, lookTime)
		defer cancel()
		cs, err := p.config.Engine.Consents(ctx)
		l := p.presenter().Leaving(cs)
		if err != nil {
			l.Text = p.presenter().Failure(err)
		}
		p.config.Dispatch(func() { answer(l) })
	})
}
