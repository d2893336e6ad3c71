package view

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/consent"
	"bestbefore/consent/category"
)

// The presets that are shorter than a day, the one for sensitive data, and the one without an end.
const (
	presetHour      = "1h"
	presetToday     = "today"
	presetSensitive = "3m"
	presetNoEnd     = "none" // the answer to a yearly question: it goes on
)

// presets are lengths of time counted in months from base.
func (p Presenter) presets(base Day) []Preset {
	var out []Preset
	for _, n := range []int{1, 3, 6, 12} {
		until := base.addMonths(n)
		out = append(out, Preset{
			ID: strconv.Itoa(n) + "m", Label: p.N("%d month", "%d months", n), Until: until,
			Term: "P" + strconv.Itoa(n) + "M", Ends: p.Stamp(until),
		})
	}
	out[3].Label = p.T("1 year")
	return out
}

// short are the lengths of time that end today or within the hour.
func (p Presenter) short() []Preset {
	hour := p.Now.Add(time.Hour)
	return []Preset{
		{ID: presetHour, Label: p.T("For an hour"), Until: p.dayOf(hour), Term: "PT1H", Ends: p.Stamp(p.dayOf(hour))},
		{ID: presetToday, Label: p.T("Today, until midnight"), Until: p.today(), Term: p.today().String(), Ends: p.Stamp(p.today())},
	}
}

// sensitive reports whether a kind of data tells what nobody outside should
// keep for long; three months are proposed for it (expiry.md 6).
func sensitive(data []string) bool {
	return slices.ContainsFunc(data, func(c string) bool {
		t, known := category.Of(consent.Category(c))
		return known && t.Sensitive
	})
}

// Settle completes a draft: what was typed becomes a choice, a preset gets its
// day, and sensitive data its three months where nothing was chosen. The second
// value says why what was typed cannot be used.
func (p Presenter) Settle(d GiveDraft) (GiveDraft, string) {
	d, why := p.takeTyped(d)
	if d.PresetID == "" && d.Until.Zero() && sensitive(d.Data) {
		d.PresetID = presetSensitive
	}
	if d.PresetID != "" {
		d.At = ""
		for _, x := range append(p.short(), p.presets(p.today())...) {
			if x.ID == d.PresetID {
				d.Until = x.Until
			}
		}
	}
	return d, why
}

// term is what the draft says, as consent.ParseTerm reads it; "" when nothing was chosen.
func (d GiveDraft) term() string {
	switch {
	case d.PresetID == presetHour:
		return "PT1H"
	case strings.HasSuffix(d.PresetID, "m"):
		return "P" + strings.ToUpper(d.PresetID)
	case d.Until.Zero():
		return ""
	default:
		return Moment(d.Until, d.At)
	}
}

// Moment is the end of a day, or a time of it, as consent.ParseTerm reads it.
func Moment(d Day, at string) string {
	if at = strings.TrimSpace(at); at == "" {
		return d.String()
	}
	hour, minute, ok := strings.Cut(strings.Replace(at, ".", ":", 1), ":")
	if !ok && len(at) > 2 {
		hour, minute = at[:len(at)-2], at[len(at)-2:]
	}
	h, err := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if err != nil || err2 != nil || len(minute) != 2 || h > 23 || m > 59 {
		return d.String() + "T" + at // refused where it is read
	}
	return d.String() + "T" + time.Date(2000, 1, 1, int(h), int(m), 0, 0, time.UTC).Format("15:04")
}

// notWhen says why a permission cannot end then; "" when it can.
func (p Presenter) notWhen(term string) string {
	_, err := consent.ParseTerm(term, p.Now, p.zone())
	return p.NotUntil(err)
}

// NotUntil says why an end was refused; "" when it was not.
func (p Presenter) NotUntil(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, consent.ErrPast):
		return p.T("That moment has already passed.")
	case errors.Is(err, consent.ErrTooLong):
		return p.T("A permission lasts 12 months at most.")
	case errors.Is(err, consent.ErrDate):
		return p.T("Write the time as 18:00.")
	default:
		return p.Failure(err)
	}
}

// stamped is the time of day at which a draft ends; "" at the end of its day.
func (p Presenter) stamped(d GiveDraft) string {
	switch {
	case d.PresetID == presetHour:
		return p.clock(p.Now.Add(time.Hour))
	case d.PresetID == "" && d.At != "" && p.notWhen(d.term()) == "":
		_, at, _ := strings.Cut(Moment(d.Until, d.At), "T")
		return at
	default:
		return ""
	}
}

// giveUntil is the word on the button: "Give until 30 November".
func (p Presenter) giveUntil(d GiveDraft) string {
	at := p.stamped(d)
	switch {
	case d.PresetID == presetHour:
		return p.T("Give for an hour")
	case at != "" && d.Until == p.today():
		return p.T("Give until %s today", at)
	case at != "":
		return p.T("Give until %[1]s, %[2]s", p.date(d.Until), at)
	case d.Until == p.today():
		return p.T("Give until midnight")
	default:
		return p.T("Give until %s", p.date(d.Until))
	}
}
