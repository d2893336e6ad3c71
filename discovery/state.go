package discovery

// Saved is what storage keeps of an Inventory. In a save, Devices holds only
// the changed ones; the other lists are whole and replace what was stored.
type Saved struct {
	Devices   []Device
	Gone      []DeviceID // entries that were merged into others, to be forgotten
	Aliases   map[DeviceID]DeviceID
	Questions []Question
	Distinct  []Pair
}
