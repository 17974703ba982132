import Diffusion
import Editing
import Foundation
import Torch

@testable import Unlearning

/// A folder of three classes, of which the bird is to be forgotten.
enum ThreeClasses {
  /// Three classes of 8 x 8 pictures: noise around black, grey and white.
  static func data(_ folder: URL, count: Int = 12) throws {
    let noise = Tensor.rand([3 * count, 8, 8], Generator(seed: 1)) * 60
    let level = Tensor((0..<(3 * count)).map { Float($0 % 3) * 90 }).reshaped(3 * count, 1, 1)
    try NPY.write((noise + level).to(.uint8), to: folder.appendingPathComponent("images.npy"))
    let labels = Tensor((0..<(3 * count)).map { $0 % 3 }, [3 * count])
    try NPY.write(labels, to: folder.appendingPathComponent("labels.npy"))
    try Data("bear\nbird\ncat\n".utf8).write(to: folder.appendingPathComponent("classes.txt"))
  }

  static func erasure(_ folder: URL) -> Erasure {
    var erasure = Erasure(forget: [Concept("bird")], preserve: ["bear", "cat"])
    (erasure.forgetImages, erasure.retainImages) = (folder.path, folder.path)
    return erasure
  }
}
