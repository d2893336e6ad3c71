package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// An agent runs for months beside whatever else its box does: it gives up a
// little time for memory.
const (
	// heapGrowth is how much the heap may grow before it is swept, in percent.
	heapGrowth = 50
	// spare is what the heap may keep without using it; after a look through
	// the files or an overview over months it is many times that.
	spare      = 1 << 20
	spareEvery = time.Minute
)

// saveMemory gives back to the system, until ctx ends, what the heap does not need.
func saveMemory(ctx context.Context) {
	debug.SetGCPercent(heapGrowth)
	tick := time.NewTicker(spareEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if beyondNeed() > spare {
				debug.FreeOSMemory()
			}
		}
	}
}

// beyondNeed is what the heap holds beyond what was in use when it was last swept.
func beyondNeed() int64 {
	s := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(s)
	return int64(s[0].Value.Uint64()+s[1].Value.Uint64()+s[2].Value.Uint64()) - int64(s[3].Value.Uint64())
}
