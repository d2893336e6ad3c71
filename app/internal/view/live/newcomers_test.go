package live

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// newcomer is a fake whose one connection blocks what grain says.
type newcomer struct {
	fake
	grain connectors.Grain
	log   []string
}

func (n *newcomer) Connectors(context.Context) (engine.ConnectorsInfo, error) {
	return engine.ConnectorsInfo{Connections: []engine.ConnectionInfo{{Open: true, Can: []string{engine.AbleToBlock}, Traits: connectors.Traits{Grain: n.grain}}}}, nil
}

func (n *newcomer) Fine(_ context.Context, d discovery.DeviceID, names []string, _ string) error {
	n.log = append(n.log, "fine "+string(d)+" "+strings.Join(names, ","))
	return nil
}

func (n *newcomer) Refuse(_ context.Context, r engine.AllowRequest) (engine.ConsentInfo, error) {
	n.log = append(n.log, "refuse "+string(r.Device)+" "+strings.Join(r.Recipient.Destinations, ","))
	return engine.ConsentInfo{}, nil
}

func TestNewRecipientsAreAnswered(t *testing.T) {
	const item = view.NewsRecipients + ":d1:ads.example\nmetrics.example"
	for _, c := range []struct {
		answer  string
		grain   connectors.Grain
		want    string
		dialogs string
	}{
		{view.AnswerFine, connectors.GrainRecipient, "fine d1 ads.example,metrics.example", ""},
		{view.AnswerStop, connectors.GrainRecipient, "refuse d1 ads.example,metrics.example", ""},
		{view.AnswerStop, connectors.GrainDevice, "", "disconnect"}, // more than this is asked about first
		{view.AnswerAllow, connectors.GrainRecipient, "", "give"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &newcomer{fake: fake{devices: oneDevice("Bell")}, grain: c.grain}
			p, s := pumpOf(t, f, &f.fake)
			p.Shown(view.Route{Page: view.PageDevices}) // so that connections are known
			s.settle()
			p.News(item, c.answer)
			s.settle()
			s.settle()
			dialogs := ""
			if len(s.cut) > 0 {
				dialogs = "disconnect"
			}
			if len(s.give) > 0 {
				dialogs = "give"
			}
			if got := strings.Join(f.log, " "); got != c.want || dialogs != c.dialogs {
				t.Errorf("%s at %s: asked %q, showed %q", c.answer, c.grain, got, dialogs)
			}
			if offered := len(s.toasts) == 1 && s.toasts[0].Undo != ""; offered != (c.want != "") {
				t.Errorf("%s: said %+v", c.answer, s.toasts)
			}
		})
	}
}
