package assets

import "embed"

// Recipes holds recipes/*.yaml, the connectors that are written as data, and
// recipes/guides.yaml, the steps that only a person can take.
//
//go:embed recipes/*.yaml
var Recipes embed.FS

// Accounts is the table of providers of online accounts (connectors/oauth).
//
//go:embed accounts/providers.yaml
var Accounts []byte
