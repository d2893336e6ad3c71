package engine

import (
	"context"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Extend gives a live permission consent.MaxGrace beyond its end, once in its
// period; see consent.Grace.
func (e *Core) Extend(ctx context.Context, id consent.ID, how string) (ConsentInfo, error) {
	c, err := e.consentByRef(ctx, id)
	if err != nil {
		return ConsentInfo{}, err
	}
	by := e.decider(how)
	next, actions, err := consent.Grace(c, consent.MaxGrace, by)
	if err != nil {
		return ConsentInfo{}, err
	}
	until := words.Date(next.DueAt().In(by.Zone), "2 January 2006 15:04")
	text := words.Sprintf("%s gave what %s sends to %s two more days, until %s (%s).", e.who(), e.deviceName(c.Device), c.Recipient.Name, until, way(how))
	return e.decide(ctx, consent.Decision{Consent: next, Expect: c.Version, Actions: e.possible(ctx, actions), Notes: []ledger.Note{e.note(consent.NoteGrace, next, text)}})
}
