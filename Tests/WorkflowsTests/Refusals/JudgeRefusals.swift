// Themes, judges, classifiers and the pictures that they take.
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Torch
import Training

@testable import Workbench
@testable import Workflows

extension Refusal {
  static var judging: [Refusal] { themes + judges + references + clips + classifiers + processors }

  private static var themes: [Refusal] {
    let values: [(String, JSON?)] = [
      ("objects", []), ("objects", ["fox", "fox"]), ("styles", "noto"), ("styles", ["noto", ""]),
      ("captions|both", []), ("captions|object", []), ("captions|style", []),
      ("captions|both", [3]), ("captions|emptyShare", 2), ("captions|objectShare", -1),
      ("captions|styleShare", "none"), ("captions|plurals", "foxes"), ("captions", [:]),
      ("captions", nil), ("judge", 3),
    ]
    return values.map { key, value in
      Refusal(title("themes.json", key, value ?? "missing")) {
        try $0.set($0.model.file("themes.json"), key, value)
        _ = try $0.model.themes()
      }
    }
  }

  private static var judges: [Refusal] {
    let values: [(String, JSON?)] = [
      ("widths", []), ("widths", [-1]), ("widths", [4, .int(1 << 62)]), ("widths", [4, 4, 16]),
      ("size", 0), ("heads", [:]), ("heads", nil), ("heads|object", ["fox", "fox"]),
      ("heads|object", 3), ("measured", 3),
    ]
    return values.map { key, value in
      Refusal(title("judge.json", key, value ?? "missing")) {
        try $0.set($0.model.file("judge/judge.json"), key, value)
        _ = try $0.model.judge()
      }
    } + [
      Refusal.text(
        "scores.csv", "without columns", "picture,answer\n",
        { _ = try ScoreTable(contentsOf: $0, kind: "object") }),
      Refusal.text(
        "scores.csv", "score", "file,label,score\na.png,fox,-1\n",
        { _ = try ScoreTable(contentsOf: $0, kind: "object") }),
      Refusal.text(
        "judges.json", "of an unknown kind", "[\"oracle:x\"]",
        { _ = try RunFolder($0.deletingLastPathComponent()).judges() }),
      Refusal("--judge oracle:x") { _ in _ = try JudgeSpec(parsing: "oracle:x") },
    ]
  }

  private static var references: [Refusal] {
    func reference(_ name: String, _ features: Tensor, _ subjects: Tensor) -> Refusal {
      Refusal("reference.safetensors \(name)") {
        let folder = try $0.model.file("judge")
        try SafeTensors.write(
          ["features": features, "subjects": subjects],
          to: folder.appendingPathComponent("reference.safetensors"))
        _ = try $0.model.judge().reference(in: folder)
      }
    }
    return [
      reference("features of rank 0", Tensor.ones([]), Tensor([0, 0], [1, 2])),
      reference("features of another width", Tensor.ones([1, 4]), Tensor([0, 0], [1, 2])),
      reference("subject 9 of 3", Tensor.ones([1, 8]), Tensor([9, 0], [1, 2])),
      reference("subject -1", Tensor.ones([1, 8]), Tensor([-1, 0], [1, 2])),
    ]
  }

  private static var clips: [Refusal] {
    let values: [(String, JSON)] = [
      ("model_type", "siglip"), ("projection_dim", 0), ("logit_scale_init_value", "x"),
      ("text_config|hidden_size", 0), ("text_config|max_position_embeddings", 1),
      ("vision_config|model_type", "other"), ("vision_config|attention_dropout", 0.5),
      ("vision_config|dropout", 0.5), ("vision_config|num_channels", 4),
      ("vision_config|image_size", .int(1 << 62)), ("vision_config|patch_size", 0),
      ("vision_config|patch_size", 64), ("vision_config|num_hidden_layers", 1000),
      ("vision_config|hidden_act", "sine"),
    ]
    let pictures: [(String, String, JSON)] = [
      ("tiny-clip", "crop_size", ["height": 48, "width": 32]),
      ("tiny-clip", "do_center_crop", false), ("tiny-vit", "size", ["height": 48, "width": 48]),
      ("tiny-convnext", "size", ["shortest_edge": 4]), ("tiny-convnext", "do_resize", false),
    ]
    let sizes = pictures.map { fixture, key, value in
      Refusal(title("\(fixture)/preprocessor_config.json", key, value)) {
        let folder = try $0.fixture(fixture)
        try $0.set(folder.appendingPathComponent("preprocessor_config.json"), key, value)
        if fixture == "tiny-clip" {
          _ = try CLIPModel.load(folder)
        } else {
          _ = try ImageClassifier(folder)
        }
      }
    }
    return sizes
      + values.map { key, value in
        Refusal(title("tiny-clip/config.json", key, value)) {
          let folder = try $0.fixture("tiny-clip")
          try $0.set(folder.appendingPathComponent("config.json"), key, value)
          _ = try CLIPModel.load(folder)
        }
      }
  }

  private static var classifiers: [Refusal] {
    let all: [(String, [(String, JSON?)])] = [
      (
        "tiny-vit",
        [
          ("architectures", ["BeitForImageClassification"]), ("id2label", nil),
          ("id2label|0", nil), ("num_channels", 1), ("qkv_bias", false), ("hidden_size", 0),
          ("image_size", .int(1 << 62)), ("patch_size", 0), ("num_hidden_layers", 1000),
        ]
      ),
      (
        "tiny-resnet",
        [
          ("num_channels", 1), ("hidden_act", "gelu"), ("downsample_in_bottleneck", true),
          ("layer_type", "deep"), ("embedding_size", 0), ("hidden_sizes", [16, .int(1 << 62)]),
          ("hidden_sizes", [16]), ("depths", [1, .int(1 << 33)]), ("depths", [1, 1000]),
          ("downsample_in_first_stage", 1),
        ]
      ),
      (
        "tiny-convnext",
        [
          ("num_channels", 1), ("hidden_act", "relu"), ("patch_size", .int(1 << 62)),
          ("hidden_sizes", []), ("depths", [0, 1]), ("layer_scale_init_value", "x"),
          ("layer_norm_eps", 0),
        ]
      ),
    ]
    return all.flatMap { fixture, values in
      values.map { key, value in
        Refusal(title("\(fixture)/config.json", key, value ?? "missing")) {
          let folder = try $0.fixture(fixture)
          try $0.set(folder.appendingPathComponent("config.json"), key, value)
          _ = try ImageClassifier(folder)
        }
      }
    }
  }

  private static var processors: [Refusal] {
    func processor(_ key: String, _ value: JSON, _ kind: String = "CLIP") -> Refusal {
      Refusal(title("preprocessor_config.json of \(kind)", key, value)) { _ in
        var json: JSON = ["image_processor_type": .string("\(kind)ImageProcessor")]
        if kind == "ConvNext" { json["size"] = ["shortest_edge": 32] }
        json[key] = value
        _ = try PictureProcessor(json)
      }
    }
    return [
      processor("image_processor_type", "BlipImageProcessor"),
      processor("feature_extractor_type", "x", "Blip"), processor("image_mean", [0.5]),
      processor("image_std", [0.5, 0.5, 0]), processor("resample", 9),
      processor("do_normalize", 1), processor("do_rescale", 1), processor("rescale_factor", 0),
      processor("do_resize", 1), processor("do_center_crop", 1), processor("size", 0),
      processor("size", ["height": 9000, "width": 1]), processor("size", ["width": 1]),
      processor("size", ["shortest_edge": -1]), processor("crop_size", 0),
      processor("crop_pct", 1e-300, "ConvNext"),
    ]
  }
}
