package engine

import (
	"context"
	"fmt"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// Confirm takes a person's word that the steps of a guide were taken. What is
// seen from then on is watched.
func (e *Core) Confirm(ctx context.Context, id consent.ActionID, how string) (consent.Action, error) {
	a, err := e.Store.Action(ctx, id)
	if err != nil {
		return consent.Action{}, err
	}
	if a, err = consent.ConfirmByHand(a, e.Now()); err != nil {
		return consent.Action{}, err
	}
	text := fmt.Sprintf("%s said that what %s sends to %s was ended by hand (%s).", capital(e.Person), e.deviceName(a.Device), a.Recipient.Name, how)
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteGuide, Device: string(a.Device), Consent: string(a.Consent), Action: string(a.ID), Text: text}
	if err := e.Store.SaveAction(ctx, a, n); err != nil {
		return consent.Action{}, err
	}
	if a.Consent != "" { // what was seen before says nothing about it any more
		if err := e.Store.SetSeen(ctx, a.Consent, consent.NotChecked, e.Now(), discovery.SourcePerson); err != nil {
			return consent.Action{}, err
		}
	}
	e.changed(changes.Actions, changes.Consents, changes.Diary)
	return a, nil
}

// The rules of watching what was ended by hand: open transfers may run out for
// a moment; a day of silence counts where a source that was alive all the while
// had seen it send before; after a month the matter is closed.
const (
	handGrace  = time.Minute
	handQuiet  = 24 * time.Hour
	handAlive  = 10 * time.Minute
	handWatch  = 31 * 24 * time.Hour
	handRecent = 7 * 24 * time.Hour
)

// WatchByHand compares what was ended by hand with what is seen, and moves the
// third axis. Serve does it each minute.
func (e *Core) WatchByHand(ctx context.Context) error {
	cs, err := e.Store.Consents(ctx)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.Decided.Live() {
			continue
		}
		done, ok, err := e.endedByHand(ctx, c)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := e.watchOne(ctx, c, done); err != nil {
			return err
		}
	}
	return nil
}

// endedByHand is when the person said that it was done.
func (e *Core) endedByHand(ctx context.Context, c consent.Consent) (time.Time, bool, error) {
	as, err := e.Store.ByMark(ctx, consent.MarkFor(c.ID))
	if err != nil {
		return time.Time{}, false, err
	}
	for _, a := range as {
		if a.State == consent.Cancelled || a.Kind == consent.ActHandOver || a.Kind == consent.ActUnblock {
			continue
		}
		ok := a.Kind == consent.ActGuide && a.State == consent.Done && e.Now().Sub(a.Finished) < handWatch
		return a.Finished, ok, nil
	}
	return time.Time{}, false, nil
}

func (e *Core) watchOne(ctx context.Context, c consent.Consent, done time.Time) error {
	recs, err := e.Store.Flows(ctx, flow.Query{Device: c.Device, Since: done.Add(-handRecent), Limit: 1000})
	if err != nil {
		return err
	}
	var before bool
	var after flow.Record
	for _, r := range recs {
		switch {
		case r.Refused || !e.receives(c.Recipient, r.Destination):
		case !r.Last.After(done.Add(handGrace)):
			before = true
		case r.Last.After(after.Last):
			after = r
		}
	}
	switch {
	case !after.Last.IsZero():
		if c.Seen == consent.Flowing && !after.Last.After(c.SeenAt) {
			return nil
		}
		return e.seen(ctx, c, consent.Flowing, after.Last, after.Source, "still sends to %s, after it was ended by hand")
	case c.Seen != consent.NotChecked && c.Seen != consent.CannotTell:
		return nil
	}
	return e.silence(ctx, c, done, before)
}

// silence judges that nothing was seen since done.
func (e *Core) silence(ctx context.Context, c consent.Consent, done time.Time, before bool) error {
	now := e.Now()
	cov, err := e.coverage(ctx)
	if err != nil {
		return err
	}
	d, _ := e.Inventory.Device(c.Device)
	watched := false
	for _, s := range cov.seen {
		watched = watched || !s.what.Claim && (s.what.Whole || sharesIdentifier(s.what.Devices, d.Identifiers)) && s.since.Before(done) && now.Sub(s.what.Alive) < handAlive
	}
	switch {
	case now.Sub(done) < handQuiet:
		return nil
	case watched && before:
		return e.seen(ctx, c, consent.Stopped, now, discovery.SourceSelf, "has sent nothing to %s for a day, since it was ended by hand")
	case c.Seen != consent.CannotTell:
		return e.seen(ctx, c, consent.CannotTell, now, discovery.SourceSelf, "cannot be seen well enough to tell whether it still sends to %s")
	}
	return nil
}

// seen moves the third axis; a change of it is told in the diary.
func (e *Core) seen(ctx context.Context, c consent.Consent, s consent.Seen, at time.Time, by discovery.Source, text string) error {
	if c.Seen != s {
		n := e.note(consent.NoteVerified, c, e.deviceName(c.Device)+" "+fmt.Sprintf(text, c.Recipient.Name)+".")
		if err := e.Store.Note(ctx, n); err != nil {
			return err
		}
	}
	if err := e.Store.SetSeen(ctx, c.ID, s, at, by); err != nil {
		return err
	}
	e.changed(changes.Consents, changes.Diary)
	return nil
}
