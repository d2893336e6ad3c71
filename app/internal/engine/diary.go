package engine

import (
	"context"
	"strings"

	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// Diary lists entries, newest first.
func (e *Core) Diary(ctx context.Context, q DiaryQuery) ([]DiaryEntry, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 200
	}
	lines, err := e.Store.Diary(ctx, ledger.Query{
		Before: q.Before, Limit: min(limit, 1000), Text: q.Text, Named: e.devicesCalled(q.Text), Device: string(q.Device), Consent: string(q.Consent),
	})
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

// devicesCalled are the devices whose name holds the text; none for no text.
func (e *Core) devicesCalled(text string) []string {
	if text == "" {
		return nil
	}
	var out []string
	for _, d := range e.Inventory.Devices() {
		if strings.Contains(strings.ToLower(d.Name()), strings.ToLower(text)) {
			out = append(out, string(d.ID))
		}
	}
	return out
}

// VerifyDiary walks the whole chain.
func (e *Core) VerifyDiary(ctx context.Context) (ledger.Report, error) {
	return e.Store.VerifyDiary(ctx)
}

// DiaryQuery selects entries, newest first.
type DiaryQuery struct {
	Before  uint64 // entries with a lower number; 0 is from the newest
	Limit   int    // at most 1,000; 0 is 200
	Text    string
	Device  discovery.DeviceID
	Consent consent.ID
}

// DiaryEntry is an entry with its text, "(deleted)" where it was erased.
type DiaryEntry struct {
	ledger.Entry
	Text       string `json:"text"`
	DeviceName string `json:"device_name,omitempty"`
}
