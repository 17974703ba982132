// Against transformers 5 (scripts/golden/clip.py), single-threaded fp32.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct PictureProcessorTests {
  @Test func preprocessing() throws {
    Runtime.threads = 1
    let golden = try Fixtures.tensors("tiny-clip/golden.safetensors")
    let clip = try CLIPModel.load(Fixtures.url("tiny-clip"))
    let pictures = [(64, 64), (40, 75), (61, 33), (20, 20)].map(GoldenPictures.picture)
    let pixels = clip.processor(pictures)
    #expect(pixels.distance(to: try #require(golden["pixels"])) < 1e-5)
    // Pictures in [-1, 1] are the same bytes.
    let one = clip.processor(Image.batch([pictures[0]]))
    #expect(one.distance(to: pixels.narrowed(0, 0, 1)) < 1e-6)
    var json = clip.files.preprocessor
    json["do_resize"] = false
    let padded = try PictureProcessor(json)([GoldenPictures.picture(21, 40)])
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
}
