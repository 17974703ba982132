// `lethe bench separability`: SepME erases concepts, gives some back and erases again (Tables 2 and 3 of its paper), beside
// methods whose erasers are trained alone and added up.
internal import Diffusion
public import Evaluation
public import Torch
public import Training
internal import Unlearning
internal import Workbench

/// The benchmark `lethe bench separability`.
public struct SeparabilityBenchmark: Benchmark {
  public static let kind = Results.Kind.benchSeparability
  public var options: BenchmarkOptions
  /// The methods. SepME sets the scenes, so it must be among them.
  public var methods = ["sepme", "ablation", "esd"]
  public var kinds: [Themes.Kind] = [.object, .style]

  public init(_ options: BenchmarkOptions) { self.options = options }

  public func trials() throws -> [Trial] {
    guard methods.contains(SepME.name) else {
      throw LetheError.badValue(
        "--methods",
        "\(methods.joined(separator: ",")); '\(SepME.name)' must be among them, because it sets the scenes"
      )
    }
    let named = try NamedSettings(options.settings, of: methods, "method")
    let themes = try options.model.themes()
    let separable = try TrainErasers(settings: named.of(SepME.name)).method
    return try kinds.flatMap { kind in
      let cast = try SeparabilityCast(kind, themes, seed: options.seed)
      return try methods.map { method in
        if method != SepME.name {
          // Wrong options are found before any work is done.
          for i in cast.concepts.indices {
            _ = try Erase(
              job(method, cast.concepts[i]), settings: named.of(method), catalogs: options.catalogs)
          }
        }
        return Trial("\(kind.rawValue)/\(method)") { _, whole, device in
          let trial = SeparabilityTrial(
            method: method, settings: named.of(method), separable: separable, cast: cast,
            options: options, base: try options.model.model(on: device),
            judge: try options.model.judge(on: device), run: whole)
          return try trial()
        }
      }
    }
  }

  /// Draws the original's pictures, which all trials compare with.
  public func prepare(in run: Run, on device: Device) throws {
    let themes = try options.model.themes()
    let base = try options.model.model(on: device)
    for kind in kinds {
      let cast = try SeparabilityCast(kind, themes, seed: options.seed)
      let pictures = SeparabilityPictures(cast: cast, options: options, base: base, run: run)
      _ = try pictures("original", Array(cast.concepts.indices), [])
    }
  }

  private func job(_ method: String, _ concept: String) -> EraseJob {
    EraseJob(
      options.model, method, concept, preserve: [], seed: options.seed, command: options.command)
  }
}
