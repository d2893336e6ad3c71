//go:build darwin || windows

package neighbor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

const runTimeout = 5 * time.Second

// run starts one of the system's own programs, by its full path and with fixed
// arguments, and gives its output to parse.
func run(ctx context.Context, parse func(io.Reader) error, path string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	hide(cmd)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("asking %s: %w", filepath.Base(path), err)
	}
	if err := parse(bytes.NewReader(out)); err != nil {
		return fmt.Errorf("reading what %s says: %w", filepath.Base(path), err)
	}
	return nil
}
