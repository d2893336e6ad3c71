package engine

import (
	"context"

	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Diary lists entries, newest first.
func (e *Core) Diary(ctx context.Context, q DiaryQuery) ([]DiaryEntry, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 200
	}
	lines, err := e.Store.Diary(ctx, ledger.Query{Before: q.Before, Limit: min(limit, 1000), Text: q.Text, Device: string(q.Device), Consent: string(q.Consent)})
	if err != nil {
		return nil, err
	}
	out := make([]DiaryEntry, 0, len(lines))
	for _, l := range lines {
		d := DiaryEntry{Entry: l.Entry, Text: l.Text}
		if l.Erased {
			d.Text = "(deleted)"
		}
		if l.Device != "" {
			d.DeviceName = e.deviceName(discovery.DeviceID(l.Device))
		}
		out = append(out, d)
	}
	return out, nil
}

// VerifyDiary walks the whole chain.
func (e *Core) VerifyDiary(ctx context.Context) (ledger.Report, error) {
	return e.Store.VerifyDiary(ctx)
}
