package lifecycle

import (
	"path/filepath"
	"sync"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/recipe"
)

// shelf gives the engine the folder of connector files in the engine's own words.
type shelf struct {
	*recipe.Shelf
	tell func() // says anew which files wait for a look
}

// openShelf adds the approved connector files of the data folder to all, and
// says which others wait for a look.
func (h *Home) openShelf(all *connectors.Registry) error {
	own := map[string]bool{}
	for _, s := range all.Specs() {
		own[s.Kind] = true
	}
	s, err := recipe.NewShelf(recipe.ShelfConfig{Dir: filepath.Join(h.Dir, "recipes"), Now: h.now, Taken: func(kind string) bool { return own[kind] }})
	if err != nil {
		return err
	}
	told := map[string]bool{} // files that the home page speaks of
	var mu sync.Mutex         // guards told
	h.shelf = shelf{s, func() {
		mu.Lock()
		defer mu.Unlock()
		h.tellShelf(s, told)
	}}
	cs, err := s.Connectors()
	if err != nil { // the program works without them
		h.report("connector files", err)
		return nil
	}
	for _, c := range cs {
		all.Put(c)
	}
	h.shelf.tell()
	return nil
}

// tellShelf says on the home page which files are not used, and takes back what
// was said of others.
func (h *Home) tellShelf(s *recipe.Shelf, told map[string]bool) {
	items, err := s.Items()
	h.report("reading the connector files", err)
	if err != nil {
		return // what was said of each stands
	}
	for file := range told {
		h.board.Report("connector file "+file, nil, "")
	}
	clear(told)
	for _, it := range items {
		if it.State != recipe.StateApproved {
			told[it.File] = true
			h.board.Report("connector file "+it.File, waiting(it), words.Text("Look at it with \"recipe check\", then approve it with \"recipe add\", or delete it."))
		}
	}
}

// waiting says why a file is not used.
func waiting(it recipe.Item) error {
	switch it.State {
	case recipe.StateBroken:
		return words.Errorf("the connector file %s cannot be used: %w", it.File, it.Faults[0])
	case recipe.StateChanged:
		return words.Errorf("the connector file %s is not the one that you approved; it is not used until you approve it anew", it.File)
	default:
		return words.Errorf("the connector file %s is new; it is not used until you approve it", it.File)
	}
}

func recipeInfo(it recipe.Item) engine.RecipeInfo {
	out := engine.RecipeInfo{File: it.File, State: string(it.State), SHA256: it.SHA256, Approved: it.Approved}
	if it.Recipe != nil {
		out.Spec, out.Author, out.Places = it.Recipe.Spec(), it.Recipe.Author, it.Recipe.Places()
	}
	for _, f := range it.Faults {
		out.Faults = append(out.Faults, f.Error())
	}
	return out
}

// Items implements engine.Shelf.
func (s shelf) Items() ([]engine.RecipeInfo, error) {
	items, err := s.Shelf.Items()
	out := make([]engine.RecipeInfo, 0, len(items))
	for _, it := range items {
		out = append(out, recipeInfo(it))
	}
	return out, err
}

// Look implements engine.Shelf.
func (s shelf) Look(text string) (engine.RecipeInfo, error) {
	it, err := s.Shelf.Look([]byte(text))
	return recipeInfo(it), err
}

// Add implements engine.Shelf.
func (s shelf) Add(text, sum string) (engine.RecipeInfo, connectors.Connector, error) {
	it, err := s.Shelf.Add([]byte(text), sum)
	s.tell()
	if err != nil {
		return recipeInfo(it), nil, err
	}
	return recipeInfo(it), recipe.New(it.Recipe), nil
}

// Remove implements engine.Shelf.
func (s shelf) Remove(kind string) (bool, error) {
	defer s.tell()
	return s.Shelf.Remove(kind)
}
