package live

import (
	"context"
	"maps"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
)

// how is what the diary says about the way a decision was made.
const how = "clicked"

// undoLast is the name under which the newest decision is taken back.
const undoLast = "last"

// Undo takes back the newest decision and says which. Where what names a
// device, it is a disconnect that is taken back, with its result in place.
func (p *Pump) Undo(what string) {
	if w := p.wanted(); w.cut != nil && w.cut.device == what {
		p.Reconnect(what)
		return
	}
	p.do(func(ctx context.Context) {
		text, err := p.config.Engine.Undo(ctx)
		if err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().Undone(text)})
	})
}

// Renew gives a permission a later end; term is as consent.ParseTerm reads it.
func (p *Pump) Renew(id, term string) {
	p.decide(id, func(ctx context.Context) (string, error) {
		c, err := p.config.Engine.Renew(ctx, consent.ID(id), term, how)
		return p.presenter().RenewedUntil(c.Consent), err
	})
}

// RenewAt renews until a moment that was typed. answer gets, on the window's
// goroutine, why it was refused, or "" when it is done.
func (p *Pump) RenewAt(id, term string, answer func(why string)) {
	p.setReviewing(id, true)
	p.do(func(ctx context.Context) {
		defer p.setReviewing(id, false)
		c, err := p.config.Engine.Renew(ctx, consent.ID(id), term, how)
		why := p.presenter().NotUntil(err)
		p.config.Dispatch(func() { answer(why) })
		if err == nil {
			p.toast(view.Toast{Text: p.presenter().RenewedUntil(c.Consent), Severity: view.Fresh, Undo: undoLast})
		}
	})
}

// End ends a permission now. The result appears in place.
func (p *Pump) End(id string) {
	p.decideFor(id, func(ctx context.Context) (view.Toast, error) {
		c, err := p.config.Engine.End(ctx, consent.ID(id), how)
		t := view.Toast{Text: p.presenter().EndedNow(), Severity: view.Fresh, Undo: undoLast}
		if c.Remedy.Deletes() {
			t.Undo = "" // it would make the permission live again, and not the access
		}
		return t, err
	})
}

// Extend gives a permission two days beyond its end, once.
func (p *Pump) Extend(id string) {
	p.decide(id, func(ctx context.Context) (string, error) {
		c, err := p.config.Engine.Extend(ctx, consent.ID(id), how)
		return p.presenter().Extended(c.Consent), err
	})
}

// Lapse notes that a permission may end on its date.
func (p *Pump) Lapse(id string) {
	p.decide(id, func(ctx context.Context) (string, error) {
		return p.presenter().WillLapse(), p.config.Engine.Lapse(ctx, consent.ID(id), how)
	})
}

// decide runs a decision about one permission, which waits meanwhile.
func (p *Pump) decide(id string, f func(context.Context) (string, error)) {
	p.decideFor(id, func(ctx context.Context) (view.Toast, error) {
		text, err := f(ctx)
		return view.Toast{Text: text, Severity: view.Fresh, Undo: undoLast}, err
	})
}

// decideFor is decide with a message of its own.
func (p *Pump) decideFor(id string, f func(context.Context) (view.Toast, error)) {
	p.setReviewing(id, true)
	p.do(func(ctx context.Context) {
		defer p.setReviewing(id, false)
		t, err := f(ctx)
		if err != nil {
			p.failed(err)
			return
		}
		p.toast(t)
	})
}

func (p *Pump) setReviewing(id string, on bool) {
	p.change(func(w *want) {
		next := maps.Clone(w.reviewing) // looks under way read the old one
		if next == nil {
			next = map[string]bool{}
		}
		if on {
			next[id] = true
		} else {
			delete(next, id)
		}
		w.reviewing = next
	})
}

// Retry tries what could not be done again.
func (p *Pump) Retry(action string) {
	p.do(func(ctx context.Context) {
		if err := p.config.Engine.Retry(ctx, consent.ActionID(action)); err != nil {
			p.failed(err)
		}
	})
}

// Step goes on where one way failed: by another that was offered.
func (p *Pump) Step(action, step string) {
	p.do(func(ctx context.Context) {
		if _, err := p.config.Engine.Step(ctx, consent.ActionID(action), engine.Step(step), how); err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().Chosen(step)})
	})
}

// ConfirmByHand says that the steps of a guide were taken.
func (p *Pump) ConfirmByHand(action string) {
	p.do(func(ctx context.Context) {
		if _, err := p.config.Engine.Confirm(ctx, consent.ActionID(action), how); err != nil {
			p.failed(err)
			return
		}
		p.toast(view.Toast{Text: p.presenter().SaidByHand()})
	})
}

// Card follows the button of a permission card.
func (p *Pump) Card(c view.PermissionCard) {
	if c.Action == view.CardGive && c.ID == "" {
		p.StartGive(c.DeviceID, "")
		return
	}
	p.open(view.Route{Page: view.PageReview, Arg: c.ID})
}

// Invite follows the button of an empty place, which names a page.
func (p *Pump) Invite(action string) { p.open(view.Route{Page: view.Page(action)}) }

// News follows an answer to what is new.
func (p *Pump) News(item, action string) {
	kind, device, ref := view.ParseNews(item)
	if kind == view.NewsRecipients {
		p.newRecipients(string(device), view.NewNames(ref), action)
		return
	}
	switch action {
	case view.AnswerYes, view.AnswerNo:
		p.Answer(ref, action == view.AnswerYes)
	case view.AnswerRight:
		p.Confirm(string(device))
	case view.AnswerAllow:
		p.StartGive(string(device), ref)
	case view.AnswerStop:
		p.AskDisconnect(string(device))
	case view.AnswerLook:
		p.FindDevices(view.Query{Order: view.OrderNew})
		p.open(view.Route{Page: view.PageDevices})
	}
}

// Problem follows the button of a problem.
func (p *Pump) Problem(problem, action string) {
	if action == view.AnswerRetry {
		p.Retry(view.ProblemRef(problem))
		return
	}
	if action == view.AnswerKey {
		p.LookForKey()
		return
	}
	if action == view.AnswerClock {
		p.do(func(ctx context.Context) {
			if err := p.config.Engine.ConfirmClock(ctx, how); err != nil {
				p.failed(err)
				return
			}
			p.toast(view.Toast{Text: p.presenter().ClockConfirmed(), Severity: view.Fresh})
		})
		return
	}
	if action == view.AnswerZone {
		p.do(func(ctx context.Context) {
			if err := p.config.Engine.KeepDates(ctx, how); err != nil {
				p.failed(err)
				return
			}
			p.toast(view.Toast{Text: p.presenter().DatesKept(), Severity: view.Fresh})
		})
		return
	}
	if device, findings, ok := view.UnusualRef(problem); ok {
		if action == view.AnswerFine {
			p.Usual(findings...)
			return
		}
		p.open(view.Route{Page: view.PageDevice, Arg: device})
		return
	}
	r := view.Route{Page: view.Page(action)}
	if r.Page == view.PageReview {
		r.Arg = view.ProblemRef(problem)
	}
	p.open(r)
}

// CheckDiary checks the diary for tampering.
func (p *Pump) CheckDiary() {
	p.change(func(w *want) { w.check = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		r, err := p.config.Engine.VerifyDiary(ctx)
		out := p.presenter().Checked(r)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.check = out })
	})
}

// Export saves devices, permissions and the diary into dir.
func (p *Pump) Export(dir string) {
	p.change(func(w *want) { w.export = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		files, err := p.config.Engine.Export(ctx, dir)
		out := p.presenter().Exported(files, dir)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.export = out })
	})
}

// SaveReceipt saves one permission alone into dir, with what was decided and done
// about it, so that it can be handed to somebody.
func (p *Pump) SaveReceipt(id, dir string) {
	p.change(func(w *want) { w.receipt = receipt{id, view.Outcome{Busy: true}} })
	p.do(func(ctx context.Context) {
		files, err := p.config.Engine.ExportConsent(ctx, consent.ID(id), dir)
		out := p.presenter().Exported(files, dir)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) {
			if w.receipt.of == id { // still looked at
				w.receipt.outcome = out
			}
		})
	})
}
