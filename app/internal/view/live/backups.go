package live

import (
	"context"

	"bestbefore/app/internal/view"
)

// backups asks for the copies and for what is damaged.
func (p *Pump) backups(ctx context.Context, outcome view.Outcome) (view.BackupsInput, error) {
	in := view.BackupsInput{Outcome: outcome}
	var err error
	if in.Copies, err = p.config.Engine.Backups(ctx); err != nil {
		return in, err
	}
	in.Damaged, err = p.config.Engine.Quarantined(ctx)
	return in, err
}

// BackupNow makes a copy.
func (p *Pump) BackupNow() {
	p.setBackup(view.Outcome{Busy: true})
	p.do(func(ctx context.Context) {
		b, err := p.config.Engine.BackupNow(ctx)
		p.backupDone(p.presenter().BackedUp(b), err)
	})
}

// Restore has a copy put back at the next start; "" takes the wish back.
func (p *Pump) Restore(name string) {
	p.setBackup(view.Outcome{Busy: true})
	p.do(func(ctx context.Context) {
		out := p.presenter().WillRestore()
		if name == "" {
			out = p.presenter().WillNotRestore()
		}
		p.backupDone(out, p.config.Engine.Restore(ctx, name))
	})
}

func (p *Pump) backupDone(out view.Outcome, err error) {
	if err != nil {
		out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
	}
	p.setBackup(out)
}

func (p *Pump) setBackup(o view.Outcome) { p.change(func(w *want) { w.backup = o }) }

// SaveCalendar writes the dates into the file at path.
func (p *Pump) SaveCalendar(path string) {
	if p.config.Desk.SaveCalendar == nil {
		return
	}
	p.change(func(w *want) { w.calendar = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		all, err := p.config.Engine.Consents(ctx)
		if err == nil {
			err = p.config.Desk.SaveCalendar(path, all, p.config.Now())
		}
		out := p.presenter().CalendarSaved(path)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.calendar = out })
	})
}
