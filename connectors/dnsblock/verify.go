package dnsblock

import (
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Blockable reads what a block is to refuse: names, none for every name, and how
// many destinations are bare addresses, which no name stops.
func Blockable(r connectors.BlockRequest, now time.Time, peer string) (names []string, bare int, err error) {
	switch {
	case !GoodMark(r.Mark):
		return nil, 0, connectors.Fault(consent.KindPermanent, words.Sprintf("This block has no name that %s could keep.", peer), nil)
	case r.From.After(now) || !r.Until.IsZero():
		return nil, 0, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s cannot keep a start or an end by itself.", peer), nil)
	case r.Target.Recipient.Any:
		return nil, 0, nil
	}
	if names, bare = Names(r.Target.Recipient); len(names) == 0 {
		return nil, 0, connectors.Fault(consent.KindUnsupported, words.Sprintf("%s can only refuse names, and this recipient is known by addresses alone.", peer), nil)
	}
	return names, bare, nil
}

// WhatNames says in a few words what is refused.
func WhatNames(names []string) string {
	switch len(names) {
	case 0:
		return words.Text("all names")
	case 1:
		return names[0]
	}
	return words.Sprintf("%s and %d more names", names[0], len(names)-1)
}

// Nowhere is the error of a device of which no address is known.
func Nowhere(peer string) error {
	return connectors.Fault(consent.KindTransient, words.Sprintf("%s acts on addresses, and none is known to be this device's now; it is tried again when it is seen.", peer), nil)
}

// TargetOf is what a block of ours says of itself that it hits.
func TargetOf(macs, addrs, names []string) connectors.Target {
	t := connectors.Target{Addresses: addrs, Recipient: consent.Recipient{Any: len(names) == 0, Destinations: names}}
	for _, m := range macs {
		t.Identifiers = append(t.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: m})
	}
	if len(names) > 0 {
		t.Recipient.Name = WhatNames(names)
	}
	return t
}

// Signs are what a log tells of one block since it was set.
type Signs struct {
	refused, passed     uint64
	lastTry, lastPassed time.Time
	Blind               string // why the log tells nothing
}

// Refused counts a question that the block refused.
func (s *Signs) Refused(at time.Time) { s.refused, s.lastTry = s.refused+1, Later(s.lastTry, at) }

// Passed counts a question that the block should have refused.
func (s *Signs) Passed(at time.Time) { s.passed, s.lastPassed = s.passed+1, Later(s.lastPassed, at) }

// Judge says what the signs mean; why is what keeps a block that is there from
// having an effect, "" for nothing.
func (s *Signs) Judge(f *connectors.Finding, why string) {
	f.Level = consent.Configured
	if why != "" {
		f.Level = consent.Accepted
	}
	f.Refused, f.LastTry = s.refused, Later(s.lastTry, s.lastPassed)
	switch {
	case s.passed > 0 && s.lastPassed.After(s.lastTry):
		f.Seen, f.Text = consent.Flowing, words.Sprintf("It was given %d names since that it should be refused.", s.passed)
		if why != "" {
			f.Text = why + " " + f.Text
		}
	case why != "":
		f.Seen, f.Text = consent.CannotTell, why
	case s.refused > 0:
		f.Level, f.Seen = consent.Effective, consent.Stopped
		f.Text = words.Sprintf("It was refused %d times since.", s.refused)
	case s.Blind != "":
		f.Seen, f.Text = consent.CannotTell, s.Blind
	default:
		f.Text = words.Text("The rule is in force; the device has not asked for it since.")
	}
}

// Later is the later of two moments.
func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
