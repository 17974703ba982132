// transformers' image processors of CLIP, ViT and ConvNext, as `preprocessor_config.json` describes them.
//
//   resize on 8-bit numbers (antialiased, rounded after each direction) -> crop -> (x - 255 mean) / (255 std)
package import Torch

/// Turns pictures into a network's pixel values.
package struct PictureProcessor: Sendable, Hashable {
  private enum Resize: Hashable {
    case none
    /// The shorter edge gets this length, and the longer one keeps the proportion, rounded down.
    case shortestEdge(Int)
    case exact(Int, Int)
  }
  /// PIL's numbers of the filters.
  private enum Filter: Int, Hashable {
    case nearest = 0
    case bilinear = 2
    case bicubic = 3
  }

  private var resize = Resize.none
  private var filter: Filter
  /// Height and width.
  private var crop: [Int]?
  private var factor: Double?
  private var mean: [Double]
  private var std: [Double]
  private var normalizes: Bool

  /// Height and width of the pixel values. Nil where they depend on the picture's.
  package var size: [Int]? {
    if let crop { return crop }
    if case .exact(let height, let width) = resize { return [height, width] }
    return nil
  }

  /// - Throws: ``LetheError`` of the kind `model` for a processor or a value that is not supported
  /// - Parameter source: the file that the description comes from
  package init(_ json: JSON, of source: String = "preprocessor_config.json") throws {
    let config = ComponentConfig(source, json)
    let name =
      (json["image_processor_type"] ?? json["feature_extractor_type"])?.string
      ?? "CLIPImageProcessor"
    let kinds = ["CLIP", "ViT", "ConvNext"]
    guard
      let kind = kinds.first(where: { kind in
        ["ImageProcessor", "ImageProcessorFast", "FeatureExtractor"].contains { name == kind + $0 }
      })
    else {
      throw LetheError.unsupported(
        "\(source): image processor '\(name)'; supported: "
          + kinds.map { "\($0)ImageProcessor" }.joined(separator: ", "))
    }
    func numbers(_ key: String, _ fallback: [Double]) throws -> [Double] {
      guard let found = json[key], found != .null else { return fallback }
      let values = found.array?.compactMap(\.number) ?? []
      guard values.count == 3, key != "image_std" || values.allSatisfy({ $0 > 0 }) else {
        throw config.refusing(
          key, "three numbers\(key == "image_std" ? " above 0" : "")")
      }
      return values
    }
    let resample = try config.int("resample", kind == "ViT" ? 2 : 3)
    guard let filter = Filter(rawValue: resample) else {
      throw config.refusing("resample", "0 nearest, 2 bilinear, 3 bicubic")
    }
    self.filter = filter
    let isCLIP = kind == "CLIP"
    mean = try numbers(
      "image_mean",
      isCLIP ? [0.48145466, 0.4578275, 0.40821073] : [0.5, 0.5, 0.5])
    std = try numbers(
      "image_std",
      isCLIP ? [0.26862954, 0.26130258, 0.27577711] : [0.5, 0.5, 0.5])
    normalizes = try config.bool("do_normalize", true)
    factor =
      try config.bool("do_rescale", true) ? config.positive("rescale_factor", 1 / 255.0) : nil
    if try config.bool("do_resize", true) {
      resize = try Self.resize(config, kind)
    }
    if kind == "ConvNext", case .shortestEdge(let edge) = resize {
      if edge < 384 {
        let share = try config.positive("crop_pct", 224.0 / 256)
        resize = .shortestEdge(Int(Double(edge) / share))
        crop = [edge, edge]
      } else {
        resize = .exact(edge, edge)
      }
    } else if try config.bool("do_center_crop", isCLIP) {
      crop = try Self.pair(config, "crop_size", 224)
    }
  }

  private static func resize(_ config: ComponentConfig, _ kind: String) throws -> Resize {
    let size = config.json["size"]
    if size == nil || size == .null {
      return switch kind {
      case "ViT": .exact(224, 224)
      case "ConvNext": .shortestEdge(384)
      default: .shortestEdge(224)
      }
    }
    if let edge = size?["shortest_edge"]?.int ?? (kind == "ViT" ? nil : size?.int) {
      guard (1...8192).contains(edge) else {
        throw config.refusing("size", "1 to 8192 pixels are accepted")
      }
      return .shortestEdge(edge)
    }
    let both = try pair(config, "size", 224)
    return .exact(both[0], both[1])
  }

  /// Height and width, written as one number or as two.
  private static func pair(_ config: ComponentConfig, _ key: String, _ fallback: Int) throws
    -> [Int]
  {
    guard let found = config.json[key], found != .null else { return [fallback, fallback] }
    let sizes = [found["height"]?.int ?? found.int, found["width"]?.int ?? found.int]
      .compactMap(\.self)
    guard sizes.count == 2, sizes.allSatisfy({ (1...8192).contains($0) }) else {
      throw config.refusing(key, "height and width of 1 to 8192 pixels")
    }
    return sizes
  }

  // MARK: - Pictures

  /// Pictures of 8 bits, of any sizes -> pixel values [N, 3, H, W], on the CPU
  package func callAsFunction(_ images: [Image]) -> Tensor {
    Tensor.concatenate(
      images.map {
        pixels(Tensor($0.pixels, [1, $0.height, $0.width, 3]).permuted(0, 3, 1, 2).contiguous())
      })
  }

  /// Pictures [N, 3, H, W] in [-1, 1], rounded to 8 bits -> pixel values [N, 3, H, W], on the CPU
  package func callAsFunction(_ pictures: Tensor) -> Tensor {
    let unit = (pictures.detached().to(.cpu, .float32) / 2 + 0.5).clamped(0, 1)
    return pixels((unit * 255).rounded().to(.uint8).contiguous())
  }

  /// Bytes [N, 3, H, W] -> pixel values
  private func pixels(_ bytes: Tensor) -> Tensor {
    let x = cropped(resized(bytes)).to(.float32)
    guard normalizes else { return factor.map { x * $0 } ?? x }
    let scale = 1 / (factor ?? 1)
    func channels(_ values: [Double]) -> Tensor {
      Tensor(values.map { Float($0 * scale) }, [1, 3, 1, 1])
    }
    return (x - channels(mean)) / channels(std)
  }

  private func resized(_ bytes: Tensor) -> Tensor {
    let (h, w) = (bytes.size(2), bytes.size(3))
    let target: (h: Int, w: Int)
    switch resize {
    case .none: return bytes
    case .exact(let height, let width): target = (height, width)
    case .shortestEdge(let edge):
      let long = max(1, Int(Double(edge * max(h, w)) / Double(min(h, w))))
      target = h <= w ? (edge, long) : (long, edge)
    }
    guard target != (h, w) else { return bytes }
    return switch filter {
    case .nearest: bytes.upsampledNearest(to: target.h, target.w)
    case .bilinear: bytes.resized(target.h, target.w)
    case .bicubic: bytes.resizedBicubic(target.h, target.w)
    }
  }

  /// The middle; what is smaller stands on black.
  private func cropped(_ bytes: Tensor) -> Tensor {
    guard let crop else { return bytes }
    let (missingRows, missingColumns) = (
      max(0, crop[0] - bytes.size(2)), max(0, crop[1] - bytes.size(3))
    )
    let whole =
      missingRows + missingColumns == 0
      ? bytes
      : bytes.padded([
        missingColumns / 2, (missingColumns + 1) / 2, missingRows / 2, (missingRows + 1) / 2,
      ])
    return whole.narrowed(2, (whole.size(2) - crop[0]) / 2, crop[0])
      .narrowed(3, (whole.size(3) - crop[1]) / 2, crop[1])
  }
}
