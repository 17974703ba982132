internal import Attacks
internal import Editing
internal import Foundation
internal import Torch
internal import Unlearning
internal import Workbench
internal import Workflows

/// A job as a page asks for it: checked, and as arguments of the program.
///
/// Values that a person typed are written `--option=value`, so that none of them becomes an option of its own.
struct JobForm: Sendable {
  let command: String
  let arguments: [String]
  /// The folder that the job works in.
  let folder: URL

  /// - Throws: ``LetheError`` of the kind `request` for a value that is not accepted, ``Refusal`` for a name of nothing
  init(_ form: Checked, _ places: Places, _ models: [ModelFolder], _ catalogs: Catalogs) throws {
    command = try form["command"].string(longest: 20)
    switch command {
    case "run":
      let run = try places.run(form["run"].string())
      folder = try Self.newFolder(form, places)
      _ = try EraseJob.read(run.file("job.json"))
      arguments = ["run", run.file("job.json").path, "--out=\(folder.path)"]
    case "erase":
      folder = try Self.newFolder(form, places)
      arguments = try Self.erase(form, folder, models, catalogs)
    case "evaluate":
      let run = try places.run(form["run"].string())
      _ = try run.job()
      folder = run.url
      arguments =
        ["evaluate", run.path] + (try form["quick"].bool(false) ? ["--quick"] : [])
        + (try form["overwrite"].bool(false) ? ["--overwrite"] : [])
    case "attack":
      let run = try places.run(form["run"].string())
      _ = try run.job()
      folder = run.url
      let attacks = try form["attacks"].names(1...100, of: "attacks")
      for name in attacks { _ = try catalogs.attacks.named(name) }
      let limit = try form["limit"].isMissing ? nil : form["limit"].int(1...1_000_000)
      arguments =
        ["attack", run.path, "--attack=\(attacks.joined(separator: ","))"]
        + (try form["quick"].bool(false) ? ["--quick"] : [])
        + (limit.map { ["--limit=\($0)"] } ?? [])
    default:
      throw LetheError.badValue(
        "command", "'\(command)'; accepted: erase, run, evaluate, attack")
    }
  }

  /// The folder of a new run.
  private static func newFolder(_ form: Checked, _ places: Places) throws -> URL {
    let name = try form["out"].string(longest: 400)
    guard !name.hasPrefix("."), !name.isEmpty else {
      throw LetheError.badValue(
        "out", "'\(name)'; accepted: a name for the run's folder that does not begin with a dot")
    }
    return try places.place(
      ["0"] + name.split(separator: "/", omittingEmptySubsequences: false).map(String.init), "out")
  }

  private static func erase(
    _ form: Checked, _ folder: URL, _ models: [ModelFolder], _ catalogs: Catalogs
  ) throws -> [String] {
    let name = try form["model"].string()
    guard let model = models.first(where: { $0.path == name }) else {
      throw Refusal(.unknown, "there is no model '\(name.prefix(200))' here")
    }
    var job = EraseJob()
    (job.folder, job.method) = (model, try form["method"].string(longest: 100))
    job.concepts = try form["concepts"].names(1...100, of: "concepts")
    job.preserve =
      try form["preserve"].isMissing ? [] : form["preserve"].names(0...1000, of: "prompts")
    let settings =
      try form["settings"].isMissing ? [] : form["settings"].names(0...100, of: "settings")
    let seed = try form["seed"].string(longest: 20, "0")
    guard UInt64(seed) != nil else {
      throw LetheError.badValue(
        "seed", "'\(seed)'; accepted: a whole number from 0 to \(UInt64.max)")
    }
    // The method, its options and the concepts are refused here, in the words of the command.
    _ = try Erase(job, settings: settings, catalogs: catalogs)
    return [
      "erase", model.path, "--method=\(job.method)", "--seed=\(seed)", "--out=\(folder.path)",
    ]
      + job.concepts.map { "--concept=\($0)" } + job.preserve.map { "--preserve=\($0)" }
      + settings.map { "--set=\($0)" }
  }
}
