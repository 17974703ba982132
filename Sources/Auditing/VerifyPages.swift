// The record around an audit's numbers: the other fields of results.json, and the files that readers open in its place.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Workbench

extension Verify {
  static func isOfThisVersion(_ audit: AuditSummary) -> Bool {
    audit.settings?.lethe == Version.current
  }

  /// Whether the folder has every field that this Lethe writes.
  static func isOfThisSchema(_ audit: AuditSummary) -> Bool {
    audit.schema == AuditSummary.currentSchema
  }

  /// Whether rows must have their counts of prompts.
  static func countsPrompts(_ audit: AuditSummary) -> Bool { (audit.schema ?? 0) >= 1 }

  /// Whether each of several concepts must have rows of its own.
  static func tellsConcepts(_ audit: AuditSummary) -> Bool { (audit.schema ?? 0) >= 2 }

  /// Whether judges without pictures of their own must have counted the unrecognised ones, twins left out, and whether
  /// judges of the other kind must have been measured.
  static func countsUnrecognised(_ audit: AuditSummary) -> Bool { (audit.schema ?? 0) >= 5 }

  /// Whether rows must name the profile of their measure, and whether the worst answer of several judges decides.
  static func namesProfiles(_ audit: AuditSummary) -> Bool { (audit.schema ?? 0) >= 6 }

  /// The judge of the galleries, attacks and fine-tunings: the first one in audits of older forms.
  static func leading(_ results: Results, _ audit: AuditSummary) -> JudgeRecord? {
    namesProfiles(audit) ? Audit.leading(results) : results.judges.first
  }

  /// - Throws: ``LetheError`` of the kind `model` for a form that no Lethe has written, or a later one
  static func check(schema: Int?, _ folder: RunFolder) throws {
    guard let schema, !(1...AuditSummary.currentSchema).contains(schema) else { return }
    throw LetheError(
      .model, in: folder.file("results.json").path, key: "audit.schema",
      "'audit.schema' is \(schema); accepted: 1 to \(AuditSummary.currentSchema), or none in older audits; "
        + "a later Lethe verifies audits of a later form")
  }

  /// The parts of the record that no other file and no computation gives, as sentences.
  func unverified(_ results: Results, _ audit: AuditSummary) -> [String] {
    let origin = results.origin
    var found = [
      "command '\(results.command.joined(separator: " "))'", "reduced by --quick: \(results.quick)",
      "date \(origin?.date ?? "none")", "machine \(origin?.machine ?? "none")",
      "Lethe \(origin?.lethe ?? "none")", "libtorch \(origin?.libtorch ?? "none")",
      "sources of settings", "times and memory of times.jsonl", "seconds of the attacks' logs",
      "prompts that withstood attacks, and the answers after fine-tuning, which are those of the logs",
    ]
    if !Self.isOfThisVersion(audit) {
      found.append(
        "pages and notes, which are of Lethe \(audit.settings?.lethe ?? "of no version") and not \(Version.current)"
      )
    }
    if !Self.isOfThisSchema(audit) {
      let left =
        (Self.countsPrompts(audit)
          ? "" : "counts of prompts that rows do not have, and their seeds, ")
        + (Self.tellsConcepts(audit) ? "" : "rows on each of several concepts, ")
        + (Self.countsUnrecognised(audit)
          ? ""
          : "shares of unrecognised pictures, the measurement of a judge of the other kind and its cra, ")
        + (Self.namesProfiles(audit) ? "" : "profiles of the measures' rows, ")
        + "the words of the verdict '\(audit.sentence)', of limits and of rules"
      found.append(
        "\(left), pages and notes: the audit is of an older form (schema "
          + "\(audit.schema.map(String.init) ?? "none"), not \(AuditSummary.currentSchema))")
    }
    return found
  }

  /// The facts of results.json beside rows, pictures and verdict, each with that of the other files.
  func origin(
    of results: Results, _ audit: AuditSummary
  ) throws -> [(name: String, said: String?, found: String?)] {
    let judges = results.judges.map { "\($0.spec) \(audit.hashes.judges["\($0.spec)"] ?? "")" }
    var facts: [(name: String, said: String?, found: String?)] = [
      ("kind", results.kind?.rawValue, Results.Kind.releaseAudit.rawValue),
      (
        "quick", "\(results.quick)",
        "\(results.command.isEmpty ? results.quick : !results.command.contains("--full"))"
      ),
      ("seeds", "\(results.seeds)", "\(Audit.seeds)"),
      ("unfinished", "\(results.unfinished)", "0"),
      ("libtorch", audit.settings?.libtorch, results.origin?.libtorch),
      ("lethe", audit.settings?.lethe, results.origin?.lethe),
      (
        "origin.judges",
        results.origin?.judges.map { "\($0) \($1)" }.sorted().joined(separator: ", "),
        judges.sorted().joined(separator: ", ")
      ),
    ]
    // An audit has no titles, baselines, development concepts or trainings of its own.
    let empty = [
      ("stopped", results.stopped.count), ("baselines", results.baselines.count),
      ("titles", results.titles.count), ("development", results.development.count),
    ]
    facts += empty.map { ($0, "\($1) entries", "0 entries") }
    facts.append(
      (
        "judge", JSON.object(results.judge).compact,
        JSON.object(results.judges.first?.about.measured ?? [:]).compact
      ))
    for place in ["original", "erased"] {
      let drawn = try SampleSet(folder.own(place)).manifest.sampling
      facts.append(
        (
          "sampling", try JSON(encoding: results.sampling).compact,
          try JSON(encoding: drawn).compact
        ))
    }
    if let sizes = audit.settings?.size.members {
      let said = results.origin?.settings.map { "\($0.key)=\($0.value.compact)" }.sorted()
      facts.append(
        (
          "origin.settings", said?.joined(separator: " "),
          sizes.map { "\($0)=\($1.compact)" }.sorted().joined(separator: " ")
        ))
    }
    return facts
  }

  /// Every file of the pictures, attacks and fine-tunings has its hash in results.json.
  func check(hashed audit: AuditSummary, _ subject: Subject, _ outcome: inout Outcome) {
    let pictures = ["original", "erased"].flatMap { place in
      subject.suite.samples.map { "\(place)/\($0.file)" }
    }
    let hashed =
      [(Set(audit.pictures.keys), pictures)]
      + [audit.files.map { (Set($0.keys), Audit.logs(in: folder)) }].compactMap(\.self)
    for (names, found) in hashed {
      for name in found where !names.contains(name) {
        outcome.faults.append("\(name) has no hash in results.json")
      }
    }
    if audit.files == nil, Self.isOfThisVersion(audit) || Self.isOfThisSchema(audit) {
      outcome.faults.append("the files of attacks and fine-tunings have no hashes in results.json")
    }
  }

  /// Compares the files for readers with the results. Those of another version of Lethe may be worded otherwise.
  func check(pages results: Results, _ subject: Subject, _ outcome: inout Outcome) throws {
    guard Self.isOfThisVersion(subject.audit), Self.isOfThisSchema(subject.audit) else { return }
    let files = AuditFiles(results, subject.job)
    try compare(
      try pages(of: results, in: "") + [
        ("results.csv", files.csv), ("README.md", files.card),
        ("judges.json", JSON.array(results.judges.map { .string($0.spec.description) }).pretty),
      ], &outcome)
    for place in ["attack", "relearn"] where folder.has("\(place)/results.json") {
      let own = try RunFolder(folder.own(place)).results()
      try compare(pages(of: own, in: "\(place)/"), &outcome)
    }
    for name in ["identity.json", "samples.jsonl", "times.jsonl"] where !folder.has(name) {
      outcome.faults.append("\(name) is missing")
    }
  }

  private func pages(of results: Results, in place: String) throws -> [(name: String, text: String)]
  {
    let page = try ResultsPage.content(
      of: results, in: folder.url.appendingPathComponent(place), metrics: catalogs.metrics)
    return [("\(place)report.html", try page.html()), ("\(place)results.md", page.markdown)]
  }

  private func compare(
    _ files: [(name: String, text: String)], _ outcome: inout Outcome
  ) throws {
    /// The page names its folder, which may have moved.
    func placeless(_ text: String) -> String { text.replacing(/lethe verify [^<`\n]*/, with: "") }
    for (name, text) in files {
      guard folder.has(name) else {
        outcome.faults.append("\(name) is missing")
        continue
      }
      if placeless(try InputFile.text(folder.own(name))) != placeless(text) {
        outcome.faults.append("\(name) differs from results.json")
      }
    }
  }
}
