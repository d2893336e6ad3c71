package recipient

// Purpose is what a recipient is there for.
type Purpose string

// The purposes. "" is not known.
const (
	Maker     Purpose = "maker"     // the cloud of the device's maker
	Platform  Purpose = "platform"  // an app or smart-home platform that many makers' devices use
	Voice     Purpose = "voice"     // a voice assistant
	Video     Purpose = "video"     // films and television
	Music     Purpose = "music"     // music and radio
	Games     Purpose = "games"     // games
	Books     Purpose = "books"     // books and newspapers
	Ads       Purpose = "ads"       // advertising
	Audience  Purpose = "audience"  // what is watched is measured
	Analytics Purpose = "analytics" // how apps are used is measured
	Faults    Purpose = "faults"    // crashes and faults are reported
	Network   Purpose = "cdn"       // a content network: carries files for others
	Hosting   Purpose = "hosting"   // rented computers: run services for others
	Time      Purpose = "time"      // the time of day
	Update    Purpose = "update"    // updates
	Push      Purpose = "push"      // messages that wake apps
	Check     Purpose = "check"     // is there an internet connection?
	Names     Purpose = "names"     // addresses for names (DNS)
	Remote    Purpose = "remote"    // reaching home from outside
	Account   Purpose = "account"   // signing in
	Store     Purpose = "store"     // an app shop
	Security  Purpose = "security"  // certificates and dangerous addresses are checked
	Weather   Purpose = "weather"   // weather
	Maps      Purpose = "maps"      // maps and places
	Mail      Purpose = "mail"      // mail
	Social    Purpose = "social"    // social networks
	Calls     Purpose = "calls"     // calls and messages between people
	Printing  Purpose = "printing"  // printing and ink
	Health    Purpose = "health"    // health and fitness
	Energy    Purpose = "energy"    // solar power, charging, meters
	Car       Purpose = "car"       // the car
	Marketing Purpose = "marketing" // customers are addressed and followed
	Support   Purpose = "support"   // customer service
	Content   Purpose = "content"   // pictures, texts and scripts of websites
	Web       Purpose = "web"       // other web services
	Home      Purpose = "home"      // another device at home
)

// words say in plain English what each purpose is.
var words = map[Purpose]string{
	Maker: "its maker's cloud", Platform: "an app or smart-home platform", Voice: "a voice assistant", Video: "films and television",
	Music: "music and radio", Games: "games", Books: "books and newspapers", Ads: "advertising", Audience: "measures what is watched",
	Analytics: "measures how apps are used", Faults: "collects faults", Network: "a content network that carries files for others",
	Hosting: "rented computers that run services for others", Time: "tells the time", Update: "updates", Push: "messages that wake apps",
	Check: "checks the internet connection", Names: "finds addresses for names", Remote: "reaches home from outside", Account: "signing in",
	Store: "an app shop", Security: "checks certificates and dangerous addresses", Weather: "weather", Maps: "maps and places", Mail: "mail",
	Social: "a social network", Calls: "calls and messages", Printing: "printing and ink", Health: "health and fitness",
	Energy: "solar power, charging and meters", Car: "the car", Marketing: "marketing", Support: "customer service",
	Content: "content of websites", Web: "a web service", Home: "another device at home",
}

// Purposes lists all of them, in no order.
func Purposes() []Purpose {
	out := make([]Purpose, 0, len(words))
	for p := range words {
		out = append(out, p)
	}
	return out
}

// Known reports whether p is one of ours.
func (p Purpose) Known() bool { _, ok := words[p]; return ok }

// Words is p in plain English, "" where it is not known.
func (p Purpose) Words() string { return words[p] }

// Everyday reports whether p is what every device does and no date is put on:
// the time of day, addresses for names, is there an internet connection, home itself.
func (p Purpose) Everyday() bool {
	return p == Time || p == Names || p == Check || p == Home
}
