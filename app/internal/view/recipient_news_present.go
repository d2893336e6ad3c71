package view

import (
	"strings"

	"bestbefore/app/internal/engine"
)

// newNamed is how many new recipients of a device are named.
const newNamed = 3

// newRecipients asks once about all who are new to one device.
func (p Presenter) newRecipients(item NewsItem, n engine.News, d engine.DeviceInfo) NewsItem {
	item.ID = newsTo + ":" + string(n.Device) + ":" + strings.Join(n.Names, nameGap)
	item.Lead = p.T("%s sends to somebody new:", capital(p.called(d)))
	item.Text = " " + p.newNames(n.Names) + "."
	item.Actions = []ActionLink{
		{ID: AnswerAllow, Label: p.T("Allow until…")}, {ID: AnswerStop, Label: p.T("Stop it")}, {ID: AnswerFine, Label: p.T("That's fine")},
	}
	return item
}

// nameGap parts the names in an item's ID; no name that was cleaned holds it.
const nameGap = "\n"

func (p Presenter) newNames(all []string) string {
	var names []string
	for _, n := range all[:min(len(all), newNamed)] {
		names = append(names, p.company(n))
	}
	if more := len(all) - newNamed; more > 0 {
		names = append(names, p.N("%d other", "%d others", more))
	}
	return p.List(names)
}

// NewNames are the recipients of an item about new ones.
func NewNames(ref string) []string { return strings.Split(ref, nameGap) }

// SeenRecipient is the ID under which the form offers a recipient that was seen.
func SeenRecipient(name string) string { return recipientPrefix + name }

// CanStopOne reports whether something that is connected can stop one recipient alone.
func CanStopOne(cs []engine.ConnectionInfo) bool {
	_, fine := blockers(cs)
	return fine
}

// Fine says that nothing is asked about it any more.
func (p Presenter) Fine() string { return p.T("It may go on. You are not asked about it again.") }

// Stopped says that recipients are being stopped.
func (p Presenter) Stopped(names []string) string {
	return p.T("What it sends to %s is being stopped.", p.newNames(names))
}

// WithNew adds to the message of the day who began to receive.
func (p Presenter) WithNew(n Notice, met []engine.NewRecipient, devices []engine.DeviceInfo) Notice {
	var order []string
	by := map[string][]string{}
	for _, m := range met {
		name := p.T("A device")
		for _, d := range devices {
			if d.ID == m.Device {
				name = p.called(d)
			}
		}
		if by[name] == nil {
			order = append(order, name)
		}
		by[name] = append(by[name], m.Name)
	}
	var lines []string
	for _, name := range order[:min(len(order), noticeLines)] {
		lines = append(lines, p.T("%[1]s sends to somebody new: %[2]s.", capital(name), p.newNames(by[name])))
	}
	if len(lines) == 0 {
		return n
	}
	if n.Count == 0 {
		n.Title, n.Open, n.Actions = p.T("Somebody new receives data"), Route{Page: PageHome}, nil
	}
	n.Body = strings.TrimSpace(n.Body + "\n" + strings.Join(lines, "\n"))
	n.Count += len(met)
	return n
}
