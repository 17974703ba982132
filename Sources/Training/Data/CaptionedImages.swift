public import Diffusion
public import Foundation
public import Torch

/// Pictures with captions, as data-based methods take them. A caption is a text, or the name of a class. A
/// folder is one of:
/// - `manifest.json`, written by `lethe make-set` and `lethe generate`
/// - `metadata.jsonl` or `metadata.csv` with `file_name` and `text` or `caption`, the field's image folder
/// - `images.npy` [N, H, W] or [N, H, W, 3] of bytes and `labels.npy` [N], with names in `classes.txt`
/// - `data_batch_*.bin`, CIFAR-10's binary files, with names in `batches.meta.txt`
/// - a folder of PNG, JPEG or WebP files for each class
/// - PNG, JPEG or WebP files with a text file of the same name beside each
public struct CaptionedImages: Sendable {
  enum Source: Sendable {
    case file(URL)
    /// The i-th picture of ``Stored``.
    case stored(Int)
  }
  /// Pictures of one size in memory.
  struct Stored: Sendable {
    var bytes: Data
    var width: Int
    var height: Int
    var channels: Int
    /// Whether the channels are planes, as in CIFAR-10's files, or numbers of a pixel.
    var isPlanar: Bool
    /// Bytes before each picture.
    var prefix = 0

    var stride: Int { prefix + width * height * channels }

    func image(_ i: Int) -> Image {
      let start = bytes.startIndex + i * stride + prefix
      let picture = [UInt8](bytes[start..<(start + width * height * channels)])
      let area = width * height
      let pixels = (0..<area).flatMap { p in
        (0..<3).map { c in
          channels == 1 ? picture[p] : isPlanar ? picture[c * area + p] : picture[p * 3 + c]
        }
      }
      return Image(width: width, height: height, pixels: pixels)
    }
  }

  private var sources: [Source] = []
  private var stored: Stored?
  /// The caption of each picture.
  public private(set) var captions: [String] = []
  /// Names of classes in the order of their numbers; empty where captions are texts.
  public internal(set) var classes: [String] = []

  /// Counts of a folder's files that are not read as pictures, by their ending.
  public internal(set) var skipped: [String: Int] = [:]

  /// The number of pictures.
  public var count: Int { captions.count }

  /// A sentence about the files that are left out; nil where there are none.
  public var skippedNote: String? {
    guard !skipped.isEmpty else { return nil }
    let total = skipped.values.reduce(0, +)
    return
      "\(total) file\(total == 1 ? " is" : "s are") left out: \(skippedList); pictures are PNG, JPEG or WebP"
  }

  /// `3 .tif, 1 .gif`: the most frequent ending first.
  private var skippedList: String {
    skipped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) \($0.key.isEmpty ? "without ending" : ".\($0.key)")" }
      .joined(separator: ", ")
  }

  /// - Throws: ``LetheError`` for a folder without captions, a bad line or a path that leaves the folder
  public init(folder: URL) throws {
    try NamedPlace.requireFolder(folder.relativePath, "a folder of captioned pictures")
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    let batches = names.filter { $0.hasPrefix("data_batch") && $0.hasSuffix(".bin") }
    if names.contains("manifest.json") {
      try readManifest(folder.appendingPathComponent("manifest.json"))
    } else if names.contains("metadata.jsonl") {
      try readMetadata(folder.appendingPathComponent("metadata.jsonl"))
    } else if names.contains("metadata.csv") {
      try readTable(folder.appendingPathComponent("metadata.csv"))
    } else if names.contains("images.npy") {
      try readArrays(folder)
    } else if !batches.isEmpty {
      try readBatches(folder, batches)
    } else {
      try readPictures(folder, names)
    }
    guard count > 0 else {
      throw LetheError.wrong(
        folder,
        "there are no pictures with captions; accepted: a manifest.json, a metadata.jsonl, images.npy with labels.npy, "
          + "data_batch_*.bin, a folder of PNG, JPEG or WebP files for each class, or such files with .txt files"
          + (skipped.isEmpty ? "" : "; it has \(skippedList)")
      )
    }
  }

  /// A picture; files are read one by one, so that a large folder is never in memory at once.
  /// - Parameter size: height and width to bring it to, by cutting what is longer than a square; nil leaves it as it is
  public func picture(_ i: Int, size: Int? = nil) throws -> Image {
    let image =
      switch sources[i] {
      case .file(let file): try Image(contentsOf: file)
      case .stored(let n): stored?.image(n) ?? Image(width: 0, height: 0, pixels: [])
      }
    return size.map(image.squared) ?? image
  }

  /// A picture's file with the folder that it lies in; its number where it has no file of its own.
  package func file(_ i: Int) -> String {
    guard case .file(let file) = sources[i] else { return "\(i)" }
    return file.pathComponents.suffix(2).joined(separator: "/")
  }

  /// All pictures [N, 3, size, size] in [-1, 1].
  public func load(size: Int) throws -> Tensor {
    Image.batch(
      try (0..<count).map {
        try Interrupt.check()
        return try picture($0, size: size)
      })
  }

  /// Some of the pictures, in the order asked for.
  public func chosen(_ picks: [Int]) -> CaptionedImages {
    var copy = self
    copy.sources = picks.map { sources[$0] }
    copy.captions = picks.map { captions[$0] }
    return copy
  }

  /// The same pictures, all with one caption.
  public func captioned(_ caption: String) -> CaptionedImages {
    var copy = self
    copy.captions = captions.map { _ in caption }
    copy.classes = []
    return copy
  }

  /// The pictures whose caption `keep` accepts.
  public func filter(_ keep: (String) -> Bool) -> CaptionedImages {
    chosen(captions.indices.filter { keep(captions[$0]) })
  }

  /// Every `n`-th picture of each caption, which training does not see, and the others; 0 holds none out.
  public func heldOut(every n: Int) -> (seen: CaptionedImages, heldOut: CaptionedImages) {
    var counts: [String: Int] = [:]
    var parts: ([Int], [Int]) = ([], [])
    for (i, caption) in captions.enumerated() {
      let k = counts[caption, default: 0]
      counts[caption] = k + 1
      if n > 0, k % n == n - 1 { parts.1.append(i) } else { parts.0.append(i) }
    }
    return (chosen(parts.0), chosen(parts.1))
  }

  mutating func add(_ source: Source, _ caption: String) {
    sources.append(source)
    captions.append(caption)
  }

  /// Adds pictures in memory with the names of their classes.
  mutating func add(_ stored: Stored, _ labels: [Int], named names: [String]) {
    (self.stored, classes) = (stored, names)
    for (i, label) in labels.enumerated() { add(.stored(i), names[label]) }
  }
}
