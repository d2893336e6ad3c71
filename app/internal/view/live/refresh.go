package live

import (
	"context"
	"reflect"
	"slices"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// concerns names the topics that change a page; a page that is not named
// changes with all of them.
var concerns = map[view.Page][]changes.Topic{
	view.PageDiary:       {changes.Diary},
	view.PageConnectors:  {changes.Connections, changes.Actions},
	view.PageAccess:      {changes.Connections, changes.Actions},
	view.PageGuides:      {changes.Connections, changes.Actions},
	view.PagePermissions: {changes.Consents, changes.Actions, changes.Devices, changes.Connections},
}

func concerned(page view.Page, topics map[changes.Topic]bool) bool {
	named, ok := concerns[page]
	if !ok || topics == nil {
		return true
	}
	for _, t := range named {
		if topics[t] {
			return true
		}
	}
	return false
}

// refresh makes anew what is seen. topics nil means all of it.
func (p *Pump) refresh(ctx context.Context, topics map[changes.Topic]bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	w := p.wanted()
	p.askConnections(ctx, topics)
	steps := []func(context.Context, want) error{}
	unseen := w.hidden && p.made(w.route.Page) // the first look is made, so that a window that comes is not empty
	if !unseen && concerned(w.route.Page, topics) {
		steps = append(steps, p.page(w.route.Page))
	}
	if (w.route.Page != view.PageHome || unseen) && framed(topics) { // the home page brings the frame along
		steps = append(steps, p.frame)
	}
	if w.cut != nil {
		steps = append(steps, p.cutDialog)
	}
	if w.give != nil {
		steps = append(steps, p.giveDialog)
	}
	for _, step := range steps {
		if err := step(ctx, w); err != nil && ctx.Err() == nil {
			p.config.Log.Warn("making a page", "page", string(w.route.Page), "error", err)
		}
	}
}

func (p *Pump) made(page view.Page) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.last[string(page)]
	return ok
}

// framed reports whether the counts around the pages may have changed.
func framed(topics map[changes.Topic]bool) bool {
	return topics == nil || topics[changes.Devices] || topics[changes.Consents] || topics[changes.Actions] || topics[changes.Connections]
}

func (p *Pump) page(page view.Page) func(context.Context, want) error {
	switch page {
	case view.PageHome:
		return p.home
	case view.PageDevices:
		return p.devices
	case view.PageDevice:
		return p.device
	case view.PagePermissions:
		return p.permissions
	case view.PageReview:
		return p.review
	case view.PageDiary:
		return p.diary
	case view.PageConnectors:
		return p.connectors
	case view.PageSettings:
		return p.settings
	case view.PageFlows:
		return p.flows
	case view.PageAccess:
		return p.access
	case view.PageGuides:
		return p.guides
	case view.PageCapture:
		return p.captures
	default:
		return func(context.Context, want) error { return nil }
	}
}

// askConnections keeps the names of connections; asking them costs the peers
// something, so it is done only when they changed.
func (p *Pump) askConnections(ctx context.Context, topics map[changes.Topic]bool) {
	p.mu.Lock()
	stale := p.stale || topics[changes.Connections]
	p.mu.Unlock()
	if !stale {
		return
	}
	info, err := p.config.Engine.Connectors(ctx)
	if err != nil {
		p.config.Log.Debug("asking for connections", "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns, p.stale = info.Connections, false
}

func same[T any](a, b T) bool { return reflect.DeepEqual(a, b) }

func (p *Pump) since() time.Time { return p.config.Now().Add(-7 * 24 * time.Hour) }

func (p *Pump) frame(ctx context.Context, _ want) error {
	o, err := p.config.Engine.Overview(ctx)
	if err != nil {
		return err
	}
	cs, err := p.config.Engine.Consents(ctx)
	if err != nil {
		return err
	}
	p.putFrame(o, cs)
	return nil
}

func (p *Pump) putFrame(o engine.Overview, cs []engine.ConsentInfo) {
	put(p, "frame", p.presenter().Frame(o, cs), same, func(*view.Frame, uint64) {}, p.config.Screen.Frame)
}

func (p *Pump) home(ctx context.Context, _ want) error {
	var in view.HomeInput
	var err error
	e := p.config.Engine
	if in.Overview, err = e.Overview(ctx); err != nil {
		return err
	}
	if in.Devices, err = e.Devices(ctx); err != nil {
		return err
	}
	if in.Consents, err = e.Consents(ctx); err != nil {
		return err
	}
	if in.Totals, err = e.Totals(ctx, engine.FlowQuery{Since: p.since()}); err != nil {
		return err
	}
	p.putFrame(in.Overview, in.Consents)
	put(p, string(view.PageHome), p.presenter().Home(in), same, func(h *view.Home, r uint64) { h.Revision = r }, p.config.Screen.Home)
	return nil
}

func (p *Pump) devices(ctx context.Context, w want) error {
	ds, err := p.config.Engine.Devices(ctx)
	if err != nil {
		return err
	}
	cs, err := p.config.Engine.Consents(ctx)
	if err != nil {
		return err
	}
	put(p, string(view.PageDevices), p.presenter().Devices(ds, cs, w.devices), same,
		func(d *view.Devices, r uint64) { d.Revision = r }, p.config.Screen.Devices)
	return nil
}

// consentsOf are the permissions of one device.
func (p *Pump) consentsOf(ctx context.Context, d engine.DeviceInfo) ([]engine.ConsentInfo, error) {
	cs, err := p.config.Engine.Consents(ctx)
	if err != nil {
		return nil, err
	}
	mine := map[consent.ID]bool{}
	for _, id := range d.Consents {
		mine[id] = true
	}
	var out []engine.ConsentInfo
	for _, c := range cs {
		if c.Device == d.ID || mine[c.ID] {
			out = append(out, c)
		}
	}
	return out, nil
}

func (p *Pump) device(ctx context.Context, w want) error {
	show := func(d view.DevicePage) {
		put(p, string(view.PageDevice), d, same, func(d *view.DevicePage, r uint64) { d.Revision = r }, p.config.Screen.Device)
	}
	in := view.DeviceInput{}
	e := p.config.Engine
	var err error
	if in.Others, err = e.Devices(ctx); err != nil {
		return err
	}
	if i := slices.IndexFunc(in.Others, func(d engine.DeviceInfo) bool { return string(d.ID) == w.route.Arg }); i >= 0 {
		in.Device = in.Others[i]
	} else if in.Device, err = e.Device(ctx, w.route.Arg); err != nil { // perhaps it was joined with another one
		show(p.presenter().NoDevice(err.Error()))
		return nil
	}
	id := in.Device.ID
	if in.Consents, err = p.consentsOf(ctx, in.Device); err != nil {
		return err
	}
	if in.Flows, err = e.Flows(ctx, engine.FlowQuery{Device: id, Since: p.since(), Limit: 1000}); err != nil {
		return err
	}
	in.Span = w.span
	if in.Hours, in.Days, err = p.chart(ctx, id, w.span); err != nil {
		return err
	}
	if in.Diary, err = e.Diary(ctx, engine.DiaryQuery{Device: id, Limit: 20}); err != nil {
		return err
	}
	if err = p.behaviour(ctx, &in); err != nil {
		return err
	}
	show(p.presenter().Device(in))
	return nil
}

func (p *Pump) permissions(ctx context.Context, w want) error {
	cs, err := p.config.Engine.Consents(ctx)
	if err != nil {
		return err
	}
	tokens, err := p.config.Engine.KnownAccess(ctx)
	if err != nil {
		return err
	}
	put(p, string(view.PagePermissions), p.presenter().Permissions(cs, w.permissions, tokens...), same,
		func(d *view.Permissions, r uint64) { d.Revision = r }, p.config.Screen.Permissions)
	return nil
}

func (p *Pump) review(ctx context.Context, w want) error {
	e := p.config.Engine
	cs, err := e.Consents(ctx)
	if err != nil {
		return err
	}
	waiting := view.Waiting(cs)
	id := w.route.Arg
	if id == "" && len(waiting) > 0 {
		id = waiting[0]
	}
	if id == "" {
		put(p, string(view.PageReview), p.presenter().NoReview(), same, func(d *view.Review, r uint64) { d.Revision = r }, p.config.Screen.Review)
		return nil
	}
	in := view.ReviewInput{Waiting: waiting, Busy: w.reviewing[id], Opened: w.route.Version}
	if in.Info, err = e.Review(ctx, consent.ID(id)); err != nil {
		return err
	}
	dev := in.Info.Consent.Device
	if in.Device, err = e.Device(ctx, string(dev)); err != nil {
		in.Device = engine.DeviceInfo{Device: discovery.Device{ID: dev}}
	}
	in.Last = in.Info.Consent.LastSent
	if w.receipt.of == id {
		in.Saved = w.receipt.outcome
	}
	put(p, string(view.PageReview), p.presenter().Review(in), same, func(d *view.Review, r uint64) { d.Revision = r }, p.config.Screen.Review)
	return nil
}

func (p *Pump) diary(ctx context.Context, w want) error {
	es, err := p.config.Engine.Diary(ctx, engine.DiaryQuery{Text: w.diary.Text, Limit: min(w.diaryLimit+1, 1000)})
	if err != nil {
		return err
	}
	in := view.DiaryInput{Entries: es, Check: w.check, Export: w.export}
	if len(es) > w.diaryLimit {
		in.Entries, in.More = es[:w.diaryLimit], true
	}
	put(p, string(view.PageDiary), p.presenter().Diary(in, w.diary), same, func(d *view.Diary, r uint64) { d.Revision = r }, p.config.Screen.Diary)
	return nil
}

func (p *Pump) connectors(ctx context.Context, w want) error {
	info, err := p.config.Engine.Connectors(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.conns = info.Connections
	p.mu.Unlock()
	in := view.ConnectorsInput{Info: info, Form: w.form.kind, Change: w.form.id, Unknown: w.form.unknown, Answers: w.form.answers, Error: w.form.err, Busy: w.form.busy, Removal: w.removal, Testing: w.tested, LogOf: w.logOf, Held: w.held, Saved: w.setupSaved, Link: w.form.link, Key: p.keyNow(ctx), Demo: p.demo()}
	if in.Files, err = p.files(ctx, w); err != nil {
		return err
	}
	if w.logOf != "" {
		if in.Log, err = p.config.Engine.ConnectionLog(ctx, w.logOf); err != nil {
			return err
		}
	}
	put(p, string(view.PageConnectors), p.presenter().Connectors(in), same, func(d *view.Connectors, r uint64) { d.Revision = r }, p.config.Screen.Connectors)
	return nil
}
