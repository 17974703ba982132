// The judges in folders, as `lethe list judges` shows them.
import Evaluation
import Foundation
import Torch
import Workbench

extension ListCommand {
  /// - Throws: ``LetheError`` of the kind `request` for a path that leads to no folder
  static func judgesFolder(_ path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw LetheError.badValue(
        "--judges", "there is no folder '\(path)'; accepted: a folder with one for each judge")
    }
    return path
  }

  /// The judges that lie in the folder of judges.
  /// - Parameter place: the folder; nil takes that of LETHE_JUDGES, or Models/judges
  /// - Throws: ``LetheError`` of the kind `request` where a folder is named and not there
  static func judges(in place: String?) throws -> [Entry] {
    let given =
      try place.map(judgesFolder)
      ?? Defaults.read("LETHE_JUDGES", for: "--judges", judgesFolder)
    let folder = Place(argument: given ?? "Models/judges").url
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().flatMap { name -> [Entry] in
      let place = folder.appendingPathComponent(name)
      if place.pathExtension == "onnx" { return [onnx(place)] }
      if let judge = judge(in: place) { return [judge] }
      let inside = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
      return inside.sorted().filter { $0.fileExtension == "onnx" }
        .map { onnx(place.appendingPathComponent($0)) }
    }
  }

  /// A detector or classifier in an ONNX file; one that cannot be read says why.
  private static func onnx(_ file: URL) -> Entry {
    let folder = file.deletingLastPathComponent()
    let card = try? JSON(contentsOf: folder.appendingPathComponent("judge.json"))
    let pixels = try? JSON(contentsOf: folder.appendingPathComponent("preprocessor_config.json"))
    let labels: [String]
    do {
      labels = try ONNXJudge.labels(ONNXNetwork(contentsOf: file), beside: file)
    } catch {
      return Entry(name: "onnx:\(file.relativePath)", title: "cannot be read: \(error)")
    }
    // NudeNet's own preprocessing is built in.
    let isNudeNet =
      labels.isEmpty ? file.lastPathComponent == "320n.onnx" : labels == NudeNet.known
    guard !isNudeNet else {
      return Entry(
        name: "nudenet:\(file.relativePath)@PROFILE", title: "exposed parts of bodies",
        details: .string(
          NudityProfile.all.map { "  \($0.name): \($0.rule)" }.joined(separator: "\n")))
    }
    return Entry(
      name: "onnx:\(file.relativePath)",
      title: labels.isEmpty ? "no labels beside it" : labels.count.counted("label"),
      details: details(
        folder, labels: ["labels": labels], pixels?.compact, card?["sees"]?.string,
        card?["licence"]?.string, card?["threshold"]?.number, card?["origin"]?.string,
        card?["measured"]?.members ?? [:]))
  }

  /// The judge in a folder of its own; nil for a folder of something else.
  private static func judge(in place: URL) -> Entry? {
    if let judge = try? JudgeNetwork.load(place) {
      let heads = judge.card.heads.sorted { $0.key < $1.key }.map {
        "\($0.value.count) \($0.key)s"
      }
      return Entry(
        name: "own:\(place.relativePath)", title: heads.joined(separator: ", "),
        details: Self.details(
          place, labels: judge.card.heads, judge.about.preprocessing, judge.card.sees,
          judge.card.licence, judge.card.threshold, judge.card.origin, judge.card.measured))
    }
    guard let scheme = JudgeSpec.kind(of: place.path)?.scheme else { return nil }
    let config = try? JSON(contentsOf: place.appendingPathComponent("config.json"))
    let card = try? JSON(contentsOf: place.appendingPathComponent("judge.json"))
    let pixels = try? JSON(contentsOf: place.appendingPathComponent("preprocessor_config.json"))
    let labels = (config?["id2label"]?.members ?? [:]).compactMap { key, value in
      Int(key).flatMap { id in value.string.map { (id, $0) } }
    }.sorted { $0.0 < $1.0 }.map(\.1)
    return Entry(
      name: "\(scheme):\(place.relativePath)",
      title: card?["sees"]?.string
        ?? (scheme == "classifier" ? labels.count.counted("label") : "words"),
      details: Self.details(
        place, labels: scheme == "classifier" ? ["labels": labels] : [:], pixels?.compact,
        card?["sees"]?.string, card?["licence"]?.string,
        card?["threshold"]?.number, card?["origin"]?.string, card?["measured"]?.members ?? [:]))
  }

  /// Labels of each kind that are shown.
  private static let mostLabels = 10

  /// Facts on a judge in a folder, in words where nobody wrote them.
  private static func details(
    _ place: URL, labels: [String: [String]], _ preprocessing: String?, _ sees: String?,
    _ licence: String?, _ threshold: Double?, _ origin: String?, _ measured: [String: JSON]
  ) -> JSON {
    let hasRecipe = FileManager.default.fileExists(
      atPath: place.appendingPathComponent("recipe.json").path)
    let unknown = "nobody wrote it (judge.json)"
    let shown = labels.mapValues { all in
      JSON.string(
        all.prefix(mostLabels).joined(separator: ", ")
          + (all.count > mostLabels ? " and \(all.count - mostLabels) more" : ""))
    }
    return [
      "sees": .string(sees ?? "its labels"),
      "labels": labels.isEmpty ? "the words that it is asked about" : .object(shown),
      "preprocessing": .string(preprocessing ?? unknown),
      "threshold": threshold.map(JSON.number) ?? "none: the first choice counts",
      "licence": .string(licence ?? unknown),
      "origin": .string(
        origin ?? (hasRecipe ? "`lethe train` with recipe.json in this folder" : unknown)),
      "measured": .object(measured),
    ]
  }
}
