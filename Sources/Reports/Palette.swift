/// The page's colours. Outcomes and lines are Okabe and Ito's, which people with any colour vision tell apart, darker
/// or lighter where text needs it: text has a contrast of at least 4.5 on both backgrounds, lines and dots of at least
/// 3.
package enum Palette {
  /// Colours by name, for light pages and for dark ones.
  package static let colours: [(name: String, light: String, dark: String)] = [
    ("ink", "#1c1e21", "#e8eaed"), ("soft", "#5d646e", "#9aa3ae"), ("line", "#dde1e6", "#343a42"),
    ("paper", "#ffffff", "#15171a"), ("raised", "#f6f7f9", "#1e2125"),
    // Outcomes: a forgotten concept came back; it stayed away; another subject was damaged.
    ("back", "#a33c00", "#ff8a3d"), ("away", "#00664a", "#2bc493"), ("hurt", "#7a5a00", "#e69f00"),
    ("c0", "#0072b2", "#56b4e9"), ("c1", "#d55e00", "#ff8a3d"), ("c2", "#00825f", "#2bc493"),
    ("c3", "#a8508a", "#e39bc4"), ("c4", "#7a5a00", "#f0e442"), ("c5", "#5d646e", "#c8ccd2"),
  ]
  /// Colours of text, and of lines.
  package static let text = ["ink", "soft", "back", "away", "hurt"]
  package static let lines = 6

  private static func variables(_ colour: ((name: String, light: String, dark: String)) -> String)
    -> String
  {
    colours.map { "--\($0.name):\(colour($0))" }.joined(separator: ";")
  }

  /// The variables as CSS.
  package static let css =
    ":root{\(variables { $0.light })}@media(prefers-color-scheme:dark){:root{\(variables { $0.dark })}}"
    + (0..<lines).map { ".c\($0){stroke:var(--c\($0))}.band.c\($0){fill:var(--c\($0))}" }.joined()
}
