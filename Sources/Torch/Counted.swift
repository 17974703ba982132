internal import Foundation

extension Int {
  /// The number with its noun: `1 step`, `2 steps`.
  /// - Parameter noun: a noun in the singular whose plural has an s
  package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension Double {
  /// The number of bytes in words: `1.4 GB`, and `25 MB` below one.
  package var bytesInWords: String {
    self >= 1e9
      ? String(format: "%.1f GB", self / 1e9)
      : self >= 1e6 ? String(format: "%.0f MB", self / 1e6) : String(format: "%.0f kB", self / 1e3)
  }
}
