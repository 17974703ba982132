// Readers of training data, prompts and pictures.
import Diffusion
import Foundation
import Pictures
import Torch
import Training

extension Corpus {
  private static let table = """
    case_number,prompt,evaluation_seed,evaluation_guidance,width,height,erasers
    00001,"a noto emoji of a fox, sitting",5,7.5,64,64,fox;cat
    2,a cat,18446744073709551615,1,,,
    """

  func data() throws -> [Format] {
    let arrays = try folder("arrays")
    try NPY.write(
      Tensor((0..<(6 * 4 * 4)).map { UInt8($0 * 2) }, [6, 4, 4]),
      to: arrays.appendingPathComponent("images.npy"))
    try NPY.write(Tensor([0, 1, 2, 0, 1, 2]), to: arrays.appendingPathComponent("labels.npy"))
    func readArrays(_ draw: inout Draw) throws {
      let images = try CaptionedImages(folder: arrays)
      _ = try images.picture(draw.below(images.count), size: 8)
      _ = images.heldOut(every: 2)
    }
    let pictures = try folder("pictures")
    let png = try Data(contentsOf: fixtures.appendingPathComponent("version-0.1/picture.png"))
    let jpeg = try Data(contentsOf: fixtures.appendingPathComponent("grey.jpg"))
    let webp = try Data(contentsOf: fixtures.appendingPathComponent("pictures/lossy.webp"))
    try png.write(to: pictures.appendingPathComponent("a.png"))
    try Data("a fox".utf8).write(to: pictures.appendingPathComponent("a.txt"))
    let named = try folder("named")
    try png.write(to: named.appendingPathComponent("0_0.png"))
    let objects = try folder("objects/noto")
    try png.write(to: objects.appendingPathComponent("fox.png"))
    let styled = objects.deletingLastPathComponent()
    let tokenizer = try DiffusionModel.load(fixtures.appendingPathComponent("tiny-sd2")).tokenizer(
      for: "torture")
    let texts = try folder("texts")
    return [
      try format("images.npy", 4, arrays, "images.npy", { $0.npy($1) }, readArrays),
      try format("labels.npy", 4, arrays, "labels.npy", { $0.npy($1) }, readArrays),
      try format("picture", 6, pictures, "p.png", { $0.png($1) }, more: [png, jpeg, webp]) { _ in
        let file = pictures.appendingPathComponent("p.png")
        _ = try Image(contentsOf: file).resized(8, 8)
        _ = try PNG.text(of: file)
      },
      try format(
        "table of prompts", 6, texts, "p.csv", { $0.text($1) }, more: [Data(Self.table.utf8)]
      ) {
        _ in
        for row in try PromptTable(contentsOf: texts.appendingPathComponent("p.csv")).rows.prefix(
          20)
        {
          _ = tokenizer(row.prompt)
        }
      },
      try format(
        "prompt", 5, texts, "p.txt", { $0.text($1) },
        more: [Data("A photo of 12 f\u{F6}xes, isn't it? <|endoftext|> \u{1F98A}!!".utf8)]
      ) { _ in
        let text = String(
          decoding: try InputFile.data(texts.appendingPathComponent("p.txt"), .text), as: UTF8.self)
        try Limit.check(prompts: [text])
        let tokens = tokenizer(text)
        _ = tokenizer.decoder().text(tokens.rows[0])
        _ = tokenizer.lost(text)
      },
      try format(
        "metadata.jsonl", 2, named, "metadata.jsonl", { $0.lines($1) },
        more: [Data(#"{"file_name": "0_0.png", "text": "a fox"}"#.utf8)]
      ) { draw in
        let images = try CaptionedImages(folder: named)
        _ = try images.picture(draw.below(images.count))
      },
      try format(
        "objects.jsonl", 2, styled, "objects.jsonl", { $0.lines($1) },
        more: [Data(#"{"object": "fox", "file": "fox.png"}"#.utf8)]
      ) { _ in _ = try StyledObjects(folder: styled, objects: nil, styles: ["noto"]).load() },
    ]
  }
}
