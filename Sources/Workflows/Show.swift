// `lethe show`: a description of a file or folder in a few lines.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import TorchNN
internal import Training
package import Workbench

/// The command `lethe show`.
package struct Show {
  private let place: URL
  private let path: String
  /// The catalogs in which methods and metrics are looked up.
  private let catalogs: Catalogs

  package init(_ path: String, _ catalogs: Catalogs = .builtIn) {
    (place, self.path, self.catalogs) = (ModelFolder(path).url, path, catalogs)
  }

  /// - Returns: pairs of a name and a value, in order
  /// - Throws: ``LetheError`` for a place that is not there, or that Lethe knows nothing about
  package func callAsFunction() throws -> [(String, String)] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
      let meant = NamedPlace.nearest(to: path).map { "; did you mean '\($0)'?" } ?? ""
      throw LetheError.request("there is nothing at \(path)\(meant)")
    }
    if isFolder.boolValue { return try folder() }
    switch place.pathExtension.lowercased() {
    case "png": return try picture()
    case "safetensors": return try tensors()
    default:
      throw LetheError.request(
        "\(path) is \(FileKind.words(place) ?? "a file of no known kind"), which tells nothing here; accepted: pictures (.png), "
          + "safetensors files, and folders of models, runs and sets of erasers"
      )
    }
  }

  private func picture() throws -> [(String, String)] {
    let image = try PNG.read(place)
    let text = try PNG.text(of: place).sorted { $0.key < $1.key }.map { key, value in
      let graph = key == SampleSet.Recipe.graphKey ? try? JSONText.value(Data(value.utf8)) : nil
      return graph?.members.map { ("ComfyUI", "a graph of \($0.count.counted("node"))") } ?? (
        key, value
      )
    }
    return [("picture", "\(image.width) x \(image.height) pixels")] + text
  }

  private func folder() throws -> [(String, String)] {
    let run = RunFolder(place)
    if run.has("model_index.json") { return try model() }
    if run.has("job.json") {
      let job = try run.writtenJob()
      var rows = try owner(of: run)
      rows += [
        ("model", job.model), ("method", job.method),
        ("concepts", job.concepts.joined(separator: ", ")), ("seed", "\(job.seed)"),
      ]
      if let loras = job.additions?.loras { rows.append(("LoRA", loras.joined(separator: ", "))) }
      if let vae = job.additions?.vae { rows.append(("VAE", vae)) }
      if let own = job.additions?.embeddings {
        rows.append(("embeddings", own.joined(separator: ", ")))
      }
      if run.hasEraser || run.has("verdict.json") {
        rows += try run.verdict().warning.map { [("guard", $0)] } ?? []
      }
      rows += outcome(of: run)
      if run.hasEraser { rows += try eraser(run.eraser()) }
      if let provenance = run.provenance() {
        rows += [
          ("date", provenance.date), ("device", provenance.device), ("lethe", provenance.lethe),
        ]
      }
      return rows
    }
    if run.has("results.json"), let results = try? run.results() {
      return [("results of", results.kind.map { "lethe \(Self.command(of: $0))" } ?? "version 0.1")]
        + [results.origin.map { ("date", $0.date) }].compactMap(\.self) + outcome(of: run)
    }
    if run.has("manifest.json") { return try pictures() }
    if let set = try? EraserSet(place) {
      return [("set of erasers", set.card.model), ("base", set.card.base)]
        + set.card.entries.map {
          ($0.name, $0.isActive ? "erased" : $0.isTrained ? "restored" : "not trained")
        }
    }
    throw LetheError.request(
      "\(path) is \(run.inside ?? "no model, no run and no set of erasers"); accepted: the folder of a model, a run, "
        + "pictures or a set of erasers, a picture (.png), or a safetensors file")
  }

  /// The verdict of what measured a folder and its page, where there are any.
  private func outcome(of run: RunFolder) -> [(String, String)] {
    let again = { (words: [String]) in "`\((["lethe"] + words).shellCommand)`" }
    guard run.has("results.json") else {
      return run.hasEraser
        ? [("verdict", "none: it was not evaluated; \(again(["evaluate", path])) measures it")] : []
    }
    guard let results = try? run.results() else { return [] }
    let said = try? ResultsPage.content(of: results, in: run.url, metrics: catalogs.metrics)
      .verdict?.sentence
    let sentence =
      switch results.kind ?? .evaluation {
      case .evaluation:
        (RunVerdict(results).lines + [run.otherErased(catalogs)].compactMap(\.self))
          .joined(separator: "\n")
      default: results.audit?.sentence ?? said ?? "none"
      }
    let page =
      run.has("report.html")
      ? "\(path)/report.html" : "none yet; \(again(["report", path])) writes it"
    return [("verdict", (results.quick ? "quick: " : "") + sentence), ("page", page)]
  }

  /// The command that writes results of a kind.
  private static func command(of kind: Results.Kind) -> String {
    switch kind {
    case .evaluation, .audit: "evaluate"
    case .attack: "attack"
    case .comparison: "compare"
    case .releaseAudit: "audit"
    case .relearning: "relearn"
    default: kind.rawValue
    }
  }

  /// A folder of pictures with its manifest, as `lethe generate` writes it.
  private func pictures() throws -> [(String, String)] {
    let manifest = try SampleSet(place).manifest
    let drawn = manifest.samples.count {
      FileManager.default.fileExists(atPath: place.appendingPathComponent($0.file).path)
    }
    let prompts = manifest.samples.map(\.prompt).unique
    let shown = prompts.prefix(5).map { "'\($0)'" }.joined(separator: "\n")
    let options = manifest.sampling
    return [
      ("pictures", "\(drawn) of \(manifest.samples.count), drawn by lethe"),
      ("model", manifest.model),
      (
        "erasers",
        manifest.erasers.isEmpty
          ? "none: the model as it is" : manifest.erasers.joined(separator: ", ")
      ),
      (
        "prompts",
        shown + (prompts.count > 5 ? "\nand \(prompts.count - 5) more" : "")
      ),
      (
        "settings",
        "steps \(options.steps), guidance \(options.guidance), sampler \(options.sampler)"
      ),
    ]
  }

  /// The command that the run's folder belongs to; one of version 0.1 has no record of it. A broken record is told of, and
  /// hides nothing else.
  private func owner(of run: RunFolder) throws -> [(String, String)] {
    do { return [("run", "lethe \(try run.identity()?.command ?? "erase")")] } catch let error
      as LetheError where error.kind == .model
    {
      return [("run", "of a command that is not known"), ("identity", "broken: \(error.sentence)")]
    }
  }

  private func model() throws -> [(String, String)] {
    let layout = try Layout.of(place)
    let schedule = try? NoiseSchedule(layout.scheduler)
    var rows = [("model", layout.index["_class_name"]?.string ?? "")]
    rows += try LaidErasers(of: place).erasers.map { ("erased", $0.words) }
    for (component, config) in layout.configs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      rows.append(
        (
          component.rawValue,
          config["_class_name"]?.string ?? config["architectures"]?.array?.first?.string ?? ""
        ))
    }
    if layout.configs[.textEncoder] != nil, layout.configs[.vae] == nil {
      rows.append(("vae", "none; --vae brings one"))
    }
    rows.append(("scheduler", layout.scheduler["_class_name"]?.string ?? ""))
    if let schedule {
      rows.append(("prediction", schedule.prediction.rawValue))
      if let refusal = schedule.refusal { rows.append(("drawing", refusal.sentence)) }
    }
    if let themes = try ModelFolder(path).listedThemes() {
      rows += [("objects", themes.objects), ("styles", themes.styles)].filter { !$0.1.isEmpty }
        .map { ($0, "\($1.count): \($1.joined(separator: ", "))") }
    }
    return rows
  }

  private func tensors() throws -> [(String, String)] {
    let stored = try SafeTensors(contentsOf: place)
    if stored.metadata["format"] == Eraser.format { return try eraser(Eraser(contentsOf: place)) }
    let count = stored.tensors.values.reduce(0) { $0 + $1.count }
    var rows: [(String, String)] = []
    if (try? Layout.of(place)) != nil {
      rows = try [("single file", "")] + model()
    } else if stored.tensors.keys.contains(where: { $0.contains("lora") }) {
      rows = [
        (
          "LoRA",
          "\(stored.tensors.keys.count { $0.hasSuffix(".alpha") || $0.contains("lora_A") }) modules"
        )
      ]
      let cards = try LaidErasers(text: stored.metadata[LaidErasers.key], place)
      rows += cards.erasers.map { ("eraser of", $0.words) }
    }
    rows.append(("tensors", "\(stored.tensors.count), \(count.counted("number"))"))
    return rows
      + stored.metadata.filter { $0.key != LaidErasers.key }.sorted { $0.key < $1.key }.map {
        ($0.key, String($0.value.prefix(400)))
      }
  }

  private func eraser(_ eraser: Eraser) throws -> [(String, String)] {
    [
      ("eraser of", eraser.card.concepts.joined(separator: ", ")), ("method", eraser.card.method),
      ("seed", "\(eraser.card.seed)"), ("base", eraser.card.base), ("version", eraser.card.version),
      (
        "changes",
        "\(eraser.vector.tensors.count.counted("tensor")), \(eraser.vector.count.counted("number"))"
      ),
      ("norm", String(format: "%.4g", eraser.vector.norm)), ("hash", try eraser.hash()),
      ("options", eraser.card.options.compact),
    ]
  }
}
