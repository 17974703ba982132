import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Auditing
@testable import Workbench
@testable import Workflows

@Suite struct VerifyTests {
  /// Two judges of other weights have rows of their own, the tiles name the worse one, and a changed number of the second is found.
  @Test func severalJudges() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let file = folder.appendingPathComponent("eraser.safetensors")
      try AuditTests.eraser(model.model(), -1).write(to: file)
      let subject = try AuditSubject(
        model.path, with: file.path, original: nil, concepts: [], kind: nil, on: .cpu)
      let second = folder.appendingPathComponent("second-clip")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-clip"), to: second)
      let weights = second.appendingPathComponent("model.safetensors")
      try SafeTensors.write(
        SafeTensors.load(weights).mapValues { $0.dtype.isFloatingPoint ? $0 * 1.5 : $0 },
        to: weights)
      let judges = [AuditTests.judge, JudgeSpec("clip", second.path)]
      let size = AuditTests.size
      var audit = try Audit(subject.job, judges: judges, size)
      audit.source = subject.source
      let out = folder.appendingPathComponent("audit")
      let results = try audit(in: Run(out), eraser: subject.eraser, on: .cpu)
      let deciding = AuditMeasurements.deciding(results.judges).map(\.spec.description)
      let erased = try #require(results.audit?.tiles.first { $0.name == "erased" })
      #expect((erased.judges?.map(\.judge) ?? [deciding[0]]).sorted() == deciding.sorted())
      let versions = results.rows.filter { $0.metric == "ua" && $0.method == "uce" }
        .compactMap(\.axes.profile?.version)
      #expect(Set(versions).count == deciding.count && versions.allSatisfy { $0.count == 64 })
      let verify = Verify(RunFolder(out))
      #expect(try verify(in: Run(out), on: .cpu).faults == [])
      var forged = results
      let place = try #require(
        forged.rows.lastIndex { $0.metric == "ua" && $0.axes.judge == deciding.last })
      forged.rows[place].measured.value = 0.123
      try RunFolder(out).write(forged, to: "results.json")
      let faults = try verify(in: Run(out), on: .cpu).faults
      #expect(faults.contains { $0.hasPrefix("'ua' of uce is 12.3 %") }, "\(faults)")
      // The second judge's successes of attacks and fine-tunings come from the logs as well.
      for metric in ["asr", "success"] where deciding.count > 1 {
        forged = results
        let own = try #require(
          forged.rows.lastIndex { $0.metric == metric && $0.axes.judge == deciding.last })
        forged.rows[own].measured.value = 0.123
        try RunFolder(out).write(forged, to: "results.json")
        let faults = try verify(in: Run(out), on: .cpu).faults
        #expect(faults.contains { $0.contains("12.3 %") }, "\(metric): \(faults)")
      }
      // Another version than the judge's is no profile of these answers.
      forged = results
      forged.rows[place].axes.profile?.version = String(repeating: "0", count: 64)
      try RunFolder(out).write(forged, to: "results.json")
      #expect(
        try verify(in: Run(out), on: .cpu).faults.contains {
          $0.hasPrefix("the profile of 'ua' of uce is first choice, clip:")
            && $0.contains(" 00000000 in results.json, and first choice, clip:")
        })
      #expect(
        !(try verify(in: Run(out), on: .cpu).faults.contains {
          $0.contains("'ua' of uce is missing")
        })
      )
      forged.rows[place].axes.profile = nil
      try RunFolder(out).write(forged, to: "results.json")
      #expect(
        try verify(in: Run(out), on: .cpu).faults.contains {
          $0.hasPrefix("the profile of 'ua' of uce is missing in results.json, and first choice")
        })
      forged = results
      let tried = try #require(forged.rows.firstIndex { $0.metric == "asr" })
      forged.rows[tried].axes.profile?.threshold = 0.5
      try RunFolder(out).write(forged, to: "results.json")
      #expect(
        try verify(in: Run(out), on: .cpu).faults.contains {
          $0.hasPrefix("the profile of 'asr' of") && $0.contains("threshold 0.5")
        })
      try Self.strangeKeys(verify, results, out)
      try Self.otherAnswer(verify, of: judges[1].description, out)
    }
  }

  /// A key that Lethe does not write is named, and an audit without its judges is none.
  private static func strangeKeys(_ verify: Verify, _ results: Results, _ out: URL) throws {
    var json = try JSON(encoding: results)
    var rows = try #require(json["rows"]?.array)
    rows[0]["profile"]?["weights"] = "mine"
    json["rows"] = .array(rows)
    try RunFolder(out).write(json, to: "results.json")
    #expect(
      try verify(in: Run(out), on: .cpu).faults == [
        "results.json has the key 'rows[0].profile.weights', which Lethe does not write there"
      ])
    var silent = results
    silent.judges = []
    try RunFolder(out).write(silent, to: "results.json")
    let error = #expect(throws: LetheError.self) { try verify(in: Run(out), on: .cpu) }
    #expect(error?.kind == .model && error?.fault.hasPrefix("'judges' is missing") == true)
    // No number is infinite that is none.
    var large = results
    large.rows[0].measured.value = 1e308
    try RunFolder(out).write(large, to: "results.json")
    let faults = try verify(in: Run(out), on: .cpu).faults
    #expect(faults.contains { $0.contains("1.000e+310 %") }, "\(faults)")
    try RunFolder(out).write(results, to: "results.json")
  }

  /// An answer of one judge that was changed in its file is named with judge and picture.
  private static func otherAnswer(_ verify: Verify, of judge: String, _ out: URL) throws {
    let file = out.appendingPathComponent("samples.jsonl")
    let text = try String(contentsOf: file, encoding: .utf8)
    var lines = text.split(separator: "\n").map(String.init)
    let place = try #require(lines.lastIndex { $0.contains("second-clip") })
    var answer: JudgedPicture = try JSONText.value(Data(lines[place].utf8)).decoded()
    answer.prompt += "!"
    lines[place] = try JSON(encoding: answer).compact
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file)
    #expect(
      try verify(in: Run(out), on: .cpu).faults.contains(
        "samples.jsonl has other answers than the judges give, first that of \(judge) for \(answer.file)"
      ))
    try Data(text.utf8).write(to: file)
  }

  /// The form of a model that was erased elsewhere.
  enum Form: CaseIterable { case folder, file }

  /// An audit of a model erased elsewhere is drawn, judged and computed again; another model in its place is named, and another
  /// original.
  @Test(arguments: Form.allCases) func erasedElsewhere(_ form: Form) throws {
    try Fixtures.temporaryFolder { folder in
      let base = try Tiny.plainModel(folder)
      let network = try base.model()
      func write(_ scale: Double, to place: URL) throws {
        let edited = try network.applying([AuditTests.eraser(network, scale)])
        try? FileManager.default.removeItem(at: place)
        switch form {
        case .folder: try edited.save(to: place)
        case .file: try edited.writeSingleFile(to: place, dtype: .float32, title: "edited")
        }
      }
      let place = folder.appendingPathComponent(
        form == .file ? "edited.safetensors" : "edited")
      try write(-1, to: place)
      let subject = try AuditSubject(
        place.path, with: nil, original: base.path, concepts: ["fox"], kind: "object", on: .cpu)
      var size = AuditTests.size
      (size.attacks, size.relearning) = (["none"], 0)
      var audit = try Audit(subject.job, judges: [AuditTests.judge], size)
      audit.source = subject.source
      let out = folder.appendingPathComponent("audit")
      let results = try audit(in: Run(out), eraser: subject.eraser, on: .cpu)
      #expect(results.audit?.subject.isErasedElsewhere == true)
      #expect(results.audit?.subject.eraser == place.path)
      var verify = Verify(RunFolder(out))
      verify.share = 0.2
      let outcome = try verify(in: Run(out), on: .cpu)
      #expect(outcome.faults == [], "\(outcome.faults)")
      #expect(outcome.drawn >= 4 && outcome.equal == outcome.drawn)
      try write(-0.5, to: place)
      #expect(
        try verify(in: Run(out), on: .cpu).faults == ["the eraser is another one than the audit's"])
      try write(-1, to: place)
      #expect(try verify(in: Run(out), on: .cpu).faults == [])
      try network.applying([AuditTests.eraser(network, 0.5)]).save(
        to: folder.appendingPathComponent("other"))
      try FileManager.default.removeItem(at: base.url)
      try FileManager.default.moveItem(at: folder.appendingPathComponent("other"), to: base.url)
      #expect(
        try verify(in: Run(out), on: .cpu).faults
          == ["the original model is another one than the audit's"])
    }
  }
}
