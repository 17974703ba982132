import ArgumentParser
import Evaluation
import Foundation
import Torch
import Workbench

/// The judges of a benchmark, which has no earlier evaluation to take them from.
struct BenchJudges: ParsableArguments {
  @Option(
    help: "\(JudgingOptions.forms) When left out, the judge that the model's themes.json names.",
    completion: .judges)
  var judge: [String] = []

  func specs() throws -> [JudgeSpec] { try judge.once("--judge").map(JudgingOptions.spec) }
}

/// The options of commands whose pictures are judged.
struct JudgingOptions: ParsableArguments {
  @Option(
    help:
      "\(JudgingOptions.forms) The worst of those that can tell decides. When left out, those of the run's last evaluation, then LETHE_JUDGE, then the model's own.",
    completion: .judges)
  var judge: [String] = []
  @OptionGroup var words: PromptWords

  /// The forms of a judge in the program's catalog.
  static var forms: String {
    "Judge: \(LetheProgram.catalogs.judges.usage). `lethe list judges` describes them. May be repeated."
  }

  /// A judge of the program's catalog.
  static func spec(_ text: String) throws -> JudgeSpec {
    try JudgeSpec(parsing: text, in: LetheProgram.catalogs.judges)
  }

  /// The judges of the command line, or those that the last evaluation kept in the first of the folders that has any.
  func judges(of folders: RunFolder...) throws -> [JudgeSpec] {
    guard !judge.isEmpty else {
      for folder in folders {
        let kept = try folder.judges(in: LetheProgram.catalogs.judges)
        guard kept.isEmpty else { return kept }
      }
      return try Defaults.read("LETHE_JUDGE", for: "--judge", JudgingOptions.spec)
        .map { [$0] } ?? []
    }
    return try judge.once("--judge").map(Self.spec)
  }

  /// The judges of ``judges(of:)``. A model that names none is refused before anything is done for one.
  /// - Throws: ``LetheError`` of the kind `request` where there is no judge
  func judges(of folder: RunFolder, for job: EraseJob) throws -> [JudgeSpec] {
    let judges = try judges(of: folder)
    return judges.isEmpty ? [try job.folder.judgeSpec()] : judges
  }

  func request(_ file: String? = nil) -> PromptRequest { words.request(file) }
}

/// The prompts that are drawn and judged.
struct PromptWords: ParsableArguments {
  @Option(
    help: "CSV file of prompts that ask for the concept, in place of the built-in ones.",
    completion: .file(extensions: ["csv"]))
  var forgetPrompts: String?
  @Option(
    help: "CSV file of prompts for other subjects, in place of the built-in ones.",
    completion: .file(extensions: ["csv"]))
  var retainPrompts: String?
  @Option(
    help:
      "Prompt for the concept, in place of the built-in ones. {concept} is the name, {a} the name with its article. Other subjects use the same prompts. May be repeated."
  )
  var prompt: [String] = []
  @Option(
    help: "Subject near to the concept that the model draws, to compare with. May be repeated.")
  var related: [String] = []
  @Option(
    help: "Subject far from the concept that the model draws, to compare with. May be repeated.")
  var unrelated: [String] = []

  func request(_ file: String? = nil) -> PromptRequest {
    var request = PromptRequest()
    (request.file, request.forget, request.retain) = (file, forgetPrompts, retainPrompts)
    (request.templates, request.related, request.unrelated) = (prompt, related, unrelated)
    return request
  }
}

/// The networks of measures of pictures.
struct MeasuringOptions: ParsableArguments {
  @Option(
    help:
      "Network that measures the pictures of other subjects: clip:FOLDER, inception:FILE, lpips-alex:FILE, lpips-vgg:FILE, lpips-squeeze:FILE; or real pictures to compare with: real:FOLDER@PROFILE or real:FILE.npz@PROFILE, where the profile of the resizing is pytorch-fid (also without @PROFILE), clean-fid, torchmetrics or t2i-benchmark. The judge's CLIP when left out. May be repeated."
  )
  var measure: [String] = []

  func measures() throws -> [MeasureSpec] { try measure.map(MeasureSpec.init(parsing:)) }
}
