internal import Attacks
internal import Editing
internal import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// The endpoints. Those that change something are POST alone.
struct Router: Sendable {
  let places: Places
  let catalogs: Catalogs
  let gate: Gate
  let table: RunTable
  let shelf: EraserShelf
  let painter: Painter
  let jobs: JobList

  /// The most bytes of a call's body.
  func most(_ call: Call) -> Int {
    guard call.method == "POST" else { return 0 }
    return call.path == ["api", "erasers"] ? EraserShelf.largest : 1 << 20
  }

  func answer(_ call: Call) async throws -> Answer {
    if call.path.first == "files" { return try file(call) }
    switch (call.method, call.path) {
    case ("GET", [""]): return .text(Page.html, .html)
    case ("GET", ["studio.css"]): return .text(Page.style, .css)
    case ("GET", ["studio.js"]): return .text(Page.script, .script)
    case ("GET", ["api", "studio"]): return .json(await about())
    case ("GET", ["api", "runs"]): return .json(["runs": .array(await table.lines())])
    case ("GET", ["api", "run"]): return try .json(run(call))
    case ("GET", ["api", "transcripts"]):
      return try .json([
        "attacks": .array(RunDetail(folder: places.run(call.value("run"))).transcripts())
      ])
    case ("GET", ["api", "erasers"]):
      return try .json(["erasers": .array(shelf.list(call.value("model")))])
    case ("POST", ["api", "erasers"]):
      return try .json(shelf.take(call.body, named: call.value("name")))
    case ("POST", ["api", "draw"]):
      return try .events(painter.events(DrawingOrder(call.form(), shelf, await table.models())))
    case ("POST", ["api", "ticket"]):
      let path = try call.form()["path"].list(1...100, of: "names").map { try $0.string() }
      return .json(["ticket": .string(gate.tickets.issue(path))])
    case (_, let path) where path.starts(with: ["api", "jobs"]): return try await job(call)
    default:
      throw Refusal(
        .unknown, "there is nothing at '/\(call.path.joined(separator: "/").prefix(200))'")
    }
  }

  private func job(_ call: Call) async throws -> Answer {
    switch (call.method, call.path.dropFirst(2).first) {
    case ("GET", nil): return .json(["jobs": .array(await jobs.lines())])
    case ("GET", "watch"):
      let name = try call.value("job")
      _ = try await jobs.job(name)
      return .events(jobs.watch(name))
    case ("POST", nil):
      return try .json(
        await jobs.start(JobForm(call.form(), places, await table.models(), catalogs)))
    case ("POST", "stop"):
      let form = try call.form()
      return try .json(
        await jobs.stop(form["job"].string(), kills: form["kills"].bool(false)))
    case ("POST", "again"): return try .json(await jobs.again(call.form()["job"].string()))
    case ("POST", "forget"):
      try await jobs.forget(call.form()["job"].string())
      return .json([:])
    default:
      throw Refusal(
        .unknown, "there is nothing at '/\(call.path.joined(separator: "/").prefix(200))'")
    }
  }

  // MARK: - What is here

  private func about() async -> JSON {
    [
      "version": .string(Version.current), "key": .string(gate.key),
      "folders": .array(places.folders.map { .string($0.path) }),
      "models": .array(await table.models().map(Self.about)),
      "methods": .array(
        catalogs.methods.all.map { method in
          ["name": .string(method.name), "title": .string(method.card.title)]
        }),
      "attacks": .array(catalogs.attacks.names.map(JSON.string)),
    ]
  }

  private static func about(_ model: ModelFolder) -> JSON {
    var about: JSON = ["path": .string(model.path), "name": .string(model.name)]
    if let themes = try? model.listedThemes() {
      about["objects"] = .array(themes.objects.map(JSON.string))
      about["styles"] = .array(themes.styles.map(JSON.string))
      about["prompts"] = .array(
        themes.objects.map { .string(themes.prompt(object: $0, style: themes.styles.first)) })
    }
    return about
  }

  private func run(_ call: Call) throws -> JSON {
    let name = try call.value("run")
    let folder = try places.run(name)
    var detail = RunSummary(name: name, folder: folder).json
    detail["path"] = .string(folder.path)
    detail["pictures"] = .array(try RunDetail(folder: folder).pictures())
    detail["hasAttacks"] = .bool(folder.has("attack"))
    if folder.has("job.json") { detail["command"] = .string(try folder.job().command.shellCommand) }
    return detail
  }

  // MARK: - Files

  /// A file of a run by its path: pictures, logs and results; `report.html` is made anew and never a stranger's.
  private func file(_ call: Call) throws -> Answer {
    guard call.method == "GET" else { throw Refusal(.method, "files are read; accepted: GET") }
    let parts = Array(call.path.dropFirst())
    let place = try places.place(parts, "the file")
    if place.lastPathComponent == "report.html" {
      return .report(
        try WriteReport(RunFolder(place.deletingLastPathComponent()), catalogs: catalogs).html())
    }
    let types: [String: Answer.ContentType] = [
      "png": .png, "json": .json, "jsonl": .plain, "csv": .plain, "md": .plain,
    ]
    guard let type = types[place.pathExtension.lowercased()],
      !parts.contains(where: { $0.hasPrefix(".") })
    else {
      throw Refusal(
        .forbidden,
        "'\(place.lastPathComponent.prefix(100))' is not shown; accepted: \(types.keys.sorted().joined(separator: ", ")), report.html"
      )
    }
    guard FileManager.default.fileExists(atPath: place.path) else {
      throw Refusal(.unknown, "there is no file '\(parts.joined(separator: "/").prefix(200))'")
    }
    let data = try InputFile.data(place, type == .png ? .picture : .text)
    guard type != .png || Self.isPicture(data) else {
      throw Refusal(.forbidden, "'\(place.lastPathComponent.prefix(100))' is no PNG picture")
    }
    return .data(data, type)
  }

  private static func isPicture(_ data: Data) -> Bool {
    data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }
}
