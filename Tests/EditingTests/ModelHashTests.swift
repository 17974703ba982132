import Diffusion
import TestSupport
import Testing

@testable import Editing

/// The digests that FIPS 180-2 publishes, and the hash that version 0.1 gave one model.
@Suite struct ModelHashTests {
  static func digest(_ pieces: [String]) -> String {
    var sha = SHA256Stream()
    for piece in pieces { Array(piece.utf8).withUnsafeBytes { sha.update($0) } }
    return sha.hexadecimal()
  }

  @Test func publishedDigests() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(
      Self.digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Self.digest(["abc"]) == abc)
    #expect(Self.digest(["a", "", "bc"]) == abc)
    let million = Array(repeating: String(repeating: "a", count: 1_000), count: 1_000)
    #expect(
      Self.digest(million)
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func hashOfATinyModel() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(model.hash() == "8699696ccc654c4ec5722721e0d9cb00ef524645ac38e548aac19b98e75b695f")
  }
}
