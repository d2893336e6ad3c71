package view

import (
	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// byHand adds the steps that only a person can take. They stay while it was not
// said that they are done, and come back when it goes on all the same.
func (p Presenter) byHand(out *Review, c engine.ConsentInfo) {
	for _, a := range c.Actions {
		if a.State == consent.Cancelled || a.Kind == consent.ActHandOver || a.Kind == consent.ActUnblock {
			continue
		}
		again := a.State == consent.Done && c.Seen == consent.Flowing
		if a.Kind != consent.ActGuide || a.State != consent.NeedsPerson && !again {
			return
		}
		out.StepsFor = p.T("How to end it by hand")
		if again {
			out.StepsFor = p.T("It still sends. Once more, by hand")
		}
		out.Steps = p.steps(c)
		out.Confirm = ActionLink{ID: string(a.ID), Label: p.T("It is done")}
		return
	}
}

// steps are the same for every maker: where such things are found, the nearest first.
func (p Presenter) steps(c engine.ConsentInfo) []string {
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
