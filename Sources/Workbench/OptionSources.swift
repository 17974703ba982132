// Where the value of each option comes from: the method's default, a file beside the model, or the command line.
internal import Editing
package import Evaluation
internal import Foundation
package import Torch

extension ModelFolder {
  /// The leaves of `options` with their sources. The last of the given settings that names a leaf wins, then the file
  /// beside the model.
  /// - Parameters:
  ///   - defaults: the options where nothing is set
  ///   - names: the entries of the file that count
  ///   - given: settings over the file's, weakest first
  ///   - type: the options' type, whose former names the layers may use
  package func sources(
    of options: JSON, defaults: JSON, _ file: OptionsFile, _ names: [String],
    given: [Settings] = [], as type: Any.Type
  ) throws -> [OptionSource] {
    options.sources(
      defaults: defaults,
      (try entries(of: file, names).map(\.layer) + given).map {
        Settings($0.json.renewed(for: type), from: $0.source)
      })
  }
}

extension JSON {
  /// The leaves of these options with the sources of the last layers that name them.
  /// - Parameters:
  ///   - defaults: the options where nothing is set
  ///   - layers: settings with today's names, weakest first
  package func sources(defaults: JSON, _ layers: [Settings]) -> [OptionSource] {
    leaves.map { path, value in
      let named = layers.last { $0.json.value(at: path) != nil }?.source
      let usual = defaults.value(at: path)
      // A form may set options that nobody names, as a preset.
      return OptionSource(
        "\(path)", value,
        named ?? (usual == nil || usual == value ? "default" : "preset"))
    }
  }
}

extension JSON {
  /// The leaves of a method's or an attack's defaults, of which none is set anywhere; none of one without options.
  package var defaultSources: [OptionSource] {
    members?.isEmpty == false ? leaves.map { OptionSource("\($0.path)", $0.value, "default") } : []
  }

  /// Values that are no object with members, with the keys that lead to them, in the order of the keys.
  var leaves: [(path: OptionPath, value: JSON)] {
    guard let members, !members.isEmpty else { return [(OptionPath([]), self)] }
    return members.sorted { $0.key < $1.key }.flatMap { key, value in
      value.leaves.map { (OptionPath([key] + $0.path.keys), $0.value) }
    }
  }
}

extension Origin {
  package init(
    base: String? = nil, eraser: String? = nil, _ judges: [(JudgeSpec, String)] = [],
    settings: [OptionSource] = [], seed: UInt64? = nil, on device: Device? = nil
  ) {
    self.init(lethe: Version.current)
    (model, self.eraser, self.settings, self.seed) = (base, eraser, settings, seed)
    if let device { (self.device, threads) = (device.description, Runtime.threads) }
    self.judges = Dictionary(
      judges.map { ($0.0.description, $0.1) }, uniquingKeysWith: { first, _ in first })
  }
}
