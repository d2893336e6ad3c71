//go:build !linux

package secrets

import (
	"context"
	"runtime"
)

// OpensQuietly reports whether the key store can be asked without putting a
// question to a person. That of Windows never asks; that of macOS may, and is
// asked again only when somebody wants it.
func OpensQuietly(context.Context) bool { return runtime.GOOS == "windows" }
