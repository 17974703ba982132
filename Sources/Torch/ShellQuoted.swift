extension String {
  /// The text as one word of a POSIX shell: as it is, or in single quotes.
  package var shellQuoted: String {
    let plain = utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || "-_./:=+,%@".utf8.contains(byte)
    }
    guard !plain || isEmpty else { return self }
    return "'" + replacing("'", with: "'\\''") + "'"
  }

  /// The path of a file or folder as a word that no command takes for an option.
  package var pathWord: String { hasPrefix("-") ? "./\(self)" : self }
}

extension Sequence where Element == String {
  /// Arguments as a line that a shell takes apart into the same arguments.
  package var shellCommand: String { map(\.shellQuoted).joined(separator: " ") }
}
