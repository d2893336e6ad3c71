package expiry

import (
	"time"

	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// onTime is how late an end may be written without a word about it.
const onTime = time.Minute

// expiredNotes is the diary's line about the end of c: when it was due, when it
// was acted upon if that is another time, and why it was not cut if it was not.
func expiredNotes(c, next consent.Consent, d discovery.Device, known bool, why string) []ledger.Note {
	name := deviceName(d, known)
	due := c.DueAt()
	text := words.Sprintf("%s may no longer send to %s: the permission ended on %s.", name, c.Recipient.Name, civil(due, c))
	if late := next.Ended.Sub(due); late > onTime {
		text = words.Sprintf("%s may no longer send to %s: the permission ended on %s, and this was acted upon %s later, because this computer or program was not running.", name, c.Recipient.Name, civil(due, c), about(late))
	}
	if why != "" {
		text += " " + why
	}
	return []ledger.Note{{
		Time: next.Ended, Kind: consent.NoteExpired, Device: string(c.Device), Consent: string(c.ID), Text: text,
	}}
}

// doubtNote says what was done by a clock that may be wrong, and that it can be undone.
func doubtNote(c consent.Consent, a consent.Action, name string) ledger.Note {
	return ledger.Note{
		Time: a.Created, Kind: consent.NoteClock, Device: string(c.Device), Consent: string(c.ID),
		Text: words.Sprintf("By this computer's clock, which is in doubt, the permission for %s to send to %s would have ended. It is blocked for now; what you decided stands.", name, c.Recipient.Name),
	}
}

// backNote says that it was taken back.
func backNote(c consent.Consent, now time.Time, name string) ledger.Note {
	return ledger.Note{
		Time: now, Kind: consent.NoteClock, Device: string(c.Device), Consent: string(c.ID),
		Text: words.Sprintf("%s may send to %s again: it was blocked by a clock that was wrong, and its permission has not ended.", name, c.Recipient.Name),
	}
}

func deviceName(d discovery.Device, known bool) string {
	if known {
		return d.Name()
	}
	return words.Text("The device")
}

// civil is the date as the person chose it; after an extension, or where the
// zone is not known on this computer, the instant.
func civil(due time.Time, c consent.Consent) string {
	if due.Equal(c.Expires) && len(c.ExpiresCivil) == len("2006-01-02") {
		if t, err := time.Parse("2006-01-02", c.ExpiresCivil); err == nil {
			return words.Sprintf("the evening of %s", words.Date(t, "2 January 2006"))
		}
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return words.Sprintf("%s UTC", words.Date(due.UTC(), "2 January 2006 at 15:04:05"))
	}
	return words.Date(due.In(zone), "2 January 2006 at 15:04:05")
}

// about is a length of time in one rounded word.
func about(d time.Duration) string {
	switch {
	case d < time.Hour:
		return words.N("1 minute", "%d minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return words.N("1 hour", "%d hours", int(d/time.Hour))
	default:
		return words.N("1 day", "%d days", int(d/(24*time.Hour)))
	}
}
