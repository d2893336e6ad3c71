package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// work does one job in the lane l.
func (r *Runner) work(ctx context.Context, l *lane, j job) result {
	t := &task{r: r, a: j.a, name: l.name, not: j.not, turn: l.turn, click: urgency(j) == 0}
	var err error
	if j.verify {
		err = t.look(ctx)
	} else {
		err = t.act(ctx)
	}
	res := result{lane: l, j: j, wedged: t.lost}
	var elsewhere tryElsewhere
	switch {
	case errors.As(err, &elsewhere):
		res.again = true
		res.j.not = t.not
		res.j.a = t.a
	case errors.Is(err, consent.ErrChanged), err == nil:
	default:
		res.fault = true
		r.report(ctx, "enforcement", err)
	}
	return res
}

// report passes trouble on, unless it is only the end.
func (r *Runner) report(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		r.c.Report(what, err)
	}
}

// task is one action in one worker's hand.
type task struct {
	r     *Runner
	a     consent.Action
	name  string // connection, "" for none
	not   map[string]bool
	turn  *turn         // of the connection; nil for none
	click bool          // a person waits
	lost  chan struct{} // closed when a call that was given up comes back
}

// tryElsewhere says that another connection should be chosen.
type tryElsewhere struct{}

func (tryElsewhere) Error() string { return words.Text("another connection may be able to") }

func (t *task) now() time.Time { return t.r.c.Now().Round(0).UTC() }

// act does what the action asks for. The error is ErrChanged, tryElsewhere or a
// fault of the store; what a connector answers ends in the action's state.
func (t *task) act(ctx context.Context) error {
	why, err := t.needless(ctx)
	if err != nil {
		return err
	}
	if why != "" {
		return t.close(ctx, consent.Cancelled, why)
	}
	if t.a.Early(t.now()) { // something else made the loop look at it
		t.a.State, t.a.RetryAt = consent.Waiting, t.a.DueAt
		return t.save(ctx)
	}
	switch t.a.Kind {
	case consent.ActWarn:
		return t.warn(ctx)
	case consent.ActGuide:
		return t.guide(ctx)
	case consent.ActUnblock:
		return t.unblock(ctx)
	case consent.ActRevoke:
		return t.revoke(ctx)
	case consent.ActBlock, consent.ActHandOver:
		return t.block(ctx)
	default:
		return t.person(ctx, consent.KindNeedsPerson, words.Text("This version of the program does not know how to do that."))
	}
}

// save writes the action durably and tells who waits for it. It outlives a stop
// of the program by a moment, and goes on trying while the disk refuses: what a
// peer did must not be forgotten. ErrChanged when the action was cancelled meanwhile.
func (t *task) save(ctx context.Context, notes ...ledger.Note) error {
	for {
		saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		err := t.r.c.Store.SaveAction(saving, t.a, notes...)
		cancel()
		if err == nil {
			t.r.publish(t.a)
			return nil
		}
		if errors.Is(err, consent.ErrChanged) || ctx.Err() != nil {
			return err
		}
		t.r.report(ctx, "enforcement", words.Errorf("writing what was done: %w", err))
		pause := time.NewTimer(2 * time.Second)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// begin makes the intent durable before any connector is asked.
func (t *task) begin(ctx context.Context) error {
	t.a.State, t.a.RetryAt, t.a.Connection = consent.Running, time.Time{}, t.name
	t.a.Attempt++
	return t.save(ctx)
}

// close ends the action without anything done.
func (t *task) close(ctx context.Context, s consent.ActionState, why string) error {
	t.a.State, t.a.Reason, t.a.RetryAt, t.a.VerifyAt, t.a.Finished = s, sentence(why), time.Time{}, time.Time{}, t.now()
	return t.save(ctx, t.note(consent.NoteAction, why))
}

// done records success with the connector's receipt.
func (t *task) done(ctx context.Context, rec connectors.Receipt, text string) error {
	if rec.Level != consent.Configured { // a call proves no more than that
		rec.Level = consent.Accepted
		if rec.Text == "" {
			rec.Text = words.Text("The other side accepted it.")
		}
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		raw = nil // only rec.Data can be unusable; mark and target are kept in the action
	}
	now := t.now()
	t.a.State, t.a.Level, t.a.Receipt, t.a.Error, t.a.RetryAt = consent.Done, rec.Level, raw, "", time.Time{}
	t.a.Finished, t.a.Verified, t.a.VerifyAt = now, 0, now
	t.a.Reason = sentence(rec.Text)
	t.prove(consent.Evidence{At: now, Level: rec.Level, Seen: consent.NotChecked, Source: source(t.name), Text: t.a.Reason})
	return t.save(ctx, t.note(consent.NoteAction, text))
}

// maxEvidence bounds what is kept of one action: the first and the newest.
const maxEvidence = 24

// prove appends e, or renews the last piece when it says the same again.
func (t *task) prove(e consent.Evidence) {
	ev := append([]consent.Evidence(nil), t.a.Evidence...)
	if n := len(ev); n > 0 && ev[n-1].Level == e.Level && ev[n-1].Seen == e.Seen && ev[n-1].Source == e.Source && n > 1 {
		ev[n-1] = e
	} else {
		ev = append(ev, e)
	}
	if len(ev) > maxEvidence {
		ev = append(ev[:1], ev[2:]...)
	}
	t.a.Evidence = ev
}

// failed sorts a connector's error into the action's state (expiry.md section 1).
func (t *task) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // stopping; what is left running is put back at the next start
	}
	kind, text, earliest := parts(err)
	if connectors.IsDead(err) && t.name != "" {
		kind = consent.KindPermanent
		t.r.shut.set(t.name, text)
		t.r.Opened() // the others behind it go on at once
	}
	switch kind {
	case consent.KindUnsupported:
		if t.name != "" && t.a.Kind != consent.ActRevoke && t.a.Kind != consent.ActUnblock {
			return t.elsewhere(ctx)
		}
		return t.fallBack(ctx, kind, text)
	case consent.KindPermanent:
		if connectors.IsDead(err) && (t.a.Kind == consent.ActBlock || t.a.Kind == consent.ActHandOver) && t.name != "" {
			return t.elsewhere(ctx) // another may do it; it is not chosen again
		}
		return t.fallBack(ctx, kind, text)
	case consent.KindSignIn, consent.KindNeedsPerson:
		return t.person(ctx, kind, text)
	default:
		return t.later(ctx, text, earliest)
	}
}

// elsewhere puts the action back, to be tried with another connection.
func (t *task) elsewhere(ctx context.Context) error {
	not := map[string]bool{t.name: true}
	for n := range t.not {
		not[n] = true
	}
	t.not = not
	t.a.State, t.a.Connection = consent.Pending, ""
	if err := t.save(ctx); err != nil {
		return err
	}
	return tryElsewhere{}
}

// fallBack turns the action into the next remedy that the household chose, in
// place, so that nothing is lost between two writes; else a person must go on.
func (t *task) fallBack(ctx context.Context, kind consent.ErrorKind, text string) error {
	if t.a.Kind == consent.ActHandOver {
		t.a.Error = kind // an answer, that need not be asked for again
		return t.close(ctx, consent.Cancelled, words.Sprintf("Nothing here can keep a date by itself; this program will act when it comes. %s", text))
	}
	if t.a.Fallback == "" || t.a.Fallback == t.a.Kind {
		return t.person(ctx, kind, text)
	}
	was := t.a.Kind
	t.a.Kind, t.a.Fallback, t.a.Connection, t.a.Grant = t.a.Fallback, "", "", ""
	t.a.State, t.a.Attempt, t.a.RetryAt = consent.Pending, 0, time.Time{}
	t.a.Error, t.a.Reason = kind, sentence(text)
	return t.save(ctx, t.note(consent.NoteAction, words.Sprintf("%s was not possible (%s); next: %s.", verb(was), text, verb(t.a.Kind))))
}

// person leaves the action to a person; nothing tries it again by itself.
func (t *task) person(ctx context.Context, kind consent.ErrorKind, text string) error {
	t.a.State, t.a.Error, t.a.Reason, t.a.RetryAt = consent.NeedsPerson, kind, sentence(text), time.Time{}
	return t.save(ctx, t.note(consent.NoteAction, words.Sprintf("%s needs you: %s", verb(t.a.Kind), text)))
}

// later waits by the table, and after it every few hours, visibly stuck. What a
// peer asked for is never undercut (T25).
func (t *task) later(ctx context.Context, text string, earliest time.Time) error {
	now, try := t.now(), max(t.a.Attempt, 1)
	wasStuck := t.a.State == consent.Stuck || t.a.Attempt > len(t.r.c.Table)+1
	t.a.Error, t.a.Reason = consent.KindTransient, sentence(text)
	if try <= len(t.r.c.Table) {
		t.a.State, t.a.RetryAt = consent.Waiting, now.Add(t.r.c.Jitter(t.r.c.Table[try-1]))
	} else {
		t.a.State, t.a.RetryAt = consent.Stuck, now.Add(t.r.c.Jitter(t.r.c.StuckEvery))
	}
	if t.a.RetryAt.Before(earliest) {
		t.a.RetryAt = earliest.Round(0).UTC()
	}
	switch {
	case t.a.State == consent.Waiting:
		return t.save(ctx, t.note(consent.NoteAction, words.Sprintf("%s did not work at try %d: %s", verb(t.a.Kind), try, text)))
	case !wasStuck:
		return t.save(ctx, t.note(consent.NoteStuck, words.Sprintf("%s is stuck after %d tries: %s It is tried again every few hours and can be tried by hand.", verb(t.a.Kind), try, text)))
	default:
		return t.save(ctx)
	}
}

// parts are kind, sentence and earliest retry of a connector's error.
func parts(err error) (consent.ErrorKind, string, time.Time) {
	var e *connectors.Error
	if errors.As(err, &e) {
		return e.Kind, sentence(e.Text), e.RetryAt
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return consent.KindTransient, words.Text("It did not answer in time."), time.Time{}
	}
	return connectors.KindOf(err), sentence(err.Error()), time.Time{}
}
