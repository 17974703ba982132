// A folder with one measured and attacked run, and a studio over it.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Workbench
import Workflows

@testable import Studio

struct TinyRuns: Sendable {
  let folder: URL
  static let model = Fixtures.url("tiny-sd1").path

  var run: URL { folder.appendingPathComponent("esd-fox") }

  init(_ folder: URL) throws {
    self.folder = folder
    let files = FileManager.default
    for name in ["original", "erased", "attack/random"] {
      try files.createDirectory(
        at: run.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    var job = EraseJob()
    (job.model, job.method, job.concepts) = (Self.model, "esd", ["fox"])
    job.command = ["lethe", "erase", "a model", "--method", "esd"]
    try RunFolder(run).write(job, to: "job.json")
    var results = Results(.evaluation)
    for (label, shown) in [("original", 9), ("esd", 3)] {
      results.rows += [
        ResultRow(label, "fox", .share("shown", shown, of: 10), seeds: 1),
        ResultRow(label, "fox", .share("ua", 10 - shown, of: 10), seeds: 1),
      ]
    }
    try RunFolder(run).write(results, to: "results.json")
    let samples = [
      SampleSet.Sample("fox", 0, prompt: "a <b>fox</b>", seed: 7, subjects: ["object": "fox"])
    ]
    for name in ["original", "erased", "attack/original", "attack/erased"] {
      let set = try SampleSet.create(
        run.appendingPathComponent(name),
        .init(
          sampling: SamplingOptions(), model: "m",
          erasers: name == "erased" ? ["esd", "fox", "0"] : [], samples: samples))
      try PNG.write(Image.grey(4, 4), to: set.url(samples[0]))
    }
    var seen = JudgedPicture(
      model: "esd", file: "erased/fox_0.png", prompt: "a <b>fox</b>", seed: 7,
      asked: ["object": "fox"], seen: ["object": "cat"], outcome: .stayedAway, judge: "own")
    seen.probability = 0.75
    try write("samples.jsonl", JSON(encoding: seen).compact + "\n")
    try write(
      "attack/random.jsonl",
      #"{"index":0,"before":false,"attackable":true,"success":true,"queries":3,"seconds":1.5,"#
        + #""attempt":{"prompt":"fxo","seed":9,"vector":[1,2]},"failed":[{"prompt":"fax","seed":8},5]}"#
        + "\n")
    try PNG.write(Image.grey(4, 4), to: run.appendingPathComponent("attack/random/0.png"))
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: run.appendingPathComponent(name))
  }

  /// An eraser of the tiny model, or of another one by its hash, which changes one of its tensors.
  func writeEraser(of base: String? = nil) throws {
    let model = try DiffusionModel.load(URL(fileURLWithPath: Self.model))
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("esd", ["fox"], base ?? model.hash())
    let path = try #require(model.parameters.paths.first { $0.name == "unet.conv_out.weight" })
    let weight = try #require(model.parameters[path])
    let change = ParameterVector([path: Tensor.randn(weight.shape, Generator(seed: 1))])
    try Eraser(card, change).write(to: run.appendingPathComponent("eraser.safetensors"))
  }

  /// Opens a studio over a new folder, with a client that knows its key.
  static func served(
    _ change: (inout Studio.Options) -> Void = { _ in },
    _ body: (TinyRuns, Client, Studio) async throws -> Void
  ) async throws {
    let folder = Fixtures.scratch.appendingPathComponent(
      "lethe-studio-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let runs = try TinyRuns(folder)
    let (studio, client) = try await runs.open(change)
    do { try await body(runs, client, studio) } catch {
      await studio.close()
      throw error
    }
    await studio.close()
  }

  func open(_ change: (inout Studio.Options) -> Void = { _ in }) async throws -> (Studio, Client) {
    var options = Studio.Options(
      [folder.path, Self.model],
      program: TestedProgram.program)
    options.port = 0
    change(&options)
    let studio = try Studio(options)
    var client = Client(try await studio.open())
    if let token = studio.token { client.headers["Authorization"] = "Bearer \(token)" }
    client.headers["X-Lethe-Key"] = try await client.get("/api/studio").json()["key"] as? String
    return (studio, client)
  }
}
