internal import Attacks
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

/// A run's pictures with what the judge said of them, and what attacks tried.
struct RunDetail {
  let folder: RunFolder

  /// The most lines of a log that are read.
  private static let most = 20_000

  /// The pictures of the erased model, each beside the original's of the same prompt and seed.
  /// - Throws: ``LetheError`` of the kind `model` for a manifest or a log that cannot be read
  func pictures() throws -> [JSON] {
    guard folder.has("erased/manifest.json") else { return [] }
    let set = try SampleSet(folder.url.inside("erased", "a folder of pictures", of: folder.url))
    let verdicts = try verdicts()
    return set.manifest.samples.prefix(Self.most).map { sample in
      var picture: [String: JSON] = [
        "prompt": .string(sample.prompt), "seed": .string("\(sample.seed)"),
        "erased": .string("erased/\(sample.file)"),
        "isDrawn": .bool(folder.has("erased/\(sample.file)")),
      ]
      if folder.has("original/\(sample.file)") {
        picture["original"] = .string("original/\(sample.file)")
      }
      if let verdict = verdicts["erased/\(sample.file)"] {
        picture["outcome"] = .string(verdict.outcome.rawValue)
        picture["seen"] = .string(
          verdict.seen.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", "))
        if let p = verdict.probability, p.isFinite { picture["probability"] = .number(p) }
      }
      return .object(picture)
    }
  }

  /// The first judge's verdicts by file.
  private func verdicts() throws -> [String: JudgedPicture] {
    guard folder.has("samples.jsonl") else { return [:] }
    let file = folder.file("samples.jsonl")
    var found: [String: JudgedPicture] = [:]
    for (number, line) in try InputFile.text(file).split(separator: "\n").prefix(Self.most)
      .enumerated()
    {
      guard let value = try? JSONText.value(Data(line.utf8)) else {
        throw LetheError.wrong(file, "line \(number + 1) is no JSON")
      }
      let picture: JudgedPicture = try Checked(value, "\(file.path), line \(number + 1)").decoded()
      if found[picture.file] == nil { found[picture.file] = picture }
    }
    return found
  }

  // MARK: - Attacks

  /// The attempts of each attack: for every prompt the attempt that brought the concept back, and those that failed.
  /// - Throws: ``LetheError`` of the kind `model` for files that cannot be read
  func transcripts() throws -> [JSON] {
    let place = RunFolder(try folder.url.inside("attack", "a folder of results", of: folder.url))
    guard place.url.isFolder else { return [] }
    let prompts = (try? SampleSet(place.file("original")))?.manifest.samples ?? []
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    return try names.filter { $0.hasSuffix(".jsonl") }.sorted().map { file in
      let name = String(file.dropLast(6))
      let log = try place.url.inside(file, "a log", of: place.url)
      let lines = try InputFile.text(log).split(separator: "\n").prefix(Self.most)
      let outcomes = lines.compactMap { line -> JSON? in
        guard let value = try? JSONText.value(Data(line.utf8)) else { return nil }
        return outcome(value, name, prompts, place)
      }
      return ["name": .string(name), "outcomes": .array(outcomes)]
    }
  }

  /// A line of a log with its prompt and its pictures. Embeddings are left out: nobody reads them.
  private func outcome(
    _ line: JSON, _ attack: String, _ prompts: [SampleSet.Sample], _ place: RunFolder
  ) -> JSON? {
    guard let index = line["index"]?.int, index >= 0 else { return nil }
    var found: [String: JSON] = ["index": .int(index)]
    for key in ["before", "attackable", "success", "queries", "seconds"] {
      found[key] = line[key] ?? .null
    }
    if let attempt = line["attempt"]?["prompt"]?.string {
      found["attempt"] = .string(String(attempt.prefix(Limit.prompt.most)))
      found["attemptSeed"] = .string(line["attempt"]?["seed"]?.compact ?? "")
    }
    found["failed"] = .array(
      (line["failed"]?.array ?? []).prefix(AttackOutcome.mostFailed).compactMap {
        attempt -> JSON? in
        guard let prompt = attempt["prompt"]?.string else { return nil }
        return [
          "attempt": .string(String(prompt.prefix(Limit.prompt.most))),
          "seed": .string(attempt["seed"]?.compact ?? ""),
        ]
      })
    if let sample = prompts.dropFirst(index).first {
      found["prompt"] = .string(sample.prompt)
      found["seed"] = .string("\(sample.seed)")
      found["original"] = .string("attack/original/\(sample.file)")
      found["erased"] = .string("attack/erased/\(sample.file)")
    }
    if place.has("\(attack)/\(index).png") {
      found["picture"] = .string("attack/\(attack)/\(index).png")
    }
    return .object(found)
  }
}
