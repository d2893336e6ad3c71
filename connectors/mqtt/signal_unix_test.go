//go:build unix

package mqtt

import "syscall"

// standStill stops a process without ending it.
const standStill = syscall.SIGSTOP
