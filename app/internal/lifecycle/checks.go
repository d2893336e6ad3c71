package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/thejerf/suture/v4"
)

// checkRows reads every decision once before anything is enforced: what is
// damaged is set aside and shown, everything else goes on (T17).
func (h *Home) checkRows(ctx context.Context) error {
	for _, p := range h.store.Problems() {
		h.board.Report("file/"+p.File, errors.New(p.Text), "")
	}
	if _, err := h.store.CheckAtStart(ctx); err != nil { // else checkFiles does it
		return err
	}
	return h.reportQuarantine(ctx)
}

// reportQuarantine shows what was set aside.
func (h *Home) reportQuarantine(ctx context.Context) error {
	set, err := h.store.Quarantine(ctx)
	if err != nil {
		return err
	}
	for _, q := range set {
		h.board.Report("quarantine/"+q.Place+"/"+q.Key, fmt.Errorf("a damaged record was set aside (%s %s: %s)", q.Place, q.Key, q.Reason),
			"Everything else goes on. Decide it again, or put a backup back.")
	}
	return nil
}

// checkFiles lets SQLite check its own files once, beside everything else:
// with millions of flows that takes seconds.
func (h *Home) checkFiles(ctx context.Context) error {
	r, err := h.store.Check(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err == nil && !r.OK() {
		err = fmt.Errorf("a file of the data folder is damaged: %v", r.Damaged)
	}
	h.board.Report("files", err, "Put a backup back (bestbefore-agent backup), or export what is there now.")
	if err := h.reportQuarantine(ctx); err != nil {
		h.Log.Warn("listing damaged records", "error", err)
	}
	return suture.ErrDoNotRestart
}
