package discovery

import (
	"net/netip"
	"time"
)

// bucket counts the new entries that one sender brought.
type bucket struct {
	left float64
	at   time.Time
}

// admit reports whether a new entry may be made for o, and makes room for it.
// Confirmed devices never make room. Among the others the ones that are long
// gone go first; a device whose hardware address answers outweighs a mere
// announcement, since announcements cost nothing to invent.
func (inv *Inventory) admit(o observation, ch *changes) bool {
	if len(o.macs) == 0 && o.From.IsValid() && !inv.mayBring(o) {
		inv.notice(NoticeFast)
		return false
	}
	if len(inv.entries)-inv.confirmed < inv.cfg.MaxUnconfirmed {
		return true
	}
	if len(o.macs) == 0 && o.At.Before(inv.fullUntil) {
		return false
	}
	var victim *entry
	for _, e := range inv.entries {
		if !e.safe() && (victim == nil || inv.sooner(e, victim)) {
			victim = e
		}
	}
	expired := victim != nil && o.At.Sub(victim.d.LastSeen) > longGone
	if victim == nil || !expired && (len(o.macs) == 0 || len(victim.d.Hardware) > 0) {
		inv.notice(NoticeFull)
		inv.fullUntil = o.At.Add(time.Second) // a flood must not cost a search for each name
		return false
	}
	ch.add(victim)
	inv.requeue(victim.d.ID, nil)
	inv.forget(victim)
	for from, to := range inv.aliases {
		if to == victim.d.ID {
			delete(inv.aliases, from)
		}
	}
	inv.notice(NoticeFull)
	return true
}

// sooner reports whether a makes room before b.
func (inv *Inventory) sooner(a, b *entry) bool {
	if x, y := len(a.d.Hardware) > 0, len(b.d.Hardware) > 0; x != y {
		return y
	}
	if !a.d.LastSeen.Equal(b.d.LastSeen) {
		return a.d.LastSeen.Before(b.d.LastSeen)
	}
	return older(a, b) < 0
}

// mayBring counts the newcomers of one sender.
func (inv *Inventory) mayBring(o observation) bool {
	b := inv.emitters[o.From]
	if b == nil {
		if len(inv.emitters) >= maxEmitters {
			inv.emitters = map[netip.Addr]*bucket{} // a flood of senders: begin anew, the bound on entries still holds
		}
		b = &bucket{left: newBurst, at: o.At}
		inv.emitters[o.From] = b
	}
	if d := o.At.Sub(b.at); d > 0 {
		b.left = min(newBurst, b.left+d.Seconds()*newPerSecond)
		b.at = o.At
	}
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (inv *Inventory) notice(n Notice) {
	inv.noticed[n]++
	if inv.noticed[n] == 1 && inv.cfg.Notice != nil {
		inv.cfg.Notice(n, len(inv.entries))
	}
}

// Refused returns how often a bound was reached, by kind.
func (inv *Inventory) Refused() map[Notice]int {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	out := make(map[Notice]int, len(inv.noticed))
	for n, c := range inv.noticed {
		out[n] = c
	}
	return out
}
