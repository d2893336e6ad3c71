package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// AccessInput is what the page is made of.
type AccessInput struct {
	All     []engine.AccessInfo
	Kinds   map[discovery.DeviceID]Kind // of their devices
	Kits    engine.ConnectorsInfo       // what could be connected, and what is
	Endings []Ending
}

// Ending is an access that was ended from here, and how far that is.
type Ending struct {
	ID, Name, Peer string
	Action         consent.Action
}

// The filters and orders of the list of access; OrderName, OrderEnds and
// OrderNew are those of devices.
const (
	AccessAll    = "all"
	AccessIdle   = "idle"   // not used for long
	AccessEnding = "ending" // runs out by itself
	AccessNobody = "nobody" // nobody knows whose it is

	OrderUsed = "used" // unused the longest first
)

// idleDays is after how many days without use an access is pointed out.
const idleDays = 90

// soonDays is from how many days before its end an access is pointed out.
const soonDays = 30

// Access is the page, as q wants it.
func (p Presenter) Access(in AccessInput, q Query) Access {
	out := Access{
		Revision: p.Revision, Loaded: true, Query: q, Sentence: p.accessSentence(in), Subline: p.accessSubline(in),
		ByHand: ActionLink{ID: string(PageGuides), Label: p.T("Steps by hand for other makers and accounts")},
	}
	var rows []AccessRow
	for _, a := range in.All {
		rows = append(rows, p.accessRow(a, in))
	}
	out.Ended = p.endedAccess(in)
	if len(rows) > 0 {
		p.accessChoices(&out, rows, q)
	}
	for _, r := range rows {
		if r.fits(q.Filter) && matchesText(q.Text, r.searchable) {
			out.Rows = append(out.Rows, r)
		}
	}
	slices.SortStableFunc(out.Rows, func(a, b AccessRow) int { return compareAccess(a, b, q.Order) })
	switch {
	case len(rows) == 0:
		out.Empty = p.noAccess(in.Kits)
	case len(out.Rows) == 0:
		out.Empty = Invitation{Title: p.T("Nothing like that here"), Text: p.T("No access fits what you look for.")}
	}
	return out
}

func (p Presenter) accessChoices(out *Access, rows []AccessRow, q Query) {
	out.Filters = p.filters(cmp.Or(q.Filter, AccessAll), []Choice{
		{ID: AccessAll, Label: p.T("all")},
		{ID: AccessIdle, Label: p.T("long unused")},
		{ID: AccessEnding, Label: p.T("ends by itself")},
		{ID: AccessNobody, Label: p.T("nobody knows whose")},
	}, func(id string) int {
		n := 0
		for _, r := range rows {
			if r.fits(id) {
				n++
			}
		}
		return n
	})
	out.Orders = p.oneOf(cmp.Or(q.Order, OrderName),
		Choice{ID: OrderName, Label: p.T("by name")}, Choice{ID: OrderUsed, Label: p.T("longest unused")},
		Choice{ID: OrderEnds, Label: p.T("ends first")}, Choice{ID: OrderNew, Label: p.T("newest first")})
}

func (r AccessRow) fits(filter string) bool {
	switch filter {
	case AccessIdle:
		return r.idle
	case AccessEnding:
		return r.ends != noEnd
	case AccessNobody:
		return !r.owned
	default:
		return true
	}
}

func compareAccess(a, b AccessRow, order string) int {
	byName := cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Line, b.Line))
	switch order {
	case OrderUsed:
		return cmp.Or(cmp.Compare(a.used, b.used), byName)
	case OrderEnds:
		return cmp.Or(cmp.Compare(a.ends, b.ends), byName)
	case OrderNew:
		return cmp.Or(cmp.Compare(b.given, a.given), byName)
	default:
		return byName
	}
}

func (p Presenter) accessRow(a engine.AccessInfo, in AccessInput) AccessRow {
	r := AccessRow{
		ID: a.ID, Name: p.accessName(a), DeviceID: string(a.Device), Kind: in.Kinds[a.Device],
		Line: p.T("%[1]s at %[2]s", clean(a.Kind), clean(a.ConnectionName)), owned: a.DeviceName != "", ends: noEnd,
		given: a.Created.UnixMilli(), used: cmp.Or(a.LastUsed, a.Created).UnixMilli(),
	}
	r.Whose = p.T("nobody knows whose")
	if r.owned {
		r.Whose = p.T("of %s", p.deviceName(a.DeviceName))
	}
	r.For = p.accessFor(a)
	r.Used, r.idle = p.accessUse(a)
	p.accessEnd(&r, a)
	if r.Pill == "" && r.idle {
		r.Pill, r.PillState = p.T("long unused"), Soon
	}
	if a.Revocable {
		r.End = ActionLink{ID: a.ID, Label: p.T("End this access")}
	} else {
		r.Never, r.Steps = p.neverHere(a), ActionLink{ID: GuideAccess + a.ID, Label: p.T("How to end it")}
	}
	if i := slices.IndexFunc(in.Endings, func(e Ending) bool { return e.ID == a.ID }); i >= 0 {
		x := in.Endings[i].Action
		r.Result, r.ResultSev = p.doneBy(x)
		r.Result, r.Busy = capital(r.Result), x.State == consent.Pending || x.State == consent.Running
	}
	r.searchable = strings.Join([]string{r.Name, r.Line, r.Whose, r.For}, " ")
	return r
}

// accessFor is what it is good for, and what of ours rests on it.
func (p Presenter) accessFor(a engine.AccessInfo) string {
	var words []string
	for _, s := range a.Scopes {
		words = append(words, clean(s))
	}
	line := p.T("what for is not told")
	if len(words) > 0 {
		line = p.T("for %s", p.List(words))
	}
	if n := len(a.Consents); n > 0 {
		line += " · " + p.N("%d permission goes by it", "%d permissions go by it", n)
	}
	return line
}

// accessUse is when it was used last; idle is one that may be no longer needed.
func (p Presenter) accessUse(a engine.AccessInfo) (line string, idle bool) {
	since := func(t time.Time) bool { return p.today().since(p.dayOf(t)) >= idleDays }
	switch {
	case !a.LastUsed.IsZero():
		return p.T("last used %s", p.sinceDay(a.LastUsed)), since(a.LastUsed)
	case a.Created.IsZero():
		return p.T("last use not told"), false
	default:
		return p.T("given %s, last use not told", p.sinceDay(a.Created)), false
	}
}

// accessEnd is the issuer's own end.
func (p Presenter) accessEnd(r *AccessRow, a engine.AccessInfo) {
	if a.Expires.IsZero() {
		r.Ends = p.T("never ends by itself")
		return
	}
	day := p.dayOf(a.Expires)
	r.ends = a.Expires.UnixMilli()
	days := day.since(p.today())
	r.Ends = p.T("ends %s", p.date(day))
	switch {
	case !a.Expires.After(p.Now):
		r.Ends, r.Pill, r.PillState = p.T("ended %s", p.date(day)), p.T("ended"), Lapsed
	case days <= soonDays:
		r.Pill, r.PillState = p.N("ends in %d day", "ends in %d days", max(days, 1)), Soon
	}
}

// endedAccess is what became of those that are no longer listed.
func (p Presenter) endedAccess(in AccessInput) []Outcome {
	var out []Outcome
	for _, e := range in.Endings {
		if slices.ContainsFunc(in.All, func(a engine.AccessInfo) bool { return a.ID == e.ID }) {
			continue
		}
		line, severity := p.doneBy(e.Action)
		if e.Action.State == consent.Done {
			severity = Fresh
		}
		out = append(out, Outcome{Line: p.T("%[1]s at %[2]s: %[3]s", clean(e.Name), clean(e.Peer), line) + ".", Severity: severity})
	}
	return out
}

func (p Presenter) accessSentence(in AccessInput) string {
	if len(in.All) == 0 {
		return p.T("No token, key, login or account is known.")
	}
	idle := 0
	for _, a := range in.All {
		if _, long := p.accessUse(a); long {
			idle++
		}
	}
	line := p.Words("%s app, account or device has access.", "%s apps, accounts and devices have access.", len(in.All))
	if idle > 0 {
		line += " " + p.Words("%s was not used for three months.", "%s were not used for three months.", idle)
	}
	return line
}

// accessSubline says who gave it, and that what we use ourselves is left out.
func (p Presenter) accessSubline(in AccessInput) string {
	var peers []string
	for _, a := range in.All {
		if n := clean(a.ConnectionName); !slices.Contains(peers, n) {
			peers = append(peers, n)
		}
	}
	own := p.T("What Best Before itself uses to sign in is left out.")
	if len(peers) == 0 {
		return p.T("Here stand the tokens, keys, logins and accounts that your systems gave to apps and devices.") + " " + own
	}
	return p.T("Given by %s.", p.List(peers)) + " " + own
}

// noAccess says what to connect, by name where something lists access.
func (p Presenter) noAccess(in engine.ConnectorsInfo) Invitation {
	inv := Invitation{
		Title: p.T("Nothing that is connected gives access"), Text: p.T("A broker, a hub or an account can list whom it lets in."),
		Action: ActionLink{ID: string(PageConnectors), Label: p.T("Open connectors")},
	}
	var names, quiet []string
	for _, k := range in.Kinds {
		if k.Access == "" {
			continue
		}
		names = append(names, clean(k.Name)+": "+clean(k.Access))
		for _, c := range in.Connections {
			if c.Kind == k.Kind {
				quiet = append(quiet, clean(c.Name))
			}
		}
	}
	if len(quiet) > 0 {
		inv.Title = p.T("No access was given")
		inv.Text = p.T("%s was asked and lists none beside our own.", p.List(quiet))
		return inv
	}
	if len(names) > 0 {
		inv.Text = p.T("These can list whom they let in. %s.", strings.Join(names, " · "))
	}
	return inv
}

// EndAccess is the preview before an access is ended for good, and its result.
func (p Presenter) EndAccess(a Ending, pre engine.Preview, asked, busy bool, fault string) Disconnect {
	out := Disconnect{
		Revision: p.Revision, DeviceID: a.ID, Device: clean(a.Name), Title: p.T("End the access “%s”?", clean(a.Name)),
		Text: cleanText(strings.Join(pre.Lines, " ")), Refused: cleanText(pre.Refused), Confirm: p.T("End it for good"), Busy: busy,
		Second: p.T("It is deleted at %s. There is no way back but to set up anew whatever used it.", clean(a.Peer)),
	}
	for _, s := range pre.AlsoStops {
		out.AlsoStops = append(out.AlsoStops, clean(s))
	}
	if fault != "" {
		out.Result, out.ResultSev = cleanText(fault), Still
		return out
	}
	if !asked {
		return out
	}
	out.Title, out.Text = p.T("Ending the access “%s”", clean(a.Name)), p.T("Whatever used it must be set up anew to get in again.")
	out.Result, out.ResultSev = p.doneBy(a.Action)
	out.Result = capital(out.Result) + "."
	if a.Action.State == consent.Done {
		out.Title, out.ResultSev = p.T("The access “%s” is ended", clean(a.Name)), Fresh
	}
	return out
}
