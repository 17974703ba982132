public import Editing
public import Evaluation
public import Foundation
internal import Torch
public import Training

/// The folder of a run: the job and the files that commands write for it.
public struct RunFolder: Sendable, Hashable {
  /// The folder's place.
  public let url: URL

  /// The folder at a path; it is neither made nor read.
  public init(_ path: String) { url = path.filePlace }
  /// The folder at a place; it is neither made nor read.
  public init(_ url: URL) { self.url = url }

  /// The path of the folder.
  public var path: String { url.path }
  /// The place of a file in the folder.
  public func file(_ name: String) -> URL { url.appendingPathComponent(name) }
  /// Whether the folder has a file of this name.
  public func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(name).path)
  }

  /// A file or folder in this one that may have come with it from a stranger.
  /// - Throws: ``LetheError`` of the kind `model` for a name or a link that leads elsewhere
  package func own(_ name: String, named source: String = "") throws -> URL {
    try url.inside(
      name, "a file of this folder", of: source.isEmpty ? url : file(source), isNested: true)
  }

  // MARK: - The erasure

  /// The file of the eraser that `lethe erase` writes. Its name was `increment.safetensors` in version 0.1.
  public var eraserFile: URL {
    has("eraser.safetensors") || !has("increment.safetensors")
      ? file("eraser.safetensors") : file("increment.safetensors")
  }
  /// Whether the run has written its eraser.
  public var hasEraser: Bool { FileManager.default.fileExists(atPath: eraserFile.path) }

  /// The run's eraser.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or damaged
  public func eraser() throws -> Eraser { try Eraser(contentsOf: eraserFile) }

  /// The job of the run.
  /// - Throws: ``LetheError`` of the kind `request` for a place that is no run, `model` for a `job.json` that cannot be
  ///   read
  public func job() throws -> EraseJob {
    guard has("job.json") else {
      throw noRun
    }
    _ = try identity()
    return try writtenJob()
  }

  /// The job as `job.json` has it, also where `identity.json` cannot be read.
  package func writtenJob() throws -> EraseJob {
    try Checked(contentsOf: file("job.json")).decoded()
  }

  /// A sentence that names the kind of a place that is no run, and an example of one that is.
  private var noRun: LetheError {
    let place = url.relativePath
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isThere, isFolder.boolValue else {
      return .noFolder(
        place, accepted: "the folder of a run of `lethe erase`, which has a job.json")
    }
    if has("model_index.json") {
      let erased = ((try? LaidErasers(of: url))?.erasers ?? []).flatMap(\.card.concepts).unique
      return .request(
        "\(place) is a model"
          + (erased.isEmpty
            ? " and no run"
            : " that `lethe apply` wrote without \(erased.joined(separator: ", ")), and no run")
          + "; accepted: the folder of a run. "
          + "`lethe erase \(place.shellQuoted) --method esd --concept NAME --out RUN` makes one, and so does "
          + "`lethe evaluate \(place.shellQuoted) --with ERASER --out RUN`")
    }
    let other =
      has("erasers.json")
      ? "a set of erasers; `lethe evaluate MODEL --erasers \(place.shellQuoted) --out RUN` makes a run of it"
      : has("manifest.json") ? "a folder of pictures" : inside ?? "no run: it has no job.json"
    return .request("\(place) is \(other); accepted: the folder of a run of `lethe erase`")
  }

  /// The runs in a folder that is none itself, in words; nil where there are none.
  package var inside: String? {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
      .filter { RunFolder(file($0)).has("job.json") }
    guard let first = names.first else { return nil }
    let some = names.prefix(5).map { "\(url.relativePath)/\($0)" }.joined(separator: ", ")
    return names.count == 1
      ? "a folder with the run \(url.relativePath)/\(first)"
      : "a folder of \(names.count) runs (\(some)\(names.count > 5 ? ", ..." : "")), of which one is needed"
  }

  /// The guard's verdict on the training. Version 0.1 kept it in the log alone.
  /// - Throws: ``LetheError`` of the kind `model` for a `verdict.json` that cannot be read
  public func verdict() throws -> Verdict {
    if has("verdict.json") {
      return try Checked(contentsOf: file("verdict.json")).decoded()
    }
    let checks = try Run(url).events().filter { $0["stage"]?.string == "guard" }
    guard checks.contains(where: { $0["collapsed"]?.bool == true }) else { return .keptWhole }
    let drifts = checks.filter { $0["limit"] != nil }
    return .stopped(
      .init(
        step: drifts.last?["step"]?.int ?? 0, kept: drifts.dropLast().last?["step"]?.int ?? 0,
        drift: drifts.last?["drift"]?.number ?? .nan, limit: drifts.last?["limit"]?.number ?? 0))
  }

  /// The run among those that their guard stopped; empty where its training was kept whole.
  /// - Parameters:
  ///   - label: the label of its rows
  ///   - seed: the number of the repetition, where there are several
  /// - Throws: ``LetheError`` of the kind `model` for a `verdict.json` that cannot be read
  package func stopped(
    _ label: RowLabel, _ subject: String, seed: Int? = nil
  ) throws -> [StoppedTraining] {
    try verdict().warning.map { [StoppedTraining(label, subject, seed: seed, $0)] } ?? []
  }

  /// The origin of the eraser. It is nil before the erasure is finished.
  package func provenance() -> Provenance? {
    try? JSON(contentsOf: file("provenance.json")).decoded()
  }

  // MARK: - Results

  /// The results in the folder.
  /// - Throws: ``LetheError`` of the kind `model` for a `results.json` that is missing or cannot be read
  public func results() throws -> Results {
    let file = file("results.json")
    let results: Results = try Checked(contentsOf: file).decoded()
    // Pages compare each method with every row.
    try Self.methods.check(Set(results.rows.map(\.method)).count, file)
    return results
  }
  private static let methods = Limit(1000, "methods")

  /// The judges that the run's last evaluation was given; none where it was given none.
  /// - Throws: ``LetheError`` of the kind `model` for a `judges.json` that cannot be read
  package func judges(in catalog: JudgeCatalog = .builtIn) throws -> [JudgeSpec] {
    guard has("judges.json") else { return [] }
    let file = file("judges.json")
    guard let data = try? InputFile.data(file, .json),
      let specs = try? JSONDecoder().decode([String].self, from: data)
        .map({ try JudgeSpec(parsing: $0, in: catalog) })
    else { throw LetheError.malformed(file, "it is no list of judges") }
    return specs
  }

  package func keep(_ judges: [JudgeSpec]) throws {
    let list = JSON.array(judges.map { .string($0.description) })
    try write(text: list.pretty, to: "judges.json")
  }

  /// Results with the date of those in the folder, where nothing else of them differs.
  package func dated(_ results: Results) -> Results {
    Self.dated(results, like: try? self.results())
  }

  /// Results with the date of older ones, where nothing else of them differs.
  package static func dated(_ results: Results, like old: Results?) -> Results {
    guard let old, let date = old.origin?.date else { return results }
    var same = results
    same.origin?.date = date
    // As text: a measure that is no number differs from itself.
    let (new, former) = (try? JSON(encoding: same).compact, try? JSON(encoding: old).compact)
    return new != nil && new == former ? same : results
  }

  /// Writes `value` as JSON. The file is written whole or not at all.
  package func write(_ value: some Encodable, to name: String) throws {
    try AtomicFile.write(Data(try JSON(encoding: value).pretty.utf8), to: file(name))
  }

  /// Writes text. The file is written whole or not at all.
  package func write(text: String, to name: String) throws {
    try AtomicFile.write(Data(text.utf8), to: file(name))
  }
}

extension Run {
  /// The folder with the job and the files of commands.
  public var runFolder: RunFolder { RunFolder(folder) }
}
