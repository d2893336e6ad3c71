package store

import (
	"os"
	"path/filepath"
	"testing"
)

// computer is a made-up /sys: a file system on a volume, the volume on a disk.
func computer(t *testing.T, uuid string) string {
	t.Helper()
	root := t.TempDir()
	write := func(path, text string) {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o644))
	}
	link := func(from, to string) {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, from)), 0o755))
		must(t, os.Symlink(to, filepath.Join(root, from)))
	}
	write("sys/devices/virtual/block/dm-1/dm/uuid", "LVM-abc\n")
	write("sys/devices/virtual/block/dm-0/dm/uuid", uuid)
	write("sys/devices/pci/nvme0n1/nvme0n1p2/partition", "2")
	link("sys/devices/virtual/block/dm-1/slaves/dm-0", "../../dm-0")
	link("sys/devices/virtual/block/dm-0/slaves/nvme0n1p2", "../../../../pci/nvme0n1/nvme0n1p2")
	link("sys/dev/block/253:1", "../../devices/virtual/block/dm-1")
	link("sys/dev/block/259:2", "../../devices/pci/nvme0n1/nvme0n1p2")
	link("sys/class/block/dm-1", "../../devices/virtual/block/dm-1")
	link("dev/mapper/home", "../dm-1")
	write("dev/dm-1", "")
	write("proc/self/mountinfo", "31 1 0:42 /@home /home rw - btrfs /dev/mapper/home rw,subvol=/@home\n32 1 0:50 / /net rw - nfs server:/x rw\n")
	return root
}

func TestTheDisksEncryption(t *testing.T) {
	luks, other := computer(t, "CRYPT-LUKS2-abc-home\n"), computer(t, "LVM-def\n")
	for name, c := range map[string]struct {
		root             string
		major, minor     uint32
		encrypted, known bool
	}{
		"a volume on LUKS":                      {luks, 253, 1, true, true},
		"btrfs on a volume on LUKS":             {luks, 0, 42, true, true},
		"a partition below it":                  {luks, 259, 2, false, true},
		"the twin: the same without LUKS":       {other, 253, 1, false, true},
		"the twin: btrfs on that":               {other, 0, 42, false, true},
		"a network disk cannot be told":         {luks, 0, 50, false, false},
		"nor what the system does not tell":     {luks, 8, 1, false, false},
		"nor where there is nothing to be read": {t.TempDir(), 8, 1, false, false},
	} {
		if e, k := deviceEncrypted(c.root, c.major, c.minor); e != c.encrypted || k != c.known {
			t.Errorf("%s: encrypted %v, known %v", name, e, k)
		}
	}
	DiskEncrypted(t.TempDir()) // of this computer: whatever it is
	if _, known := DiskEncrypted("/no/such/folder"); known {
		t.Error("a folder that is not there is known")
	}
}
