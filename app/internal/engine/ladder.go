package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Ladder is how the end of a permission goes on where one way failed: its own
// access, then a block, then the steps by hand.
type Ladder interface {
	// Step takes a person's choice among those that Next offers.
	Step(ctx context.Context, id consent.ActionID, to Step, how string) (consent.Action, error)
}

// Step is a way to go on.
type Step string

// The ways to go on.
const (
	StepBlock Step = "block" // block what could not be revoked
	StepWhole Step = "whole" // cut the whole device, or all who use the account
	StepGuide Step = "guide" // end it by hand
)

// Next is what is offered where the end of a permission waits for a person, is
// stuck, or was done and is sent past all the same.
type Next struct {
	Action consent.ActionID `json:"action"`
	Steps  []Step           `json:"steps"`
	// Lines are what blocking would do, through whom; AlsoStops what else stops with it.
	Lines     []string `json:"lines,omitempty"`
	AlsoStops []string `json:"also_stops,omitempty"`
}

// sentOn reports that what a ended is sent all the same: back after it had stopped,
// or past what was done, longer than open transfers take to run out.
func (e *Core) sentOn(c consent.Consent, actions []consent.Action, a consent.Action) bool {
	if c.Decided.Live() || c.Seen != consent.Flowing || a.State != consent.Done || a.Kind != consent.ActBlock && a.Kind != consent.ActRevoke {
		return false
	}
	return !consent.Relapsed(actions).IsZero() || e.Now().Sub(a.Finished) >= stillAfter
}

// next is what is offered for c; nil where its end needs nobody.
func (e *Core) next(ctx context.Context, c consent.Consent, actions []consent.Action) (*Next, error) {
	a, some := consent.Enforcing(actions)
	byHand := a.Kind == consent.ActGuide && a.State == consent.NeedsPerson
	past := some && e.sentOn(c, actions, a)
	if c.Decided.Live() || !some || !a.Failed() && !byHand && !past {
		return nil, nil
	}
	n := &Next{Action: a.ID}
	if !byHand {
		n.Steps = []Step{StepGuide}
	}
	d, known := e.Inventory.Device(c.Device)
	if !known {
		return n, nil
	}
	why, err := e.mayBlock(ctx, d, consent.FromPerson, false)
	if why != nil || err != nil {
		return n, err
	}
	x, can := e.enderOf(ctx, d, c.Recipient)
	blocked := a.Kind == consent.ActBlock
	switch {
	case !can, blocked && !past && (x.fit.Exact || a.Coarse || a.State == consent.Stuck): // it is that block which failed
		return n, nil
	case blocked && past && (x.conn.ID == a.Connection || !x.fit.Exact): // or which it gets past
		return n, nil
	case x.fit.Exact:
		n.Steps = append([]Step{StepBlock}, n.Steps...)
	default:
		n.Steps = append([]Step{StepWhole}, n.Steps...)
	}
	p := Preview{Then: consent.Block}
	err = e.whatCuts(ctx, &p, x, target{d, c.Recipient, true}, words.Text("Now"))
	n.Lines, n.AlsoStops = p.Lines, p.AlsoStops
	return n, err
}

// Step implements Ladder. What is revoked goes on being tried beside a block.
func (e *Core) Step(ctx context.Context, id consent.ActionID, to Step, how string) (consent.Action, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a, err := e.Store.Action(ctx, id)
	if err != nil {
		return consent.Action{}, err
	}
	info, err := e.Consent(ctx, a.Consent)
	if err != nil {
		return consent.Action{}, err
	}
	if info.Next == nil || info.Next.Action != id || !slices.Contains(info.Next.Steps, to) {
		return consent.Action{}, words.Errorf("that is not to be chosen now; look at the permission again (%s)", info.ID)
	}
	kind, word := consent.ActBlock, words.Later("%s chose to block what %s sends to %s (%s).")
	switch to {
	case StepWhole:
		word = words.Later("%s chose to cut all of it, to end what %s sends to %s (%s).")
	case StepGuide:
		kind, word = consent.ActGuide, words.Later("%s chose to end by hand what %s sends to %s (%s).")
	}
	n := e.note(consent.NoteAction, info.Consent, words.Sprintf(word, e.who(), info.DeviceName, info.Recipient.Name, way(how)))
	return e.instead(ctx, a, consent.StepTo(a, kind, to == StepWhole, e.Now()), n)
}

// instead writes b, and ends the trying of a; only a revocation goes on beside a
// block, and what was done stays done beside what is added.
func (e *Core) instead(ctx context.Context, a, b consent.Action, n ledger.Note) (consent.Action, error) {
	added, err := e.Store.AddActions(ctx, []consent.Action{b}, n)
	if err != nil {
		return consent.Action{}, err
	}
	if a.State != consent.Done && (a.Kind != consent.ActRevoke || b.Kind != consent.ActBlock) {
		a.State, a.Finished, a.Reason = consent.Cancelled, e.Now().UTC(), words.Text("You chose another way.")
		a.RetryAt, a.VerifyAt = time.Time{}, time.Time{}
		if err := e.Store.SaveAction(ctx, a); err != nil && !errors.Is(err, consent.ErrChanged) {
			return added[0], err
		}
	}
	e.Poke()
	e.changed(changes.Actions, changes.Consents, changes.Diary)
	return added[0], nil
}
