package lifecycle

import (
	"context"
	"errors"
	"strings"

	"github.com/thejerf/suture/v4"

	"bestbefore/app/internal/store"
	"bestbefore/assets/words"
)

// checkRows reads every decision once before anything is enforced: what is
// damaged is set aside and shown, everything else goes on (T17).
func (h *Home) checkRows(ctx context.Context) error {
	for _, p := range h.store.Problems() {
		h.board.Report("file/"+p.File, errors.New(p.Text), words.Text("There is nothing to do. The damaged file is kept beside the new one and can be deleted; past traffic is in no backup."))
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
		h.board.Report("quarantine/"+q.Place+"/"+q.Key, words.Errorf("a damaged record was set aside (%s %s: %s)", q.Place, q.Key, q.Reason),
			words.Text("Everything else goes on. Decide it again, or put a backup back."))
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
	// A backup holds permissions, diary and devices; what was seen of traffic is too
	// much for it and not worth a decision.
	h.board.Report("check", err, words.Text("It is checked again at the next start."))
	evidence, traffic := damage(r)
	h.board.Report("files", evidence, words.Text("Put a backup back (bestbefore-agent backup), or export what is there now."))
	h.board.Report("traffic", traffic, words.Text("There is nothing to do: permissions, diary and devices are not affected, and watching goes on. Past traffic is in no backup; what was damaged of it is lost."))
	if err := h.reportQuarantine(ctx); err != nil {
		h.Log.Warn("listing damaged records", "error", err)
	}
	return suture.ErrDoNotRestart
}

// damage says what is wrong with the evidence and what with the traffic. Single
// records are reported by themselves.
func damage(r store.CheckReport) (evidence, traffic error) {
	var ours, flows []string
	for _, line := range r.Damaged {
		if what, ok := strings.CutPrefix(line, "flows.db: "); ok {
			flows = append(flows, what)
		} else {
			ours = append(ours, line)
		}
	}
	if len(ours) > 0 {
		evidence = words.Errorf("a file of the data folder is damaged: %s", strings.Join(ours, "; "))
	}
	if len(flows) > 0 {
		traffic = words.Errorf("the record of past traffic was damaged: %s", strings.Join(flows, "; "))
	}
	return evidence, traffic
}
