package lifecycle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
)

// homeMade is a connector as a household might write it.
const homeMade = `schema: 1
kind: my-switch
name: My switch
sees: Whether the switch may talk to its maker.
stops: The switch's own link to its maker.
options:
  - {key: switch, type: address, scheme: http, required: true, label: Address of the switch}
  - {key: token, type: secret, required: true, label: Token}
base: "{{switch}}"
headers: {Authorization: "Bearer {{secret:token}}"}
probe:
  - get: /state
grants:
  - get: /state
    where: [{path: cloud, equals: "true"}]
    id: cloud
    name: Link to the maker
    what: cloud link
revoke:
  - post: /cloud
    json: {on: false}
`

func kindsOf(t *testing.T, e engine.Engine) []string {
	t.Helper()
	info, err := e.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, k := range info.Kinds {
		out = append(out, k.Kind)
	}
	return out
}

// toldOf is what the home page says of connector files.
func toldOf(h *Home) string {
	for _, p := range h.problems() {
		if strings.HasPrefix(p.ID, "connector file") {
			return p.Text
		}
	}
	return ""
}

// A file that was dropped into the data folder is asked about, approved, works
// through the one guarded way out, and asks again when it was changed.
func TestAConnectorFileThroughTheWholeHouse(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "recipes", "my-switch.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(homeMade), 0o600); err != nil {
		t.Fatal(err)
	}
	box := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer switch-token-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"cloud":true}`)
	}))
	t.Cleanup(box.Close)
	c := Config{Dir: dir, Enforce: true, Credentials: credential(t)}
	sum := approveOne(t, c, box.URL)
	if err := os.WriteFile(file, []byte(strings.Replace(homeMade, "My switch", "My other switch", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	h := opened(t, c)
	e := h.Engine()
	if slices.Contains(kindsOf(t, e), "my-switch") || !strings.Contains(toldOf(h), "not the one that you approved") {
		t.Errorf("a changed file is used, or nobody is told: %s", toldOf(h))
	}
	if all, err := e.Recipes(t.Context()); err != nil || len(all) != 1 || all[0].State != "changed" || all[0].SHA256 == sum {
		t.Errorf("%+v, %v", all, err)
	}
	if err := e.RemoveRecipe(t.Context(), "my-switch"); err == nil || !strings.Contains(err.Error(), "remove that connection first") {
		t.Errorf("removed under a connection: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// approveOne approves the file that waits, connects with it and gives its sum.
func approveOne(t *testing.T, c Config, box string) string {
	t.Helper()
	h := opened(t, c)
	defer serving(t, h)()
	e := h.Engine()
	if slices.Contains(kindsOf(t, e), "my-switch") || !strings.Contains(toldOf(h), "until you approve it") {
		t.Fatalf("a new file is used, or nobody is told: %s", toldOf(h))
	}
	i, err := e.LookAtRecipe(t.Context(), homeMade)
	if err != nil || i.State != "new" || len(i.Places) != 1 || i.Spec.Name != "My switch" {
		t.Fatalf("%+v, %v", i, err)
	}
	if _, err := e.AddRecipe(t.Context(), homeMade, i.SHA256); err != nil {
		t.Fatal(err)
	}
	if toldOf(h) != "" {
		t.Errorf("approved, but the home page says: %s", toldOf(h))
	}
	connect := func(address, token string) (engine.ConnectionInfo, error) {
		return e.Connect(t.Context(), engine.ConnectRequest{Kind: "my-switch", Values: map[string]string{"switch": address}, Secrets: map[string]string{"token": token}})
	}
	if _, err := connect(box, "wrong"); connectors.KindOf(err) != "sign_in" {
		t.Errorf("with a wrong token: %v", err)
	}
	got, err := connect(box, "switch-token-1")
	if err != nil || !slices.Contains(got.Can, "list access") || slices.Contains(got.Can, "disconnect") {
		t.Fatalf("connected %v, %v", got.Can, err)
	}
	return i.SHA256
}
