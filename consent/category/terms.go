package category

// pd is the namespace of DPV's personal data categories, dpv#'s extension PD.
const pd = "https://w3id.org/dpv/pd#"

// terms are all that we have words for. DPV's were compared with its
// vocabulary PD 2.0; the words that view and the connectors use are among them.
var terms = []Term{
	{Category: Any, Words: "everything it sends"},

	// Pictures and sounds from inside the home.
	{Category: "video", Words: "video", Sensitive: true, Broader: pd + "Picture"},
	{Category: "image", Words: "pictures", Sensitive: true, IRI: pd + "Picture"},
	{Category: "audio", Words: "sound", Sensitive: true, Broader: pd + "Household"},
	{Category: "voice", Words: "what is said to it", Sensitive: true, IRI: pd + "VoiceCommunicationRecording"},
	{Category: "face", Words: "faces", Sensitive: true, Special: true, IRI: pd + "FacialPrint"},
	{Category: "fingerprint", Words: "fingerprints", Sensitive: true, Special: true, IRI: pd + "Fingerprint"},

	// The home and who is in it.
	{Category: "presence", Words: "who comes and goes", Sensitive: true, Broader: pd + "Household"},
	{Category: "motion", Words: "movement", Sensitive: true, Broader: pd + "Household"},
	{Category: "opening", Words: "doors and windows", Sensitive: true, Broader: pd + "Household"},
	{Category: "floor_plan", Words: "the floor plan of your home", Sensitive: true, Broader: pd + "Household"},
	{Category: "location", Words: "where it is", Sensitive: true, IRI: pd + "Location"},
	{Category: "routines", Words: "your daily routine", Sensitive: true, Broader: pd + "Behavioral"},
	{Category: "access_codes", Words: "door codes and keys", Sensitive: true, IRI: pd + "PINCode"},
	{Category: "driving", Words: "how you drive", Sensitive: true, IRI: pd + "VehicleUsage"},

	// Bodies.
	{Category: "health", Words: "health", Sensitive: true, Special: true, IRI: pd + "Health"},
	{Category: "heart_rate", Words: "heart rate", Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "sleep", Words: "sleep", Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "activity", Words: "steps and exercise", Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "weight", Words: "body weight", Sensitive: true, Special: true, IRI: pd + "Weight"},
	{Category: "blood_pressure", Words: "blood pressure", Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "blood_sugar", Words: "blood sugar", Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},

	// What people do with it.
	{Category: "viewing", Words: "what you watch", Sensitive: true, IRI: pd + "TVViewingBehavior"},
	{Category: "listening", Words: "what you listen to", Sensitive: true, Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "reading", Words: "what you read", Sensitive: true, Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "playing", Words: "what you play", Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "browsing", Words: "which pages you visit", Sensitive: true, IRI: pd + "BrowsingBehavior"},
	{Category: "purchases", Words: "what you buy", Sensitive: true, IRI: pd + "Purchase"},
	{Category: "messages", Words: "messages", Sensitive: true, IRI: pd + "Communication"},
	{Category: "print", Words: "what you print", Sensitive: true, Broader: pd + "PersonalDocuments"},
	{Category: "files", Words: "your files", Sensitive: true, IRI: pd + "PersonalDocuments"},
	{Category: "usage", Words: "how it is used", IRI: pd + "ServiceConsumptionBehavior"},

	// Measurements.
	{Category: "energy", Words: "energy use", Sensitive: true, Broader: pd + "Household"},
	{Category: "water", Words: "water use", Sensitive: true, Broader: pd + "Household"},
	{Category: "temperature", Words: "temperature"},
	{Category: "humidity", Words: "humidity"},
	{Category: "air", Words: "air quality"},
	{Category: "light_level", Words: "brightness"},
	{Category: "weather", Words: "weather"},
	{Category: "safety", Words: "smoke, water and alarms", Broader: pd + "Household"},

	// The device itself.
	{Category: "identifiers", Words: "its serial number and address", IRI: pd + "UID"},
	{Category: "account", Words: "your account", IRI: pd + "AccountIdentifier"},
	{Category: "network", Words: "which devices are in your home", Sensitive: true, Broader: pd + "DeviceBased"},
	{Category: "diagnostics", Words: "faults and technical data", IRI: pd + "DeviceBased"},
}
