// Against transformers 5 (scripts/golden/clip.py), single-threaded fp32.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct CLIPTests {
  static let texts = [
    "a noto emoji of a fox", "an umbrella, symbola style", "fox", "",
    String(repeating: "fox ", count: 90),
  ]
  static let folder = Fixtures.url("tiny-clip")

  static func golden() throws -> [String: Tensor] {
    Runtime.threads = 1
    return try Fixtures.tensors("tiny-clip/golden.safetensors")
  }

  /// A formula's picture of 8 bits, the golden script's.
  static func picture(_ height: Int, _ width: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          pixels.append(
            UInt8((x * (3 + 2 * c) + y * (5 - c) + (x * y / 7) * (c + 1)) % 256))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
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

  @Test func preprocessing() throws {
    let golden = try Self.golden()
    let clip = try CLIPModel.load(Self.folder)
    let pictures = [(64, 64), (40, 75), (61, 33), (20, 20)].map(Self.picture)
    let pixels = clip.processor(pictures)
    #expect(pixels.distance(to: try #require(golden["pixels"])) < 1e-5)
    // Pictures in [-1, 1] are the same bytes.
    let one = clip.processor(Image.batch([pictures[0]]))
    #expect(one.distance(to: pixels.narrowed(0, 0, 1)) < 1e-6)
    var json = clip.files.preprocessor
    json["do_resize"] = false
    let padded = try PictureProcessor(json)([Self.picture(21, 40)])
    #expect(padded.distance(to: try #require(golden["padded"])) < 1e-5)
  }

  /// smooth(H, W) of transformers 5.23 with the processors' defaults, by channels of the first three pixels.
  static func smooth(_ height: Int, _ width: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          let (dx, dy) = (Double(x) / Double(11 + 2 * c), Double(y) / Double(7 + c))
          pixels.append(UInt8((127.5 + 100 * sin(dx) + 27 * cos(dy)).rounded(.down)))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  @Test(arguments: [
    ("CLIPImageProcessor", 512, 512, [0.54349, 0.83545, 1.12742], 1.59131),
    ("CLIPImageProcessor", 300, 451, [1.24421, 1.39019, 1.50698], -0.85454),
    ("CLIPFeatureExtractor", 64, 64, [0.44130, 0.45590, 0.47049], 1.19315),
    ("ViTImageProcessorFast", 512, 512, [0.27059, 0.41176, 0.56863], 0.69412),
    ("ViTImageProcessor", 300, 451, [0.25490, 0.38824, 0.52157], 0.62353),
    ("ConvNextImageProcessor", 512, 512, [0.12941, -0.01176, -0.16078], -0.10588),
    ("ConvNextImageProcessor", 300, 451, [0.40392, 0.34902, 0.28627], -0.93725),
  ]) func processors(_ name: String, _ h: Int, _ w: Int, _ first: [Double], _ one: Double) throws {
    var json: JSON = ["image_processor_type": .string(name)]
    if name.hasPrefix("ConvNext") { json["size"] = ["shortest_edge": 224] }
    let pixels = try PictureProcessor(json)([Self.smooth(h, w)])
    #expect(pixels.shape == [1, 3, 224, 224])
    let row = pixels[0, at: 0][0, at: 0][0, at: 0].narrowed(0, 0, 3).doubles
    for (found, expected) in zip(row, first) { #expect(abs(found - expected) < 1e-5) }
    #expect(abs(pixels[0, at: 0][0, at: 2][0, at: 100][0, at: 57].item - one) < 1e-5)
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
