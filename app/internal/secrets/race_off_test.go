//go:build !race

package secrets

// underRace says that the race detector watches every access to memory.
const underRace = false
