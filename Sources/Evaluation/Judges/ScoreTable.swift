internal import Editing
package import Foundation
package import Torch
internal import Training

/// Judgements that were made elsewhere: a CSV file with the columns file, label and score, several labels a file. A
/// picture's answer is its label with the highest score.
package final class ScoreTable: Judge {
  package static let scheme = "scores"
  package static let title = "judgements made elsewhere: a CSV file with file, label, score"
  package static let argument = JudgeArgument.file(ending: ".csv")

  package let classes: [String: [String]]
  package let about: JudgeDescription
  private let kind: String
  private let labels: [String]
  /// Scores by file and label.
  private let scores: [String: [String: Double]]
  private let file: URL

  /// - Parameter kind: the kind of subject that the labels are
  /// - Throws: ``LetheError`` of the kind `model` for a file that is no such table
  package init(contentsOf file: URL, kind: String) throws {
    let text = try InputFile.text(file)
    guard let table = try? CSV(text),
      let header = table.rows.first?.fields.map({ $0.lowercased() }),
      let place = header.firstIndex(of: "file"), let name = header.firstIndex(of: "label"),
      let score = header.firstIndex(of: "score")
    else {
      throw LetheError.malformed(file, "it has no columns file, label and score in its first line")
    }
    var scores: [String: [String: Double]] = [:]
    for row in table.rows.dropFirst() {
      guard row.fields.count == header.count, let value = Double(row.fields[score]),
        value.isFinite, value >= 0
      else {
        throw LetheError.malformed(
          file, "line \(row.line): \(header.count) fields and a score of at least 0 are needed")
      }
      scores[Self.key(row.fields[place]), default: [:]][row.fields[name]] = value
    }
    labels = Set(scores.values.flatMap(\.keys)).sorted()
    var about = JudgeDescription(file.lastPathComponent, Self.scheme)
    about.hash = text.sha256
    about.sees = "\(labels.count.counted("label")) of \(scores.count.counted("file"))"
    (self.scores, self.kind, self.file, self.about) = (scores, kind, file, about)
    classes = [kind: labels]
  }

  package static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge {
    let judge = try ScoreTable(
      contentsOf: argument.filePlace, kind: question.forgotten.kind)
    try judge.check(question.forgotten, "\(scheme):\(argument)")
    return judge
  }

  /// A file with the folder that it lies in: both models' pictures have the same names.
  private static func key(_ path: String) -> String {
    path.split(separator: "/").suffix(2).joined(separator: "/")
  }

  /// The files' scores, [N, labels].
  /// - Throws: ``LetheError`` of the kind `request` that names files without a row
  package func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    guard files.count == pictures.size(0) else {
      throw LetheError.badValue(
        "--judge",
        "scores:\(file.path) knows pictures by their files, and this command draws pictures that no table can know; give "
          + "a judge that looks at pictures")
    }
    func row(_ file: String) -> [String: Double]? {
      scores[Self.key(file)] ?? scores[file.fileName]
    }
    let missing = files.filter { row($0) == nil }
    guard missing.isEmpty else {
      throw LetheError.badValue(
        "--judge",
        "\(file.path) has no row for \(missing.prefix(3).joined(separator: ", "))"
          + (missing.count > 3 ? " and \(missing.count - 3) more" : "")
          + "; write one for each picture, its folder before its name")
    }
    let values = files.flatMap { file in labels.map { row(file)?[$0] ?? 0 } }
    return Tensor(values.map(Float.init), [files.count, labels.count])
  }

  package func logits(_ features: Tensor, _ kind: String) -> Tensor {
    features.clamped(1e-12, nil).log()
  }
}
