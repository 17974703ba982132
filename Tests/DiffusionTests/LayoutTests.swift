import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct LayoutTests {
  /// Load, save, load: every number and every configuration comes back.
  @Test(arguments: ["tiny-sd1", "tiny-sd2"]) func savingIsTheInverseOfLoading(_ kind: String) throws
  {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    try Fixtures.temporaryFolder { folder in
      try model.save(to: folder, dtype: .float16)
      for name in [
        "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model",
      ] {
        let a = try Fixtures.tensors("\(kind)/\(name).safetensors")
        let b = try SafeTensors.load(folder.appendingPathComponent("\(name).safetensors"))
        let same = a.filter { name, tensor in
          (b[name] ?? b["text_model.\(name)"])?.isIdentical(to: tensor) == true
        }
        #expect(same.count == a.count && b.count == a.count, "\(name)")
      }
      // Configurations come back byte by byte: other readers tell 1.0 from 1.
      for name in [
        "unet/config.json", "vae/config.json", "model_index.json",
        "scheduler/scheduler_config.json",
      ] {
        let read = try Data(contentsOf: Fixtures.url("\(kind)/\(name)"))
        #expect(try Data(contentsOf: folder.appendingPathComponent(name)) == read, "\(name)")
      }
      // diffusers' other networks are float32, and an encoder of another type would not go with them.
      let config = "text_encoder/config.json"
      var expected = try JSON(contentsOf: Fixtures.url("\(kind)/\(config)"))
      #expect(expected["dtype"] == "float16")
      expected["dtype"] = "float32"
      #expect(try JSON(contentsOf: folder.appendingPathComponent(config)) == expected)
      let text = try String(contentsOf: folder.appendingPathComponent(config), encoding: .utf8)
      #expect(text.contains("\"initializer_factor\": 1.0,"))
      let again = try DiffusionModel.load(folder)
      for path in model.parameters.paths {
        #expect(
          again.parameters[path]?.isIdentical(to: try #require(model.parameters[path])) == true)
      }
    }
  }

  /// A copy of a fixture with one file changed.
  func altered<R>(_ change: (URL) throws -> Void, _ body: (URL) throws -> R) throws -> R {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      try change(model)
      return try body(model)
    }
  }

  func set(_ key: String, _ value: JSON, in file: String) -> (URL) throws -> Void {
    { model in
      let url = model.appendingPathComponent(file)
      var json = try JSON(contentsOf: url)
      json[key] = value
      try Data(json.pretty.utf8).write(to: url)
    }
  }

  static let unsupported: [(String, String, JSON)] = [
    ("unet/config.json", "class_embed_type", "timestep"),
    ("unet/config.json", "act_fn", "gelu"),
    ("unet/config.json", "down_block_types", ["CrossAttnDownBlock2D", "KDownBlock2D"]),
    ("unet/config.json", "mid_block_type", "UNetMidBlock2DSimpleCrossAttn"),
    ("text_encoder/config.json", "hidden_act", "swish"),
    ("model_index.json", "_class_name", "StableDiffusion3Pipeline"),
    ("model_index.json", "unet", ["diffusers", "FluxTransformer2DModel"]),
  ]

  @Test(arguments: unsupported.indices) func whatIsNotSupportedIsRefusedByName(_ i: Int) throws {
    let (file, key, value) = Self.unsupported[i]
    try altered(set(key, value, in: file)) { model in
      let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
      let name = value.string ?? value.array?.last?.string ?? value.array?.first?.compact ?? "true"
      #expect(error.description.contains(name), "\(error)")
    }
  }

  static let unusable: [(String, String, JSON)] = [
    ("scheduler/scheduler_config.json", "beta_end", 2),
    ("scheduler/scheduler_config.json", "beta_end", 1),
    ("scheduler/scheduler_config.json", "beta_start", -0.1),
    ("scheduler/scheduler_config.json", "beta_start", 0),
    ("unet/config.json", "norm_eps", -1), ("unet/config.json", "norm_eps", 0),
    ("text_encoder/config.json", "layer_norm_eps", -1e-5),
    ("vae/config.json", "scaling_factor", 0),
  ]

  /// Each of these numbers gave black pictures.
  @Test(arguments: unusable.indices) func numbersThatLeadToNoPictureAreRefused(_ i: Int) throws {
    let (file, key, value) = Self.unusable[i]
    try altered(set(key, value, in: file)) { model in
      let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(error.kind == .model)
      #expect(error.sentence.contains("'\(key)' is \(value.compact); "), "\(error)")
    }
  }

  @Test(arguments: ["unet", "vae", "text_encoder"], [Double.nan, .infinity])
  func weightsAreFinite(_ component: String, _ value: Double) throws {
    try altered { model in
      let name = component == "text_encoder" ? "model" : "diffusion_pytorch_model"
      let file = model.appendingPathComponent("\(component)/\(name).safetensors")
      var tensors = try SafeTensors.load(file).mapValues { $0.cloned() }
      let first = try #require(tensors.keys.min())
      tensors[first] = Tensor.full(try #require(tensors[first]).shape, value)
      try SafeTensors.write(tensors, to: file)
    } _: { model in
      let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(error.kind == .model && error.sentence.contains("not a finite number"))
      #expect(error.sentence.contains("\(component)/"))
    }
  }

  /// Half precision ends at 65504.
  @Test func weightsBeyondHalfPrecisionAreNotWritten() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath("unet.conv_in.bias")
    let large = try model.replacing([path: Tensor.full([8], 1e6)])
    try Fixtures.temporaryFolder { folder in
      let error = #expect(throws: LetheError.self) {
        try large.save(to: folder, dtype: .float16)
      }
      #expect(error?.sentence.contains("\(path)") == true)
      let index = folder.appendingPathComponent("model_index.json")
      #expect(!FileManager.default.fileExists(atPath: index.path))
      try large.save(to: folder)
    }
  }

  @Test func renamedTensorNamesBoth() throws {
    try altered { model in
      let file = model.appendingPathComponent("unet/diffusion_pytorch_model.safetensors")
      var tensors = try SafeTensors.load(file)
      tensors["conv_inn.weight"] = tensors.removeValue(forKey: "conv_in.weight")
      try SafeTensors.write(tensors, to: file)
    } _: { model in
      let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(
        error.description.contains(
          "missing 'unet.conv_in.weight', the file has 'unet.conv_inn.weight'"))
    }
  }

  @Test func variantsShardsAndOldNames() throws {
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try altered { model in
      let files = FileManager.default
      let unet = model.appendingPathComponent("unet")
      let plain = unet.appendingPathComponent("diffusion_pytorch_model.safetensors")
      let tensors = try SafeTensors.load(plain)
      // Two shards behind an index.
      let names = tensors.keys.sorted()
      var map: [String: JSON] = [:]
      for (i, half) in [names[..<20], names[20...]].enumerated() {
        let shard = "diffusion_pytorch_model-0000\(i + 1)-of-00002.safetensors"
        try SafeTensors.write(
          Dictionary(uniqueKeysWithValues: half.map { ($0, tensors[$0] ?? Tensor.zeros([1])) }),
          to: unet.appendingPathComponent(shard))
        for name in half { map[name] = .string(shard) }
      }
      try Data(JSON.object(["weight_map": .object(map)]).pretty.utf8).write(
        to: unet.appendingPathComponent("diffusion_pytorch_model.safetensors.index.json"))
      try files.removeItem(at: plain)
      // Half-precision variant only.
      let vae = model.appendingPathComponent("vae")
      let old = try SafeTensors.load(
        vae.appendingPathComponent("diffusion_pytorch_model.safetensors"))
      try files.removeItem(at: vae.appendingPathComponent("diffusion_pytorch_model.safetensors"))
      // Attention names before diffusers 0.15.
      var renamed: [String: Tensor] = [:]
      for (name, tensor) in old {
        var name = name
        if name.contains("mid_block.attentions") {
          for (a, b) in [
            ("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn"),
          ] {
            name = name.replacingOccurrences(of: a, with: b)
          }
        }
        renamed[name] = tensor
      }
      try SafeTensors.write(
        renamed, to: vae.appendingPathComponent("diffusion_pytorch_model.fp16.safetensors"))
    } _: { model in
      let loaded = try DiffusionModel.load(model, variant: "fp16")
      for path in original.parameters.paths {
        #expect(
          loaded.parameters[path]?.isIdentical(to: try #require(original.parameters[path])) == true)
      }
    }
  }

  /// Large weights are spread over files, which load again; a variant that no component has is an error.
  @Test func shardsAreWritten() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      try model.save(to: folder)
      try model.save(to: folder, largestFile: 30_000)
      let names = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("unet").path)
      #expect(names.contains("diffusion_pytorch_model.safetensors.index.json"))
      #expect(!names.contains("diffusion_pytorch_model.safetensors"))
      #expect(names.contains { $0.hasPrefix("diffusion_pytorch_model-00001-of-0000") })
      let again = try DiffusionModel.load(folder)
      for path in model.parameters.paths {
        #expect(
          again.parameters[path]?.isIdentical(to: try #require(model.parameters[path])) == true)
      }
      try model.save(to: folder)
      #expect(
        !FileManager.default.fileExists(
          atPath: folder.appendingPathComponent(
            "unet/diffusion_pytorch_model.safetensors.index.json"
          ).path))
      let error = #expect(throws: LetheError.self) {
        try DiffusionModel.load(folder, variant: "fp16")
      }
      #expect(error?.kind == .request && error?.sentence.contains("'fp16'") == true)
    }
  }

  @Test func folderThatIsNoModel() throws {
    let missing = try #require(throws: LetheError.self) {
      try DiffusionModel.load(URL(fileURLWithPath: "/nonexistent"))
    }
    #expect(missing.description.contains("/nonexistent"))
    try altered { model in
      let unet = model.appendingPathComponent("unet")
      try FileManager.default.moveItem(
        at: unet.appendingPathComponent("diffusion_pytorch_model.safetensors"),
        to: unet.appendingPathComponent("diffusion_pytorch_model.bin"))
    } _: { model in
      let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(error.description.contains("pickle"))
    }
  }

  /// Files of a download that was cut off, or of a clone without Git LFS, are named as such.
  @Test(arguments: [
    "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
    "tokenizer/vocab.json",
  ])
  func placeholders(_ name: String) throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n"
    for (isLink, sentence) in [
      (true, "link to ../blobs/gone, which does not"), (false, "git lfs pull"),
    ] {
      try altered { model in
        let file = model.appendingPathComponent(name)
        try FileManager.default.removeItem(at: file)
        if isLink {
          try FileManager.default.createSymbolicLink(
            atPath: file.path, withDestinationPath: "../blobs/gone")
        } else {
          try Data(pointer.utf8).write(to: file)
        }
      } _: { model in
        let error = try #require(throws: LetheError.self) { try DiffusionModel.load(model) }
        #expect(error.sentence.contains(sentence) && error.sentence.contains(name))
      }
    }
  }
}
