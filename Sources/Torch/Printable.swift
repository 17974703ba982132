extension String {
  /// The text as a terminal may show it: characters that move the cursor, change colours or reverse the order of
  /// reading are spelled out, e.g. `\u{1B}`.
  /// - Parameter hasLines: whether line breaks and tabs stay
  package func printable(hasLines: Bool = false) -> String {
    func isShown(_ c: Unicode.Scalar) -> Bool {
      if hasLines, c == "\n" || c == "\t" { return true }
      switch c.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: return false
      default: return !c.properties.isBidiControl
      }
    }
    guard !unicodeScalars.allSatisfy(isShown) else { return self }
    return unicodeScalars.reduce(into: "") { text, c in
      if isShown(c) {
        text.unicodeScalars.append(c)
      } else {
        text += "\\u{\(String(c.value, radix: 16, uppercase: true))}"
      }
    }
  }
}
