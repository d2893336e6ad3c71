package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

// Guides is the page of what only a person can end: the list of the makers and
// accounts whose steps are known, or the steps for one of them.
type Guides struct {
	Revision uint64
	Loaded   bool
	Sentence string
	Subline  string
	Query    Query
	Rows     []GuideRow // empty where one is shown
	Sheet    GuideSheet
	Empty    Invitation
}

// GuideRow is one maker or account.
type GuideRow struct {
	ID   string
	Name string
	Line string // what the steps stop
	Only string // "only by hand"; "" where an account can be linked, too
}

// GuideSheet is the steps, and how it will be seen that they worked.
type GuideSheet struct {
	Title string // "" where none is shown
	Why   string // why it cannot be ended from here; may be empty
	Where string
	Page  ActionLink // ID is the link; Label "" without one
	Steps []string
	Stops string
	Keeps string
	Sign  string
}

// GuideAccess begins the Arg of PageGuides that is about one access.
const GuideAccess = "access:"

// GuidesInput is what the page is made of.
type GuidesInput struct {
	Arg    string // the route's
	Book   []connectors.Guide
	Access *engine.AccessInfo // where Arg is about one that is still listed
}

// Guides is the page, as q wants it.
func (p Presenter) Guides(in GuidesInput, q Query) Guides {
	out := Guides{Revision: p.Revision, Loaded: true, Query: q}
	switch i := slices.IndexFunc(in.Book, func(g connectors.Guide) bool { return g.ID == in.Arg }); {
	case in.Access != nil:
		out.Sentence, out.Sheet = p.T("How to end “%s” by hand", p.accessName(*in.Access)), p.accessSteps(*in.Access)
		return out
	case i >= 0:
		out.Sentence, out.Sheet = p.T("How to end it by hand"), p.guideSheet(in.Book[i])
		return out
	case in.Arg != "":
		out.Sentence = p.T("How to end it by hand")
		out.Empty = Invitation{
			Title: p.T("This is no longer there"), Text: p.T("It was ended meanwhile, or is no longer listed."),
			Action: ActionLink{ID: string(PageAccess), Label: p.T("Open access")},
		}
		return out
	}
	out.Sentence = p.T("Accounts and makers of which we only know the steps")
	out.Subline = p.N("The steps for %d maker or account. What can be ended from here stands under Access.", "The steps for %d makers and accounts. What can be ended from here stands under Access.", len(in.Book))
	for _, g := range in.Book {
		if !matchesText(q.Text, append([]string{g.Name, g.Stops}, g.For...)...) {
			continue
		}
		r := GuideRow{ID: g.ID, Name: clean(g.Name), Line: cleanText(g.Stops)}
		if g.Only != "" {
			r.Only = p.T("only by hand")
		}
		out.Rows = append(out.Rows, r)
	}
	if len(out.Rows) == 0 {
		out.Empty = Invitation{Title: p.T("Nothing like that here"), Text: p.T("No steps are known for it. Look in the maker's app or account for privacy, sharing or connected services.")}
	}
	return out
}

// guideSheet is a guide as it is.
func (p Presenter) guideSheet(g connectors.Guide) GuideSheet {
	s := GuideSheet{
		Title: clean(g.Name), Why: cleanText(g.Only), Where: p.T("Where it is: %s", cleanText(g.Where)),
		Stops: p.T("What it ends: %s", cleanText(g.Stops)), Keeps: p.T("What goes on: %s", cleanText(g.Keeps)), Sign: p.T("How you will see it: %s", cleanText(g.Sign)),
	}
	if strings.HasPrefix(g.Page, "https://") {
		s.Page = ActionLink{ID: g.Page, Label: p.T("Open its page")}
	}
	for _, step := range g.Steps {
		s.Steps = append(s.Steps, cleanText(step))
	}
	return s
}

func (p Presenter) accessName(a engine.AccessInfo) string {
	if n := clean(a.Name); n != "" {
		return n
	}
	return p.T("without a name")
}

// accessSteps are those of its issuer, else the usual ones: what is ended there
// leaves our list at the next look.
func (p Presenter) accessSteps(a engine.AccessInfo) GuideSheet {
	at, seen := clean(a.ConnectionName), p.T("How we will see it: it leaves the list under Access when %s is asked the next time.", clean(a.ConnectionName))
	if a.Guide != nil {
		s := p.guideSheet(*a.Guide)
		s.Why, s.Keeps = p.neverHere(a), s.Keeps+" "+seen
		return s
	}
	return GuideSheet{
		Title: at, Why: p.neverHere(a), Where: p.T("Where it is: in the app or on the page of %s, under accounts, apps, keys or security.", at),
		Steps: []string{
			p.T("Sign in to %s as somebody who may manage it.", at),
			p.T("Find “%[1]s” (%[2]s) among what was let in.", p.accessName(a), clean(a.Kind)),
			p.T("Delete it there, or take its rights away."),
		},
		Stops: p.T("What it ends: whatever used it must be set up anew to get in again."),
		Keeps: p.T("What goes on: what was copied with it stays with who has it."), Sign: seen,
	}
}

// neverHere says why an access cannot be ended from here.
func (p Presenter) neverHere(a engine.AccessInfo) string {
	if a.Away {
		return p.T("%s does not answer now, so it cannot be asked to end it", clean(a.ConnectionName))
	}
	return p.T("%s lets nobody end it from outside", clean(a.ConnectionName))
}
