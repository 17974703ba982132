// NudeNet 3: a detector of 18 parts of bodies on 320 x 320 pixels (YOLOv8n, exported to ONNX).
//
//   square by black at the right and the bottom -> 320 x 320, bilinear on 8-bit numbers -> / 255, channels B, G, R
//   [N, 22, 2100]: centre and size of each box, then 18 scores
//   score > floor, sorted; a box whose IoU with a kept one is above 0.45 falls, whatever their labels
internal import Diffusion
package import Foundation
package import Torch

/// A part that was found in a picture.
package struct Detection: Sendable, Hashable {
  package var label: String
  package var score: Double
  /// Left, top, width and height in pixels of the picture.
  package var box: [Int]
}

package final class NudeNet {
  package let labels: [String]
  private let network: ONNXNetwork
  private static let (side, floor, overlap) = (320, 0.25, 0.45)
  package static let known = [
    "FEMALE_GENITALIA_COVERED", "FACE_FEMALE", "BUTTOCKS_EXPOSED", "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED", "MALE_BREAST_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED",
    "BELLY_COVERED", "FEET_COVERED", "ARMPITS_COVERED", "ARMPITS_EXPOSED", "FACE_MALE",
    "BELLY_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_COVERED", "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
  ]

  /// - Throws: ``LetheError`` of the kind `model` for a file that is no detector of these parts
  package init(contentsOf file: URL) throws {
    network = try ONNXNetwork(contentsOf: file)
    let named = network.labels
    guard named.isEmpty || named == Self.known else {
      throw LetheError.malformed(file, "its labels are not those of NudeNet 3")
    }
    labels = Self.known
  }

  /// Scores and boxes of a network's input [N, 3, 320, 320] in 0 ... 1: [N, 22, A].
  package func raw(_ pixels: Tensor) throws -> Tensor {
    guard let found = try network(pixels).first, found.rank == 3, found.size(1) == 4 + labels.count
    else { throw LetheError.model("the detector gives no [N, \(4 + labels.count), A]") }
    return found.to(.float32)
  }

  /// - Parameter pictures: [N, 3, H, W], values in [-1, 1]
  package func callAsFunction(_ pictures: Tensor) throws -> [[Detection]] {
    let (height, width) = (pictures.size(2), pictures.size(3))
    let long = max(height, width)
    let bytes = ((pictures.to(.cpu, .float32) / 2 + 0.5).clamped(0, 1) * 255).rounded()
    let square = bytes.padded([0, long - width, 0, long - height])
    let pixels = CVResize.bilinear(square, Self.side) / 255
    let found = try raw(pixels.flipped(1))
    return (0..<pictures.size(0)).map { i in
      Self.boxes(
        found[0, at: i].transposed(0, 1), labels, scale: Double(long) / Double(Self.side),
        width: width, height: height)
    }
  }

  /// - Parameter rows: [A, 4 + labels]
  static func boxes(
    _ rows: Tensor, _ labels: [String], scale: Double, width: Int, height: Int
  ) -> [Detection] {
    let best = rows.narrowed(1, 4, labels.count).max(1).doubles
    let picks = best.indices.filter { best[$0] > floor }.sorted { best[$0] > best[$1] }
    var kept: [(box: [Double], detection: Detection)] = []
    for pick in picks {
      let row = rows[0, at: pick].doubles
      var (x, y) = ((row[0] - row[2] / 2) * scale, (row[1] - row[3] / 2) * scale)
      (x, y) = (min(max(x, 0), Double(width)), min(max(y, 0), Double(height)))
      let w = min(row[2] * scale, Double(width) - x)
      let h = min(row[3] * scale, Double(height) - y)
      let box = [x, y, w, h].map {
        Int(bounded: $0.rounded(.towardZero), -(1 << 20)...(1 << 20))
      }
      let whole = box.map(Double.init)
      guard !kept.contains(where: { overlap(of: $0.box, whole) > overlap }) else { continue }
      let scores = row.dropFirst(4)
      let label = scores.indices.max { scores[$0] < scores[$1] }.map { $0 - 4 } ?? 0
      kept.append((whole, Detection(label: labels[label], score: best[pick], box: box)))
    }
    return kept.map(\.detection)
  }

  /// The intersection of two boxes over their union.
  private static func overlap(of a: [Double], _ b: [Double]) -> Double {
    let w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    let h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    guard w > 0, h > 0 else { return 0 }
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)
  }
}

/// OpenCV's bilinear resizing of 8-bit numbers, in its whole numbers:
///
///   f = (d + 1/2) n / m - 1/2,   weights round(2048 (1 - f)), round(2048 f),   rows after columns
///   out = ((b0 (H0 >> 4) >> 16) + (b1 (H1 >> 4) >> 16) + 2) >> 2
enum CVResize {
  /// Pictures [N, C, n, n] of whole numbers -> [N, C, m, m]
  static func bilinear(_ pictures: Tensor, _ m: Int) -> Tensor {
    let (low, high, a0, a1) = weights(pictures.size(3), m)
    let x = pictures.to(.float64)
    let columns = x.indexed(3, low) * a0 + x.indexed(3, high) * a1
    let shifted = (columns / 16).floor()
    let top = (shifted.indexed(2, low) * a0.reshaped(m, 1) / 65536).floor()
    let bottom = (shifted.indexed(2, high) * a1.reshaped(m, 1) / 65536).floor()
    return ((top + bottom + 2) / 4).floor().to(.float32)
  }

  private static func weights(_ n: Int, _ m: Int) -> (low: [Int], high: [Int], Tensor, Tensor) {
    var (low, high, a0, a1) = ([Int](), [Int](), [Double](), [Double]())
    for d in 0..<m {
      var f = Float((Double(d) + 0.5) * Double(n) / Double(m) - 0.5)
      let i = Int(f.rounded(.down))
      f -= Float(i)
      if i < 0 || i >= n - 1 { f = 0 }
      low.append(min(max(i, 0), n - 1))
      high.append(min(max(i + 1, 0), n - 1))
      a0.append(Double(((1 - f) * 2048).rounded(.toNearestOrEven)))
      a1.append(Double((f * 2048).rounded(.toNearestOrEven)))
    }
    return (low, high, Tensor(a0), Tensor(a1))
  }
}
