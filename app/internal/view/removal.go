package view

import (
	"net/url"

	"bestbefore/app/internal/engine"
)

// RemovalInput is a removal that was asked for and not yet done.
type RemovalInput struct {
	ID    string // of the connection; "" where none is asked for
	Info  engine.RemovalInfo
	Known bool // Info was fetched
	Busy  bool // it is under way
	Error string
}

// Removal is the question before a connection is removed: what it means, and
// whether what its peer gave is ended there first.
type Removal struct {
	Lines []string // what happens; empty where nothing was asked
	// What "end it there" means; empty where that is not possible.
	EndLines []string
	Rests    []string // permissions that go by it
	// What stays there, and how a person takes it away.
	Stays string
	Steps []string
	Page  ActionLink // its ID is the address
	Error string
	Busy  bool
	End   ActionLink // Label "" where it is not possible
	// The other answers.
	Forget, Keep ActionLink
	// Abandon is the only way for one that does not answer.
	Abandon  ActionLink
	Standing []string // what may stay in force there then
}

func (p Presenter) removal(in RemovalInput) Removal {
	i := in.Info
	if !in.Known {
		if in.Error == "" {
			return Removal{}
		}
		return Removal{Error: cleanText(in.Error), Keep: ActionLink{ID: in.ID, Label: p.T("Keep it")}}
	}
	out := Removal{
		Stays: cleanText(i.Stays), Error: cleanText(in.Error), Busy: in.Busy,
		Forget: ActionLink{ID: in.ID, Label: p.T("Remove it now")}, Keep: ActionLink{ID: in.ID, Label: p.T("Keep it")},
	}
	for _, l := range i.Lines {
		out.Lines = append(out.Lines, cleanText(l))
	}
	for _, s := range i.Steps {
		out.Steps = append(out.Steps, cleanText(s))
	}
	if u, err := url.Parse(i.Page); err == nil && u.Scheme == "https" && u.Hostname() != "" {
		out.Page = ActionLink{ID: i.Page, Label: p.T("Open its page")}
	}
	if i.CannotEnd != "" {
		out.Lines = append(out.Lines, cleanText(i.CannotEnd))
	}
	if out.Stays != "" {
		out.Forget.Label = p.T("Only forget it here")
	}
	if i.Silent {
		out.Forget = ActionLink{}
		out.Lines = append(out.Lines, p.T("It does not answer now, so nothing can be lifted there. Better make it answer first and remove it then: with “Change …”, if its address or password is another one now."))
		for _, s := range i.Standing {
			out.Standing = append(out.Standing, clean(s))
		}
		out.Abandon = ActionLink{ID: in.ID, Label: p.T("Forget it although it does not answer")}
	}
	if !i.Ends {
		return out
	}
	out.End = ActionLink{ID: in.ID, Label: p.T("End it at %s, then remove", clean(i.Name))}
	for _, l := range i.EndLines {
		out.EndLines = append(out.EndLines, cleanText(l))
	}
	for _, r := range i.Rests {
		out.Rests = append(out.Rests, clean(r))
	}
	return out
}

// EndedAndRemoved says how the end of an access went whose connection is gone.
func (p Presenter) EndedAndRemoved(said string) string {
	return p.T("Removed. %s", cleanText(said))
}

// Abandoned says that a connection is gone whose peer did not answer.
func (p Presenter) Abandoned(standing []string) string {
	if len(standing) == 0 {
		return p.T("Forgotten. It held nothing that we know of.")
	}
	return p.T("Forgotten. What it blocked may stay blocked there; the diary keeps the list.")
}

// OnlyForgotten says that a connection is gone, and what is still there.
func (p Presenter) OnlyForgotten(i engine.RemovalInfo) string {
	if i.Stays == "" {
		return p.Removed()
	}
	return p.T("Removed here. %s", cleanText(i.Stays))
}
