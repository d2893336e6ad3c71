package recipe

import (
	"fmt"

	"bestbefore/assets"
	"bestbefore/connectors"
)

// shipped are the recipes that are part of the program.
var shipped = []string{"hue", "mikrotik", "opnsense", "rfc7009", "shelly"}

// Shipped gives the connectors of the recipes that are part of the program.
func Shipped() ([]connectors.Connector, error) {
	var out []connectors.Connector
	for _, name := range shipped {
		data, err := assets.Recipes.ReadFile("recipes/" + name + ".yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the recipe %s: %w", name, err)
		}
		r, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("the recipe %s: %w", name, err)
		}
		out = append(out, New(r))
	}
	return out, nil
}
