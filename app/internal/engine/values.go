package engine

import (
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// DeviceInfo is a device with what the engine knows around it.
type DeviceInfo struct {
	discovery.Device
	Consents   []consent.ID    `json:"consents"`
	NextEnd    time.Time       `json:"next_end,omitzero"` // of its live permissions
	Blocked    *consent.Action `json:"blocked,omitempty"` // the newest disconnect in force or under way
	LastFlow   time.Time       `json:"last_flow,omitzero"`
	BytesWeek  uint64          `json:"bytes_week"`
	Recipients []string        `json:"recipients"`        // top ones of the last 7 days, by bytes
	Strays     int             `json:"strays"`            // recipients of the last 7 days that need a permission and have none
	Support    *Support        `json:"support,omitempty"` // typed by a person; nil where nobody said
	Coverage   string          `json:"coverage"`          // one sentence
	CoveredBy  []string        `json:"covered_by"`        // names of connections
	// Sight is the same in parts: who sees what since when, and what is missing.
	Sight Sight `json:"sight"`
}

// FlowQuery selects traffic.
type FlowQuery struct {
	Device discovery.DeviceID
	Since  time.Time
	Until  time.Time `json:",omitzero"`
	Limit  int       // at most 1,000; 0 is 200

	// What follows narrows Flows and ExportFlows; "" takes all. To is a recipient's,
	// a company's or a destination's name, Text any part of device, company and destination.
	To      string `json:",omitempty"`
	Country string `json:",omitempty"`
	Purpose string `json:",omitempty"`
	Text    string `json:",omitempty"`
}

// FlowInfo is traffic of one device with one destination.
type FlowInfo struct {
	Device      discovery.DeviceID `json:"device"`
	DeviceName  string             `json:"device_name"`
	Recipient   string             `json:"recipient"` // the name of a permission's recipient, else "" for unknown
	Destination string             `json:"destination"`
	Protocol    string             `json:"protocol"`
	Port        uint16             `json:"port"`
	BytesUp     uint64             `json:"bytes_up"`
	BytesDown   uint64             `json:"bytes_down"`
	Count       uint64             `json:"count"`
	First       time.Time          `json:"first"`
	Last        time.Time          `json:"last"`
	Source      string             `json:"source"`
	Consent     consent.ID         `json:"consent,omitempty"` // the live or ended permission that covers it
	Refused     bool               `json:"refused,omitempty"`
	Receiver    Receiver           `json:"receiver,omitzero"` // who is behind the destination, as far as is known
	// Categories are the kinds of data that were seen in it, where its source can tell.
	Categories []consent.Category `json:"categories,omitempty"`
	// NameBy says whence the name of Destination is, where the source of the traffic
	// saw only an address.
	NameBy string `json:"name_by,omitempty"`
	// Secrecy says whether it was encrypted, as far as that can be told.
	Secrecy flow.Secrecy `json:"secrecy,omitempty"`
}

// Total is bytes of one recipient (or, where none is known, one destination).
type Total struct {
	Name  string `json:"name"`
	Known bool   `json:"known"` // Name is a recipient that the household named
	// Covered says that a permission, in force or ended, is about it.
	Covered bool      `json:"covered,omitempty"`
	Up      uint64    `json:"bytes_up"`
	Down    uint64    `json:"bytes_down"`
	Count   uint64    `json:"count"`
	Last    time.Time `json:"last"`
	Ended   bool      `json:"ended,omitempty"` // its permission has ended: still sending
	// Receiver is who is behind it, as far as a table knows.
	Receiver Receiver `json:"receiver,omitzero"`
}

// Day is bytes of one local day.
type Day struct {
	Date string `json:"date"` // YYYY-MM-DD
	Up   uint64 `json:"bytes_up"`
	Down uint64 `json:"bytes_down"`
	// Count is how many flows or look-ups that were.
	Count uint64 `json:"count"`
}

// Hour is bytes of one local hour.
type Hour struct {
	Start time.Time `json:"start"`
	Up    uint64    `json:"bytes_up"`
	Down  uint64    `json:"bytes_down"`
	Count uint64    `json:"count"`
}

// ConsentInfo is a permission with its three axes.
type ConsentInfo struct {
	consent.Consent
	DeviceName string         `json:"device_name"`
	DeviceKind discovery.Kind `json:"device_kind"`
	// NeverCut says that the clock alone never blocks its device: a person marked it safety or medical.
	NeverCut bool             `json:"never_cut,omitempty"`
	Headline consent.Headline `json:"headline"`          // worst of the three axes
	Actions  []consent.Action `json:"actions"`           // of this permission, newest first
	HeldBy   string           `json:"held_by,omitempty"` // who keeps the date with this computer off
	HeldNote string           `json:"held_note,omitempty"`
	// HeldUntilRestart says that HeldBy forgets the date when it restarts.
	HeldUntilRestart bool `json:"held_until_restart,omitempty"`
	// LastSent is when traffic under it was last seen; zero for never, in all that is kept.
	LastSent time.Time `json:"last_sent,omitzero"`
	// EndsEarlier is when an access that it goes by runs out by itself, before its own end.
	EndsEarlier time.Time `json:"ends_earlier,omitzero"`
	// Support is until when its device is kept safe by its maker; nil where nobody said.
	Support *Support `json:"support,omitempty"`
	// Lapsing says that the person lets it lapse on its date: it no longer waits for an answer.
	Lapsing  bool              `json:"lapsing,omitempty"`
	Versions []consent.Consent `json:"versions,omitempty"` // only from Consent
	// Guide is the steps for a person, where one has to take some.
	Guide *connectors.Guide `json:"guide,omitempty"`
	// Next is what is offered where its end waits for a person or is stuck; only from Consent.
	Next *Next `json:"next,omitempty"`
}

// AllowRequest is a new permission. To is a recipient's name with its
// destinations, or Any.
type AllowRequest struct {
	Device    discovery.DeviceID `json:"device"`
	Recipient consent.Recipient  `json:"recipient"`
	Data      []consent.Category `json:"data"`
	Purpose   consent.Purpose    `json:"purpose,omitempty"`
	Until     string             `json:"until"`            // as consent.ParseTerm reads it
	Then      consent.Remedy     `json:"then"`             // "" is block where something can block, else guide
	Coarse    bool               `json:"coarse,omitempty"` // the household chose to cut the whole device where nothing finer can
	How       string             `json:"how"`              // "clicked", "command line"
}

// Preview says in sentences what would happen.
type Preview struct {
	Expires   time.Time      `json:"expires,omitzero"`
	Civil     string         `json:"expires_civil,omitempty"`
	Zone      string         `json:"zone,omitempty"`
	Then      consent.Remedy `json:"then,omitempty"`
	Lines     []string       `json:"lines"`             // what happens, through whom
	AlsoStops []string       `json:"also_stops"`        // other live permissions of the device that would stop
	Holds     string         `json:"holds"`             // whether the date holds with this computer off
	Refused   string         `json:"refused,omitempty"` // why it cannot be done at all
	Confirm   bool           `json:"confirm,omitempty"` // needs a second confirmation
	// Coarse says that more than this can only be cut together (AlsoStops): the
	// household must choose that (AllowRequest.Coarse), or it waits for a person.
	Coarse bool `json:"coarse,omitempty"`
	// Revocable says that an access is known that could be revoked for it.
	Revocable bool `json:"revocable,omitempty"`
	// Account says that what a block would cut is an account.
	Account bool `json:"account,omitempty"`
	// Partly says that some of what the device sends gets past the block; Limits, which
	// are among Lines too, say what. AtHome says that it is cut off at home as well.
	Partly bool     `json:"partly,omitempty"`
	Limits []string `json:"limits,omitempty"`
	// Pause says who gives a device back that is disconnected for a while.
	Pause  string `json:"pause,omitempty"`
	AtHome bool   `json:"at_home,omitempty"`
}

// ReviewInfo is what changed since the household agreed.
type ReviewInfo struct {
	Consent       ConsentInfo `json:"consent"`
	NewRecipients []string    `json:"new_recipients"`
	// NewData are kinds of data that were seen and not agreed to, where a source can tell.
	NewData []consent.Category `json:"new_data,omitempty"`
	// NewCountries are where it sends now and did not in the first week, ISO 3166-1.
	NewCountries []string `json:"new_countries,omitempty"`
	// SupportEnded says that the day of Consent.Support is over.
	SupportEnded  bool      `json:"support_ended,omitempty"`
	BytesThen     uint64    `json:"bytes_week_then"` // in the first week after the decision
	BytesNow      uint64    `json:"bytes_week_now"`
	Since         time.Time `json:"since"`
	Observed      bool      `json:"observed"` // some source could see this device at all
	IfLapses      Preview   `json:"if_lapses"`
	Renewable     bool      `json:"renewable"`
	RenewableFrom time.Time `json:"renewable_from,omitzero"`
}

// ConnectRequest sets a connector up. Secrets are sealed before anything else sees them.
type ConnectRequest struct {
	Kind    string            `json:"kind"`
	Name    string            `json:"name,omitempty"`
	Values  map[string]string `json:"values"`
	Secrets map[string]string `json:"-"`
}

// ConnectorsInfo is the connectors page.
type ConnectorsInfo struct {
	Kinds       []connectors.Spec `json:"kinds"`
	Connections []ConnectionInfo  `json:"connections"`
	// Found are peers that announce themselves at home, or answered there, and are not connected yet.
	Found []FoundPeer `json:"found,omitempty"`
}

// FoundPeer is something at home that could be connected.
type FoundPeer struct {
	Kind   string             `json:"kind"`
	Device discovery.DeviceID `json:"device"`
	Name   string             `json:"name"` // of the device
	// Values are the answers that are known already.
	Values map[string]string `json:"values"`
	// Here says that it is this computer itself, which carries what others send.
	Here bool `json:"here,omitempty"`
}

// ConnectionInfo is one connection and its health.
type ConnectionInfo struct {
	connectors.Connection
	Traits  connectors.Traits `json:"traits"`
	Open    bool              `json:"open"`
	Alive   time.Time         `json:"alive,omitzero"` // last success or heartbeat
	Trouble string            `json:"trouble,omitempty"`
	Error   consent.ErrorKind `json:"error,omitempty"`
	// Certificate is the question whether an unknown certificate is the peer's own; nil asks nothing.
	Certificate *connectors.CertificateError `json:"certificate,omitempty"`
	Can         []string                     `json:"can"` // AbleToBlock, AbleToRevoke, "see what devices send" ...
	Coverage    connectors.Coverage          `json:"coverage"`
	Holds       int                          `json:"holds"` // dates that it keeps for us
	// Lost is what it is known to have missed lately, and since when.
	Lost      uint64    `json:"lost,omitempty"`
	LostSince time.Time `json:"lost_since,omitzero"`
}

// HeldInfo is one thing outside that carries our mark.
type HeldInfo struct {
	Connection string `json:"connection"`
	connectors.Held
	Known bool `json:"known"` // our own records know why
	// What it is about, where it is known and a device's: its name, and whom it may not reach.
	Device    string            `json:"device,omitempty"`
	Recipient consent.Recipient `json:"recipient,omitzero"`
	// Unasked says why this connection could not be asked; the rest is empty then.
	Unasked string `json:"unasked,omitempty"`
}

// Overview is how things stand now.
type Overview struct {
	Now        time.Time `json:"now"`
	Zone       string    `json:"zone"`
	Devices    int       `json:"devices"`
	Covered    int       `json:"covered"`         // devices that some connection can see sending
	Named      int       `json:"named,omitempty"` // others, of which it is seen which names they ask for
	Live       int       `json:"live"`            // permissions
	EndingSoon int       `json:"ending_soon"`
	Still      int       `json:"still"`      // ended, still sending
	Stuck      int       `json:"stuck"`      // actions that need a person or go on being tried
	HeldDates  int       `json:"held_dates"` // dates kept by a peer
	LastLook   time.Time `json:"last_look,omitzero"`
	SeenBy     []string  `json:"seen_by"` // "Gateway since 3 May"
	// Found are the names of what was found at home and could be connected, each once.
	Found []string `json:"found,omitempty"`
	// Depth is how much the best connection sees of what is sent.
	Depth    connectors.Depth `json:"depth,omitempty"`
	Problems []Problem        `json:"problems"`
	NewSince time.Time        `json:"new_since,omitzero"`
	New      []News           `json:"new"`
	// Unusual is what devices do out of the ordinary and nobody has answered yet.
	Unusual []Unusual `json:"unusual,omitempty"`
	// OwnNames counts devices that ask name servers of their own.
	OwnNames int `json:"own_names,omitempty"`
}

// Problem is something wrong now, with the way out.
type Problem struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Fix  string `json:"fix"`
}

// News is one new thing since the last look.
type News struct {
	Kind   string             `json:"kind"` // "device", "question", "flow"
	Device discovery.DeviceID `json:"device,omitempty"`
	Ref    string             `json:"ref,omitempty"` // question id
	// Names are the recipients of news of the kind "recipient".
	Names []string `json:"names,omitempty"`
	Text  string   `json:"text"`
}
