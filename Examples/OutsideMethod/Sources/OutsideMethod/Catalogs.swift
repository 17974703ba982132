import Lethe

extension Catalogs {
  /// Lethe's own methods, attacks, metrics and judges, and those of this package.
  public static func extended() throws -> Catalogs {
    var catalogs = Catalogs.builtIn
    catalogs.methods = try catalogs.methods.adding(Redirection.self)
    catalogs.attacks = try catalogs.attacks.adding(Sentences.self)
    catalogs.metrics = try catalogs.metrics.adding(Confusion.self)
    catalogs.pictureMetrics = try catalogs.pictureMetrics.adding(Contrast.self)
    catalogs.judges = try catalogs.judges.adding(Brightness.self)
    return catalogs
  }
}

/// Compares the method with ESD, alone and inside Meta-Unlearning, and writes a page.
public func compare(
  on folder: ModelFolder, concepts: [String], settings: [String] = [], in run: Run
) throws -> Results {
  var options = BenchmarkOptions(folder)
  options.catalogs = try .extended()
  options.settings = try NamedSettings(["meta.base=redirection"] + settings)
  options.evaluation = .quickly
  let benchmark = MethodBenchmark(
    options, methods: ["esd", "redirection", "meta"], concepts: concepts)
  return try Runner()(benchmark, in: run, on: .cpu)
}
