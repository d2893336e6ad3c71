//go:build unix

package lifecycle

import "syscall"

// standStill stops a process without ending it.
const standStill = syscall.SIGSTOP
