// `lethe bench separability`: SepME erases concepts, gives some back and erases again (Tables 2 and 3 of its paper),
// beside methods whose erasers are trained alone and added up.
internal import Diffusion
internal import Editing
public import Evaluation
public import Torch
public import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// The benchmark `lethe bench separability`.
public struct SeparabilityBenchmark: Benchmark {
  public static let kind = Results.Kind.benchSeparability
  public var options: BenchmarkOptions
  /// The methods. The separable one sets the scenes, so it must be among them.
  public var methods = ["sepme", "ablation", "esd"]
  /// Concepts that come first in the cast. Those that the model does not list are of the options' kind.
  public var concepts: [String] = []

  /// A benchmark of the default methods.
  public init(_ options: BenchmarkOptions) { self.options = options }

  /// The concepts of each kind: those that the model lists, or those of the user's words.
  /// - Throws: ``LetheError`` of the kind `request` where the model lists some of the named concepts and not the others
  private func casts() throws -> [SeparabilityCast] {
    guard !concepts.contains(where: { $0.allSatisfy(\.isWhitespace) }) else {
      throw LetheError.badValue("--concept", "an empty text names nothing that could be forgotten")
    }
    let themes = try options.model.listedThemes()
    let listed = concepts.compactMap { themes?.find($0) }
    let asked = options.conceptKind.map { [$0.rawValue] } ?? Themes.Kind.allCases.map(\.rawValue)
    if let themes, listed.count == concepts.count {
      let kinds = Themes.Kind.allCases.filter { kind in
        asked.contains(kind.rawValue) && (listed.isEmpty || listed.contains { $0.kind == kind })
      }
      guard !kinds.isEmpty else {
        throw LetheError.badValue(
          "--kind",
          listed.first.map {
            "'\(asked[0])'; accepted: \($0.kind.rawValue), the kind of '\($0.name)' in \(options.model.path)"
          } ?? "'\(asked[0])'; accepted: object, style, both"
        )
      }
      return try kinds.map { kind in
        try SeparabilityCast(
          kind, themes, naming: listed.filter { $0.kind == kind }.map(\.name), seed: options.seed,
          without: options.development())
      }
    }
    guard listed.isEmpty else {
      throw LetheError.badValue(
        "--concept",
        "\(options.model.path) lists '\(listed[0].name)' and not all of the others; accepted: concepts that it lists, or "
          + "none of them")
    }
    if concepts.isEmpty {
      _ = try options.model.themes(for: "--concept", accepted: "one to nine concepts by name")
    }
    guard concepts.count <= 9 else {
      throw LetheError.badValue(
        "--concept", "\(concepts.count) concepts; accepted: at most nine")
    }
    let prompts = (options.evaluation.quick ? 1 : options.evaluation.seeds) * 5
    return [
      try SeparabilityCast(
        naming: concepts, options.conceptKind ?? .object, options.request, of: options.model,
        count: prompts, seed: options.seed)
    ]
  }

  private var judge: JudgeSpec {
    get throws { try options.judges.first ?? options.model.judgeSpec() }
  }

  public func trials() throws -> [Trial] {
    let catalog = options.catalogs.methods
    let setter = type(of: try TrainErasers([:], of: catalog).method).name
    guard methods.contains(setter) else {
      throw LetheError.badValue(
        "--methods",
        "\(methods.joined(separator: ",")); '\(setter)' must be among them, because it sets the scenes"
      )
    }
    let named = try options.settings.of(oneOf: methods, "method")
    let separable = try TrainErasers(named.of(setter), of: catalog, for: options.model).method
    let spec = try judge
    return try casts().flatMap { cast in
      let judge = try spec.open(asked: cast.question, on: .cpu, in: options.catalogs.judges)
      guard judge.classes[cast.kind] != nil else {
        throw LetheError.badValue(
          "--judge", "\(spec) names no \(cast.kind) in a picture; accepted: a judge that does")
      }
      return try methods.map { method in
        if method != setter {
          // Wrong options are found before any work is done.
          for i in cast.concepts.indices {
            _ = try Erase(
              options.job(method, cast.concepts[i], preserve: []), [named.of(method)],
              catalogs: options.catalogs)
          }
        }
        return Trial("\(cast.kind)/\(method)") { _, whole, device in
          let trial = try SeparabilityTrial(
            method: method, settings: named.of(method),
            separable: method == setter ? separable : nil, cast: cast, options: options,
            base: try options.model.model(on: device),
            judge: try spec.open(asked: cast.question, on: device, in: options.catalogs.judges),
            spec: spec, run: whole)
          return try trial()
        }
      }
    }
  }

  /// Draws the original's pictures, which all trials compare with.
  public func prepare(in run: Run, on device: Device) throws {
    let base = try options.model.model(on: device)
    for cast in try casts() {
      let pictures = SeparabilityPictures(cast: cast, options: options, base: base, run: run)
      _ = try pictures("original", Array(cast.concepts.indices), [])
    }
  }
}
