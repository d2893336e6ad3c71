package engine

import (
	"bestbefore/assets/words"
)

// ErrAway says that the engine, which belongs to another process, does not
// answer: that process ended, or is being started again.
var ErrAway = words.New("the running Best Before does not answer")
