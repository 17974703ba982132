/// The version of Lethe, which erasers, runs and requests carry.
public enum Version { package static let current = "0.2.0-dev" }
