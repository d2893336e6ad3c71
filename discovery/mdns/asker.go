package mdns

import (
	"time"

	"github.com/miekg/dns"
)

const (
	perPacket    = 12          // questions in one packet
	sameQuestion = time.Second // never the same question sooner (RFC 6762 section 5.2)
	// Between the first two rounds. An answer follows its question by up to 120 ms,
	// and says nothing again within the second after it: asking at one second sharp
	// would go unanswered by those who answered late, also where that was lost.
	firstWait     = 1150 * time.Millisecond
	longestWait   = time.Hour // between two rounds
	longestRetry  = 12        // a follow-up question waits 1, 2, 4 ... seconds, at most an hour
	followUpsMax  = 720       // follow-up questions in one second
	followUpAgain = 250 * time.Millisecond
)

// asker decides what is asked when. It sends nothing itself.
type asker struct {
	wants  map[key]*want
	single map[placed]bool      // to ask once, as soon as allowed
	asked  map[placed]time.Time // last time, to keep apart what is equal
	links  map[string]*schedule
	next   time.Time // the earliest of all that is waiting; zero: nothing
	busy   time.Time // until then answers are still coming in, as far as one can tell
	many   bool      // more services are known than fit into a few packets
	second time.Time // the second in which spent counts
	spent  int
}

// placed is a question on one interface; "" means on all.
type placed struct {
	key
	iface string
}

// want is something missing that is asked for until it is there.
type want struct {
	tries, limit int // limit 0: no end
	since, next  time.Time
	iface        string
}

// schedule is when the round of all types is due on one interface.
type schedule struct {
	up    time.Time // when the interface came up
	next  time.Time
	wait  time.Duration
	shots int // one-shot questions asked
}

func newAsker() *asker {
	return &asker{wants: map[key]*want{}, single: map[placed]bool{}, asked: map[placed]time.Time{}, links: map[string]*schedule{}}
}

func (a *asker) wake(at time.Time) {
	if a.next.IsZero() || at.Before(a.next) {
		a.next = at
	}
}

// once asks for k one time.
func (a *asker) once(k key, iface string, now time.Time) {
	a.single[placed{k, iface}] = true
	a.wake(now)
}

// want sets whether k is missing.
func (a *asker) want(k key, missing bool, limit int, iface string, now time.Time) {
	if !missing {
		delete(a.wants, k)
		return
	}
	if w := a.wants[k]; w != nil {
		w.limit = limit
		return
	}
	a.wants[k] = &want{limit: limit, since: now, next: now, iface: iface}
	a.wake(now)
}

// drop forgets that k is missing.
func (a *asker) drop(k key) { delete(a.wants, k) }

// linkUp begins the rounds on an interface, or begins them anew.
func (a *asker) linkUp(iface string, now time.Time) {
	a.links[iface] = &schedule{up: now, next: now, wait: firstWait}
	a.wake(now)
}

func (a *asker) linkDown(iface string) { delete(a.links, iface) }

// restart begins the rounds on all interfaces anew.
func (a *asker) restart(now time.Time) {
	for iface := range a.links {
		a.linkUp(iface, now)
	}
}

// due is when collect should be called again; zero when nothing is waiting.
func (a *asker) due() time.Time {
	at := a.shotDue()
	if at.IsZero() || !a.next.IsZero() && a.next.Before(at) {
		return a.next
	}
	return at
}

// collect returns the questions that are due at now, by interface.
func (a *asker) collect(types map[string]bool, only bool, now time.Time) map[string][]dns.Question {
	if a.next.IsZero() || now.Before(a.next) {
		return nil
	}
	a.next = time.Time{}
	if now.Sub(a.second) >= time.Second {
		a.second, a.spent = now, 0
		a.prune(now)
	}
	out := map[string][]dns.Question{}
	for iface, s := range a.links {
		if !s.next.After(now) && s.wait > firstWait && (a.hold(s.next, now) || a.early(s, now)) {
			continue // to ask again while answers pour in makes everybody slower
		}
		if !s.next.After(now) {
			a.round(types, only, iface, now, out)
			s.next = now.Add(s.wait)
			s.wait = min(2*s.wait, longestWait)
		}
		a.wake(s.next)
	}
	for p := range a.single {
		if a.followUp(p.key, p.iface, now, out) {
			delete(a.single, p)
		} else {
			a.wake(now.Add(followUpAgain))
		}
	}
	for k, w := range a.wants {
		a.retry(k, w, now, out)
	}
	return out
}

// round asks for all types on iface. What was asked less than a second ago
// follows when the second is over: left out, it would wait for the next round.
func (a *asker) round(types map[string]bool, only bool, iface string, now time.Time, out map[string][]dns.Question) {
	ask := func(name string) {
		if k := (key{name, dns.TypePTR}); !a.ask(k, iface, now, out) {
			a.single[placed{k, iface}] = true
		}
	}
	if !only {
		ask(enumerate)
	}
	for t := range types {
		ask(t)
	}
}

// hold reports whether what was due at due waits because answers are coming in,
// and sees to it that it is looked at again.
func (a *asker) hold(due, now time.Time) bool {
	most := due.Add(calmMost)
	if !now.Before(a.busy) || !now.Before(most) {
		return false
	}
	if a.busy.Before(most) {
		most = a.busy
	}
	a.wake(most)
	return true
}

// retry asks for what is missing if its time has come.
func (a *asker) retry(k key, w *want, now time.Time, out map[string][]dns.Question) {
	if w.limit > 0 && w.tries >= w.limit {
		return
	}
	if w.limit > 0 && w.tries == 0 && (k.typ == dns.TypeA || k.typ == dns.TypeAAAA) && a.hold(w.since, now) {
		return // the other address family: not needed to show the device, and likely on its way
	}
	if !w.next.After(now) {
		if a.followUp(k, w.iface, now, out) {
			w.next = now.Add(min(time.Second<<min(w.tries, longestRetry), longestWait))
			w.tries++
		} else {
			w.next = now.Add(followUpAgain)
		}
	}
	a.wake(w.next)
}

// followUp asks for k on iface, or everywhere when iface is gone; false when it
// must wait.
func (a *asker) followUp(k key, iface string, now time.Time, out map[string][]dns.Question) bool {
	if a.spent >= followUpsMax {
		return false
	}
	ok := true
	if a.links[iface] != nil {
		ok = a.ask(k, iface, now, out)
	} else {
		for iface := range a.links {
			ok = a.ask(k, iface, now, out) && ok
		}
	}
	if ok {
		a.spent++
	}
	return ok
}

// ask puts down a question unless the same one was asked less than a second ago.
func (a *asker) ask(k key, iface string, now time.Time, out map[string][]dns.Question) bool {
	p := placed{k, iface}
	if at, ok := a.asked[p]; ok && now.Sub(at) < sameQuestion {
		return false
	}
	a.asked[p] = now
	out[iface] = append(out[iface], dns.Question{Name: k.name, Qtype: k.typ, Qclass: dns.ClassINET})
	return true
}

// prune forgets questions that no longer keep others waiting.
func (a *asker) prune(now time.Time) {
	for p, at := range a.asked {
		if now.Sub(at) >= sameQuestion {
			delete(a.asked, p)
		}
	}
}
