// Command zitadel is an OAuth server for tests: the example server of the real
// zitadel/oidc, with its page for a user name and a password, and its codes.
package main

import (
	"log/slog"
	"net/http"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"bestbefore/peers/loopback"
)

func main() {
	loopback.Serve(func(issuer string) (http.Handler, error) {
		storage.RegisterClients(
			storage.NativeClient("native", "http://127.0.0.1/"),
			storage.WebClient("stranger", "stranger-secret", "http://127.0.0.1/"),
			storage.DeviceClient("device", "device-secret"),
		)
		return exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false), nil
	})
}
