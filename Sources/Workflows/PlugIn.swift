// `lethe apply --plug-in`: the erased text encoder of one model in the place of another's (AdvUnlearn, section 5.3).
internal import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training
internal import Workbench

struct PlugIn {
  let job: EraseJob
  let eraser: Eraser

  /// - Parameter run: a run of `lethe erase`, whose job names its model
  /// - Throws: ``LetheError`` of the kind `request` for an eraser that changes anything but the text encoder
  init(_ run: RunFolder) throws {
    (job, eraser) = (try run.job(), try run.eraser())
    let others = eraser.vector.paths.filter { !Self.isText($0) }
    guard others.isEmpty, !eraser.vector.paths.isEmpty else {
      throw LetheError.request(
        "\(run.path) changes \(others.first?.name ?? "nothing"); accepted: an eraser that changes the text encoder "
          + "alone")
    }
  }

  /// The model with the erased text encoder in the place of its own.
  /// - Throws: ``LetheError`` of the kind `request` for encoders of other shapes or settings, or with other
  ///   tokenizers
  func callAsFunction(into model: DiffusionModel, on device: Device) throws -> DiffusionModel {
    let base = try job.folder.model(on: device)
    try eraser.check(base: base.hash())
    let erased = try base.applying([eraser])
    func encoder(_ model: DiffusionModel) -> [ParameterPath: Tensor] {
      model.parameters.tensors.filter { Self.isText($0.key) }
    }
    let (new, old) = (encoder(erased), encoder(model))
    for path in Set(new.keys).union(old.keys).sorted()
    where new[path]?.shape != old[path]?.shape {
      throw LetheError.request(
        "the text encoders differ: \(path.name) is \(shape(new[path])) in \(job.model), \(shape(old[path])) here"
      )
    }
    let probe = ["a photo of an umbrella", "naïve 123 !?"] + job.concepts
    func settings(_ model: DiffusionModel) -> [JSON?] {
      ["hidden_act", "num_attention_heads"].flatMap { key in
        [Layout.Component.textEncoder, .textEncoder2].map { model.layout.configs[$0]?[key] }
      }
    }
    guard probe.map(base.tokens) == probe.map(model.tokens), settings(base) == settings(model)
    else {
      throw LetheError.request(
        "the text encoders of \(job.model) and of this model differ in tokenizer, activation or attention heads"
      )
    }
    return try model.replacing(new)
  }

  /// Whether a tensor is one of a text encoder.
  private static func isText(_ path: ParameterPath) -> Bool {
    ["text_encoder", "text_encoder_2"].contains(path.components.first.map(String.init) ?? "")
  }

  private func shape(_ tensor: Tensor?) -> String { tensor.map { "\($0.shape)" } ?? "missing" }
}
