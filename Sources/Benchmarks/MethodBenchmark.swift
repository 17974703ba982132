// `lethe bench`: every method erases every concept; one table.
public import Evaluation
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

/// The benchmark `lethe bench methods`.
public struct MethodBenchmark: Benchmark {
  public static let kind = Results.Kind.benchMethods
  public var options: BenchmarkOptions
  /// Names of methods or of variants.
  public var methods: [String]
  /// The concepts, each of which every method erases.
  public var concepts: [String]
  /// Prompts to preserve, as for `lethe erase`.
  public var preserve: [String] = ["others"]

  /// A benchmark of methods on concepts.
  public init(_ options: BenchmarkOptions, methods: [String], concepts: [String]) {
    (self.options, self.methods, self.concepts) = (options, methods, concepts)
  }

  public func trials() throws -> [Trial] {
    let named = try options.settings.of(oneOf: methods, "method")
    return try concepts.flatMap { concept in
      let suite = try options.suite(of: options.job("none", concept))
      return try methods.map { method in
        let job = try options.job(method, concept, preserve: preserve)
        let erasure = try ErasureTrial(
          Erase(job, [named.of(method)], catalogs: options.catalogs), options, suite)
        return Trial("\(method)-\(concept.slug)", plan: erasure.plan) { part, whole, device in
          let (_, results) = try erasure(in: part, beside: whole, on: device)
          return Trial.Findings(results, of: concept, by: method)
        }
      }
    }
  }
}
