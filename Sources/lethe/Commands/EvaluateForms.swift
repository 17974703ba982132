// The forms of `lethe evaluate`: a run, a model, a model with erasers, pictures. Each takes its own options.
import Editing
import Torch

extension EvaluateCommand {
  /// - Parameters:
  ///   - accepted: the options of pictures, concepts and judges that this form of the command takes
  ///   - form: the thing that is evaluated
  /// - Throws: ``LetheError`` of the kind `request` for another one of them, which would have no effect
  func refuse(_ accepted: [String], of form: String) throws {
    let words = judging.words
    let given = [
      ("--prompts", prompts != nil), ("--concept", !concept.isEmpty), ("--active", active != nil),
      ("--kind", kind != ConceptKind.object.rawValue), ("--judge", !judging.judge.isEmpty),
      ("--measure", !measuring.measure.isEmpty),
      ("--forget-prompts", words.forgetPrompts != nil),
      ("--retain-prompts", words.retainPrompts != nil), ("--prompt", !words.prompt.isEmpty),
      ("--related", !words.related.isEmpty), ("--unrelated", !words.unrelated.isEmpty),
    ]
    if let (option, _) = given.first(where: { $1 && !accepted.contains($0) }) {
      throw LetheError.badValue(
        option,
        "it has no effect on \(form); accepted there: "
          + (accepted.isEmpty
            ? "none of the options of prompts and judges" : accepted.joined(separator: ", ")))
    }
  }
}

extension [String] {
  /// The options of judges and measures.
  static let judging = ["--judge", "--measure"]
  /// The options of prompts in words.
  static let wording = [
    "--forget-prompts", "--retain-prompts", "--prompt", "--related", "--unrelated",
  ]
}
