internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Workbench
internal import Workflows

/// A run as a line of the table.
struct RunSummary {
  let name: String
  let folder: RunFolder

  /// Files whose change changes the line.
  private static let files = [
    "identity.json", "job.json", "results.json", "provenance.json", "verdict.json",
    "eraser.safetensors", "attack/results.json", "samples.jsonl",
  ]

  /// The sizes and dates of the files that the line is made of.
  var stamp: String {
    Self.files.map { file in
      let about = try? FileManager.default.attributesOfItem(atPath: folder.file(file).path)
      let date = (about?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      return "\(date) \((about?[.size] as? NSNumber)?.intValue ?? -1)"
    }.joined(separator: ";")
  }

  /// The line. A run with a damaged file says so in place of its numbers.
  var json: JSON {
    var line: [String: JSON] = [
      "name": .string(name), "folder": .string(folder.url.lastPathComponent),
      "hasEraser": .bool(folder.hasEraser), "state": .string(state),
    ]
    do {
      if folder.has("job.json") {
        let job = try folder.job()
        line["model"] = .string(job.model)
        line["method"] = .string(job.method)
        line["subject"] = .string(job.subject)
        line["seed"] = JSON(job.seed)
        line["stopped"] = try .bool(folder.verdict() != .keptWhole)
      }
      if let provenance = folder.provenance() {
        line["date"] = .string(provenance.date)
        line["seconds"] = .number(provenance.seconds)
      }
      if folder.has("results.json") { line.merge(try measured(folder.results())) { $1 } }
      if folder.has("attack/results.json") {
        let rates = try RunFolder(folder.file("attack")).results().rows.filter {
          $0.metric == "asr"
        }
        // Attacks of before have no mark on the rows of each concept, which come after those of all.
        let all = rates.pooled.filter { $0.subject == rates.first?.subject }
        if let most = all.max(by: { $0.value < $1.value }) {
          line["attack"] = .number(most.value)
          line["attackName"] = .string(most.axes.attack ?? "")
        }
      }
    } catch {
      line["fault"] = .string(Refusal(error).sentence)
    }
    return .object(line)
  }

  private var state: String {
    if folder.has("results.json") { return "measured" }
    return folder.hasEraser ? "erased" : "unfinished"
  }

  private func measured(_ results: Results) -> [String: JSON] {
    var line: [String: JSON] = [
      "kind": .string(results.kind?.rawValue ?? ""), "quick": .bool(results.quick),
      "unfinished": .int(results.unfinished),
    ]
    if let date = results.origin?.date { line["measuredOn"] = .string(date) }
    guard [nil, .evaluation].contains(results.kind) else {
      if let sentence = results.audit?.sentence { line["sentence"] = .string(sentence) }
      return line
    }
    let verdict = RunVerdict(results)
    line["verdict"] = .string(verdict.word.rawValue)
    // As on the run's page: a line for each of several concepts, and one on other erased concepts in the pictures.
    let lines = verdict.lines + [folder.otherErased(.builtIn)].compactMap(\.self)
    line["sentence"] = .string(lines.joined(separator: "\n"))
    line["colour"] = .string(verdict.state)
    let rows = results.rows.pooled.filter { $0.axes.distance == nil && $0.axes.attack == nil }
    let judge = rows.compactMap(\.axes.judge).first
    let own = rows.filter { row in
      row.method != "original" && (row.axes.judge == judge || row.axes.judge == nil)
    }
    for (key, metric) in [("ua", "ua"), ("ira", "ira"), ("frechet", "frechet"), ("kept", "kept")] {
      if let value = own.value(metric)?.value, value.isFinite { line[key] = .number(value) }
    }
    return line
  }
}

/// The lines of the table. A line is read again when one of its files changes.
actor RunTable {
  private struct Line {
    let stamp: String
    let json: JSON
    /// The model of the run; nil where something is laid over it.
    let model: String?
  }
  private let places: Places
  private var known: [String: Line] = [:]

  init(_ places: Places) { self.places = places }

  func lines() -> [JSON] { read().map(\.json) }

  /// The models that were named, and those of the runs, as far as they are there.
  func models() -> [ModelFolder] {
    (places.models + read().compactMap(\.model)).reduce(into: []) { found, path in
      let model = ModelFolder(path)
      if !found.contains(where: { Places.isSame($0.path, path) }), model.isModel {
        found.append(model)
      }
    }
  }

  private func read() -> [Line] {
    let names = places.runs()
    var kept: [String: Line] = [:]
    for name in names {
      guard let folder = try? places.run(name) else { continue }
      let summary = RunSummary(name: name, folder: folder)
      let stamp = summary.stamp
      if let old = known[name], old.stamp == stamp {
        kept[name] = old
      } else {
        let job = try? folder.job()
        kept[name] = Line(
          stamp: stamp, json: summary.json, model: job?.additions == nil ? job?.model : nil)
      }
    }
    known = kept
    return names.compactMap { kept[$0] }
  }
}
