// Against transformers 5 (scripts/golden/clip.py), single-threaded fp32.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct CLIPModelTests {
  static let texts = [
    "a noto emoji of a fox", "an umbrella, symbola style", "fox", "",
    String(repeating: "fox ", count: 90),
  ]

  static let folder = Fixtures.url("tiny-clip")

  static func golden() throws -> [String: Tensor] {
    Runtime.threads = 1
    return try Fixtures.tensors("tiny-clip/golden.safetensors")
  }

  @Test func parity() throws {
    let golden = try Self.golden()
    let clip = try CLIPModel.load(Self.folder)
    try withoutGradients {
      let pixels = try #require(golden["pixels"])
      let images = clip.imageVectors(pixels)
      #expect(images.distance(to: try #require(golden["images"])) < 1e-5)
      let texts = clip.textVectors(Self.texts)
      #expect(texts.distance(to: try #require(golden["texts"])) < 1e-5)
      #expect(clip.logits(images, texts).distance(to: try #require(golden["logits"])) < 1e-4)
    }
  }

  @Test func savedAndRead() throws {
    let clip = try CLIPModel.load(Self.folder)
    try Fixtures.temporaryFolder { folder in
      try clip.save(to: folder)
      let again = try CLIPModel.load(folder)
      // Another alignment of the memory may change last bits.
      #expect(clip.textVectors(["fox"]).distance(to: again.textVectors(["fox"])) < 1e-6)
      for (path, tensor) in clip.parameters.tensors {
        #expect(again.parameters[path].map(tensor.isIdentical) == true, "\(path)")
      }
      #expect(clip.files.preprocessor == again.files.preprocessor)
    }
  }

  @Test func refused() throws {
    let clip = try CLIPModel.load(Self.folder)
    func changed(_ change: (inout CLIPModel.Files) -> Void) throws {
      var files = clip.files
      change(&files)
      _ = try CLIPModel(files, clip.parameters.source { _ in false })
    }
    #expect { try changed { $0.preprocessor["resample"] = 1 } } throws: {
      "\($0)".contains("resample")
    }
    #expect { try changed { $0.preprocessor["crop_size"] = 16 } } throws: { "\($0)".contains("16") }
    #expect {
      try changed { $0.preprocessor["image_processor_type"] = "SamImageProcessor" }
    } throws: {
      "\($0)".contains("SamImageProcessor")
    }
    #expect { try changed { $0.config["vision_config"]?["num_attention_heads"] = 5 } } throws: {
      "\($0)".contains("num_attention_heads")
    }
    #expect { try changed { $0.config["projection_dim"] = 13 } } throws: {
      "\($0)".contains("visual_projection.weight")
    }
  }

  @Test func oldConfigurationsOverride() throws {
    let clip = try CLIPModel.load(Self.folder)
    var files = clip.files
    files.config["vision_config_dict"] = ["num_attention_heads": 5]
    #expect(throws: LetheError.self) {
      _ = try CLIPModel(files, clip.parameters.source { _ in false })
    }
  }
}
