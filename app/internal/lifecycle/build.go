package lifecycle

import (
	"context"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/guard"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/builtin"
	"bestbefore/connectors/guide"
	"bestbefore/connectors/oauth"
	"bestbefore/connectors/sessions"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/consent/expiry"
	"bestbefore/discovery"
)

// build makes inventory, connections, engines and core, in that order.
func (h *Home) build(ctx context.Context) error {
	if !h.KeyLater {
		h.keeper.look(ctx)
	}
	var err error
	if h.clock, err = newClockWatch(ctx, h.store, h.Clocks, func(err error) {
		h.board.Report("clock", err, words.Text("Set the date and time of this computer, or say that they are right; it goes on by itself."))
	}); err != nil {
		return err
	}
	if err := h.checkRows(ctx); err != nil {
		return err
	}
	if h.own, err = h.installation(ctx); err != nil {
		return err
	}
	if h.inventory, err = h.openInventory(ctx); err != nil {
		return err
	}
	all := h.Registry
	if all == nil {
		if all, err = builtin.All(); err != nil {
			return err
		}
	}
	h.kinds = all
	if err := h.openShelf(all); err != nil {
		return err
	}
	if err := h.buildEngines(all); err != nil {
		return err
	}
	if err := h.openRecipients(); err != nil {
		return err
	}
	guides, err := guide.Shipped()
	if err != nil {
		return err
	}
	only, err := oauth.OnlyByHand()
	if err != nil {
		return err
	}
	h.core, err = engine.New(engine.Config{
		Store: h.store, Inventory: h.inventory, Sessions: pooled{h.pool}, Registry: all, Hub: h.Hub, Log: h.part("engine"),
		Now: h.now, Zone: zone, NewID: NewID, Lookup: h.Lookup, Resolvers: resolvers, Knock: guard.Knock, LogOf: h.book.of, PutSecret: h.putSecret, Link: h.pool.Link, Keeper: h.keeper, Safe: safe{h}, Recover: h.store, Problems: h.problems,
		Poke:  func() { h.scheduler.Poke(); h.runner.Poke() },
		Retry: h.runner.Retry, LookAgain: h.runner.LookAgain, RightClock: h.clock.confirm, ReadCapture: readCapture, FetchDescription: h.fetchDescription,
		Recipients: h.who.Lookup, Guides: guides.For, Book: func() []connectors.Guide { return guides.All(only) }, Shelf: h.shelf, Coarse: h.who.Coarse,
	})
	return err
}

func (h *Home) buildEngines(all *connectors.Registry) (err error) {
	h.pool, err = sessions.New(sessions.Config{
		Registry: all, Connections: h.store.Connections, Host: h.host, Now: h.now, Log: h.part("sessions"),
		Observe: func(ctx context.Context, id string, b sessions.Batch) error {
			return h.core.AddFlows(ctx, id, b.Records, b.Next)
		},
		Cursor:   h.store.Cursor,
		Discover: func(s discovery.Sighting) { h.core.Sight(s) },
		Changed:  func() { h.Hub.Publish(changes.Connections) },
		Opened:   func(string) { h.runner.Opened() },
		Report:   h.report,
	})
	if err != nil {
		return err
	}
	if h.runner, err = enforce.New(h.enforcing()); err != nil {
		return err
	}
	h.scheduler, err = expiry.New(h.ending())
	h.clock.second = (&witnesses{pool: h.pool, synchronised: h.Synchronised}).agree
	return err
}

// enforcing is what the runner works with.
func (h *Home) enforcing() enforce.Config {
	return enforce.Config{
		Store: h.fresh(), Sessions: h.pool, Now: h.now, Report: h.report,
		Zone:    func() *time.Location { _, loc := zone(); return loc },
		Resolve: h.resolve, Others: h.others, Sure: h.clock.sure,
		Beside: func(ctx context.Context, a consent.Action) (consent.Testimony, error) {
			return h.core.Testimony(ctx, a)
		},
	}
}

// ending is what the scheduler works with, once there is a runner to tell.
func (h *Home) ending() expiry.Config {
	return expiry.Config{
		Store: h.store, Now: h.now, Device: h.fresh().Device, Decided: h.runner.Poke, Report: h.report,
		Trusted: h.clock.trusted, Shown: h.clock.shown, DecideAll: h.store.DecideAll, Batch: endsPage, Stepped: h.clock.stepped, Doubts: doubts{h.store},
	}
}

// endsPage is how many ends are written in one transaction: each page costs one
// wait for the disk, and holds up whoever else writes for a tenth of a second.
const endsPage = 500
