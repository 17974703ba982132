// Files by their kind, and the tensors that they hold: safetensors, erasers, states, LoRA files.
import Diffusion
import Editing
import Foundation
import TestSupport
import Torch
import TorchNN
import Training

@testable import Workbench
@testable import Workflows

extension Refusal {
  static var files: [Refusal] { kinds + safetensors + erasers + loras + states }

  private static var kinds: [Refusal] {
    [
      Refusal("file that does not exist") { _ = try JSON(contentsOf: $0.url("nowhere.json")) },
      Refusal("file that is a folder") { _ = try JSON(contentsOf: $0.folder) },
      Refusal("file that is a pipe") {
        mkfifo($0.url("pipe.json").path, 0o644)
        _ = try JSON(contentsOf: $0.url("pipe.json"))
      },
      Refusal("file of 65 MB of JSON") {
        // A file with a hole takes no space.
        let file = try $0.write("{", "long.json")
        truncate(file.path, 65 << 20)
        _ = try JSON(contentsOf: file)
      },
      text("a.json", "cut off", "{\"a\": ") { _ = try JSON(contentsOf: $0) },
      text("a.json", "as a list", "[1]") { _ = try JSON(contentsOf: $0) },
      text("a.json", "129 deep", String(repeating: "[", count: 129)) {
        _ = try JSON(contentsOf: $0)
      },
      Refusal("prompts.csv of no UTF-8") {
        _ = try PromptTable(contentsOf: $0.write(Data([0x70, 0xFF, 0xFE]), "prompts.csv"))
      },
    ]
  }

  private static var safetensors: [Refusal] {
    func header(_ fault: String, _ text: String, bytes: Int = 8, length: UInt64? = nil) -> Refusal {
      Refusal("a.safetensors \(fault)") {
        let count = withUnsafeBytes(of: (length ?? UInt64(text.utf8.count)).littleEndian) {
          Data($0)
        }
        _ = try SafeTensors(
          contentsOf: $0.write(count + Data(text.utf8) + Data(count: bytes), "a.safetensors"))
      }
    }
    func entry(_ type: String, _ shape: String, _ offsets: String) -> String {
      #"{"a": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": \#(offsets)}}"#
    }
    func index(_ fault: String, _ map: JSON) -> Refusal {
      Refusal("model.safetensors.index.json \(fault)") {
        try SafeTensors.write(["a": Tensor.ones([1])], to: $0.url("own.safetensors"))
        let text = (["weight_map": map] as JSON).compact
        _ = try SafeTensors.load($0.write(text, "model.safetensors.index.json"))
      }
    }
    return [
      header("header of 2^40 bytes", "{}", length: 1 << 40),
      header("header beyond the file", "{}", length: 100),
      header("no JSON", "{", bytes: 0), header("as a list", "[1]", bytes: 0),
      header("of an empty entry", #"{"x": {}}"#, bytes: 0),
      header("__metadata__ of numbers", #"{"__metadata__": {"a": 1}}"#, bytes: 0),
      header("dtype=F7", entry("F7", "[2]", "[0, 8]")),
      header("header of 63 MB", "{}", length: 63 << 20),
      header("shape of 9 dimensions", entry("F32", "[1,1,1,1,1,1,1,1,2]", "[0, 8]")),
      header("shape=[-2]", entry("F32", "[-2]", "[0, 8]")),
      header("shape of 2^62", entry("F32", "[4611686018427387904, 4]", "[0, 8]")),
      header("shape=[3]", entry("F32", "[3]", "[0, 8]")),
      header("data_offsets=[8,0]", entry("F32", "[2]", "[8, 0]")),
      header("data_offsets=[0,80]", entry("F32", "[20]", "[0, 80]")),
      header("more bytes", entry("F32", "[2]", "[0, 8]"), bytes: 12),
      header(
        "overlapping",
        #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#
      ),
      Refusal("a.safetensors that is a pointer of Git LFS") {
        _ = try SafeTensors(
          contentsOf: $0.write(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0", "a.safetensors"))
      },
      Refusal("model.ckpt") { _ = try SafeTensors(contentsOf: $0.write("x", "model.ckpt")) },
      index("weight_map=3", 3), index("with a shard elsewhere", ["a": "../own.safetensors"]),
      index("with a pickle", ["a": "own.bin"]),
      index("with another name", ["b": "own.safetensors"]),
      index("with a missing shard", ["a": "other.safetensors"]),
    ]
  }

  private static let key = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"

  private static var erasers: [Refusal] {
    func eraser(_ fault: String, _ tensors: [String: Tensor]) -> Refusal {
      Refusal("eraser \(fault)") {
        let file = $0.url("e.safetensors")
        let card = try JSON(encoding: Eraser.Card()).compact
        try SafeTensors.write(
          tensors, metadata: ["format": "lethe-increment-1", "lethe": card], to: file)
        let read = try Eraser(contentsOf: file)
        _ = try $0.model.model().check(read.vector)
      }
    }
    func card(_ key: String) throws -> Refusal {
      let json = try JSON(encoding: Eraser.Card())
      return Refusal("eraser's card \(key)={\"x\":3}") {
        var changed = json
        changed[key] = ["x": 3]
        let file = $0.url("e.safetensors")
        try SafeTensors.write(
          [Self.key: Tensor.ones([8, 16])],
          metadata: ["format": "lethe-increment-1", "lethe": changed.compact], to: file)
        _ = try Eraser(contentsOf: file)
      }
    }
    /// Bytes of an element type that no difference has.
    func typed(_ type: String, _ size: Int) -> Refusal {
      Refusal("eraser of \(type)") {
        let card = JSON.string((try? JSON(encoding: Eraser.Card()).compact) ?? "")
        let header: JSON = [
          "__metadata__": ["format": "lethe-increment-1", "lethe": card],
          key: [
            "dtype": .string(type), "shape": [8, 16], "data_offsets": [0, .int(128 * size)],
          ],
        ]
        let text = Data(header.compact.utf8)
        let count = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        _ = try Eraser(
          contentsOf: $0.write(count + text + Data(count: 128 * size), "e.safetensors"))
      }
    }
    let keys = ["method", "concepts", "seed", "base", "version"]
    return [
      eraser("of 9 dimensions", [key: Tensor.ones([1, 1, 1, 1, 1, 1, 1, 1, 1])]),
      eraser("of bytes", [key: Tensor([1, 2] as [UInt8])]),
      eraser("of truth values", [key: Tensor([1, 2] as [UInt8]).to(.bool)]),
      typed("U16", 2), typed("F8_E4M3", 1),
      eraser("of another shape", [key: Tensor.ones([1])]),
      eraser("not finite", [key: Tensor.full([1], .infinity)]),
      eraser("of no parameter", ["unet.nothing": Tensor.ones([1])]),
      Refusal("eraser without a card") {
        try SafeTensors.write(["a": Tensor.ones([1])], to: $0.url("e.safetensors"))
        _ = try Eraser(contentsOf: $0.url("e.safetensors"))
      },
    ] + keys.compactMap { try? card($0) }
  }

  private static var loras: [Refusal] {
    let module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    func lora(_ fault: String, _ tensors: [String: Tensor], _ metadata: [String: String] = [:])
      -> Refusal
    {
      Refusal("LoRA \(fault)") {
        try SafeTensors.write(tensors, metadata: metadata, to: $0.url("lora.safetensors"))
        _ = try LoRAFile($0.url("lora.safetensors")).vector(for: $0.model.model())
      }
    }
    func parts(_ down: [Int], _ up: [Int]) -> [String: Tensor] {
      [
        "\(module).lora_down.weight": Tensor.ones(down),
        "\(module).lora_up.weight": Tensor.ones(up),
      ]
    }
    return [
      lora("of another kind", ["\(module).hada_w1_a": Tensor.ones([1])]),
      lora("of another model", ["lora_unet_x.lora_down.weight": Tensor.ones([1, 1])]),
      lora("of one matrix", ["\(module).lora_down.weight": Tensor.ones([1, 16])]),
      lora("of other ranks", parts([2, 16], [8, 1])),
      lora("of another shape", parts([1, 8], [8, 1])),
      lora("of an endless product", parts([1, 300_000], [300_000, 1])),
      lora("not finite", ["\(module).lora_down.weight": Tensor.full([1, 16], .infinity)]),
      lora(
        "with a list for alpha",
        parts([1, 16], [8, 1]).merging(["\(module).alpha": Tensor.ones([2])]) { $1 }),
      lora("lora_adapter_metadata=x", parts([1, 16], [8, 1]), ["lora_adapter_metadata": "x"]),
    ]
  }

  private static var states: [Refusal] {
    func state(
      _ fault: String, _ change: @escaping (inout [String: Tensor], inout [String: String]) -> Void
    )
      -> Refusal
    {
      Refusal("state \(fault)") {
        let run = try Run($0.url("run"))
        let p = Tensor.ones([3, 2])
        func fit(until last: Int) throws {
          var training = Training(steps: 4, rate: 0.1)
          training.saveEvery = 1
          var loop = TrainingLoop("t", training, run)
          loop.every = 1
          loop.goesOn = { step, _ in step < last }
          try loop.fit([p]) { _ in (1, [Tensor.ones([3, 2])]) }
        }
        try fit(until: 2)
        let file = run.file("t.state.safetensors")
        let old = try SafeTensors(contentsOf: file)
        var (tensors, metadata) = (old.tensors.mapValues { $0.cloned() }, old.metadata)
        change(&tensors, &metadata)
        try SafeTensors.write(tensors, metadata: metadata, to: file)
        try fit(until: 4)
      }
    }
    return [
      state("step=-1") { $1["step"] = "-1" }, state("step=9") { $1["step"] = "9" },
      state("without step") { $1["step"] = nil }, state("carried=x") { $1["carried"] = "x" },
      state("moments of one number") { tensors, _ in
        for name in tensors.keys where name.hasPrefix("optimizer.") {
          tensors[name] = Tensor.ones([1])
        }
      },
      state("without parameters") { tensors, _ in tensors["parameter.0"] = nil },
      state("with a stray tensor") { tensors, _ in tensors["x"] = Tensor.ones([1]) },
      state("not finite") { tensors, _ in tensors["parameter.0"] = Tensor.full([3, 2], .infinity) },
    ]
  }
}
