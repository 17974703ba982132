import ArgumentParser
import Evaluation
import Foundation
import Torch
import Workbench

/// The options of commands whose pictures are judged.
struct JudgingOptions: ParsableArguments {
  @Option(
    help:
      "Judge: clip:FOLDER, classifier:FOLDER, own:FOLDER, scores:FILE.csv or none. `lethe list judges` describes them. May be repeated; attacks take the first. Those of the run's last evaluation when left out, then LETHE_JUDGE, then the model's own.",
    completion: .judges)
  var judge: [String] = []
  @Option(
    help: "CSV file of prompts that ask for the concept, in the place of the built-in ones.",
    completion: .file(extensions: ["csv"]))
  var forgetPrompts: String?
  @Option(
    help: "CSV file of prompts for other subjects, in the place of the built-in ones.",
    completion: .file(extensions: ["csv"]))
  var retainPrompts: String?

  /// The judges of the command line, which the run then keeps, or those that it keeps.
  func judges(of folder: RunFolder) throws -> [JudgeSpec] {
    guard !judge.isEmpty else {
      let kept = try folder.judges()
      guard kept.isEmpty, let usual = Defaults.text("LETHE_JUDGE") else { return kept }
      return [try JudgeSpec(parsing: usual)]
    }
    let specs = try judge.map(JudgeSpec.init(parsing:))
    try folder.keep(specs)
    return specs
  }

  func request(_ file: String? = nil) -> PromptRequest {
    var request = PromptRequest()
    (request.file, request.forget, request.retain) = (file, forgetPrompts, retainPrompts)
    return request
  }
}
