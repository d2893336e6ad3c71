package view

import (
	"slices"

	"bestbefore/discovery"
)

// sameMax bounds the list of devices that this one may be: more than a home has.
const sameMax = 500

// edits are the person's corrections beside the name.
func (p Presenter) edits(out *DevicePage, in DeviceInput) {
	d := in.Device
	if slices.ContainsFunc(d.Groups, func(g discovery.Group) bool { return g.From != "" }) {
		out.Split = ActionLink{ID: string(d.ID), Label: p.T("They are separate devices")}
	}
	if d.Role != discovery.RoleOrdinary {
		return
	}
	out.DependsTitle = p.T("Does somebody depend on it?")
	for _, c := range []Choice{
		{ID: string(discovery.EssentialNone), Label: p.T("no")},
		{ID: string(discovery.EssentialComfort), Label: p.T("comfort")},
		{ID: string(discovery.EssentialSafety), Label: p.T("safety")},
		{ID: string(discovery.EssentialMedical), Label: p.T("medical")},
	} {
		c.Chosen = c.ID == string(d.Essential)
		out.Depends = append(out.Depends, c)
	}
	for _, o := range in.Others {
		if o.ID != d.ID && o.Role == discovery.RoleOrdinary {
			out.Same = append(out.Same, Choice{ID: string(o.ID), Label: p.name(o)})
		}
	}
	switch n := len(out.Same); {
	case n > sameMax:
		out.Same = out.Same[:sameMax]
		out.SameTitle = p.T("It is the same device as one of these, the first %[1]d of %[2]d (the command line joins any two):", sameMax, n)
	case n > 0:
		out.SameTitle = p.T("It is the same device as:")
	}
}
