package view

import (
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// byHand adds the steps that only a person can take: where the end asks for them,
// and beside each other way that failed. They stay while it was not said that they
// are done, and come back when it goes on all the same, whoever ended it.
func (p Presenter) byHand(out *Review, c engine.ConsentInfo) {
	for _, a := range c.Actions {
		if a.State == consent.Cancelled || a.Kind == consent.ActHandOver || a.Kind == consent.ActUnblock {
			continue
		}
		again := a.Kind == consent.ActGuide && a.State == consent.Done && c.Seen == consent.Flowing
		asked := a.Kind == consent.ActGuide && a.State == consent.NeedsPerson
		past := a.State == consent.Done && c.Next != nil && c.Next.Action == a.ID && slices.Contains(c.Next.Steps, engine.StepGuide)
		if !asked && !again && !past && !a.Failed() {
			return
		}
		out.StepsFor = p.T("How to end it by hand")
		if c.Guide != nil {
			out.StepsFor = p.T("How to end it by hand: %s", c.Guide.Name)
		}
		if a.Failed() || past {
			out.StepsFor = p.T("Or end it by hand")
			if c.Guide != nil {
				out.StepsFor = p.T("Or end it by hand: %s", c.Guide.Name)
			}
		}
		if again {
			out.StepsFor = p.T("It still sends. Once more, by hand")
		}
		out.Steps = p.steps(c)
		out.Confirm = ActionLink{ID: string(a.ID), Label: p.T("It is done")}
		return
	}
}

// steps are the maker's or the account's where there is a guide for it.
func (p Presenter) steps(c engine.ConsentInfo) []string {
	if c.Guide == nil {
		return p.usualSteps(c)
	}
	var steps []string
	if c.Guide.Page != "" {
		steps = append(steps, p.T("Open %s", c.Guide.Page))
	}
	steps = append(steps, p.T("Where it is: %s", c.Guide.Where))
	steps = append(steps, c.Guide.Steps...)
	return append(steps,
		p.T("What it ends: %s", c.Guide.Stops),
		p.T("What goes on: %s", c.Guide.Keeps),
		p.T("How you will see it: %s", c.Guide.Sign),
		p.T("Say here that it is done. From then on it is watched whether it stops."))
}

// usualSteps are the same for every maker: where such things are found, the nearest first.
func (p Presenter) usualSteps(c engine.ConsentInfo) []string {
	device, to := p.deviceName(c.DeviceName), p.recipient(c.Recipient)
	steps := []string{p.T("Open the app or the page with which %s was set up.", device)}
	if c.Recipient.Any {
		steps = append(steps, p.T("Look under privacy, sharing or connected services, and turn off what sends data out of the home."))
	} else {
		steps = append(steps, p.T("Look under privacy, sharing or connected services, and take the access of %s away.", to))
	}
	return append(steps,
		p.T("Where there is no such switch: sign in to the account with the maker, and remove the device or the account there."),
		p.T("Say here that it is done. From then on it is watched whether it stops."))
}

// SaidByHand says what follows a person's word.
func (p Presenter) SaidByHand() string {
	return p.T("Noted. From now on it is watched whether it stops.")
}
