import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// Every layout of pictures with classes, and what is wrong with damaged ones.
@Suite struct CaptionedImagesTests {
  private func write(_ bytes: [UInt8], _ name: String, _ folder: URL) throws {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  @Test func arrays() throws {
    try Fixtures.temporaryFolder { folder in
      let images = Tensor((0..<48).map { UInt8($0) }, [3, 4, 4])
      try NPY.write(images, to: folder.appendingPathComponent("images.npy"))
      try NPY.write(Tensor([1, 0, 1], [3]), to: folder.appendingPathComponent("labels.npy"))
      let numbered = try CaptionedImages(folder: folder)
      #expect(numbered.classes == ["0", "1"] && numbered.captions == ["1", "0", "1"])
      try write(Array("bear\nbird\n".utf8), "classes.txt", folder)
      let set = try CaptionedImages(folder: folder)
      #expect(set.captions == ["bird", "bear", "bird"])
      #expect(Array(try set.picture(1).pixels.prefix(6)) == [16, 16, 16, 17, 17, 17])
      #expect(try set.load(size: 4).shape == [3, 3, 4, 4])
      #expect(set.filter { $0 == "bird" }.count == 2)
      let parts = set.heldOut(every: 2)
      #expect(parts.seen.captions == ["bird", "bear"] && parts.heldOut.captions == ["bird"])
      #expect(try parts.heldOut.picture(0).pixels[0] == 32)
      #expect(set.heldOut(every: 0).seen.count == 3)

      try NPY.write(Tensor([1, 0, 2], [3]), to: folder.appendingPathComponent("labels.npy"))
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      try NPY.write(Tensor([1, 0], [2]), to: folder.appendingPathComponent("labels.npy"))
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      try NPY.write(images.to(.float32), to: folder.appendingPathComponent("images.npy"))
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
    }
  }

  /// A record is a label and 1,024 red, green and blue bytes.
  @Test func cifarBatches() throws {
    try Fixtures.temporaryFolder { folder in
      func record(_ label: UInt8, _ rgb: [UInt8]) -> [UInt8] {
        [label] + rgb.flatMap { Array(repeating: $0, count: 1024) }
      }
      try write(record(1, [10, 20, 30]), "data_batch_1.bin", folder)
      try write(record(0, [1, 2, 3]), "data_batch_2.bin", folder)
      try write(Array("airplane\nautomobile\n".utf8), "batches.meta.txt", folder)
      let set = try CaptionedImages(folder: folder)
      #expect(set.captions == ["automobile", "airplane"])
      #expect(Array(try set.picture(0).pixels.suffix(3)) == [10, 20, 30])
      #expect(Array(try set.picture(1).pixels.prefix(3)) == [1, 2, 3])
      try write([1, 2, 3], "data_batch_3.bin", folder)
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
    }
  }

  /// A folder for each class, PNG and JPEG alike; grey.jpg is 8 x 8 of value 128, made with Pillow.
  @Test func foldersOfClasses() throws {
    try Fixtures.temporaryFolder { folder in
      let jpeg = try Data(contentsOf: Fixtures.url("grey.jpg"))
      let picture = Image(width: 8, height: 8, pixels: Array(repeating: 200, count: 192))
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("cat"), withIntermediateDirectories: true)
      try PNG.write(picture, to: folder.appendingPathComponent("cat/a.png"))
      try write(Array(jpeg), "dog/b.JPG", folder)
      try write([1], "notes.md", folder)
      let set = try CaptionedImages(folder: folder)
      #expect(set.classes == ["cat", "dog"] && set.captions == ["cat", "dog"])
      #expect(try set.picture(0) == picture)
      #expect(try set.picture(1).pixels == Array(repeating: 128, count: 192))

      // A file that is cut off, and one that is no picture, are refused by name.
      try write(Array(jpeg.prefix(jpeg.count - 20)), "dog/b.JPG", folder)
      let error = try #require(throws: LetheError.self) {
        try CaptionedImages(folder: folder).picture(1)
      }
      #expect(error.description.contains("b.JPG"))
      try write([0xFF, 0xD8, 0xFF, 0, 1, 2], "dog/b.JPG", folder)
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder).picture(1) }
    }
  }

  /// Files that are no pictures are counted by their ending; hidden ones, and texts, are not.
  @Test func whatIsLeftOut() throws {
    try Fixtures.temporaryFolder { folder in
      let picture = Image(width: 8, height: 8, pixels: Array(repeating: 200, count: 192))
      for name in ["a.tif", "b.tif", "c.GIF", ".DS_Store", ".hidden/d.png", "LICENSE"] {
        try write([1], name, folder)
      }
      let error = try #require(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      #expect(error.sentence.hasSuffix("; it has 2 .tif, 1 without ending, 1 .gif"))
      try write([1], "cat/e.tif", folder)
      try PNG.write(picture, to: folder.appendingPathComponent("cat/f.png"))
      try PNG.write(picture, to: folder.appendingPathComponent("cat/.f.png"))
      let classes = try CaptionedImages(folder: folder)
      #expect(classes.captions == ["cat"])
      #expect(classes.skipped == ["tif": 3, "gif": 1, "": 1])
      #expect(
        classes.skippedNote
          == "5 files are left out: 3 .tif, 1 without ending, 1 .gif; "
          + "pictures are PNG, JPEG or WebP")
      try PNG.write(picture, to: folder.appendingPathComponent("g.png"))
      try write(Array("a fox".utf8), "g.txt", folder)
      let own = try CaptionedImages(folder: folder)
      #expect(own.captions == ["a fox"] && own.skipped["tif"] == 2 && own.skipped["txt"] == nil)
    }
  }

  /// `metadata.csv`, and `caption` for the column and the key.
  @Test(arguments: [
    ("metadata.csv", "file_name,text\na.png,\"a red, tame fox\"\n"),
    ("metadata.csv", "width,caption,file_name\r\n8,\"a red, tame fox\",a.png\r\n"),
    ("metadata.jsonl", "{\"file_name\": \"a.png\", \"caption\": \"a red, tame fox\"}\n"),
  ])
  func captionsOfTheFieldsFolders(_ name: String, _ text: String) throws {
    try Fixtures.temporaryFolder { folder in
      let picture = Image(width: 8, height: 8, pixels: Array(repeating: 200, count: 192))
      try PNG.write(picture, to: folder.appendingPathComponent("a.png"))
      try write(Array(text.utf8), name, folder)
      let set = try CaptionedImages(folder: folder)
      #expect(try set.captions == ["a red, tame fox"] && set.picture(0) == picture)
    }
  }

  @Test func tablesWithoutCaptions() throws {
    try Fixtures.temporaryFolder { folder in
      for text in ["file_name\na.png\n", "file_name,text\na.png\n", "file_name,text\na.png,\"x\n"] {
        try write(Array(text.utf8), "metadata.csv", folder)
        let error = try #require(throws: LetheError.self) { try CaptionedImages(folder: folder) }
        #expect(error.sentence.contains("metadata.csv"))
      }
    }
  }

  @Test func captionedFoldersAreReadAndChecked() throws {
    try Fixtures.temporaryFolder { folder in
      func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
      }
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      let picture = Image(width: 8, height: 8, pixels: Array(repeating: 200, count: 192))
      try PNG.write(picture, text: [], to: folder.appendingPathComponent("a.png"))
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      try write("a fox\n", "a.txt")
      #expect(try CaptionedImages(folder: folder).captions == ["a fox"])
      try write("{\"file_name\":\"a.png\",\"text\":\"a red fox\"}\n", "metadata.jsonl")
      let set = try CaptionedImages(folder: folder)
      #expect(set.captions == ["a red fox"])
      #expect(try set.picture(0, size: 4).width == 4)
      try write("{\"file_name\":\"../a.png\",\"text\":\"x\"}\n", "metadata.jsonl")
      let error = try #require(throws: LetheError.self) { try CaptionedImages(folder: folder) }
      #expect(
        error.description.contains("metadata.jsonl is damaged or hostile: file_name is '../a.png'"))
      try write("{\"file\":1}\n", "metadata.jsonl")
      #expect(throws: LetheError.self) { try CaptionedImages(folder: folder) }
    }
  }
}
