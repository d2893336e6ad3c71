package engine

import (
	"context"
	"errors"
	"maps"
	"slices"

	"bestbefore/discovery"
)

// forgetBehaviour drops what is kept of how a device behaves and of what its
// maker declares, or with "" of all devices.
func (e *Core) forgetBehaviour(ctx context.Context, id discovery.DeviceID) error {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	gone := func(other discovery.DeviceID) bool { return id == "" || e.same(other, id) }
	said, err := e.descriptions(ctx)
	weeks, err2 := e.usualWeeks(ctx)
	unusual, err3 := e.unusuals(ctx)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	maps.DeleteFunc(said, func(other discovery.DeviceID, _ description) bool { return gone(other) })
	maps.DeleteFunc(weeks, func(other discovery.DeviceID, _ UsualWeek) bool { return gone(other) })
	unusual = slices.DeleteFunc(unusual, func(r unusualRecord) bool { return gone(r.Device) })
	e.watching.forget(id)
	return errors.Join(e.saveDescriptions(ctx, said), e.saveUsualWeeks(ctx, weeks), e.saveUnusuals(ctx, unusual))
}

// forgetUnusual drops what was out of the ordinary from one local day to another.
func (e *Core) forgetUnusual(ctx context.Context, from, to string) error {
	e.meeting.Lock()
	defer e.meeting.Unlock()
	all, err := e.unusuals(ctx)
	if err != nil {
		return err
	}
	return e.saveUnusuals(ctx, slices.DeleteFunc(all, func(r unusualRecord) bool { return r.Finding.Day >= from && r.Finding.Day <= to }))
}
