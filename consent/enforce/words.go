package enforce

import (
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// maxReason is how long a sentence of a connector may be.
const maxReason = 240

// sentence cleans and bounds what came from outside.
func sentence(s string) string {
	r := []rune(string(discovery.CleanLong(s)))
	if len(r) > maxReason {
		r = append(r[:maxReason-3], []rune("...")...)
	}
	return string(r)
}

// jitter spreads d by ±50 %, so that many do not come at once.
func jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.Int64N(int64(d)+1))
}

// source names a connection as a source of evidence.
func source(connection string) discovery.Source {
	if connection == "" {
		return discovery.SourceSelf
	}
	return discovery.Source("connector:" + connection)
}

// note is a line for the diary about t's action.
func (t *task) note(k ledger.Kind, text string) ledger.Note {
	return ledger.Note{
		Time: t.now(), Kind: k, Device: string(t.a.Device), Consent: string(t.a.Consent), Action: string(t.a.ID),
		Text: strings.TrimSpace(text),
	}
}

// verb is what an action does, at the start of a sentence.
func verb(k consent.ActionKind) string {
	switch k {
	case consent.ActBlock:
		return words.Text("Blocking")
	case consent.ActUnblock:
		return words.Text("Lifting the block")
	case consent.ActRevoke:
		return words.Text("Revoking")
	case consent.ActHandOver:
		return words.Text("Handing over the date")
	case consent.ActGuide:
		return words.Text("Ending it by hand")
	default:
		return words.Text("Warning")
	}
}

// through is what the household calls a connection.
func (t *task) through(connection string) string {
	if n := string(discovery.Clean(t.r.c.Sessions.Name(connection))); n != "" {
		return n
	}
	return connection
}

func (t *task) zone() *time.Location {
	if t.r.c.Zone == nil {
		return time.UTC
	}
	return t.r.c.Zone()
}

// whom is who can no longer be reached.
func (t *task) whom() string {
	if t.a.Recipient.Any || t.a.Recipient.Name == "" {
		return words.Text("anyone outside")
	}
	return t.a.Recipient.Name
}

func (t *task) blockedText(d discovery.Device) string {
	if t.a.Kind == consent.ActHandOver {
		return words.Sprintf("%s now keeps the end of the permission by itself: from %s on %s cannot send to %s, even with this program off.", t.through(t.name), words.Date(t.a.From.In(t.zone()), "2 January 2006 15:04"), d.Name(), t.whom())
	}
	switch t.a.Origin {
	case consent.FromReapply:
		return words.Sprintf("%s was told again to keep %s from sending to %s.", t.through(t.name), d.Name(), t.whom())
	case consent.FromMove:
		return words.Sprintf("%s was told the new address of %s, to keep it from sending to %s.", t.through(t.name), d.Name(), t.whom())
	case consent.FromRelapse:
		return words.Sprintf("%s was blocked again from sending to %s, through %s.", d.Name(), t.whom(), t.through(t.name))
	default:
		return words.Sprintf("%s was blocked from sending to %s, through %s.", d.Name(), t.whom(), t.through(t.name))
	}
}

func (t *task) liftedText(connection string) string {
	if connection == "" {
		return words.Sprintf("There was no block to lift towards %s.", t.whom())
	}
	text := words.Sprintf("The block towards %s was lifted, through %s. %s", t.whom(), t.through(connection), t.a.Reason)
	if t.a.Origin == consent.FromPause {
		text = words.Sprintf("The time for which it was cut off is over. %s", text)
	}
	return text
}

// revokedText records what the issuer ended together with it too (T31).
func (t *task) revokedText(also []string) string {
	text := words.Sprintf("The access for %s was revoked, through %s.", t.whom(), t.through(t.name))
	if len(also) > 0 {
		text += " " + words.Sprintf("That also ended: %s.", sentence(strings.Join(also, ", ")))
	}
	return text
}

func (t *task) warnText(why string) string {
	return words.Sprintf("The permission to send to %s has ended. %s", t.whom(), why)
}

func (t *task) relapseText() string {
	if !t.hadStopped() {
		return words.Sprintf("It goes on sending to %s, past %s.", t.whom(), t.through(t.a.Connection))
	}
	return words.Sprintf("It had stopped, but is sending to %s again.", t.whom())
}

func (t *task) forgotText(text string) string {
	return words.Sprintf("%s had forgotten the block towards %s and is told again. %s", t.through(t.a.Connection), t.whom(), text)
}

func (t *task) movedText() string {
	return words.Sprintf("The device has another address than the one at which %s keeps it from sending to %s; the block is set anew.", t.through(t.a.Connection), t.whom())
}

// seenText says which level is reached and what is seen, and no more.
func (t *task) seenText(l consent.Level, s consent.Seen, text string) string {
	reached := map[consent.Level]string{
		consent.Accepted:   words.Text("it said yes, but that could not be read back"),
		consent.Configured: words.Text("the block is there, and nothing has tried since"),
		consent.Effective:  words.Text("something was turned away since"),
	}[l]
	switch s {
	case consent.Flowing:
		reached = words.Text("it is still sending")
	case consent.Stopped:
		reached = words.Text("it has stopped")
	case consent.CannotTell:
		reached += words.Text("; whether it stopped cannot be told")
	}
	line := words.Sprintf("Looked through %s: %s.", t.through(t.a.Connection), reached)
	if text == "" {
		return line
	}
	r, n := utf8.DecodeRuneInString(text) // the first letter of a language may be of several bytes
	return line + " " + string(unicode.ToUpper(r)) + text[n:]
}
