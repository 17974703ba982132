package import Foundation

/// The reason why a request cannot be met: one sentence for the person who asked, and its kind.
///
/// The program prints the sentence and ends with the kind's exit code. A bug of the program itself is a
/// `Fault` and no `LetheError`.
public struct LetheError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The kind of a failure. The raw value is the program's exit code.
  public enum Kind: Int32, Sendable, Hashable, CaseIterable {
    /// None of the others.
    case other = 1
    /// An option, a word, a value or a path of a command that is not accepted.
    case request = 2
    /// More memory than there is.
    case memory = 3
    /// The contents of a file, a model that is damaged or not supported, or a device that cannot be used.
    case model = 4
    /// A folder or file that cannot be written.
    case disk = 5
    /// A training whose loss is no finite number.
    case diverged = 6
    /// A training that its guard stopped. Its result is written, of the weights before.
    case collapsed = 7
    /// A request of the user to stop.
    case interrupted = 130
  }

  /// The kind of the fault, which decides the exit code.
  public var kind: Kind
  /// The option, the file or the variable that has the wrong value; nil where ``fault`` names it or nothing has it.
  public var place: String?
  /// The keys that lead to the wrong value in a file, e.g. `training.steps`; nil for a fault of no key.
  public var key: String?
  /// The fault, with the value that is wrong and the values that would be accepted.
  public var fault: String

  /// - Parameters:
  ///   - place: the option, the file or the variable that has the wrong value
  ///   - key: the keys that lead to the value there
  public init(_ kind: Kind, in place: String? = nil, key: String? = nil, _ fault: String) {
    (self.kind, self.place, self.key, self.fault) = (kind, place, key, fault)
  }

  /// Place and fault in one line. Of one that a stranger's text has made very long, the beginning and the end are kept.
  public var sentence: String {
    let text = place.map { "\($0): \(fault)" } ?? fault
    let line =
      text.contains(where: \.isNewline)
      ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
    return line.utf8.count > 3000 ? "\(line.prefix(1000)) ... \(line.suffix(500))" : line
  }

  /// The sentence.
  public var description: String { sentence }

  /// Equal are errors of one kind with one sentence, however it is divided.
  public static func == (a: LetheError, b: LetheError) -> Bool {
    a.kind == b.kind && a.sentence == b.sentence
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(sentence)
  }
}

// MARK: - Requests

extension LetheError {
  /// A request that is not accepted, exit code 2.
  public static func request(_ sentence: String) -> LetheError { .init(.request, sentence) }

  /// A value of an option, of a file's key or of an argument that is not accepted.
  /// - Parameters:
  ///   - name: the option or the file, e.g. `--steps`
  ///   - key: the keys that lead to the value in a file
  ///   - why: the value, and what would be accepted
  public static func badValue(
    _ name: String, key: String? = nil, _ why: String
  ) -> LetheError {
    .init(.request, in: name, key: key, why)
  }

  /// A name that is not among those that are known, with the nearest of them.
  /// - Parameters:
  ///   - noun: the kind of thing that is named, e.g. `method`
  ///   - context: the place where the name stands, e.g. `--set`
  ///   - key: the keys that lead to the name in a file
  ///   - meant: the name that is meant, where the known ones do not tell it
  public static func unknown(
    _ noun: String, _ name: String, known: [String], in context: String? = nil, key: String? = nil,
    meant: String? = nil
  ) -> LetheError {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    let hint = (meant ?? known.nearest(to: name) ?? known.nearest(to: last)).map {
      "did you mean '\($0)'? "
    }
    return .init(
      .request, in: context, key: key,
      "unknown \(noun) '\(name)'; \(hint ?? "")known: \(known.joined(separator: ", "))")
  }
}

// MARK: - Models and files

extension LetheError {
  /// A file or a model that cannot be used, exit code 4.
  public static func model(_ sentence: String) -> LetheError { .init(.model, sentence) }

  package static func unsupported(_ thing: String) -> LetheError {
    .init(.model, "not supported: \(thing)")
  }

  package static func unreadable(_ file: URL, _ why: String) -> LetheError {
    .init(.model, "cannot read \(file.path): \(why)")
  }

  package static func malformed(_ file: URL, _ why: String) -> LetheError {
    .init(.model, "\(file.path) is damaged or hostile: \(why)")
  }

  /// A file that people write by hand, with a fault in it: the place and the reason.
  package static func wrong(_ file: URL, _ why: String) -> LetheError {
    .init(.model, in: file.path, why)
  }

  /// A pickle file, which is never opened.
  package static func pickle(_ file: URL) -> LetheError {
    .init(
      .model,
      "\(file.path) is a pickle file, and unpickling runs code that the file brings; convert it to "
        + "safetensors where you trust it: python -c \"import torch, safetensors.torch as s; "
        + "s.save_file(torch.load('\(file.lastPathComponent)', weights_only=True), 'model.safetensors')\""
    )
  }

  package static func unwritable(_ file: URL, _ why: String) -> LetheError {
    .init(.disk, "cannot write \(file.path): \(why)")
  }
}

extension LetheError {
  /// The end of a command that the user stopped, exit code 130.
  public static var interrupted: LetheError {
    .init(.interrupted, "interrupted; the same command goes on where this one stopped")
  }
}
