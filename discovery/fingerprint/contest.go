package fingerprint

import (
	"cmp"
	"slices"

	"bestbefore/discovery"
)

// A device that is one kind is often another too: a doorbell has a camera, a
// television plays music. Such kinds do not contradict each other; the one that
// says more is meant. Kinds that do contradict are no ground for a choice: a
// microcontroller that announces a light, a plug and a 3D printer is none of
// them for sure.

// parts lists what a device of a kind may be besides.
var parts = map[discovery.Kind][]discovery.Kind{
	discovery.KindDoorbell:   {discovery.KindCamera, discovery.KindSensor, discovery.KindLock, discovery.KindSpeaker},
	discovery.KindCamera:     {discovery.KindSensor, discovery.KindLight, discovery.KindSpeaker},
	discovery.KindTelevision: {discovery.KindMedia, discovery.KindSpeaker, discovery.KindGame, discovery.KindHub},
	discovery.KindSpeaker:    {discovery.KindMedia, discovery.KindHub, discovery.KindServer},
	discovery.KindMedia:      {discovery.KindServer, discovery.KindComputer},
	discovery.KindPrinter:    {discovery.KindScanner, discovery.KindServer},
	discovery.KindRouter:     {discovery.KindStorage, discovery.KindServer, discovery.KindMedia, discovery.KindHub, discovery.KindComputer},
	discovery.KindStorage:    {discovery.KindServer, discovery.KindComputer, discovery.KindMedia},
	discovery.KindHub:        {discovery.KindServer, discovery.KindLight, discovery.KindSensor, discovery.KindComputer},
	discovery.KindServer:     {discovery.KindComputer},
	discovery.KindPrinter3D:  {discovery.KindServer, discovery.KindComputer, discovery.KindCamera, discovery.KindPrinter},
	discovery.KindThermostat: {discovery.KindSensor, discovery.KindAppliance},
	discovery.KindAir:        {discovery.KindSensor, discovery.KindAppliance},
	discovery.KindVacuum:     {discovery.KindAppliance, discovery.KindCamera},
	discovery.KindPlug:       {discovery.KindSensor, discovery.KindEnergy},
	discovery.KindLock:       {discovery.KindSensor},
	discovery.KindGarage:     {discovery.KindSensor, discovery.KindLock},
	discovery.KindAlarm:      {discovery.KindSensor, discovery.KindHub, discovery.KindCamera},
	discovery.KindComputer:   {discovery.KindStorage, discovery.KindScanner},
}

const (
	claimed = 0.6  // a kind that a device itself says with this is a claim, not a hint
	level   = 0.15 // two claims closer than this contradict each other
)

// contest names the kind that the evidence is for, and what speaks for it;
// false when it is for several that cannot be one thing.
func (h *hints) contest() (discovery.Evidence, bool) {
	best := map[string]discovery.Evidence{}
	for _, x := range h.all { // sorted: the first of each kind is its best
		if x.What != "kind" {
			continue
		}
		if x.Source == discovery.SourceSelf || x.Because == isRouter() {
			return x.Evidence, true // our own knowledge, no claim
		}
		if _, ok := best[x.Value]; !ok {
			best[x.Value] = x.Evidence
		}
	}
	claims := make([]discovery.Evidence, 0, len(best))
	for _, e := range best {
		claims = append(claims, e)
	}
	if len(claims) == 0 {
		return discovery.Evidence{}, false
	}
	order := func(a, b discovery.Evidence) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Value, b.Value))
	}
	slices.SortFunc(claims, order)
	left := slices.DeleteFunc(slices.Clone(claims), func(e discovery.Evidence) bool {
		return slices.ContainsFunc(claims, func(whole discovery.Evidence) bool { return partOf(e, whole) })
	})
	if len(left) == 0 { // two that are part of each other
		left = claims
	}
	slices.SortFunc(left, order)
	if len(left) > 1 && left[1].Confidence >= claimed && left[0].Confidence-left[1].Confidence < level {
		return left[0], false
	}
	return left[0], true
}

// partOf reports whether e is only a side of what whole says, and whole is said
// firmly enough.
func partOf(e, whole discovery.Evidence) bool {
	return e.Value != whole.Value && whole.Confidence >= min(claimed, e.Confidence) && e.Confidence-whole.Confidence <= 2*level &&
		slices.Contains(parts[discovery.Kind(whole.Value)], discovery.Kind(e.Value))
}
