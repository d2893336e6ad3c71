//go:build lab && linux

package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// undecided is a permission whose date had passed at a moment and that is not ended.
func (s *slaughter) undecided(e engine.Engine, at time.Time) string {
	s.t.Helper()
	for _, c := range s.all(e) {
		if c.Decided.Live() && c.Expires.Before(at) {
			return string(c.ID)
		}
	}
	return ""
}

// all are the permissions that are stored; each that was acknowledged must be there.
func (s *slaughter) all(e engine.Engine) []engine.ConsentInfo {
	s.t.Helper()
	cs, err := e.Consents(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	have := map[consent.ID]bool{}
	for _, c := range cs {
		have[c.ID] = true
	}
	for id := range s.kept {
		if !have[id] {
			s.t.Fatalf("permission %s was acknowledged and is lost", id)
		}
	}
	return cs
}

// unfinished says what is not ended or whose end is not done, and of how many
// that is so.
func (s *slaughter) unfinished(e engine.Engine) (what string) {
	s.t.Helper()
	open := 0
	for _, c := range s.all(e) {
		i := slices.IndexFunc(c.Actions, func(a consent.Action) bool { return a.Origin == consent.FromExpiry })
		if c.Decided != consent.Expired || c.Version != 2 || i < 0 || c.Actions[i].State != consent.Done {
			open++
			what = fmt.Sprintf("%d open, such as %s of %s: %s, version %d, %+v", open, c.ID, c.Recipient.Name, c.Decided, c.Version, c.Actions)
			continue
		}
		if _, known := s.kept[c.ID]; !known { // written, and killed before it could be acknowledged
			s.kept[c.ID] = s.accountOf(c)
		}
	}
	return what
}

// finish waits until all is done; after d it says what is not.
func (s *slaughter) finish(e engine.Engine, d time.Duration) {
	s.t.Helper()
	begun := time.Now()
	told := begun
	for what := s.unfinished(e); what != ""; what = s.unfinished(e) {
		if time.Since(begun) > d {
			s.t.Fatalf("after %s: %s", d, what)
		}
		if time.Since(told) >= 10*time.Second {
			told = time.Now()
			s.t.Logf("after %s: %s", time.Since(begun).Round(time.Second), what)
		}
		time.Sleep(500 * time.Millisecond) // between two looks
	}
}

func (s *slaughter) accountOf(c engine.ConsentInfo) string {
	for name, id := range s.accounts {
		if id == c.Device {
			return name
		}
	}
	return ""
}

// outside names what neither the router's kernel nor the broker's list of accounts holds.
func (s *slaughter) outside() (missing []string) {
	s.t.Helper()
	rules, off := s.box("exec", "gw", "nft", "list", "ruleset"), s.b.disabled()
	for id, account := range s.kept {
		if account != "" && !off[account] || account == "" && !strings.Contains(rules, consent.MarkFor(id)) {
			missing = append(missing, fmt.Sprintf("%s %s", id, account))
		}
	}
	return missing
}

// told: each permission's end is told once, and once what was done about it; and
// the kills really met work, in the second half as in the first.
func (s *slaughter) told(e engine.Engine) {
	s.t.Helper()
	type lines struct {
		given, ended, blocked int
		decided, done         time.Time
	}
	of := map[consent.ID]*lines{}
	busy := map[int]bool{}
	for before := uint64(0); ; {
		es, err := e.Diary(s.t.Context(), engine.DiaryQuery{Before: before, Limit: 1000})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, x := range es {
			id := consent.ID(x.Consent)
			if of[id] == nil {
				of[id] = &lines{}
			}
			switch l := of[id]; {
			case x.Kind == consent.NoteGiven:
				l.given++
			case x.Kind == consent.NoteExpired:
				l.ended, l.decided = l.ended+1, x.Time
			case strings.Contains(x.Text, "was blocked from"):
				l.blocked, l.done = l.blocked+1, x.Time
			default:
				continue
			}
			busy[s.lifeOf(x.Time)] = true
		}
		if len(es) < 1000 {
			break
		}
		before = es[len(es)-1].Seq
	}
	delete(busy, -1) // the last one, which is not killed
	cut := 0
	for id := range s.kept {
		l := of[id]
		if l == nil || l.given != 1 || l.ended != 1 || l.blocked != 1 {
			s.t.Errorf("%s: the diary has %+v; want each once", id, l)
			continue
		}
		if s.lifeOf(l.decided) != s.lifeOf(l.done) {
			cut++
		}
	}
	late := 0
	for i := len(s.lives) / 2; i < len(s.lives); i++ {
		if busy[i] {
			late++
		}
	}
	s.t.Logf("%d of %d runs of the agent wrote decisions or what was done, %d of them in the second half; %d permissions were decided in one run and done in another",
		len(busy), len(s.lives), late, cut)
	if late < len(s.lives)/8 {
		s.t.Errorf("only %d of the later kills met work", late)
	}
}

// lifeOf is the run of the agent that a moment lies in; -1 is the last one.
func (s *slaughter) lifeOf(at time.Time) int {
	return slices.IndexFunc(s.lives, func(l life) bool { return !at.Before(l.from.Truncate(time.Millisecond)) && !at.After(l.to) })
}
