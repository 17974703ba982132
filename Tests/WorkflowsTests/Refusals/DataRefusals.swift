// Pictures, arrays, tables of prompts, and lists of them.
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Training

@testable import Torch

extension Refusal {
  static var data: [Refusal] { arrays + numpy + tables + lists + pictures }

  private static var arrays: [Refusal] {
    func arrays(_ name: String, _ images: [Int], _ labels: [Int], classes: String? = nil) -> Refusal
    {
      Refusal("images.npy, labels.npy \(name)") { place in
        let count = images.reduce(1, *)
        let folder = try place.write("", "arrays/.x").deletingLastPathComponent()
        try NPY.write(
          Tensor([UInt8](repeating: 3, count: count), images),
          to: folder.appendingPathComponent("images.npy"))
        try NPY.write(Tensor(labels), to: folder.appendingPathComponent("labels.npy"))
        if let classes { try place.write(classes, "arrays/classes.txt") }
        _ = try CaptionedImages(folder: folder)
      }
    }
    return [
      arrays("label -5", [2, 4, 4], [0, -5]), arrays("label 2^63-1", [2, 4, 4], [0, .max]),
      arrays("label 10^10", [2, 4, 4], [0, 10_000_000_000]), arrays("0 x 0", [2, 0, 0], [0, 1]),
      arrays("3 labels", [2, 4, 4], [0, 1, 1]), arrays("5 channels", [2, 4, 4, 5], [0, 1]),
      arrays("label of no class", [2, 4, 4], [0, 1], classes: "fox\n"),
      Refusal("data_batch_1.bin cut off") {
        let file = try $0.write(Data(count: 100), "batches/data_batch_1.bin")
        _ = try CaptionedImages(folder: file.deletingLastPathComponent())
      },
    ]
  }

  private static var numpy: [Refusal] {
    func npy(_ name: String, _ header: String, _ body: Int = 4) -> Refusal {
      Refusal("a.npy \(name)") {
        let text = Data(header.utf8)
        let start = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0])
        _ = try NPY.read($0.write(start + text + Data(count: body), "a.npy"))
      }
    }
    func dictionary(_ type: String, _ order: String, _ shape: String) -> String {
      "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(shape)), }\n"
    }
    return [
      npy("descr=|O", dictionary("|O", "False", "1,")),
      npy("fortran_order=True", dictionary("<f4", "True", "1,")),
      npy("shape of 2^62", dictionary("<f4", "False", "4611686018427387904,")),
      npy("shape of nine", dictionary("|u1", "False", "1,1,1,1,1,1,1,1,4")),
      npy("shape of more", dictionary("<f4", "False", "9,")),
      npy("without keys", "{}"),
      Refusal("a.npy without magic") { _ = try NPY.read($0.write("nonsense", "a.npy")) },
      Refusal("a.npy cut off") {
        _ = try NPY.read($0.write(Data([0x93] + Array("NUMPY".utf8) + [1, 0, 200, 0]), "a.npy"))
      },
      Refusal("a.npz no archive") { _ = try NPZ.read($0.write("nonsense", "a.npz")) },
      Refusal("a.npz encrypted") {
        try NPZ.write(["a": Tensor.ones([1])], to: $0.url("a.npz"))
        var bytes = try Data(contentsOf: $0.url("a.npz"))
        let entry = try #require(bytes.range(of: Data([0x50, 0x4B, 1, 2]))).lowerBound
        bytes[entry + 8] = 1
        _ = try NPZ.read($0.write(bytes, "a.npz"))
      },
    ]
  }

  private static var tables: [Refusal] {
    let texts = [
      ("seed", "prompt,seed\na fox,-1\n"), ("width", "prompt,width\na fox,1e30\n"),
      ("height", "prompt,height\na fox,0\n"), ("guidance", "prompt,guidance\na fox,nan\n"),
      ("forget", "prompt,forget\na fox,perhaps\n"), ("fields", "prompt,seed\na fox\n"),
      ("case number", "case_number,prompt\n../x,a fox\n"),
      ("length", "prompt,seed\n\(String(repeating: "x", count: 6000)),1\n"),
      ("quote", "prompt,seed\n\"a fox,1\n"), ("without rows", ""),
      ("without a column of prompts", "seed,width\n1,2\n"),
      ("without a prompt in a line", "{\"seed\": 1}\n"),
      ("line with seed=-1", "{\"prompt\": \"a fox\", \"seed\": -1}\n"),
      ("line with width=2^62", "{\"prompt\": \"a fox\", \"width\": 4611686018427387904}\n"),
      ("line with height=0", "{\"prompt\": \"a fox\", \"height\": 0}\n"),
      ("line with guidance=no", "{\"prompt\": \"a fox\", \"guidance\": \"no\"}\n"),
      ("line with case=..", "{\"prompt\": \"a fox\", \"id\": \"../x\"}\n"),
    ]
    return texts.map { name, text in
      Refusal("prompts.csv \(name)") {
        _ = try PromptTable(contentsOf: $0.write(text, "prompts.csv"))
      }
    }
  }

  private static var lists: [Refusal] {
    func images(_ file: String, _ fault: String, _ text: String) -> Refusal {
      Refusal.text("set/\(file)", fault, text) {
        _ = try CaptionedImages(folder: $0.deletingLastPathComponent())
      }
    }
    func manifest(_ sample: JSON, _ key: String) -> Refusal {
      images(
        "manifest.json", "\(key)=\(sample[key]?.compact ?? "missing")",
        (["samples": [sample]] as JSON).compact)
    }
    let objects = #"{"object": "fox", "file": "../fox.png"}"#
    func styled(_ fault: String, _ text: String) -> Refusal {
      Refusal("set/noto/objects.jsonl \(fault)") {
        let folder = try $0.write(text, "set/objects.jsonl").deletingLastPathComponent()
        _ = try StyledObjects(folder: folder, objects: nil, styles: ["noto"]).load()
      }
    }
    return [
      images("manifest.json", "samples=3", #"{"samples": 3}"#),
      manifest(["caseNumber": "0", "k": -1, "prompt": "a fox"], "k"),
      manifest(["caseNumber": 3, "k": 0, "prompt": "a fox"], "caseNumber"),
      manifest(["caseNumber": "../x", "k": 0, "prompt": "a fox"], "caseNumber"),
      manifest(["caseNumber": "0", "k": 0], "prompt"),
      images("metadata.jsonl", "without keys", "{}\n"),
      images("metadata.jsonl", "file_name=..", #"{"file_name": "../../x.png", "text": "a"}"#),
      images("metadata.csv", "without columns", "a,b\n1,2\n"),
      images("metadata.csv", "fields", "file_name,text\na.png\n"),
      styled("without keys", "[]\n"), styled("file=..", objects + "\n"),
      Refusal("a.png without a caption") {
        let folder = try $0.write(Data([1]), "pictures/a.png").deletingLastPathComponent()
        _ = try CaptionedImages(folder: folder)
      },
    ]
  }

  private static var pictures: [Refusal] {
    func read(_ name: String, _ data: @escaping () throws -> Data) -> Refusal {
      Refusal("picture \(name)") { _ = try Image(contentsOf: $0.write(data(), name)) }
    }
    func png(_ change: @escaping (inout Data) -> Void) throws -> Data {
      var data = try PNG.encode(
        Image(width: 2, height: 2, pixels: [UInt8](repeating: 9, count: 12)))
      change(&data)
      return data
    }
    return [
      read("text.png") { Data("nonsense".utf8) },
      read("cut.png") { try png { $0.removeLast(30) } },
      read("16384 x 16384.png") {
        // Width and height with the sum of the header's chunk over them.
        try png { data in
          data.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
          let sum = CRC32.of(data[12..<29])
          data.replaceSubrange(29..<33, with: (0..<4).map { UInt8(sum >> (24 - 8 * $0) & 255) })
        }
      },
      read("cut.jpg") { try Data(contentsOf: Fixtures.url("grey.jpg")).prefix(200) },
      read("cut.webp") { try Data(contentsOf: Fixtures.url("pictures/lossy.webp")).prefix(60) },
      read("moving.webp") { try Data(contentsOf: Fixtures.url("pictures/moving.webp")) },
      read("animation.gif") { Data("GIF89a-and-more".utf8) },
      Refusal("picture text of no picture") { _ = try PNG.text(of: $0.write("x", "a.png")) },
    ]
  }
}
