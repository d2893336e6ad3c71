package view

import (
	"strings"
	"time"
	"unicode/utf8"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// peer is what to call the connection that did something.
func (p Presenter) peer(connection string) string {
	if n := clean(p.Peers[connection]); n != "" {
		return n
	}
	return p.T("the connector")
}

// doneBy says how far an action got. A yes of the other side is what was done,
// never what was seen.
func (p Presenter) doneBy(a consent.Action) (string, Severity) {
	switch a.State {
	case consent.Pending:
		return p.T("about to be done"), Soon
	case consent.Running:
		return p.T("asking %s now", p.peer(a.Connection)), Soon
	case consent.Waiting:
		return p.because(p.T("%[1]s could not do it yet; tried again %[2]s", p.peer(a.Connection), p.retry(a)), a), Soon
	case consent.NeedsPerson:
		return p.because(p.T("it needs you"), a), Still
	case consent.Stuck:
		return p.because(p.T("could not be done; still tried, next %s", p.retry(a)), a), Still
	case consent.Cancelled:
		return p.T("taken back before it was done"), None
	}
	switch a.Kind {
	case consent.ActWarn:
		return p.T("you were told, nothing was cut"), None
	case consent.ActGuide:
		return p.T("you said that you ended it by hand"), None
	case consent.ActRevoke:
		return p.because(p.T("its access was taken back; %s", p.level(a)), a), None
	}
	return p.T("asked %[1]s · %[2]s", p.peer(a.Connection), p.level(a)), None
}

func (p Presenter) retry(a consent.Action) string {
	if a.RetryAt.IsZero() || !a.RetryAt.After(p.Now) {
		return p.T("soon")
	}
	return p.moment(a.RetryAt)
}

func (p Presenter) because(line string, a consent.Action) string {
	if reason := strings.TrimRight(cleanText(a.Reason), ". "); reason != "" {
		return line + " (" + reason + ")"
	}
	return line
}

// longName is from where a name is not said twice in a line.
const longName = 16

// level says how much is proved of a finished action.
func (p Presenter) level(a consent.Action) string {
	switch a.Level {
	case consent.Configured, consent.Effective:
		if name := p.peer(a.Connection); utf8.RuneCountInString(name) <= longName {
			return p.T("%s confirms", name)
		}
		return p.T("it confirms")
	case consent.Accepted:
		return p.T("it said yes, not confirmed yet")
	default:
		return p.T("not confirmed")
	}
}

// Result is the outcome of a disconnect or reconnect, in place:
// "asked the router · router confirms · last data 14:03:22, none since".
func (p Presenter) Result(d engine.DeviceInfo, a consent.Action) (string, Severity) {
	if a.State != consent.Done {
		return p.doneBy(a)
	}
	first, _ := p.doneBy(a)
	if a.Kind == consent.ActUnblock {
		return first, Fresh
	}
	last, severity := p.sinceBlock(d, a)
	return separate(first, p.untilWhen(a), last), severity
}

// sinceBlock is what was seen since a block. Green is only for what a source
// saw stop; a yes from the other side is not enough.
func (p Presenter) sinceBlock(d engine.DeviceInfo, a consent.Action) (string, Severity) {
	data := p.lastData(d)
	if len(a.Evidence) == 0 {
		return p.joined(data, p.T("looking whether it stopped")), Soon
	}
	e := a.Evidence[len(a.Evidence)-1]
	for _, x := range a.Evidence {
		if x.At.After(e.At) {
			e = x
		}
	}
	switch e.Seen {
	case consent.Stopped:
		if e.Count > 0 {
			return p.joined(data, p.T("none since")) + " · " + p.N("%d try turned away", "%d tries turned away", int(e.Count)), Fresh
		}
		return p.joined(data, p.T("none since")), Fresh
	case consent.Flowing:
		return p.T("still sending, seen %s", p.seconds(e.At)), Still
	case consent.CannotTell:
		if a.VerifyAt.After(p.Now) && a.VerifyAt.Sub(p.Now) < time.Minute { // the next look is near
			return p.joined(data, p.T("looking whether it stopped")), Soon
		}
		if a.Level == consent.Configured {
			return p.joined(data, p.T("it has not tried since, as far as can be seen")), Soon
		}
		if a.Level == consent.Effective {
			return p.joined(data, p.T("refused since; whether it sends another way cannot be seen")), Soon
		}
		return p.joined(data, p.T("nobody can see whether it still sends")), Soon
	}
	if a.Level == consent.Configured {
		return p.joined(data, p.T("it has not tried since")), Soon
	}
	return p.joined(data, p.T("looking whether it stopped")), Soon
}

func (p Presenter) lastData(d engine.DeviceInfo) string {
	if d.LastFlow.IsZero() {
		return ""
	}
	if d.Guess.Kind.Personal() { // no finer than a day for what stands for a person
		return p.T("last data %s", p.sinceDay(d.LastFlow))
	}
	return p.T("last data %s", p.seconds(d.LastFlow))
}

func (p Presenter) joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
