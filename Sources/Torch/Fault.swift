internal import CTorch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A refusal of an ATen operator: its text, the operator and the shapes it was given.
///
/// A tensor operation that fails inside a wrapper such as ``Tensor/matmul(_:)`` is a bug of the
/// program, so wrappers end the process with this text. Callers that want to recover use
/// ``Operator/call(_:)``, which throws it.
package struct Fault: Error, CustomStringConvertible, Sendable {
  package var operation: String
  package var text: String
  package var arguments: String

  package var description: String {
    let first = text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? text
    return arguments.isEmpty ? "\(operation): \(first)" : "\(operation)(\(arguments)): \(first)"
  }

  /// Whether an allocator had no memory left: the one failure of an operator that users cause.
  package var isOutOfMemory: Bool {
    text.contains("out of memory") || text.contains("not enough memory")
      || text.contains("can't allocate memory") || text.contains("bad_alloc")
  }

  /// Ends the process: exit code 3 when memory ran out, a trap with a backtrace otherwise.
  func end() -> Never {
    if isOutOfMemory {
      let sentence = "lethe: out of memory in \(description)\n"
      _ = sentence.withCString { write(2, $0, strlen($0)) }
      exit(3)
    }
    fatalError(description)
  }

  /// Takes ownership of an error text of the C boundary.
  static func check(
    _ text: UnsafeMutablePointer<CChar>?, _ operation: String, _ arguments: String = ""
  ) throws(Fault) {
    guard let text else { return }
    defer { ct_string_free(text) }
    throw Fault(operation: operation, text: String(cString: text), arguments: arguments)
  }
}

/// Runs `body`; a fault ends the process with its text.
func unfailing<R>(_ body: () throws(Fault) -> R) -> R {
  do { return try body() } catch { error.end() }
}
