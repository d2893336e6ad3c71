//go:build lab && linux

package connectortest

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// In runs f in a network namespace by its name. What it opens there stays there.
func In[T any](namespace string, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result)
	go func() {
		var r result
		defer func() { done <- r }()
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		fd, err := unix.Open("/run/netns/"+namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			r.err = err
			return
		}
		defer unix.Close(fd) //nolint:errcheck // it was only read
		if r.err = unix.Setns(fd, unix.CLONE_NEWNET); r.err == nil {
			r.v, r.err = f()
		}
	}()
	r := <-done
	return r.v, r.err
}
