public import Torch

/// Pixels of 8 bits, RGB, row by row.
public struct Image: Sendable, Hashable {
  /// Pixels from left to right.
  public let width: Int
  /// Pixels from top to bottom.
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top: width x height x 3 bytes.
  public var pixels: [UInt8]

  /// A picture of given pixels.
  /// - Precondition: `pixels` has width x height x 3 bytes
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == width * height * 3, "\(pixels.count) bytes for \(width) x \(height)")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// RGBA laid on white: round(255 + (c - 255) a / 255)
  init(width: Int, height: Int, rgba: [UInt8]) {
    var rgb = [UInt8](repeating: 0, count: rgba.count / 4 * 3)
    for i in 0..<(rgba.count / 4) {
      let a = Int(rgba[4 * i + 3])
      for c in 0..<3 {
        let v = Int(rgba[4 * i + c])
        rgb[3 * i + c] = a == 255 ? UInt8(v) : UInt8((2 * (255 * 255 - (255 - v) * a) + 255) / 510)
      }
    }
    self.init(width: width, height: height, pixels: rgb)
  }

  /// [3, H, W] or [1, 3, H, W] in [-1, 1], as the codec decodes it; rounded as diffusers does.
  public init(_ tensor: Tensor) {
    let chw = tensor.rank == 4 ? tensor[0, at: 0] : tensor
    let unit = (chw.to(.cpu, .float32) / 2 + 0.5).clamped(0, 1)
    let bytes = (unit.permuted(1, 2, 0) * 255).rounded().to(.uint8)
    self.init(width: chw.size(2), height: chw.size(1), pixels: bytes.bytes)
  }

  /// [1, 3, H, W] in [-1, 1].
  public var tensor: Tensor {
    let bytes = Tensor(pixels, [height, width, 3]).to(.float32)
    return (bytes / 255 * 2 - 1).permuted(2, 0, 1).unsqueezed(0).contiguous()
  }

  /// Images of one size as a batch [N, 3, H, W] in [-1, 1].
  public static func batch(_ images: [Image]) -> Tensor {
    Tensor.concatenate(images.map(\.tensor), 0)
  }

  /// `self` at another size, bilinear with antialiasing.
  public func resized(_ width: Int, _ height: Int) -> Image {
    width == self.width && height == self.height
      ? self : Image(tensor.resized(height, width).clamped(-1, 1))
  }
}

extension Image {
  /// The middle of the picture as a square: the shorter side is brought to `size`, the longer one is cut.
  public func squared(_ size: Int) -> Image {
    guard width != height else { return resized(size, size) }
    let short = min(width, height)
    let scaled = resized(
      max(size, Int((Double(width * size) / Double(short)).rounded())),
      max(size, Int((Double(height * size) / Double(short)).rounded())))
    let (left, top) = ((scaled.width - size) / 2, (scaled.height - size) / 2)
    let rows = (top..<(top + size)).map { y in
      let start = (y * scaled.width + left) * 3
      return scaled.pixels[start..<(start + size * 3)]
    }
    return Image(width: size, height: size, pixels: Array(rows.joined()))
  }

  /// One grey.
  package static func grey(_ width: Int, _ height: Int) -> Image {
    Image(width: width, height: height, pixels: Array(repeating: 128, count: width * height * 3))
  }

  /// Images of one size side by side, white between them.
  public static func grid(_ images: [Image], columns: Int, gap: Int = 2) -> Image {
    guard let first = images.first else {
      return Image(width: 1, height: 1, pixels: [255, 255, 255])
    }
    let rows = (images.count + columns - 1) / columns
    let (w, h) = (first.width, first.height)
    let width = columns * (w + gap) - gap
    let height = rows * (h + gap) - gap
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    for (n, image) in images.enumerated() {
      let (left, top) = (n % columns * (w + gap), n / columns * (h + gap))
      for y in 0..<h {
        let target = ((top + y) * width + left) * 3
        pixels.replaceSubrange(
          target..<(target + w * 3), with: image.pixels[(y * w * 3)..<((y + 1) * w * 3)])
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
