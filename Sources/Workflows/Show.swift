// `lethe show`: what a file or folder is, in a few lines.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training
internal import Workbench

/// The command `lethe show`.
package struct Show {
  private let place: URL
  private let path: String

  package init(_ path: String) { (place, self.path) = (ModelFolder(path).url, path) }

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
      return graph?.members.map { ("ComfyUI", "a graph of \($0.count) nodes") } ?? (key, value)
    }
    return [("picture", "\(image.width) x \(image.height) pixels")] + text
  }

  private func folder() throws -> [(String, String)] {
    let run = RunFolder(place)
    if run.has("model_index.json") { return try model() }
    if run.has("job.json") {
      let job = try run.job()
      var rows = [
        ("run", "lethe \(command(of: run))"), ("model", job.model), ("method", job.method),
        ("concepts", job.concepts.joined(separator: ", ")), ("seed", "\(job.seed)"),
      ]
      if let loras = job.additions?.loras { rows.append(("LoRA", loras.joined(separator: ", "))) }
      if let vae = job.additions?.vae { rows.append(("VAE", vae)) }
      if let own = job.additions?.embeddings {
        rows.append(("embeddings", own.joined(separator: ", ")))
      }
      if run.hasEraser { rows += try eraser(run.eraser()) }
      if let provenance = run.provenance() {
        rows += [
          ("date", provenance.date), ("device", provenance.device), ("lethe", provenance.lethe),
        ]
      }
      return rows
    }
    if let set = try? EraserSet(place) {
      return [("set of erasers", set.card.model), ("base", set.card.base)]
        + set.card.entries.map {
          ($0.name, $0.isActive ? "erased" : $0.isTrained ? "restored" : "not trained")
        }
    }
    throw LetheError.request(
      "\(path) is \(run.inside ?? "no model, no run and no set of erasers"); accepted: the folder of a model, a run or a "
        + "set of erasers, a picture (.png), or a safetensors file")
  }

  /// The command that the run's folder belongs to; one of version 0.1 has no record of it.
  private func command(of run: RunFolder) -> String {
    (try? JSON(contentsOf: run.file("identity.json")))?["command"]?.string ?? "erase"
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
    rows.append(("tensors", "\(stored.tensors.count), \(count) numbers"))
    return rows
      + stored.metadata.filter { $0.key != LaidErasers.key }.sorted { $0.key < $1.key }.map {
        ($0.key, String($0.value.prefix(400)))
      }
  }

  private func eraser(_ eraser: Eraser) throws -> [(String, String)] {
    [
      ("eraser of", eraser.card.concepts.joined(separator: ", ")), ("method", eraser.card.method),
      ("seed", "\(eraser.card.seed)"), ("base", eraser.card.base), ("version", eraser.card.version),
      ("changes", "\(eraser.vector.tensors.count) tensors, \(eraser.vector.count) numbers"),
      ("norm", String(format: "%.4g", eraser.vector.norm)), ("hash", try eraser.hash()),
      ("options", eraser.card.options.compact),
    ]
  }
}
