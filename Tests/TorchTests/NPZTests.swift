import Foundation
import TestSupport
import Testing

@testable import Torch

struct NPZTests {
  /// zlib's raw output for 40 times "the fox and the owl. ": a block of its own codes, one of fixed codes, a stored
  /// one.
  @Test func inflates() throws {
    let text = [UInt8](String(repeating: "the fox and the owl. ", count: 40).utf8)
    let file = URL(fileURLWithPath: "x.npz")
    for (name, packed) in Self.packed {
      let data = try #require(Data(base64Encoded: packed))
      #expect(try Inflate.bytes(data, count: text.count, of: file) == text, "\(name)")
      for cut in [0, 1, data.count / 2, data.count - 1] {
        #expect(throws: LetheError.self) {
          try Inflate.bytes(data.prefix(cut), count: text.count, of: file)
        }
      }
      for wrong in [text.count - 1, text.count + 1] {
        #expect(throws: LetheError.self) { try Inflate.bytes(data, count: wrong, of: file) }
      }
    }
  }

  static let packed = [
    (
      "dynamic",
      "BcHBDQBABADBVrYCPV2CeAgfCeXfzIThfbxSJozeFCYM7+OVMmH0pjBheB+vlAmjN4UJw/t4pUwYvSlMGN7HK2XC6E"
        + "1hwvA+XikTRm8KE4b38UqZMHpTmDC8j1fKhNGbwoThfbxSJozeFCYM7+OVMmH0pjBheB+vlAmjN4UJw/t4pUwYvSlM"
        + "GN7HK2XC6E1hwvA+XikTRm8KE4b38UqZMHpTmDC8j1fKhNGbwoThfbxSJozeFCYM7+OVMmH0pjBheB+vlAmjN4UJw/"
        + "t4pUwYvSlMGN7HK2XC6E1hwvA+XikTRm8KE4b38UqZMHpTmDC8j1fKhNGbwoThfbxSJozeFCYM7+OVMmH0pjBheB+v"
        + "lAmjN4UJw/t4pUwYvSlMGN7HK2XC6E1hwvA+XikTRm8KE4b38UqZMHpTmDC8j1fKhNGbwoThfbxSJozeFCYM7+OVMm"
        + "H0pjBheB+vlAmjN4UJw/t4pUwYvSlMGN7HK2XC6E1hwvA+XikTRm8KE4b38UqZMHpTmDC8j1fKhNGbwgc="
    ),
    (
      "fixed",
      "K8lIVUjLr1BIzEtRKAGy88tz9MCMUcFRwVFBogUB"
    ),
    (
      "stored",
      "AUgDt/x0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLi"
        + "B0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUg"
        + "Zm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IG"
        + "FuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0"
        + "aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3"
        + "dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0"
        + "aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm"
        + "94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFu"
        + "ZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aG"
        + "Ugb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3ds"
        + "LiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aG"
        + "UgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiB0aGUgZm94"
        + "IGFuZCB0aGUgb3dsLiB0aGUgZm94IGFuZCB0aGUgb3dsLiA="
    ),
  ]

  /// A checksum that zip's definition gives for the text.
  @Test func checksum() {
    #expect(CRC32.of(Data("123456789".utf8)) == 0xCBF4_3926)
  }

  @Test func arraysComeBack() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("a.npz")
      let arrays = [
        "mu": Tensor([1.5, -2.5, 3]), "n": Tensor([7]),
        "x": Tensor([1, 2, 3, 4] as [Float], [2, 2]),
      ]
      try NPZ.write(arrays, to: file)
      let read = try NPZ.read(file)
      #expect(read.keys.sorted() == ["mu", "n", "x"])
      for (name, array) in arrays { #expect(read[name]?.isIdentical(to: array) == true) }
      // Every cut, and every change of a byte of the directory, is an error or a smaller archive and never a trap.
      let whole = try Data(contentsOf: file)
      for cut in stride(from: 0, to: whole.count, by: 37) {
        try whole.prefix(cut).write(to: file)
        #expect(throws: LetheError.self) { try NPZ.read(file) }
      }
      for place in stride(from: whole.count - 120, to: whole.count, by: 1) {
        var damaged = whole
        damaged[place] ^= 0xFF
        try damaged.write(to: file)
        _ = try? NPZ.read(file)
      }
    }
  }
}
