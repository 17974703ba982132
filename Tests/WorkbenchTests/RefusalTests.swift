// What readers say about a value that they do not accept: one sentence for each reader and key. Tests/Fixtures/refusals.txt has
// the sentences; LETHE_GOLDEN=1 writes them anew, to be read by a person.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

@Suite struct RefusalTests {
  /// A folder with a model, and files around it.
  private struct Place {
    let folder: URL
    let model: ModelFolder

    func set(_ file: String, _ path: String, _ value: JSON) throws {
      let place = folder.appendingPathComponent(file)
      func laid(_ json: JSON, _ keys: ArraySlice<Substring>) -> JSON {
        guard let first = keys.first else { return value }
        var json = json
        json[String(first)] = laid(json[String(first)] ?? [:], keys.dropFirst())
        return json
      }
      let changed = laid(try JSON(contentsOf: place), path.split(separator: "|")[...])
      try Data(changed.pretty.utf8).write(to: place)
    }

    func write(_ text: String, _ name: String) throws -> URL {
      let file = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      return file
    }
  }

  private struct Case {
    let name: String
    let run: (Place) throws -> Void
    init(_ name: String, _ run: @escaping (Place) throws -> Void) {
      (self.name, self.run) = (name, run)
    }
  }

  private static func model(_ file: String, _ key: String, _ value: JSON) -> Case {
    Case("\(file) \(key)=\(value.compact.prefix(40))") {
      try $0.set("model/\(file)", key, value)
      _ = try $0.model.model()
    }
  }

  private static var models: [Case] {
    [
      model("model_index.json", "_class_name", "FluxPipeline"),
      model("unet/config.json", "attention_head_dim", 0),
      model("unet/config.json", "attention_head_dim", 7),
      model("unet/config.json", "block_out_channels", [-8, 16]),
      model("unet/config.json", "layers_per_block", 60),
      model("unet/config.json", "norm_num_groups", 7),
      model("unet/config.json", "sample_size", 0),
      model("unet/config.json", "cross_attention_dim", .int(1 << 62)),
      model("unet/config.json", "in_channels", -1),
      model("unet/config.json", "out_channels", 8),
      model("unet/config.json", "transformer_layers_per_block", .int(1 << 33)),
      model("unet/config.json", "norm_eps", 0),
      model("unet/config.json", "freq_shift", 1e300),
      model("unet/config.json", "flip_sin_to_cos", "yes"),
      model("text_encoder/config.json", "num_attention_heads", 7),
      model("text_encoder/config.json", "hidden_size", -1),
      model("text_encoder/config.json", "num_hidden_layers", 1000),
      model("text_encoder/config.json", "vocab_size", .int(1 << 62)),
      model("text_encoder/config.json", "max_position_embeddings", 0),
      model("vae/config.json", "block_out_channels", []),
      model("vae/config.json", "latent_channels", .int(1 << 62)),
      model("vae/config.json", "layers_per_block", -2),
      model("vae/config.json", "scaling_factor", 0),
      model("scheduler/scheduler_config.json", "num_train_timesteps", -1),
      model("scheduler/scheduler_config.json", "steps_offset", .int(.max)),
      model("scheduler/scheduler_config.json", "steps_offset", 1000),
      model("scheduler/scheduler_config.json", "beta_end", 2),
      model("tokenizer/tokenizer_config.json", "model_max_length", -1),
      model("tokenizer/vocab.json", "fox</w>", 0.5),
    ]
  }

  private static func themes(_ key: String, _ value: JSON) -> Case {
    Case("themes.json \(key)=\(value.compact.prefix(40))") {
      try $0.set("model/themes.json", key, value)
      _ = try $0.model.themes()
    }
  }

  private static func judge(_ key: String, _ value: JSON) -> Case {
    Case("judge.json \(key)=\(value.compact.prefix(40))") {
      try $0.set("model/judge/judge.json", key, value)
      _ = try $0.model.judge()
    }
  }

  private static func reference(_ name: String, _ features: Tensor, _ subjects: Tensor) -> Case {
    Case("reference.safetensors \(name)") {
      let folder = $0.folder.appendingPathComponent("model/judge")
      try SafeTensors.write(
        ["features": features, "subjects": subjects],
        to: folder.appendingPathComponent("reference.safetensors"))
      _ = try $0.model.judge().reference(in: folder)
    }
  }

  private static var judging: [Case] {
    [
      themes("objects", []), themes("objects", ["fox", "fox"]), themes("styles", "noto"),
      themes("captions|both", []), themes("captions|object", []), themes("captions|style", []),
      themes("captions|emptyShare", 2), themes("captions", [:]),
      judge("widths", []), judge("widths", [-1]), judge("widths", [4, .int(1 << 62)]),
      judge("size", 0), judge("heads", [:]), judge("heads|object", ["fox", "fox"]),
      judge("heads|object", 3),
      reference("features of rank 0", Tensor.ones([]), Tensor([0, 0], [1, 2])),
      reference("features of another width", Tensor.ones([1, 4]), Tensor([0, 0], [1, 2])),
      reference("subject 9 of 3", Tensor.ones([1, 8]), Tensor([9, 0], [1, 2])),
      reference("subject -1", Tensor.ones([1, 8]), Tensor([-1, 0], [1, 2])),
    ]
  }

  private static func arrays(_ name: String, _ images: [Int], _ labels: [Int]) -> Case {
    Case("images.npy, labels.npy \(name)") { place in
      let folder = place.folder.appendingPathComponent("arrays")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let count = images.reduce(1, *)
      try NPY.write(
        Tensor([UInt8](repeating: 3, count: count), images),
        to: folder.appendingPathComponent("images.npy"))
      try NPY.write(Tensor(labels), to: folder.appendingPathComponent("labels.npy"))
      _ = try CaptionedImages(folder: folder)
    }
  }

  private static func table(_ name: String, _ text: String) -> Case {
    Case("prompts \(name)") { _ = try PromptTable(contentsOf: $0.write(text, "prompts.csv")) }
  }

  private static var data: [Case] {
    [
      arrays("label -5", [2, 4, 4], [0, -5]), arrays("label 2^63-1", [2, 4, 4], [0, .max]),
      arrays("label 10^10", [2, 4, 4], [0, 10_000_000_000]), arrays("0 x 0", [2, 0, 0], [0, 1]),
      arrays("3 labels", [2, 4, 4], [0, 1, 1]),
      table("seed", "prompt,seed\na fox,-1\n"), table("width", "prompt,width\na fox,1e30\n"),
      table("guidance", "prompt,guidance\na fox,nan\n"), table("fields", "prompt,seed\na fox\n"),
      table("case number", "case_number,prompt\n../x,a fox\n"),
      table("length", "prompt,seed\n\(String(repeating: "x", count: 6000)),1\n"),
      table("quote", "prompt,seed\n\"a fox,1\n"),
      Case("manifest.json k=-1") {
        let text = #"{"samples": [{"caseNumber": "0", "k": -1, "prompt": "a fox"}]}"#
        _ = try CaptionedImages(
          folder: $0.write(text, "set/manifest.json").deletingLastPathComponent())
      },
      Case("manifest.json without sampling") {
        _ = try SampleSet(
          $0.write(#"{"samples": []}"#, "set/manifest.json").deletingLastPathComponent())
      },
      Case("metadata.jsonl") {
        _ = try CaptionedImages(
          folder: $0.write("{}\n", "set/metadata.jsonl").deletingLastPathComponent())
      },
      Case("objects.jsonl") {
        let folder = try $0.write("[]\n", "set/objects.jsonl").deletingLastPathComponent()
        _ = try StyledObjects(folder: folder, objects: nil, styles: ["noto"])
      },
      Case("classes.json") {
        let folder = $0.folder.appendingPathComponent("ddpm")
        try FileManager.default.copyItem(at: Fixtures.url("tiny-ddpm"), to: folder)
        _ = try $0.write("[\"cat\", \"cat\"]", "ddpm/classes.json")
        _ = try DiffusionModel.load(folder)
      },
    ]
  }

  private static func eraser(_ name: String, _ tensors: [String: Tensor]) -> Case {
    Case("eraser \(name)") {
      let file = $0.folder.appendingPathComponent("e.safetensors")
      try SafeTensors.write(
        tensors,
        metadata: [
          "format": "lethe-increment-1", "lethe": try JSON(encoding: Eraser.Card()).compact,
        ],
        to: file)
      let read = try Eraser(contentsOf: file)
      _ = try $0.model.model().check(read.vector)
    }
  }

  private static var erasers: [Case] {
    let key = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    return [
      eraser("of 9 dimensions", [key: Tensor.ones([1, 1, 1, 1, 1, 1, 1, 1, 1])]),
      eraser("of bytes", [key: Tensor([1, 2] as [UInt8])]),
      eraser("of another shape", [key: Tensor.ones([1])]),
      eraser("not finite", [key: Tensor.full([1], .infinity)]),
      eraser("of no parameter", ["unet.nothing": Tensor.ones([1])]),
      Case("eraser without a card") {
        let file = $0.folder.appendingPathComponent("e.safetensors")
        try SafeTensors.write(["a": Tensor.ones([1])], to: file)
        _ = try Eraser(contentsOf: file)
      },
      Case("erasers.json") {
        _ = try EraserSet(
          $0.write(#"{"format": "x"}"#, "set/erasers.json").deletingLastPathComponent())
      },
    ]
  }

  private static func setting(_ method: String, _ setting: String) -> Case {
    Case("--set \(method) \(setting)") {
      var job = EraseJob()
      (job.model, job.method, job.concepts) = ($0.model.path, method, ["fox"])
      _ = try Erase(job, settings: [setting])
    }
  }

  private static var options: [Case] {
    [
      "training.batch=0", "training.batch=-1", "training.logEvery=0", "training.saveEvery=0",
      "training.warmup=-9223372036854775808", "training.warmup=9223372036854775807",
      "training.steps=-1", "training.averaging=1", "trajectories=0",
      "trajectories=9223372036854775807", "trajectorySteps=0", "preserveTrajectories=-1",
      "guarding.every=0", "guarding.limit=-1", "training.steps=many", "training.step=3",
      "training.optimizer.beta1=1", "training.steps=1.5",
    ].map { setting("esd", $0) } + [
      setting("salun", "share=2"), setting("erasediff", "data.heldOutEvery=-1"),
      setting("sepme", "training.batch=0"),
      Case("--set p4d.tokens=-1") {
        _ = try AttackRun.configured("p4d", ["tokens=-1"], of: $0.model)
      },
      Case("--set relearn.rank=0") {
        _ = try AttackRun.configured("relearn", ["rank=0"], of: $0.model)
      },
      Case("methods.json esd.training.batch=0") {
        _ = try $0.write(#"{"esd": {"training": {"batch": 0}}}"#, "model/methods.json")
        try setting("esd", "training.steps=3").run($0)
      },
      Case("recipe.json training.batch=0") { _ in
        _ = try (["training": ["batch": 0]] as JSON).laid(over: DDPMRecipe(), in: "recipe.json")
      },
      Case("recipe.json tokenizer.length=1") { _ in
        _ = try (["tokenizer": ["length": 1]] as JSON).laid(over: ModelRecipe(), in: "recipe.json")
      },
      Case("recipe.json widths=[0]") { _ in
        _ = try (["widths": [0]] as JSON).laid(over: JudgeRecipe(), in: "recipe.json")
      },
    ]
  }

  private static var runs: [Case] {
    [
      Case("job.json") {
        _ = try RunFolder($0.write(#"{"model": 3}"#, "run/job.json").deletingLastPathComponent())
          .job()
      },
      Case("verdict.json") {
        _ = try RunFolder($0.write(#"{"x": 3}"#, "run/verdict.json").deletingLastPathComponent())
          .verdict()
      },
      Case("results.json n=-1") {
        let text =
          #"{"quick": false, "seeds": 1, "rows": [{"method": "esd", "subject": "fox", "metric": "ua", "value": 1, "n": -1, "seeds": 1}]}"#
        _ = try RunFolder($0.write(text, "run/results.json").deletingLastPathComponent()).results()
      },
      Case("identity.json") {
        let folder = RunFolder(
          try $0.write(#"{"command": "erase"}"#, "run/identity.json").deletingLastPathComponent())
        _ = try folder.claim(RunIdentity("erase", [:]))
      },
    ]
  }

  @Test func everyRefusalIsOneSentence() throws {
    let all = Self.models + Self.judging + Self.data + Self.erasers + Self.options + Self.runs
    var lines: [String] = []
    try Fixtures.temporaryFolder { root in
      let original = try Tiny.model(root)
      for (i, one) in all.enumerated() {
        let folder = root.appendingPathComponent("\(i)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let model = ModelFolder(folder.appendingPathComponent("model"))
        try FileManager.default.copyItem(at: original.url, to: model.url)
        let error = #expect(throws: LetheError.self, "\(one.name)") {
          try one.run(Place(folder: folder, model: model))
        }
        let sentence = (error?.sentence ?? "").replacing(folder.path, with: "FOLDER")
        #expect(!sentence.contains("\n"), "\(one.name)")
        lines.append("\(one.name)\n  \(error?.kind.rawValue ?? 0) \(sentence)")
        try FileManager.default.removeItem(at: folder)
      }
    }
    let golden = Fixtures.url("refusals.txt")
    if ProcessInfo.processInfo.environment["LETHE_GOLDEN"] != nil {
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: golden)
    }
    let known = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n")
    let found = lines.flatMap { $0.split(separator: "\n") }
    for (a, b) in zip(known, found) where a != b { Issue.record("\(b)\nshould be\n\(a)") }
    #expect(known.count == found.count)
  }
}
