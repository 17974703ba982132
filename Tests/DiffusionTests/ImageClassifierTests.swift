// Against transformers 5 (scripts/golden/classifiers.py), single-threaded fp32.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct ImageClassifierTests {
  @Test(arguments: ["vit", "resnet", "convnext"]) func parity(_ name: String) throws {
    Runtime.threads = 1
    let classifier = try ImageClassifier(Fixtures.url("tiny-\(name)"))
    let golden = try Fixtures.tensors("tiny-\(name)/golden.safetensors")
    let pixels = classifier.processor([(64, 64), (40, 75)].map(GoldenPictures.picture))
    #expect(pixels.distance(to: try #require(golden["pixels"])) < 1e-5)
    let logits = withoutGradients { classifier.logits(pixels) }
    #expect(logits.distance(to: try #require(golden["logits"])) < 1e-4)
    #expect(classifier.labels.count == 11 && classifier.labels[1] == "church, church building")
  }

  @Test func refused() throws {
    try Fixtures.temporaryFolder { folder in
      let copy = folder.appendingPathComponent("net")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-vit"), to: copy)
      let file = copy.appendingPathComponent("config.json")
      let config = try JSON(contentsOf: file)
      func changed(_ key: String, _ value: JSON) throws {
        var json = config
        json[key] = value
        try Data(json.pretty.utf8).write(to: file)
        _ = try ImageClassifier(copy)
      }
      #expect { try changed("architectures", ["SwinForImageClassification"]) } throws: {
        "\($0)".contains("SwinForImageClassification")
      }
      #expect { try changed("id2label", ["1": "a"]) } throws: { "\($0)".contains("id2label") }
      #expect { try changed("id2label", ["0": "a"]) } throws: {
        "\($0)".contains("classifier.weight")
      }
      #expect { try changed("num_attention_heads", 3) } throws: {
        "\($0)".contains("num_attention_heads")
      }
    }
  }
}
