// Facts on an audit in results.json, held against the folder's other files.
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

extension Verify {
  /// The results on the audit itself, by the folder's other files.
  func check(facts results: Results, _ subject: Subject, _ outcome: inout Outcome) throws {
    let (audit, suite, job) = (subject.audit, subject.suite, subject.job)
    var expected: [(name: String, said: String?, found: String?)] = [
      ("concept", audit.subject.concept, job.subject),
      ("kind", audit.subject.kind, suite.forgotten.kind),
      ("prompts", audit.subject.prompts, suite.name),
      ("held out", audit.settings.map { "\($0.heldOut)" }, "\(suite.ofConcept.count)"),
      ("base", results.origin?.model, audit.hashes.base),
      ("eraser", results.origin?.eraser, audit.hashes.eraser),
    ]
    if folder.has("identity.json") {
      expected += try identity(of: results, audit, suite, &outcome)
    }
    expected += try origin(of: results, audit)
    if let cost = AuditClock.cost(in: folder) {
      let said = audit.settings?.cost
      for (i, stage) in cost.stages.enumerated() {
        let own = (said?.stages).flatMap { i < $0.count ? $0[i] : nil }
        expected.append(
          (
            "stage \(i + 1)", own.map { "\($0.name) \($0.seconds) s" },
            "\(stage.name) \(stage.seconds) s"
          ))
      }
      expected += [
        ("stages", said.map { "\($0.stages.count)" }, "\(cost.stages.count)"),
        ("memory", said.map { "\($0.memory)" }, "\(cost.memory)"),
      ]
    }
    for (name, said, found) in expected.sorted(by: { $0.name < $1.name }) where said != found {
      outcome.differs("'\(name)'", said, found, by: "the other files")
    }
  }

  /// The facts of `identity.json`, the request that the folder belongs to.
  private func identity(
    of results: Results, _ audit: AuditSummary, _ suite: PromptSuite, _ outcome: inout Outcome
  ) throws -> [(name: String, said: String?, found: String?)] {
    let file = try folder.own("identity.json")
    let identity: RunIdentity = try Checked(contentsOf: file).decoded()
    let request = Checked(["request": identity.request], file.path)["request"]
    if identity.hash != RunIdentity(identity.command, identity.request).hash {
      outcome.faults.append("identity.json has another hash than its request")
    }
    if identity.request["suite"] != (try JSON(encoding: suite)) {
      outcome.faults.append("identity.json has other prompts than prompts.json")
    }
    let size: AuditSize = try request["size"].decoded()
    let judges = (identity.request["judges"]?.array ?? []).map { $0.string ?? $0.compact }
    return try [
      ("command", "audit", identity.command),
      ("size", audit.settings?.size.compact, JSON(encoding: size).compact),
      (
        "seed", audit.settings.map { "\($0.seed)" },
        identity.request["seed"].map { $0.string ?? $0.compact }
      ),
      ("method", audit.subject.method, identity.request["method"]?.string),
      ("model", audit.subject.model, identity.request["model"]?.string),
      (
        "judges", results.judges.map(\.spec.description).joined(separator: ", "),
        judges.joined(separator: ", ")
      ),
      ("steps", "\(results.sampling.steps)", "\(size.steps)"),
      ("guidance", "\(results.sampling.guidance)", "\(size.guidance)"),
    ]
  }
}

extension Verify.Outcome {
  /// Names a value of results.json and the one that the files behind it give.
  mutating func differs(_ name: String, _ said: String?, _ found: String?, by source: String) {
    faults.append(
      "\(name) is \(said ?? "missing") in results.json, and \(found ?? "missing") by \(source)")
  }
}
