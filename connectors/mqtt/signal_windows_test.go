package mqtt

import "syscall"

// standStill is unknown to Windows, where no Mosquitto is looked for.
const standStill = syscall.SIGKILL
