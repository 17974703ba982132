// The diffusers folder layout, in and out.
public import Foundation
public import Torch
internal import TorchNN

extension DiffusionModel {
  /// Loads a folder in the diffusers layout, or a single file in the original one. Weights that are no finite numbers
  /// are refused; half-precision ones are computed with in float32. Where ``Runtime/offloads`` is set, the weights rest
  /// in the memory of the machine and each component comes to the device while it is used.
  /// - Parameters:
  ///   - variant: e.g. `fp16` to prefer `*.fp16.safetensors`, `ema` for the averaged weights of a single file
  ///   - vae: a folder or a file whose VAE stands for the model's own
  ///   - type: half precision for a model that is drawn with in this type and not trained: its weights rest as the file
  ///     has them, and a component has float32 ones only while it is used in float32
  public static func load(
    _ folder: URL, variant: String? = nil, vae: URL? = nil, on device: Device = .cpu,
    drawing type: ComputeType? = ComputeType.drawn
  ) throws -> DiffusionModel {
    let rests = type.map { $0 != .float32 } ?? false
    let leaves = Runtime.offloads && device != .cpu
    let offload =
      leaves || rests ? Offload(to: device, leavesDevice: leaves, keepsType: rests) : nil
    var (layout, tensors) = try stored(in: folder, variant, withoutVAE: vae != nil)
    if let vae {
      try NamedVAE(vae, for: layout, variant: variant).replace(in: &layout, &tensors)
    }
    if device == .cpu || offload != nil {
      try requireMemory(tensors, folder, rests ? type?.dtype ?? .float32 : .float32)
    }
    return try DiffusionModel(layout, .tensors(tensors), on: device, offload: offload)
  }

  /// The layout and the tensors of a folder or a single file.
  /// - Parameter withoutVAE: whether the weights of the folder's VAE are left alone, because another takes its place
  private static func stored(
    in folder: URL, _ variant: String?, withoutVAE: Bool
  ) throws -> (Layout, [ParameterPath: Tensor]) {
    if Layout.isSingleFile(folder) {
      let single = try SingleFile(folder, variant: variant)
      return (single.layout, single.tensors)
    }
    let layout = try Layout(folder: folder)
    var tensors: [ParameterPath: Tensor] = [:]
    var hasVariant = false
    for component in Layout.Component.allCases
    where layout.configs[component] != nil && !(component == .vae && withoutVAE) {
      let file = try Layout.weights(of: component, in: folder, variant: variant)
      hasVariant = hasVariant || variant.map { file.lastPathComponent.contains(".\($0).") } == true
      for (name, tensor) in try SafeTensors.load(file, finite: true) {
        tensors[path(component, name)] = tensor
      }
    }
    if let variant, !hasVariant {
      throw LetheError.badValue(
        "--variant",
        "\(folder.path) has no weights of the variant '\(variant)'; leave it out for the others")
    }
    return (layout, tensors)
  }

  /// Refuses weights that do not fit into memory before they are copied. Those of the type stay in their file.
  private static func requireMemory(
    _ tensors: [ParameterPath: Tensor], _ folder: URL, _ dtype: DType
  ) throws {
    let copied = tensors.values.lazy.filter { $0.dtype != dtype }.reduce(0.0) {
      $0 + Double(dtype.size) * Double($1.count)
    }
    try Memory.require(
      copied, for: "the model \(folder.path) in \(dtype)", "a model of fewer parameters")
  }

  /// Every parameter that a layout asks for.
  static func parameters(of layout: Layout) throws -> [ParameterPath] {
    try DiffusionModel(layout, .names).parameters.paths
  }

  /// The path of a tensor of a component's file, in the names of today's diffusers.
  static func path(_ component: Layout.Component, _ name: String) -> ParameterPath {
    var parts = name.split(separator: ".").map(String.init)
    if !component.isText, parts.contains("attentions") {
      parts = parts.map { PixelAttention.oldNames[$0] ?? $0 }
    }
    // transformers 5 leaves out the module that all earlier versions write.
    if component.isText, parts.first != "text_model", parts.first != "text_projection" {
      parts.insert("text_model", at: 0)
    }
    return ParameterPath(([component.rawValue] + parts).joined(separator: "."))
  }

  /// Writes the same layout back. Every file is written atomically, and `model_index.json` goes first and comes last,
  /// so that an interrupted save is no model.
  /// - Parameters:
  ///   - dtype: element type of the weights on disk
  ///   - largestFile: bytes of one file, above which weights are spread over several
  /// - Throws: ``LetheError`` also for a model without a VAE, whose folder diffusers would not load
  public func save(
    to folder: URL, dtype: DType = .float32, largestFile: Int = 10_000_000_000
  ) throws {
    _ = try codec
    let files = FileManager.default
    func write(_ data: Data, _ name: String) throws {
      let file = folder.appendingPathComponent(name)
      let place = file.deletingLastPathComponent()
      try Folder.make(place)
      try AtomicFile.write(data, to: file)
    }
    AtomicFile.sweep(folder)
    try? files.removeItem(at: folder.appendingPathComponent("model_index.json"))
    for component in Layout.Component.allCases {
      guard let config = layout.writtenConfig(component, dtype) else { continue }
      let name = "\(component.rawValue)/config.json"
      try write(layout.text(config, name), name)
      var tensors: [String: Tensor] = [:]
      for (path, tensor) in parameters.tensors
      where path.components.first.map(String.init) == component.rawValue {
        tensors[path.withoutFirst] = try path.stored(tensor, as: dtype, in: folder)
      }
      try SafeTensors.writeSharded(
        tensors, metadata: ["format": "pt"], stem: component.weights,
        in: folder.appendingPathComponent(component.rawValue), largest: largestFile)
    }
    let schedulerName = "scheduler/scheduler_config.json"
    try write(layout.text(layout.scheduler, schedulerName), schedulerName)
    for (name, data) in layout.files { try write(data, name) }
    try write(layout.text(layout.writtenIndex, "model_index.json"), "model_index.json")
  }
}
