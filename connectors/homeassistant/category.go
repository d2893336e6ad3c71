package homeassistant

import "bestbefore/consent"

// silent are the kinds of entities behind which no device speaks: they are
// pressed, or worked out, in Home Assistant itself.
var silent = map[string]bool{
	"button": true, "input_button": true, "scene": true, "script": true, "automation": true, "notify": true, "tts": true, "stt": true,
	"conversation": true, "assist_satellite": true, "wake_word": true, "ai_task": true, "sun": true, "zone": true, "person": true, "group": true, "todo": true, "calendar": true,
}

// byDomain are the kinds of data by kind of entity.
var byDomain = map[string]consent.Category{
	"camera": "video", "image": "image", "image_processing": "image",
	"climate": "temperature", "water_heater": "temperature", "humidifier": "humidity", "air_quality": "air", "weather": "weather",
	"cover": "opening", "lock": "opening", "valve": "water", "alarm_control_panel": "safety", "siren": "safety",
	"light": "usage", "switch": "usage", "fan": "usage", "vacuum": "usage", "lawn_mower": "usage", "media_player": "usage", "remote": "usage",
	"select": "usage", "number": "usage", "text": "usage", "date": "usage", "time": "usage", "datetime": "usage", "event": "usage", "geo_location": "location",
	"update": "diagnostics",
}

// byClass are the kinds of data by an entity's device class, for the kinds of
// entities that have one.
var byClass = map[string]map[string]consent.Category{
	"binary_sensor": {
		"motion": "motion", "moving": "motion", "vibration": "motion", "occupancy": "presence", "presence": "presence",
		"door": "opening", "window": "opening", "opening": "opening", "garage_door": "opening", "lock": "opening",
		"smoke": "safety", "gas": "safety", "carbon_monoxide": "safety", "moisture": "safety", "safety": "safety", "tamper": "safety", "heat": "safety",
		"sound": "audio", "light": "light_level", "cold": "temperature", "power": "energy", "plug": "energy", "running": "usage",
		"battery": "diagnostics", "battery_charging": "diagnostics", "connectivity": "diagnostics", "problem": "diagnostics", "update": "diagnostics",
	},
	"sensor": {
		"temperature": "temperature", "temperature_delta": "temperature", "humidity": "humidity", "absolute_humidity": "humidity", "moisture": "humidity",
		"power": "energy", "energy": "energy", "energy_storage": "energy", "energy_distance": "energy", "current": "energy", "voltage": "energy",
		"apparent_power": "energy", "reactive_power": "energy", "reactive_energy": "energy", "power_factor": "energy", "frequency": "energy", "gas": "energy",
		"water": "water", "volume": "water", "volume_flow_rate": "water", "volume_storage": "water",
		"illuminance": "light_level", "irradiance": "weather", "precipitation": "weather", "precipitation_intensity": "weather", "wind_speed": "weather", "wind_direction": "weather",
		"atmospheric_pressure": "weather", "pressure": "weather",
		"aqi": "air", "carbon_dioxide": "air", "carbon_monoxide": "air", "nitrogen_dioxide": "air", "nitrogen_monoxide": "air", "nitrous_oxide": "air", "ozone": "air",
		"pm1": "air", "pm10": "air", "pm25": "air", "pm4": "air", "sulphur_dioxide": "air", "volatile_organic_compounds": "air", "volatile_organic_compounds_parts": "air", "ph": "air",
		"sound_pressure": "audio", "weight": "weight", "blood_glucose_concentration": "blood_sugar", "monetary": "purchases", "enum": "usage",
		"battery": "diagnostics", "signal_strength": "diagnostics", "data_rate": "diagnostics", "data_size": "diagnostics", "duration": "diagnostics", "timestamp": "diagnostics", "date": "diagnostics",
	},
	"media_player": {"tv": "viewing", "receiver": "listening", "speaker": "listening"},
	"event":        {"doorbell": "presence", "motion": "motion"},
	"cover":        {"awning": "usage", "blind": "usage", "curtain": "usage", "shade": "usage", "shutter": "usage", "damper": "usage"},
	"valve":        {"gas": "energy"},
	"switch":       {"outlet": "energy"},
}

// categoryOf is the kind of data that an entity reports, "" where that is not
// known; false where no device reports it. A settings or diagnostic entity tells
// of the device itself.
func categoryOf(domain, class, source string, technical bool) (consent.Category, bool) {
	switch {
	case silent[domain]:
		return "", false
	case domain == "device_tracker" && source != "gps":
		return "", false // the router or a radio says so, not the device
	case domain == "device_tracker":
		return "location", true
	case technical:
		return "diagnostics", true
	}
	if c, ok := byClass[domain][class]; ok {
		return c, true
	}
	return byDomain[domain], true
}
