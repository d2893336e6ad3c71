package view

import (
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// The list of what is new stays short: so many lines at all, and so many
// newcomers one by one before they are told together.
const (
	newsLines    = 4
	newsOneByOne = 2
)

// allNews are questions and new recipients first, then newcomers; on the first
// run the whole home is new, and is told in one line.
func (p Presenter) allNews(in HomeInput) []NewsItem {
	known := map[discovery.DeviceID]engine.DeviceInfo{}
	newcomers := 0
	for _, d := range in.Devices {
		known[d.ID] = d
		if !d.FirstSeen.IsZero() && !d.FirstSeen.Before(in.Overview.NewSince) {
			newcomers++
		}
	}
	var asked, came []NewsItem
	for _, n := range in.Overview.New {
		if n.Kind == newsDevice {
			came = append(came, p.news(n, known))
		} else {
			asked = append(asked, p.news(n, known))
		}
	}
	newcomers = max(newcomers, len(came))
	if newcomers > newsOneByOne {
		came = []NewsItem{{
			ID: newsDevices, Lead: p.N("%d device found", "%d devices found", newcomers), Text: p.T(": see whether you know them all."),
			Actions: []ActionLink{{ID: AnswerLook, Label: p.T("Look through them")}},
		}}
	}
	if room := newsLines - len(came); len(asked) > room {
		rest := len(asked) - (room - 1)
		asked = append(asked[:room-1], NewsItem{ID: newsDevices, Lead: p.N("%d more", "%d more", rest), Text: p.T(" when these are answered.")})
	}
	return append(asked, came...)
}

// The kinds of news that are handled apart.
const (
	newsDevice  = "device"
	newsDevices = "devices"
	newsTo      = NewsRecipients
)

// NewsRecipients is the kind of news that asks about new recipients of a device.
const NewsRecipients = "recipient"

// news is one new thing with what can be answered to it.
func (p Presenter) news(n engine.News, devices map[discovery.DeviceID]engine.DeviceInfo) NewsItem {
	d, known := devices[n.Device]
	item := NewsItem{ID: n.Kind + ":" + string(n.Device) + ":" + n.Ref, Text: cleanText(n.Text)}
	if known {
		item.Route = Route{Page: PageDevice, Arg: string(n.Device)}
		item.Lead = p.name(d)
	}
	if n.Kind == newsTo {
		return p.newRecipients(item, n, d)
	}
	switch n.Kind {
	case "question":
		item.Actions = []ActionLink{{ID: AnswerYes, Label: p.T("Yes, the same")}, {ID: AnswerNo, Label: p.T("No")}}
	case "flow":
		if known {
			item.Actions = []ActionLink{{ID: AnswerAllow, Label: p.T("Allow until…")}}
			if d.Role == discovery.RoleOrdinary {
				item.Actions = append(item.Actions, ActionLink{ID: AnswerStop, Label: p.T("Stop it")})
			}
		}
	case newsDevice:
		if confirm, _ := p.confirm(d); known && confirm.Label != "" {
			item.Actions = append(item.Actions, ActionLink{ID: AnswerRight, Label: p.T("That's right")})
		}
	}
	// The engine's sentence begins with the name; the page prints the lead in bold before it.
	if rest, ok := strings.CutPrefix(item.Text, item.Lead); ok && item.Lead != "" {
		item.Text = rest
	} else if item.Lead != "" {
		item.Text = ": " + item.Text
	}
	return item
}

// ParseNews takes an item's ID apart again: its kind, its device and its reference.
func ParseNews(id string) (kind string, device discovery.DeviceID, ref string) {
	kind, rest, _ := strings.Cut(id, ":")
	dev, ref, _ := strings.Cut(rest, ":")
	return kind, discovery.DeviceID(dev), ref
}
