package engine

import (
	"context"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// zoneKept is the setting with the zone in which the dates of another one were
// last looked at and kept.
const zoneKept = "zone.kept"

// overviewZone asks once after a move of zone: the dates have not moved with it.
func (e *Core) overviewZone(ctx context.Context, o *Overview, cs []ConsentInfo) error {
	zone, loc := e.Zone()
	n := 0
	for _, c := range cs {
		if c.Decided.Live() && !c.Expires.IsZero() && elsewhere(c.Consent, loc) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	kept, err := e.Store.Setting(ctx, zoneKept)
	if err != nil || kept == zone {
		return err
	}
	dates := words.N("1 date was agreed in another one. It has not moved: it ends at the same moment, shown as the clocks here show it.",
		"%d dates were agreed in another one. They have not moved: each ends at the same moment, shown as the clocks here show it.", n)
	o.Problems = append(o.Problems, Problem{
		ID: "zone", Text: words.Sprintf("The time zone of this computer is now %s, and %s", zone, dates), Fix: words.Text("Keep it so, or give a permission another date when you renew it."),
	})
	return nil
}

// elsewhere reports whether the clocks of the zone in which c was agreed show
// another time for its end than those of here.
func elsewhere(c consent.Consent, here *time.Location) bool {
	there, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" {
		return false
	}
	const clock = time.DateTime
	return c.Expires.In(there).Format(clock) != c.Expires.In(here).Format(clock)
}

// KeepDates takes the word that the dates stay where they are in the zone that
// this computer has now. It is not asked again until the zone changes.
func (e *Core) KeepDates(ctx context.Context, how string) error {
	zone, _ := e.Zone()
	if err := e.Store.SetSetting(ctx, zoneKept, zone); err != nil {
		return err
	}
	note := ledger.Note{Time: e.Now(), Kind: consent.NoteClock, Text: words.Sprintf("%s kept the dates as they are in the time zone %s (%s).", e.who(), zone, way(how))}
	if err := e.Store.Note(ctx, note); err != nil {
		return err
	}
	e.changed(changes.Consents, changes.Diary)
	return nil
}
