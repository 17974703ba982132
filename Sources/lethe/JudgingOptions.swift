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

  @Option(
    help:
      "Prompt that asks for the concept, in the place of the built-in ones. {concept} stands for the name and {a} for the name with its article; other subjects are asked for alike. Each comes as it stands, then with ends such as ', at night', to 80 prompts in all (audit: --set prompts). A file of prompts (--prompts) with {concept} is the same. May be repeated."
  )
  var prompt: [String] = []
  @Option(
    help: "Subject near to the concept that the model draws, to compare with. May be repeated.")
  var related: [String] = []
  @Option(
    help: "Subject far from the concept that the model draws, to compare with. May be repeated.")
  var unrelated: [String] = []

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
    return try judge.map(Self.spec)
  }

  /// The judges of ``judges(of:)``. A model that names none is refused before anything is done for one.
  /// - Throws: ``LetheError`` of the kind `request` where there is no judge
  func judges(of folder: RunFolder, for job: EraseJob) throws -> [JudgeSpec] {
    let judges = try judges(of: folder)
    return judges.isEmpty ? [try job.folder.judgeSpec()] : judges
  }

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
      "Network that measures the pictures of other subjects: clip:FOLDER, inception:FILE, lpips-alex:FILE, lpips-vgg:FILE, lpips-squeeze:FILE. The judge's CLIP when left out. May be repeated."
  )
  var measure: [String] = []

  func measures() throws -> [MeasureSpec] { try measure.map(MeasureSpec.init(parsing:)) }
}
