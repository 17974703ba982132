// The readers, each over a folder with everything that it needs beside the file that is changed.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import TorchNN
import Training
import Unlearning
import Workbench

struct Corpus {
  let fixtures: URL
  let scratch: URL
  let files = FileManager.default

  init(fixtures: URL, scratch: URL) throws {
    (self.fixtures, self.scratch) = (fixtures, scratch)
    try? files.removeItem(at: scratch)
    try files.createDirectory(at: scratch, withIntermediateDirectories: true)
  }

  func formats() throws -> Formats {
    Formats(try models() + weights() + data() + judges() + networks() + runs() + options())
  }

  func copied(_ fixture: String, as name: String) throws -> URL {
    let place = scratch.appendingPathComponent(name)
    try files.copyItem(at: fixtures.appendingPathComponent(fixture), to: place)
    return place
  }

  func copy(_ fixture: String, to folder: URL, _ name: String) throws {
    let place = folder.appendingPathComponent(name)
    try? files.removeItem(at: place)
    try files.copyItem(at: fixtures.appendingPathComponent(fixture), to: place)
  }

  func folder(_ name: String) throws -> URL {
    let place = scratch.appendingPathComponent(name)
    try files.createDirectory(at: place, withIntermediateDirectories: true)
    return place
  }

  /// A format over one file of a folder. Its bytes are put back after each input.
  func format(
    _ name: String, _ share: Int, _ folder: URL, _ file: String,
    _ mutate: @escaping (inout Mutation, Data) -> Data, more: [Data] = [],
    _ read: @escaping (inout Draw) throws -> Void
  ) throws -> Format {
    let place = folder.appendingPathComponent(file)
    let own = files.fileExists(atPath: place.path) ? [try Data(contentsOf: place)] : []
    return Format(name: name, share: share, seeds: own + more, mutate: mutate, place: place) {
      defer {
        if let first = own.first { try? first.write(to: place) } else { unlink(place.path) }
      }
      try read(&$0)
    }
  }

  // MARK: - Models

  private func models() throws -> [Format] {
    let parts: [(fixture: String, files: [String], share: Int)] = [
      (
        "tiny-sd1",
        [
          "model_index.json", "unet/config.json", "text_encoder/config.json", "vae/config.json",
          "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt",
          "tokenizer/tokenizer_config.json",
        ], 2
      ),
      (
        "tiny-sdxl",
        [
          "unet/config.json", "text_encoder_2/config.json", "tokenizer_2/special_tokens_map.json",
          "tokenizer_2/added_tokens.json",
        ], 1
      ),
      (
        "tiny-ddpm",
        [
          "model_index.json", "unet/config.json", "scheduler/scheduler_config.json", "classes.json",
        ],
        2
      ),
    ]
    return try parts.flatMap { part -> [Format] in
      let model = try copied(part.fixture, as: part.fixture)
      return try part.files.map { file in
        let isText = file.hasSuffix(".txt")
        return try format("\(part.fixture)/\(file)", part.share, model, file) {
          isText ? $0.text($1) : $0.jsonFile($1)
        } _: { draw in
          let loaded = try DiffusionModel.load(model)
          guard draw.oneIn(2) else { return }
          var options = SamplingOptions()
          options.steps = 1 + draw.below(3)
          options.sampler = draw.of(Samplers.all.map { $0.name })
          let prompt = loaded.isUnconditional ? "" : loaded.classes.first ?? "a noto emoji of a fox"
          options.guidance = loaded.classes.isEmpty && !loaded.isUnconditional ? 3 : 1
          guard loaded.imageSize <= 128 else { return }
          try loaded.check([prompt])
          _ = try loaded.images([prompt], seeds: [1], options)
        }
      }
    }
  }

  // MARK: - Weights, erasers, states

  private func weights() throws -> [Format] {
    let loose = try folder("weights")
    let small = try Data(contentsOf: fixtures.appendingPathComponent("numbers.safetensors"))
    let model = try DiffusionModel.load(fixtures.appendingPathComponent("tiny-sd1"))
    let path = loose.appendingPathComponent("own.safetensors")
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("uce", ["fox"], model.hash())
    let edited = ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters).prefix(2)
    let vector = ParameterVector(
      Dictionary(
        uniqueKeysWithValues: edited.compactMap { p in model.parameters[p].map { (p, $0 * 0.01) } })
    )
    try Eraser(card, vector).write(to: path)
    let own = try Data(contentsOf: path)
    let first = try Eraser(contentsOf: path)
    let training = Training(steps: 3, batch: 1, rate: 1e-3, averaging: 0.9)
    let states = try folder("states")
    let run = try Run(states)
    func train() throws {
      let parameters = [Tensor.ones([3, 2]), Tensor.ones([4])]
      var saving = training
      saving.saveEvery = 1
      var loop = TrainingLoop("t", saving, run)
      loop.every = 2
      // The state of step 2 stays.
      loop.goesOn = { step, _ in step < 2 }
      try loop.fit(parameters) { _ in (1, parameters.map { $0.detached() * 0.5 }) }
    }
    try train()
    try Data(contentsOf: states.appendingPathComponent("t.state.safetensors")).write(
      to: states.appendingPathComponent("kept"))
    return [
      try format("safetensors", 8, loose, "a.safetensors", { $0.safetensors($1) }, more: [small]) {
        _ in
        _ = try SafeTensors.load(loose.appendingPathComponent("a.safetensors"), finite: true)
      },
      try format(
        "safetensors index", 2, loose, "i.safetensors.index.json", { $0.jsonFile($1) },
        more: [
          Data(
            #"{"metadata": {}, "weight_map": {"a": "own.safetensors", "b": "x.safetensors"}}"#.utf8)
        ]
      ) { _ in
        _ = try SafeTensors.load(loose.appendingPathComponent("i.safetensors.index.json"))
      },
      try format("eraser", 8, loose, "e.safetensors", { $0.safetensors($1) }, more: [own]) { _ in
        let eraser = try Eraser(contentsOf: loose.appendingPathComponent("e.safetensors"))
        _ = try ParameterVector.sum([first.vector, eraser.vector])
        _ = try model.applying([first, eraser])
      },
      try format(
        "state of a training", 8, states, "t.state.safetensors", { $0.safetensors($1) },
        more: [try Data(contentsOf: states.appendingPathComponent("kept"))]
      ) { _ in
        defer { unlink(run.file("events.jsonl").path) }
        try train()
      },
    ]
  }
}
