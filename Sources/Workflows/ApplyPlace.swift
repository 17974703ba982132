// The places of `lethe apply`: work of the same request is taken, everything else is left alone.
internal import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import Workbench

/// A folder, a single file or a LoRA file that `lethe apply` is to write.
struct ApplyPlace {
  let place: URL
  let option: String
  /// Whether another model or file there is replaced.
  let overwrites: Bool

  /// - Parameter record: the erasers as the header of the file would name them; nil for none
  /// - Throws: ``LetheError`` of the kind `request` for a file of another request
  func refuseOther(file record: String?) throws {
    guard FileManager.default.fileExists(atPath: place.path), !overwrites else { return }
    // A command that was killed after its last write goes on.
    let known = (try? SafeTensors(contentsOf: place))?.metadata[LaidErasers.key]
    guard record == nil || known != record else { return }
    throw LetheError.badValue(
      option,
      "\(place.path) is there already and has other contents; choose another file, or give --overwrite to replace it"
    )
  }

  /// - Parameters:
  ///   - card: the card that is written first, which tells a folder of this request from others
  ///   - layout: the model that is written
  ///   - companions: names of files beside the weights that are written too
  /// - Throws: ``LetheError`` of the kind `request` for a folder of another model, and for one whose files would stay among
  ///   those of the new model
  func refuseOther(folder card: ModelCard, _ layout: Layout, companions: Set<String>) throws {
    let names = shown(place)
    guard let first = names.first, !card.isIn(place) else { return }
    let choose = "choose another folder"
    let isModel = names.contains("model_index.json")
    // A save that was interrupted has taken it away.
    guard isModel || names.contains("erased.json") || names.contains("unet") else {
      throw LetheError.badValue(
        option, "\(place.path) has other files, such as \(first), and is no model; \(choose)")
    }
    guard overwrites else {
      throw LetheError.badValue(
        option,
        "\(place.path) \(isModel ? "holds a model of another request" : "has other files, such as \(first)"); \(choose), "
          + "or give --overwrite to replace it")
    }
    if let left = left(layout, companions).first {
      throw LetheError.badValue(
        "--overwrite",
        "\(place.appendingPathComponent(left).path) is of the model before and would stay among the files of the new one; "
          + "move it away, or \(choose)")
    }
  }

  /// Files of a model before that would be read with the new model's, and that the new ones do not replace.
  private func left(_ layout: Layout, _ companions: Set<String>) -> [String] {
    let beside = ["themes.json", "methods.json", "attacks.json", "classes.json"]
      .filter { shown(place).contains($0) && !companions.contains($0) }
    let parts = Layout.Component.allCases.flatMap { component in
      shown(place.appendingPathComponent(component.rawValue)).filter { name in
        let isWeights =
          ["safetensors", "bin", "ckpt", "pt"].contains { name.hasSuffix(".\($0)") }
          || name.contains(".safetensors.index")
        let isWritten =
          layout.configs[component] != nil && (name == "config.json" || component.writes(name))
        return (isWeights || name == "config.json") && !isWritten
      }.map { "\(component.rawValue)/\($0)" }
    }
    let words = ["tokenizer", "tokenizer_2"].flatMap { folder in
      shown(place.appendingPathComponent(folder)).map { "\(folder)/\($0)" }
    }
    return beside + parts
      + words.filter {
        ($0.hasSuffix(".json") || $0.hasSuffix(".txt")) && layout.files[$0] == nil
      }
  }

  /// The names in a folder but hidden ones, sorted.
  private func shown(_ folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter { !$0.hasPrefix(".") }.sorted()
  }
}
