public import Diffusion
public import Editing
package import Evaluation
public import Foundation
internal import ModelHub
public import Torch
public import Training

/// A user's model on disk: its weights in the diffusers layout, and the files beside them. `themes.json` lists its
/// subjects and names its judge. `methods.json` and `attacks.json` have options that suit it.
public struct ModelFolder: Sendable, Hashable {
  /// The folder, as the user named it.
  public let path: String
  /// LoRA files, textual inversions and a VAE that are added to the weights or stand for them.
  public var additions = ModelAdditions()

  /// A folder, or the name of a model on a hub.
  public init(_ path: String, _ additions: ModelAdditions = ModelAdditions()) {
    (self.path, self.additions) = (path, additions)
  }
  /// A folder on this disk.
  public init(_ url: URL) { path = url.path }

  /// The folder on this disk: a model that is named as on a hub is in the cache. A folder wins over a name.
  public var url: URL { snapshot ?? named }
  private var named: URL { path.filePlace }
  /// Whether the model is named as on a hub, and in the cache.
  package var isOfHub: Bool { snapshot != nil }

  private var snapshot: URL? {
    guard !FileManager.default.fileExists(atPath: named.path),
      let name = HubName(path)
    else { return nil }
    return HubCache().snapshot(name)
  }
  /// The last part of the path.
  public var name: String { named.lastPathComponent }
  /// The place of a file in the folder.
  public func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  /// Whether the folder has a `model_index.json`.
  public var isModel: Bool {
    FileManager.default.fileExists(atPath: file("model_index.json").path)
  }

  /// - Throws: ``LetheError`` of the kind `request` where there is no such folder
  package func requireFolder() throws {
    guard FileManager.default.fileExists(atPath: url.path), FileKind.special(url) == nil else {
      throw LetheError.noFolder(path, accepted: "a model's folder in the diffusers layout")
    }
  }

  /// Loads the model with its additions.
  /// - Throws: ``LetheError`` of the kind `model` for files that are missing, damaged or not supported
  public func model(on device: Device = .cpu) throws -> DiffusionModel {
    let vae = additions.vae.map { ModelFolder($0).url }
    return try additions.laid(
      over: .load(url, variant: additions.variant, vae: vae, on: device))
  }

  /// The model without its weights, with the tokens of its textual inversions.
  /// - Throws: ``LetheError`` of the kind `model` for files that are missing, damaged or not supported
  package func layout() throws -> Layout { try additions.laid(over: .of(url)) }

  /// The sampler of pictures where none is named: ddim for a model that lists its subjects, whose trials were drawn
  /// with it, and the model's own for others.
  package var usualSampler: String {
    FileManager.default.fileExists(atPath: file("themes.json").path) ? "ddim" : Samplers.model
  }

  /// The default guidance: 4 for a model that lists its subjects, 7.5 for others.
  package var usualGuidance: Double {
    FileManager.default.fileExists(atPath: file("themes.json").path)
      ? SamplingOptions.trialGuidance : SamplingOptions().guidance
  }

  // MARK: - Subjects

  /// The subjects that the model lists. It is nil for a model without `themes.json`.
  public func listedThemes() throws -> Themes? { try Themes.load(url) }

  /// The subjects that the model lists.
  /// - Throws: ``LetheError`` of the kind `model` for a model without `themes.json`
  public func themes() throws -> Themes {
    guard let themes = try listedThemes() else { throw LetheError.model(withoutThemes) }
    return themes
  }

  /// The same for an option that needs them.
  /// - Parameter accepted: words on other values, for the message
  /// - Throws: ``LetheError`` of the kind `request` for a model without `themes.json`
  package func themes(for option: String, accepted: String) throws -> Themes {
    guard let themes = try listedThemes() else {
      throw LetheError.badValue(option, "\(withoutThemes); accepted: \(accepted)")
    }
    return themes
  }

  private var withoutThemes: String {
    "\(path) has no themes.json, which lists a model's subjects and names their judge"
  }

  // MARK: - Judge
  //
  // The judge is a folder beside the model, as a rule, which `themes.json` names as seen from there ("judge",
  // "../judges/emoji"), or by an absolute place. The folder may be anywhere. Lethe reads three of its files and writes
  // none. A copy that `lethe apply` wrote has a copy of it inside.

  /// The folder of the judge that themes name; nil where they name none.
  func judgeFolder(_ themes: Themes) -> URL? {
    guard !themes.judge.isEmpty else { return nil }
    return themes.judge.hasPrefix("/") ? themes.judge.filePlace : file(themes.judge)
  }

  /// The folder of the model's judge.
  /// - Throws: ``LetheError`` of the kind `model` for a model without `themes.json`, or whose file names no judge
  package func judgeFolder() throws -> URL {
    guard let folder = judgeFolder(try themes()) else { throw LetheError.model(withoutJudge) }
    return folder
  }

  private var withoutJudge: String {
    "\(path)/themes.json has no 'judge', the folder of a judge of `lethe train`"
  }

  /// The network that judges the model's pictures.
  /// - Throws: ``LetheError`` of the kind `model` for a judge that is missing or damaged
  package func judge(on device: Device = .cpu) throws -> JudgeNetwork {
    try JudgeNetwork.load(judgeFolder(), on: device)
  }

  /// The judge that the model's `themes.json` names.
  /// - Throws: ``LetheError`` of the kind `request` for a model without one
  package func judgeSpec() throws -> JudgeSpec {
    let themes = try themes(for: "--judge", accepted: JudgeCatalog.builtIn.usage)
    guard let folder = judgeFolder(themes) else {
      throw LetheError.badValue(
        "--judge", "\(withoutJudge); accepted: \(JudgeCatalog.builtIn.usage)")
    }
    return JudgeSpec("own", folder.path)
  }

  // MARK: - Options

  /// The files beside a model with options that suit it.
  package enum OptionsFile: String, Sendable {
    case methods = "methods.json"
    case attacks = "attacks.json"
  }

  /// The entries of a file of options under `names`, in that order.
  package func entries(
    of file: OptionsFile, _ names: [String]
  ) throws -> [(name: String, layer: Settings)] {
    let url = self.file(file.rawValue)
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    let known = try JSON(contentsOf: url)
    return names.compactMap { name in
      known[name].map { (name, Settings($0, from: file.rawValue)) }
    }
  }

  /// Options in three layers: `defaults`, over them the entries of `file` under `names` in that order, and over those
  /// the settings, weakest first. A layer may use former names; the last layer that names an option wins.
  /// - Parameter part: an option that no layer sets here
  /// - Throws: ``LetheError`` of the kind `request` for unknown keys and for values of another type
  package func options<T: Codable>(
    _ file: OptionsFile, for names: [String], over defaults: T, set settings: [Settings],
    without part: OptionPath? = nil
  ) throws -> T {
    func cut(_ json: JSON) -> JSON { part.map { json.without($0) } ?? json }
    var value = defaults
    for (name, own) in try entries(of: file, names) {
      value = try cut(own.json).laid(over: value, in: "\(self.file(file.rawValue).path), \(name)")
    }
    let settings = settings.map { Settings(cut($0.json), from: $0.source) }
    // A layer's own fault is told as its source's. All count at once, so that what one names wins over what another's
    // preset would set, and options of a method inside come from several.
    for layer in settings.dropLast() { _ = try layer.laid(over: value) }
    let renewed = settings.map { Settings($0.json.renewed(for: T.self), from: $0.source) }
    return try Settings.merged(renewed).laid(over: value)
  }

  // MARK: - Copies

  /// - Parameters:
  ///   - out: a folder that is to be written to
  ///   - option: the option that names it, for the message
  ///   - isModel: whether a model is to be written there, in folders for its components
  /// - Throws: ``LetheError`` of the kind `request` where that would write into this folder, by whatever path
  package func refuseOverwriting(by out: URL, _ option: String, isModel: Bool = true) throws {
    func folders(_ folder: URL) -> Set<FileIdentity> {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      let all = [folder] + names.map(folder.appendingPathComponent)
      return Set(
        all.filter { (try? FileManager.default.contentsOfDirectory(atPath: $0.path)) != nil }
          .compactMap(FileIdentity.init))
    }
    let written = isModel ? folders(out) : Set([FileIdentity(out)].compactMap(\.self))
    guard folders(url).isDisjoint(with: written) else {
      throw LetheError.badValue(
        option,
        "\(out.path) leads into the folder of the base model, \(path), which is never overwritten; choose another"
      )
    }
  }

  /// - Throws: ``LetheError`` of the kind `request` where the file `out` is one of this folder
  package func refuseOverwriting(byFile out: URL, _ option: String) throws {
    guard let own = FileIdentity(out) else { return }
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    guard !names.map(file).compactMap(FileIdentity.init).contains(own) else {
      throw LetheError.badValue(
        option,
        "\(out.path) is a file of the base model, which is never overwritten; choose another")
    }
  }
}
