package view

import (
	"bestbefore/app/internal/engine"
)

// Ladder is how the end of a permission can go on where one way failed.
type Ladder struct {
	Title  string // "It can go on like this"; "" when nothing is offered
	Text   string // what would be done, and through whom
	Stops  []string
	Action string // the ID of what failed
	Ways   []Way
}

// Way is one of them, as a button.
type Way struct {
	Step  string
	Label string
}

// ladder offers what blocks. The steps by hand stand on the page already, beneath it.
func (p Presenter) ladder(c engine.ConsentInfo) Ladder {
	if c.Next == nil {
		return Ladder{}
	}
	out := Ladder{Action: string(c.Next.Action)}
	for _, s := range c.Next.Steps {
		switch s {
		case engine.StepBlock:
			out.Ways = append(out.Ways, Way{string(s), p.T("Block it")})
		case engine.StepWhole:
			out.Ways = append(out.Ways, Way{string(s), p.T("Cut all of it")})
		}
	}
	if len(out.Ways) == 0 {
		return Ladder{}
	}
	out.Title = p.T("What you can do now")
	for _, l := range c.Next.Lines {
		out.Text += " " + cleanText(l)
	}
	if len(out.Text) > 0 {
		out.Text = out.Text[1:]
	}
	for _, s := range c.Next.AlsoStops {
		if s != c.Recipient.Name {
			out.Stops = append(out.Stops, clean(s))
		}
	}
	return out
}

// Chosen says that a way was taken.
func (p Presenter) Chosen(step string) string {
	if step == string(engine.StepGuide) {
		return p.T("The steps to end it by hand are shown.")
	}
	return p.T("It is being blocked.")
}
