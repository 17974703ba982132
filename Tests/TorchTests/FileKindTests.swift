import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct FileKindTests {
  @Test(arguments: [
    ("pictures/lossy.webp", "a WebP picture"), ("grey.jpg", "a JPEG picture"),
    ("tiny-sd1/unet/diffusion_pytorch_model.safetensors", "a safetensors file"),
    ("tiny-sd1/unet/config.json", "a file of JSON"), ("tiny-sd1", "a folder"),
    ("refusals.txt", "a text"), ("statistics.npz", "a zip archive"),
  ])
  func fixturesAreTold(_ name: String, _ words: String) {
    #expect(FileKind.words(Fixtures.url(name)) == words)
  }

  @Test func bytesAreTold() {
    #expect(FileKind.words([0x80, 2, 0x7D]) == "a pickle")
    #expect(FileKind.words([UInt8]("RIFF".utf8) + [1, 0, 0, 0] + "WAVE".utf8) == nil)
    // A letter that the beginning cuts is no fault, a control character is.
    #expect(FileKind.words([UInt8](repeating: 97, count: 511) + "é".utf8) == "a text")
    #expect(FileKind.words([97, 98, 0]) == nil && FileKind.words([8, 10]) == nil)
    #expect(FileKind.words([]) == nil)
    #expect(FileKind.words(Fixtures.url("onnx/classifier.onnx")) == nil)
    #expect(FileKind.words(URL(fileURLWithPath: "/nonexistent")) == nil)
  }

  /// The message names the kind of the file and the kind that is needed, and says nothing of damage.
  @Test func aStrangeFileIsNamed() throws {
    func sentence(_ work: () throws -> Void) -> String {
      #expect(throws: LetheError.self) { try work() }?.sentence ?? ""
    }
    let webp = Fixtures.url("pictures/lossy.webp")
    #expect(
      sentence { _ = try InputFile.text(webp) }.hasSuffix(
        "it is a WebP picture; accepted: a text in UTF-8"))
    #expect(
      sentence { _ = try SafeTensors(contentsOf: Fixtures.url("grey.jpg")) }.hasSuffix(
        "it is a JPEG picture; accepted: a safetensors file"))
    #expect(
      sentence { _ = try SafeTensors(contentsOf: Fixtures.url("refusals.txt")) }.hasSuffix(
        "it is a text; accepted: a safetensors file"))
    #expect(
      sentence { _ = try JSON(contentsOf: webp) }.hasSuffix(
        "it is a WebP picture; accepted: a file of JSON"))
    #expect(sentence { _ = try JSON(contentsOf: Fixtures.folder) }.contains("it is a folder"))
    // A file of the right kind that is damaged is told as before.
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a.safetensors")
      try Data([3, 0, 0, 0, 0, 0, 0, 0, 123, 125, 33]).write(to: file)
      #expect(sentence { _ = try SafeTensors(contentsOf: file) }.contains("damaged or hostile"))
    }
  }
}
