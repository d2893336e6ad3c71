package rpc

import (
	"context"

	"bestbefore/app/internal/engine"
)

func addRecipes(m map[string]method) {
	m["Recipes"] = on(func(ctx context.Context, e engine.Engine, _ args) (any, error) { return e.Recipes(ctx) })
	m["LookAtRecipe"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.LookAtRecipe(ctx, a.Text)
	})
	m["AddRecipe"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return e.AddRecipe(ctx, a.Text, a.Ref)
	})
	m["RemoveRecipe"] = on(func(ctx context.Context, e engine.Engine, a args) (any, error) {
		return nil, e.RemoveRecipe(ctx, a.Ref)
	})
}

// Recipes implements engine.Recipes.
func (c *Client) Recipes(ctx context.Context) ([]engine.RecipeInfo, error) {
	return ask[[]engine.RecipeInfo](ctx, c, "Recipes", args{})
}

// LookAtRecipe implements engine.Recipes.
func (c *Client) LookAtRecipe(ctx context.Context, text string) (engine.RecipeInfo, error) {
	return ask[engine.RecipeInfo](ctx, c, "LookAtRecipe", args{Text: text})
}

// AddRecipe implements engine.Recipes.
func (c *Client) AddRecipe(ctx context.Context, text, sum string) (engine.RecipeInfo, error) {
	return ask[engine.RecipeInfo](ctx, c, "AddRecipe", args{Text: text, Ref: sum})
}

// RemoveRecipe implements engine.Recipes.
func (c *Client) RemoveRecipe(ctx context.Context, kind string) error {
	return do(ctx, c, "RemoveRecipe", args{Ref: kind})
}
