package engine

import (
	"context"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Recipes are connectors from outside, written as data. A file is used only
// after the household approved just that file.
type Recipes interface {
	// Recipes lists the files in the folder for them.
	Recipes(ctx context.Context) ([]RecipeInfo, error)
	// LookAtRecipe reads a file and keeps nothing: what the household is asked about.
	LookAtRecipe(ctx context.Context, text string) (RecipeInfo, error)
	// AddRecipe keeps a file that the household approved; sum is the SHA256 that it was shown.
	AddRecipe(ctx context.Context, text, sum string) (RecipeInfo, error)
	// RemoveRecipe takes a kind away; not while a connection uses it.
	RemoveRecipe(ctx context.Context, kind string) error
}

// RecipeInfo is one file, as far as it can be read.
type RecipeInfo struct {
	File     string          `json:"file,omitempty"`
	State    string          `json:"state"` // approved, changed, new, broken
	SHA256   string          `json:"sha256"`
	Approved time.Time       `json:"approved,omitzero"`
	Spec     connectors.Spec `json:"spec"`
	Author   string          `json:"author,omitempty"`
	Places   []string        `json:"places"`           // where it would speak to
	Faults   []string        `json:"faults,omitempty"` // each with line and column
}

// Shelf keeps the files; the wiring gives it.
type Shelf interface {
	Items() ([]RecipeInfo, error)
	Look(text string) (RecipeInfo, error)
	// Add gives the connector that the file describes.
	Add(text, sum string) (RecipeInfo, connectors.Connector, error)
	Remove(kind string) (bool, error)
}

var errNoRecipes = words.New("this program takes no connector files")

// Recipes implements Recipes.
func (e *Core) Recipes(context.Context) ([]RecipeInfo, error) {
	if e.Shelf == nil {
		return nil, nil
	}
	return e.Shelf.Items()
}

// LookAtRecipe implements Recipes.
func (e *Core) LookAtRecipe(_ context.Context, text string) (RecipeInfo, error) {
	if e.Shelf == nil {
		return RecipeInfo{}, errNoRecipes
	}
	return e.Shelf.Look(text)
}

// AddRecipe implements Recipes.
func (e *Core) AddRecipe(ctx context.Context, text, sum string) (RecipeInfo, error) {
	if e.Shelf == nil {
		return RecipeInfo{}, errNoRecipes
	}
	i, c, err := e.Shelf.Add(text, sum)
	if err != nil {
		return i, err
	}
	e.Registry.Put(c)
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteConnected, Text: words.Sprintf("Approved the connector file %s (%s), SHA-256 %s.", i.Spec.Name, i.Spec.Kind, i.SHA256)}
	if err := e.Store.Note(ctx, n); err != nil {
		return i, err
	}
	e.changed(changes.Connections, changes.Diary)
	return i, nil
}

// RemoveRecipe implements Recipes.
func (e *Core) RemoveRecipe(ctx context.Context, kind string) error {
	if e.Shelf == nil {
		return errNoRecipes
	}
	cs, err := e.Store.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.Kind == kind {
			return words.Errorf("%s (%s) uses this connector file; remove that connection first", c.Name, c.ID)
		}
	}
	ok, err := e.Shelf.Remove(kind)
	if err != nil {
		return err
	}
	if !ok {
		return words.Errorf("there is no connector file %q; \"recipe list\" lists them", kind)
	}
	e.Registry.Drop(kind)
	n := ledger.Note{Time: e.Now(), Kind: consent.NoteDisconnected, Text: words.Sprintf("Removed the connector file %s.", kind)}
	if err := e.Store.Note(ctx, n); err != nil {
		return err
	}
	e.changed(changes.Connections, changes.Diary)
	return nil
}
