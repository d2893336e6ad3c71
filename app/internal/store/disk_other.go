//go:build !linux

package store

// DiskEncrypted reports whether the disk that holds a folder is encrypted; here
// that cannot be told without rights that we do not ask for.
func DiskEncrypted(string) (encrypted, known bool) { return false, false }
