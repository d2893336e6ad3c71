package engine

import "errors"

// ErrAway says that the engine, which belongs to another process, does not
// answer: that process ended, or is being started again.
var ErrAway = errors.New("the running Best Before does not answer")
