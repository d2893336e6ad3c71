package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// DiskEncrypted reports whether the disk that holds a folder is encrypted by
// this system (dm-crypt, which LUKS and plain mappings are). What the drive does
// by itself, or a network disk, is not known.
func DiskEncrypted(dir string) (encrypted, known bool) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return false, false
	}
	return deviceEncrypted("/", uint32(unix.Major(st.Dev)), uint32(unix.Minor(st.Dev)))
}

// deviceEncrypted looks under root, which is / but in tests.
func deviceEncrypted(root string, major, minor uint32) (encrypted, known bool) {
	number := fmt.Sprintf("%d:%d", major, minor)
	node, err := filepath.EvalSymlinks(filepath.Join(root, "sys/dev/block", number))
	if err != nil { // a file system without a device of its own, such as btrfs
		if node, err = mountedFrom(root, number); err != nil {
			return false, false
		}
	}
	return nodeEncrypted(node, 0), true
}

// mountedFrom finds the device behind a file system by the list of what is mounted.
func mountedFrom(root, number string) (string, error) {
	table, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(table)) {
		left, right, _ := strings.Cut(line, " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if len(l) < 3 || len(r) < 2 || l[2] != number {
			continue
		}
		source, ok := strings.CutPrefix(r[1], "/dev/")
		if !ok {
			break
		}
		if name, err := filepath.EvalSymlinks(filepath.Join(root, "dev", source)); err == nil { // /dev/mapper/x is a link to /dev/dm-0
			source = filepath.Base(name)
		}
		return filepath.EvalSymlinks(filepath.Join(root, "sys/class/block", source))
	}
	return "", os.ErrNotExist
}

// deepest bounds how many devices stand on one another.
const deepest = 8

// nodeEncrypted reports whether a block device, or all that it stands on, is encrypted.
func nodeEncrypted(node string, depth int) bool {
	if uuid, err := os.ReadFile(filepath.Join(node, "dm/uuid")); err == nil && strings.HasPrefix(string(uuid), "CRYPT-") {
		return true
	}
	below, err := filepath.Glob(filepath.Join(node, "slaves", "*"))
	if err != nil || len(below) == 0 || depth == deepest {
		return false
	}
	for _, b := range below {
		real, err := filepath.EvalSymlinks(b)
		if err != nil || !nodeEncrypted(real, depth+1) {
			return false
		}
	}
	return true
}
