//go:build !linux && !darwin && !windows

package main

import "os"

// silence: where we cannot hide what is typed, nothing secret is asked for.
func silence(*os.File) (restore func(), ok bool) { return nil, false }

func terminal(*os.File) bool { return false }
