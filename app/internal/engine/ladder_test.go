package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// failed is a permission whose end came to a in state s.
func failed(t *testing.T, h *home, kind consent.ActionKind, s consent.ActionState) (engine.ConsentInfo, consent.Action) {
	t.Helper()
	id := h.see(bell)
	h.allow(id, "Other", "203.0.113.8")
	info, err := h.End(t.Context(), h.allow(id, "Bell Maker", "203.0.113.7").ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := h.newest(info.ID)
	a.Kind, a.State, a.Reason = kind, s, "it did not work"
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if info, err = h.Consent(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	return info, a
}

// can gives the home a peer with these traits, "" for none at all.
func (h *home) can(g connectors.Grain) {
	h.connect(false)
	h.peers.caps.Traits = connectors.Traits{Grain: g, IPv4: true}
	if g == "" {
		h.peers.caps.Blocker = nil
	}
}

// The ladder (issue E): the next rung is offered where one failed, and is never
// taken by itself; what worked, or is only tried again soon, offers nothing.
func TestTheNextRungIsOffered(t *testing.T) {
	all := func(steps ...engine.Step) []engine.Step { return steps }
	for name, c := range map[string]struct {
		kind  consent.ActionKind
		state consent.ActionState
		grain connectors.Grain
		want  []engine.Step
	}{
		"T29 a stuck revocation is blocked":        {consent.ActRevoke, consent.Stuck, connectors.GrainRecipient, all(engine.StepBlock, engine.StepGuide)},
		"or the whole device":                      {consent.ActRevoke, consent.Stuck, connectors.GrainDevice, all(engine.StepWhole, engine.StepGuide)},
		"or by hand, where nothing blocks":         {consent.ActRevoke, consent.Stuck, "", all(engine.StepGuide)},
		"a token is no block":                      {consent.ActRevoke, consent.Stuck, connectors.GrainToken, all(engine.StepGuide)},
		"only the whole device can be cut":         {consent.ActBlock, consent.NeedsPerson, connectors.GrainDevice, all(engine.StepWhole, engine.StepGuide)},
		"nothing can":                              {consent.ActBlock, consent.NeedsPerson, "", all(engine.StepGuide)},
		"a stuck block is not done by one more":    {consent.ActBlock, consent.Stuck, connectors.GrainRecipient, all(engine.StepGuide)},
		"steps by hand that a router could do too": {consent.ActGuide, consent.NeedsPerson, connectors.GrainRecipient, all(engine.StepBlock)},
		"tried again in a minute (the twin)":       {consent.ActRevoke, consent.Waiting, connectors.GrainRecipient, nil},
		"done (the twin)":                          {consent.ActBlock, consent.Done, connectors.GrainRecipient, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.can(c.grain)
			info, a := failed(t, h, c.kind, c.state)
			var got []engine.Step
			if info.Next != nil {
				got = info.Next.Steps
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("offered %v, want %v", got, c.want)
			}
			if x, n := h.newest(info.ID); n != 1 || x.ID != a.ID {
				t.Errorf("taken by itself: %s", x.Kind)
			}
			if slices.Contains(got, engine.StepWhole) && (len(info.Next.AlsoStops) != 1 || !strings.Contains(strings.Join(info.Next.Lines, " "), "as a whole")) {
				t.Errorf("it is not said what else stops: %+v", info.Next)
			}
			if _, err := h.Step(t.Context(), a.ID, "everything", "test"); err == nil {
				t.Error("what is not offered was taken")
			}
		})
	}
}

// What must not be cut without a second yes is offered by hand only.
func TestTheLadderCutsNothingMedical(t *testing.T) {
	h := newHome(t)
	h.can(connectors.GrainDevice)
	info, a := failed(t, h, consent.ActBlock, consent.NeedsPerson)
	if err := h.SetEssential(t.Context(), info.Device, discovery.EssentialMedical); err != nil {
		t.Fatal(err)
	}
	if info, err := h.Consent(t.Context(), info.ID); err != nil || info.Next == nil || !slices.Equal(info.Next.Steps, []engine.Step{engine.StepGuide}) {
		t.Errorf("offered %+v, %v", info.Next, err)
	}
	if _, err := h.Step(t.Context(), a.ID, engine.StepWhole, "test"); err == nil {
		t.Error("it was cut")
	}
}

// A choice is a new action of the person's. A block ends the trying of what it
// takes the place of, but a revocation goes on beside it, and is still told (T29).
func TestARungIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		kind  consent.ActionKind
		state consent.ActionState
		grain connectors.Grain
		step  engine.Step
		want  consent.ActionKind
		was   consent.ActionState
	}{
		"cut all of it":       {consent.ActBlock, consent.NeedsPerson, connectors.GrainDevice, engine.StepWhole, consent.ActBlock, consent.Cancelled},
		"show me how":         {consent.ActBlock, consent.NeedsPerson, connectors.GrainDevice, engine.StepGuide, consent.ActGuide, consent.Cancelled},
		"T29 block it":        {consent.ActRevoke, consent.Stuck, connectors.GrainRecipient, engine.StepBlock, consent.ActBlock, consent.Stuck},
		"instead of by hand":  {consent.ActGuide, consent.NeedsPerson, connectors.GrainRecipient, engine.StepBlock, consent.ActBlock, consent.Cancelled},
		"by hand, not revoke": {consent.ActRevoke, consent.Stuck, "", engine.StepGuide, consent.ActGuide, consent.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.can(c.grain)
			info, was := failed(t, h, c.kind, c.state)
			a, err := h.Step(t.Context(), was.ID, c.step, "test")
			if err != nil {
				t.Fatal(err)
			}
			if a.Kind != c.want || a.State != consent.Pending || a.Origin != consent.FromPerson || a.Coarse != (c.step == engine.StepWhole) || a.Version != info.Version {
				t.Errorf("the new one: %+v", a)
			}
			if x, err := h.Action(t.Context(), was.ID); err != nil || x.State != c.was {
				t.Errorf("the one before: %s, %v", x.State, err)
			}
			o, err := h.Overview(t.Context())
			if told := slices.ContainsFunc(o.Problems, func(p engine.Problem) bool { return p.ID == "action/"+string(was.ID) }); err != nil || told != (c.was == consent.Stuck) {
				t.Errorf("what is stuck is told: %v, %v", told, err)
			}
		})
	}
}

// Whoever followed the steps that stand beside a failed block says so of it.
func TestTheWordByHandEndsTheTrying(t *testing.T) {
	h := newHome(t)
	h.can("")
	info, was := failed(t, h, consent.ActBlock, consent.NeedsPerson)
	a, err := h.Confirm(t.Context(), was.ID, "test")
	if err != nil || a.Kind != consent.ActGuide || a.State != consent.Done || a.ID == was.ID {
		t.Fatalf("%+v, %v", a, err)
	}
	if x, err := h.Action(t.Context(), was.ID); err != nil || x.State != consent.Cancelled {
		t.Errorf("it goes on being tried: %s, %v", x.State, err)
	}
	if info, err := h.Consent(t.Context(), info.ID); err != nil || info.Next != nil || info.Headline != consent.EndedUnchecked {
		t.Errorf("%+v, %s, %v", info.Next, info.Headline, err)
	}
}

// A preview promises what the traits of the peer hold, and no more.
func TestAPreviewIsWordedByTraits(t *testing.T) {
	const note = "it keeps a list"
	full := connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true, CutsOpenFlows: true}
	for name, c := range map[string]struct {
		change      func(*connectors.Traits)
		coarse      bool
		say, lack   string
		now, partly string // of a disconnect; "" partly is not partly
	}{
		"a gateway":     {func(*connectors.Traits) {}, false, "stops at once", "IPv", "from the internet", ""},
		"names only":    {func(t *connectors.Traits) { t.NamesOnly = true }, false, "refuses to look up the names of Bell Maker", "stops what", "refuses to look up any name", "names"},
		"without IPv6":  {func(t *connectors.Traits) { t.IPv6 = false }, false, "may go on over IPv6", "over IPv4", "from the internet", "IPv6"},
		"open flows":    {func(t *connectors.Traits) { t.CutsOpenFlows = false }, false, "may go on until it ends", "at once", "from the internet", "running"},
		"with a note":   {func(t *connectors.Traits) { t.Note = note }, false, "It keeps a list.", "IPv", "from the internet", ""},
		"not chosen":    {func(t *connectors.Traits) { t.Grain = connectors.GrainDevice }, false, "you are asked", "as you chose", "from the internet", ""},
		"whole, chosen": {func(t *connectors.Traits) { t.Grain = connectors.GrainDevice }, true, "as a whole, as you chose", "asked", "from the internet", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.connect(false)
			traits := full
			c.change(&traits)
			h.peers.caps.Traits = traits
			id := h.see(bell)
			p, err := h.PreviewAllow(t.Context(), engine.AllowRequest{
				Device: id, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"bell.example"}}, Until: "1mo", Then: consent.Block, Coarse: c.coarse,
			})
			text := strings.Join(p.Lines, " ")
			if err != nil || !strings.Contains(strings.ReplaceAll(text, "stop at once", "stops at once"), c.say) || strings.Contains(text, c.lack) {
				t.Errorf("%q, %v", text, err)
			}
			now, err := h.PreviewDisconnect(t.Context(), id)
			text = strings.Join(now.Lines, " ")
			if err != nil || !strings.Contains(text, c.now) || now.Partly != (c.partly != "") || !strings.Contains(strings.Join(now.Limits, " "), c.partly) {
				t.Errorf("disconnect: %+v, %v", now, err)
			}
		})
	}
}

// What a connector says of itself is told whole: half a sentence is none.
func TestANoteIsToldWhole(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	note := "It lives inside this program, and what it blocks is over on the very day on which somebody takes it away"
	h.peers.caps.Traits.Note = note
	p, err := h.PreviewDisconnect(t.Context(), h.see(bell))
	if err != nil || !strings.Contains(strings.Join(p.Limits, " "), note+".") {
		t.Errorf("told %q, %v", p.Limits, err)
	}
}

// What was done and is sent past all the same offers what else there is, and the
// word that it was ended by hand; the block that is in force stays. The twins: what
// has only just been done, and what nobody saw go on, offer nothing.
func TestWhatGoesOnPastTheEndOffersMore(t *testing.T) {
	for name, c := range map[string]struct {
		kind  consent.ActionKind
		by    string // the connection that did it
		seen  consent.Seen
		after time.Duration
		want  []engine.Step
	}{
		"a revoked access":                {consent.ActRevoke, "k9", consent.Flowing, time.Hour, []engine.Step{engine.StepBlock, engine.StepGuide}},
		"a block that it gets past":       {consent.ActBlock, "k1", consent.Flowing, time.Hour, []engine.Step{engine.StepGuide}},
		"another could block it":          {consent.ActBlock, "k9", consent.Flowing, time.Hour, []engine.Step{engine.StepBlock, engine.StepGuide}},
		"it may still run out (the twin)": {consent.ActRevoke, "k9", consent.Flowing, time.Minute, nil},
		"nobody saw it (the twin)":        {consent.ActRevoke, "k9", consent.CannotTell, time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.can(connectors.GrainRecipient)
			info, a := failed(t, h, c.kind, consent.Done)
			a, err := h.Action(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			a.Connection, a.Finished, a.Level = c.by, h.now, consent.Configured
			if err := errors.Join(h.st.SaveAction(t.Context(), a), h.st.SetSeen(t.Context(), info.ID, c.seen, h.now, "connector:k2")); err != nil {
				t.Fatal(err)
			}
			h.now = h.now.Add(c.after)
			if info, err = h.Consent(t.Context(), info.ID); err != nil {
				t.Fatal(err)
			}
			var got []engine.Step
			if info.Next != nil {
				got = info.Next.Steps
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("offered %v, want %v", got, c.want)
			}
			if x, err := h.Confirm(t.Context(), a.ID, "test"); (err == nil) != (c.want != nil) || err == nil && (x.Kind != consent.ActGuide || x.State != consent.Done) {
				t.Errorf("said by hand: %+v, %v", x, err)
			}
			if x, err := h.Action(t.Context(), a.ID); err != nil || x.State != consent.Done {
				t.Errorf("what was done is %s, %v", x.State, err)
			}
		})
	}
}
