// Files that commands leave behind: every key with a value of another type.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Torch
import Training

@testable import Auditing
@testable import Workbench
@testable import Workflows

extension Refusal {
  /// - Parameter example: the content of a file that its reader takes
  private static func record(
    _ file: String, _ example: some Encodable, _ read: @escaping (URL) throws -> Void
  ) -> [Refusal] {
    guard let json = try? JSON(encoding: example) else { return [] }
    let name = URL(fileURLWithPath: file).lastPathComponent
    // Options of a method are any JSON here; the method reads them.
    return json.keyPaths([]).filter { $0.path.last != "options" }.map { path, wrong in
      Refusal("\(name) \(path.joined(separator: "|"))=\(wrong.compact)") { place in
        let changed = json.with(path[...], wrong)
        try read(place.write(changed.compact, file))
      }
    }
  }

  static var records: [Refusal] {
    var job = EraseJob()
    (job.model, job.method, job.concepts) = ("m", "esd", ["fox"])
    (job.replacement, job.replacementCaption, job.preserve) = ("cat", "a cat", ["others"])
    (job.forgetImages, job.retainImages, job.holdsOutJudgedCaption) = ("a", "b", true)
    job.command = ["lethe"]
    var sample = SampleSet.Sample("0", 0, prompt: "a fox", seed: 1, subjects: ["object": "fox"])
    (sample.guidance, sample.width, sample.height, sample.erasers) = (7.5, 8, 8, ["fox"])
    let manifest = SampleSet.Manifest(
      sampling: SamplingOptions(), model: "m", erasers: ["e"], samples: [sample])
    let entry: JSON = [
      "name": "fox", "prompts": ["a fox"], "paraphrases": ["x"], "anchors": [""],
      "isActive": false, "keeps": [], "nullity": 0, "seconds": 0,
    ]
    let card: JSON = [
      "format": "lethe-erasers-1", "model": "m", "base": "b", "protected": ["a cat"],
      "regular": ["an owl"], "seed": 1, "entries": [entry],
    ]
    var results = Results(.evaluation)
    results.rows = [
      ResultRow("esd", "fox", MeasuredValue("ua", 1, n: 1), seeds: 1) { $0.judge = "own" }
    ]
    (results.notes, results.titles, results.command) = (["a"], ["esd": "ESD"], ["lethe"])
    results.baselines = ["a": "b"]
    let stop = Verdict.stopped(.init(step: 4, kept: 2, drift: 0.5, limit: 0.1))
    func folder(_ file: URL) -> RunFolder { RunFolder(file.deletingLastPathComponent()) }
    return record("run/job.json", job) { _ = try folder($0).job() }
      + record("run/verdict.json", stop) { _ = try folder($0).verdict() }
      + record("run/results.json", results) { _ = try folder($0).results() }
      + record("run/identity.json", RunIdentity("erase", ["model": "x"])) {
        _ = try folder($0).claim(RunIdentity("erase", ["model": "x"]))
      }
      + record("model/erased.json", LaidErasers([LaidEraser(card: Eraser.Card())])) {
        _ = try LaidErasers(of: $0.deletingLastPathComponent())
      }
      + record("set/manifest.json", manifest) {
        _ = try SampleSet($0.deletingLastPathComponent())
      }
      + record("set/erasers.json", card) { _ = try EraserSet($0.deletingLastPathComponent()) }
      + places
  }

  private static var places: [Refusal] {
    [
      Refusal("run without job.json") { _ = try RunFolder($0.folder).job() },
      Refusal("set without erasers.json") { _ = try EraserSet($0.folder) },
      text("run/verdict.json", "of an unknown kind", #"{"x": 3}"#) {
        _ = try RunFolder($0.deletingLastPathComponent()).verdict()
      },
      text(
        "run/results.json", "n=-1",
        #"{"rows": [{"method": "esd", "subject": "fox", "metric": "ua", "value": 1, "n": -1, "seeds": 1}]}"#
      ) { _ = try RunFolder($0.deletingLastPathComponent()).results() },
      text(
        "run/results.json", "of 1001 methods",
        "{\"rows\": ["
          + (0...1000).map {
            "{\"method\": \"m\($0)\", \"subject\": \"fox\", \"metric\": \"ua\", \"value\": 1, \"n\": 1, \"seeds\": 1}"
          }.joined(separator: ",") + "]}"
      ) { _ = try RunFolder($0.deletingLastPathComponent()).results() },
      text("run/prompts.json", "samples=3", #"{"samples": 3}"#) { file in
        let results = Results(.audit)
        let folder = RunFolder(file.deletingLastPathComponent())
        try folder.write(results, to: "results.json")
        _ = try Verify(folder)(in: Run(folder.url), on: .cpu)
      },
      text(
        "set/manifest.json", "of a name with a slash",
        #"{"sampling": {"sampler": "ddim", "steps": 1, "guidance": 1}, "model": "m", "increments": [], "samples": [{"caseNumber": "../x", "k": 0, "prompt": "a", "seed": 1, "subjects": {}}]}"#
      ) { _ = try SampleSet($0.deletingLastPathComponent()) },
    ]
  }
}

extension JSON {
  /// The path of every key, and a value of another type. A list stands for itself and for its first element.
  fileprivate func keyPaths(_ path: [String]) -> [(path: [String], wrong: JSON)] {
    let own = path.isEmpty || Int(path[path.count - 1]) != nil ? [] : [path]
    if let members {
      return own.map { ($0, 3) }
        + members.sorted { $0.key < $1.key }.flatMap { $1.keyPaths(path + [$0]) }
    }
    if let first = array?.first {
      return own.map { ($0, 3) } + first.keyPaths(path + ["0"])
    }
    return own.map { ($0, ["x": 3]) }
  }
}
