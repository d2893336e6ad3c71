package pihole

import "net/http"

// hangUp breaks the connection off.
func hangUp(w http.ResponseWriter, _ *http.Request) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = c.Close()
	}
	return true
}
