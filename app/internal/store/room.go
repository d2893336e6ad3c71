package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	defaultReserve = 16 << 20
	defaultMinFree = 500 << 20
	freeAskedEvery = 10 * time.Second
)

// room watches the space on the disk. A full one cannot be freed by deleting
// rows, since the write-ahead log needs room for that too; so a reserve file is
// given up first, and decisions and their diary go on.
type room struct {
	dir     string
	reserve int64
	minFree int64
	now     func() time.Time

	mu    sync.Mutex // guards asked, low
	asked time.Time
	low   bool
}

func (r *room) path() string { return filepath.Join(r.dir, "reserve") }

// keepReserve makes the reserve file where it is missing and there is ample
// room. Without it everything works but for the last megabytes.
func (r *room) keepReserve() {
	size := r.reserve
	if size == 0 {
		size = defaultReserve
	}
	if info, err := os.Stat(r.path()); err == nil && info.Size() >= size {
		return
	}
	if free, err := freeBytes(r.dir); err != nil || free < uint64(2*size) {
		return
	}
	if err := writeReserve(r.path(), size); err != nil {
		_ = os.Remove(r.path()) // a half one would only take room
	}
}

// writeReserve writes real bytes: a file with holes holds no room.
func writeReserve(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 256<<10)
	for i := range block {
		block[i] = byte(i*7 + i>>8) // not zeros, which some file systems leave out
	}
	for left := size; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = f.Write(block[:min(left, int64(len(block)))])
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// free gives the reserve up and reports whether there was one.
func (r *room) free() bool { return os.Remove(r.path()) == nil }

// tooLittle reports whether so little is left that flows must not take it from
// the evidence. It asks the system only now and then.
func (r *room) tooLittle() bool {
	limit := r.minFree
	if limit == 0 {
		limit = defaultMinFree
	}
	if limit < 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if since := now.Sub(r.asked); !r.asked.IsZero() && since >= 0 && since < freeAskedEvery {
		return r.low
	}
	free, err := freeBytes(r.dir)
	r.asked, r.low = now, err == nil && free < uint64(limit)
	return r.low
}

// Free is how many bytes are left for this program on the folder's disk.
func (s *Store) Free() (uint64, error) { return freeBytes(s.cfg.Dir) }
