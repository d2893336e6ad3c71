package category

import "bestbefore/assets/words"

// pd is the namespace of DPV's personal data categories, dpv#'s extension PD.
const pd = "https://w3id.org/dpv/pd#"

// terms are all that we have words for. DPV's were compared with its
// vocabulary PD 2.0; the words that view and the connectors use are among them.
var terms = []Term{
	{Category: Any, Words: words.Later("everything it sends")},

	// Pictures and sounds from inside the home.
	{Category: "video", Words: words.Later("video"), Sensitive: true, Broader: pd + "Picture"},
	{Category: "image", Words: words.Later("pictures"), Sensitive: true, IRI: pd + "Picture"},
	{Category: "audio", Words: words.Later("sound"), Sensitive: true, Broader: pd + "Household"},
	{Category: "voice", Words: words.Later("what is said to it"), Sensitive: true, IRI: pd + "VoiceCommunicationRecording"},
	{Category: "face", Words: words.Later("faces"), Sensitive: true, Special: true, IRI: pd + "FacialPrint"},
	{Category: "fingerprint", Words: words.Later("fingerprints"), Sensitive: true, Special: true, IRI: pd + "Fingerprint"},

	// The home and who is in it.
	{Category: "presence", Words: words.Later("who comes and goes"), Sensitive: true, Broader: pd + "Household"},
	{Category: "motion", Words: words.Later("movement"), Sensitive: true, Broader: pd + "Household"},
	{Category: "opening", Words: words.Later("doors and windows"), Sensitive: true, Broader: pd + "Household"},
	{Category: "floor_plan", Words: words.Later("the floor plan of your home"), Sensitive: true, Broader: pd + "Household"},
	{Category: "location", Words: words.Later("where it is"), Sensitive: true, IRI: pd + "Location"},
	{Category: "routines", Words: words.Later("your daily routine"), Sensitive: true, Broader: pd + "Behavioral"},
	{Category: "access_codes", Words: words.Later("door codes and keys"), Sensitive: true, IRI: pd + "PINCode"},
	{Category: "driving", Words: words.Later("how you drive"), Sensitive: true, IRI: pd + "VehicleUsage"},

	// Bodies.
	{Category: "health", Words: words.Later("health"), Sensitive: true, Special: true, IRI: pd + "Health"},
	{Category: "heart_rate", Words: words.Later("heart rate"), Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "sleep", Words: words.Later("sleep"), Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "activity", Words: words.Later("steps and exercise"), Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "weight", Words: words.Later("body weight"), Sensitive: true, Special: true, IRI: pd + "Weight"},
	{Category: "blood_pressure", Words: words.Later("blood pressure"), Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},
	{Category: "blood_sugar", Words: words.Later("blood sugar"), Sensitive: true, Special: true, Broader: pd + "PhysicalHealth"},

	// What people do with it.
	{Category: "viewing", Words: words.Later("what you watch"), Sensitive: true, IRI: pd + "TVViewingBehavior"},
	{Category: "listening", Words: words.Later("what you listen to"), Sensitive: true, Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "reading", Words: words.Later("what you read"), Sensitive: true, Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "playing", Words: words.Later("what you play"), Broader: pd + "ServiceConsumptionBehavior"},
	{Category: "browsing", Words: words.Later("which pages you visit"), Sensitive: true, IRI: pd + "BrowsingBehavior"},
	{Category: "purchases", Words: words.Later("what you buy"), Sensitive: true, IRI: pd + "Purchase"},
	{Category: "messages", Words: words.Later("messages"), Sensitive: true, IRI: pd + "Communication"},
	{Category: "print", Words: words.Later("what you print"), Sensitive: true, Broader: pd + "PersonalDocuments"},
	{Category: "files", Words: words.Later("your files"), Sensitive: true, IRI: pd + "PersonalDocuments"},
	{Category: "usage", Words: words.Later("how it is used"), IRI: pd + "ServiceConsumptionBehavior"},

	// Measurements.
	{Category: "energy", Words: words.Later("energy use"), Sensitive: true, Broader: pd + "Household"},
	{Category: "water", Words: words.Later("water use"), Sensitive: true, Broader: pd + "Household"},
	{Category: "temperature", Words: words.Later("temperature")},
	{Category: "humidity", Words: words.Later("humidity")},
	{Category: "air", Words: words.Later("air quality")},
	{Category: "light_level", Words: words.Later("brightness")},
	{Category: "weather", Words: words.Later("weather")},
	{Category: "safety", Words: words.Later("smoke, water and alarms"), Broader: pd + "Household"},

	// The device itself.
	{Category: "identifiers", Words: words.Later("its serial number and address"), IRI: pd + "UID"},
	{Category: "account", Words: words.Later("your account"), IRI: pd + "AccountIdentifier"},
	{Category: "network", Words: words.Later("which devices are in your home"), Sensitive: true, Broader: pd + "DeviceBased"},
	{Category: "diagnostics", Words: words.Later("faults and technical data"), IRI: pd + "DeviceBased"},
}
