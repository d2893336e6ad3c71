package view

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/category"
)

// category gives the words for a kind of data; what somebody made up is shown as it is.
func (p Presenter) category(c consent.Category) string {
	if t, known := category.Of(c); known {
		return p.T(t.Words)
	}
	return clean(category.Words(c))
}

// dataLine is "Video, who comes and goes".
func (p Presenter) dataLine(cs []consent.Category) string {
	var out []string
	for _, c := range cs {
		out = append(out, p.category(c))
	}
	return capital(strings.Join(out, ", "))
}

// recipient is who receives, never a bare address.
func (p Presenter) recipient(r consent.Recipient) string {
	if r.Any {
		return p.T("anybody outside your home")
	}
	return p.company(r.Name)
}

// company says that an address has no name, instead of passing it off as one.
func (p Presenter) company(name string) string {
	name = clean(name)
	if name == "" {
		return p.T("somebody unknown")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return p.T("unnamed (%s)", name)
	}
	return name
}

// deviceName is never an address, whatever a device calls itself.
func (p Presenter) deviceName(name string) string {
	name = clean(name)
	switch {
	case name == "" || name == "Unknown device":
		return p.T("Unknown device")
	case isAddress(name):
		return p.T("Unknown device")
	default:
		return name
	}
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// Card is the face of one permission. last is when traffic under it was last seen.
func (p Presenter) Card(c engine.ConsentInfo, last time.Time) PermissionCard {
	card := PermissionCard{
		ID: string(c.ID), DeviceID: string(c.Device), Device: p.deviceName(c.DeviceName), Kind: c.DeviceKind,
		ReceivesLine: p.T("receives: %s", p.recipient(c.Recipient)),
		DataLine:     p.dataLine(c.Data), StatusLine: p.statusLine(c),
		StampCaption: p.caption(c.Consent), StampText: p.Stamp(p.end(c.Consent)),
		Struck:   !c.Decided.Live() && c.Headline != consent.NotInForce && c.Headline != consent.EndedStill,
		Severity: severityOf(c.Headline), StateWord: p.stateWord(c), Lacking: c.Headline == consent.NotInForce, Truths: p.Truths(c, last),
	}
	if card.StampText == "" {
		card.StampText = p.T("NO END")
	}
	if c.Decided == consent.Withdrawn && !c.Ended.IsZero() {
		card.StampText = p.Stamp(p.ended(c.Consent))
	}
	card.Action, card.ActionLabel = p.cardAction(c.Headline)
	if c.Lapsing && card.Action == CardReview {
		card.Action, card.ActionLabel = CardNone, ""
	}
	if inDoubt(c) {
		p.doubted(&card)
	}
	return card
}

// caption stands over the stamp, with the time where it does not end with its day.
func (p Presenter) caption(c consent.Consent) string {
	if p.timed(c) && c.Decided != consent.Withdrawn {
		return p.T("BEST BEFORE") + " · " + p.clock(c.DueAt())
	}
	return p.T("BEST BEFORE")
}

func (p Presenter) cardAction(h consent.Headline) (CardAction, string) {
	switch h {
	case consent.Soon:
		return CardReview, p.T("Review")
	case consent.EndedStill, consent.EndedStuck, consent.EndedPerson, consent.EndedPending, consent.EndedUnchecked:
		return CardWhy, p.T("See why")
	case consent.NotInForce:
		return CardGive, p.T("Decide")
	default:
		return CardNone, ""
	}
}

// byUrgency puts what is wrong first, then what ends next, then what is over.
func byUrgency(cs []engine.ConsentInfo) []engine.ConsentInfo {
	out := slices.Clone(cs)
	rank := func(c engine.ConsentInfo) int {
		switch severityOf(c.Headline) {
		case Still:
			return 0
		case Soon:
			return 1
		case Fresh:
			return 2
		default:
			return 3
		}
	}
	slices.SortStableFunc(out, func(a, b engine.ConsentInfo) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		x, y := a.DueAt(), b.DueAt()
		if x.IsZero() != y.IsZero() { // without an end comes last
			if x.IsZero() {
				return 1
			}
			return -1
		}
		if rank(a) == 3 {
			return y.Compare(x) // what ended last comes first
		}
		return x.Compare(y)
	})
	return out
}

// waits reports whether a permission waits for a person.
func waits(c engine.ConsentInfo) bool {
	switch c.Headline {
	case consent.Soon:
		return !c.Lapsing // that is an answer
	case consent.EndedStill, consent.EndedStuck, consent.EndedPerson:
		return true
	case consent.NotInForce:
		return c.Decided == consent.Requested || c.Decided == consent.Deferred
	default:
		return false
	}
}

// Waiting lists the IDs of the permissions that wait for a person, most urgent first.
func Waiting(cs []engine.ConsentInfo) []string {
	var out []string
	for _, c := range byUrgency(cs) {
		if waits(c) {
			out = append(out, string(c.ID))
		}
	}
	return out
}
