package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/capture"
	"bestbefore/discovery/flow"
)

// readCapture reads a file for the engine and gives its fingerprint.
func readCapture(ctx context.Context, path string, emit func([]flow.Record) error, progress func(done, size int64)) (flow.Capture, string, error) {
	st, err := os.Stat(path) // before it is opened: opening a pipe would wait for its writer
	if err != nil {
		return flow.Capture{}, "", words.Errorf("opening the capture: %w", err)
	}
	if !st.Mode().IsRegular() {
		return flow.Capture{}, "", words.Errorf("%s is not a file", filepath.Base(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return flow.Capture{}, "", words.Errorf("opening the capture: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	out, err := capture.Read(ctx, io.TeeReader(f, sum), capture.Config{
		Source: discovery.Source("capture " + string(discovery.Clean(filepath.Base(path)))), Emit: emit,
		Progress: func(n int64) { progress(n, st.Size()) },
	})
	if err != nil {
		return out, "", err
	}
	if _, err := io.Copy(sum, f); err != nil { // what lies behind the last packet is part of the file
		return out, "", words.Errorf("reading the capture: %w", err)
	}
	return out, hex.EncodeToString(sum.Sum(nil)), nil
}
