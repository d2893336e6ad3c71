package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// Notice is a desktop notification: plain text, and what can be answered to it.
type Notice struct {
	Title   string
	Body    string
	Actions []ActionLink // at most three
	Consent consent.ID   // what the answers are about; "" for a group
	Version int
	Open    Route // where it leads
	Renewal string
	Count   int // how many permissions it is about
}

// The answers to a notice.
const (
	NoticeOpen  = "open"
	NoticeRenew = "renew"
	NoticeLapse = "lapse"
)

// noticeLines is how many permissions a notice names; servers cut long texts.
const noticeLines = 4

// Notice is the one message of a day about what lines name. canOpen says that
// there is a window that can be opened.
func (p Presenter) Notice(lines []consent.Reminder, all []engine.ConsentInfo, canOpen bool) Notice {
	var about []engine.ConsentInfo
	for _, l := range lines {
		if i := slices.IndexFunc(all, func(c engine.ConsentInfo) bool { return c.ID == l.Consent }); i >= 0 {
			about = append(about, all[i])
		}
	}
	out := Notice{Count: len(about), Open: Route{Page: PageReview}}
	switch len(about) {
	case 0:
		return out
	case 1:
		p.noticeOfOne(&out, about[0])
	default:
		out.Title = p.Words("%s permission needs a look", "%s permissions need a look", len(about))
		out.Body = p.noticeList(about)
	}
	if canOpen {
		out.Actions = append(out.Actions, ActionLink{ID: NoticeOpen, Label: p.T("Open")})
	}
	return out
}

func (p Presenter) noticeOfOne(out *Notice, c engine.ConsentInfo) {
	out.Title, out.Body = p.noticeHead(c), p.noticeStatus(c)
	out.Consent, out.Version = c.ID, c.Version
	out.Open.Arg = string(c.ID)
	if !c.Decided.Live() {
		return
	}
	if c.Expires.IsZero() { // its yearly question: only the review has all the answers
		out.Body += " " + p.T("If you do nothing, it goes on.")
		return
	}
	out.Body += " " + p.T("If you do nothing, it lapses.")
	if period := p.period(c.Term); period != "" && c.Headline == consent.Soon {
		out.Renewal = c.Term.Rule
		out.Actions = append(out.Actions, ActionLink{ID: NoticeRenew, Label: p.T("Renew for %s", period)})
	}
	out.Actions = append(out.Actions, ActionLink{ID: NoticeLapse, Label: p.T("Let it lapse")})
}

func (p Presenter) noticeHead(c engine.ConsentInfo) string {
	return p.T("%[1]s → %[2]s", p.deviceName(c.DeviceName), p.recipient(c.Recipient))
}

func (p Presenter) noticeStatus(c engine.ConsentInfo) string {
	if c.Decided.Live() {
		return p.endsIn(c.Consent)
	}
	return p.statusLine(c) + "."
}

func (p Presenter) noticeList(about []engine.ConsentInfo) string {
	var out []string
	for i, c := range about {
		if i == noticeLines && len(about) > noticeLines+1 {
			out = append(out, p.N("and %d other", "and %d others", len(about)-i))
			break
		}
		out = append(out, p.noticeHead(c)+": "+p.noticeStatus(c))
	}
	return strings.Join(out, "\n")
}

// Answered says what came of an answer to a notice; the person waits for it.
func (p Presenter) Answered(c engine.ConsentInfo, answer string, err error) Notice {
	out := Notice{Title: p.noticeHead(c), Open: Route{Page: PageReview, Arg: string(c.ID)}, Count: 1}
	switch {
	case err != nil:
		out.Body = p.Failure(err)
	case answer == NoticeRenew:
		out.Body = p.RenewedUntil(c.Consent)
	default:
		out.Body = p.WillLapse()
	}
	return out
}
