package import Diffusion
package import Foundation
package import Torch

/// Pictures with captions, as data-based methods take them. A caption is a text, or the name of a class. A
/// folder is one of:
/// - `manifest.json`, written by `lethe make-set` and `lethe generate`
/// - `metadata.jsonl` with `file_name` and `text`, the field's image folder
/// - `images.npy` [N, H, W] or [N, H, W, 3] of bytes and `labels.npy` [N], with names in `classes.txt`
/// - `data_batch_*.bin`, CIFAR-10's binary files, with names in `batches.meta.txt`
/// - a folder of PNG or JPEG files for each class
/// - PNG or JPEG files with a text file of the same name beside each
package struct CaptionedImages: Sendable {
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
  package private(set) var captions: [String] = []
  /// Names of classes in the order of their numbers; empty where captions are texts.
  package private(set) var classes: [String] = []

  package var count: Int { captions.count }

  /// - Throws: ``LetheError`` for a folder without captions, a bad line or a path that leaves the folder
  package init(folder: URL) throws {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    let batches = names.filter { $0.hasPrefix("data_batch") && $0.hasSuffix(".bin") }
    if names.contains("manifest.json") {
      try readManifest(folder.appendingPathComponent("manifest.json"))
    } else if names.contains("metadata.jsonl") {
      try readMetadata(folder.appendingPathComponent("metadata.jsonl"))
    } else if names.contains("images.npy") {
      try readArrays(folder)
    } else if !batches.isEmpty {
      try readBatches(folder, batches)
    } else {
      try readPictures(folder, names)
    }
    guard count > 0 else {
      throw LetheError.malformed(
        folder,
        "no pictures with captions: a manifest.json, a metadata.jsonl, images.npy with labels.npy, "
          + "data_batch_*.bin, a folder of PNG or JPEG files for each class, or such files with .txt files"
      )
    }
  }

  /// A picture; files are read one by one, so that a large folder is never in memory at once.
  /// - Parameter size: height and width to bring it to; nil leaves it as it is
  package func picture(_ i: Int, size: Int? = nil) throws -> Image {
    let image =
      switch sources[i] {
      case .file(let file): try Image(contentsOf: file)
      case .stored(let n): stored?.image(n) ?? Image(width: 0, height: 0, pixels: [])
      }
    return size.map { image.resized($0, $0) } ?? image
  }

  /// All pictures [N, 3, size, size] in [-1, 1].
  package func load(size: Int) throws -> Tensor {
    Image.batch(try (0..<count).map { try picture($0, size: size) })
  }

  /// Some of the pictures, in the order asked for.
  package func chosen(_ picks: [Int]) -> CaptionedImages {
    var copy = self
    copy.sources = picks.map { sources[$0] }
    copy.captions = picks.map { captions[$0] }
    return copy
  }

  /// The same pictures, all with one caption.
  package func captioned(_ caption: String) -> CaptionedImages {
    var copy = self
    copy.captions = captions.map { _ in caption }
    copy.classes = []
    return copy
  }

  /// The pictures whose caption `keep` accepts.
  package func filter(_ keep: (String) -> Bool) -> CaptionedImages {
    chosen(captions.indices.filter { keep(captions[$0]) })
  }

  /// Every `n`-th picture of each caption, which training does not see, and the others; 0 holds none out.
  package func heldOut(every n: Int) -> (seen: CaptionedImages, heldOut: CaptionedImages) {
    var counts: [String: Int] = [:]
    var parts: ([Int], [Int]) = ([], [])
    for (i, caption) in captions.enumerated() {
      let k = counts[caption, default: 0]
      counts[caption] = k + 1
      if n > 0, k % n == n - 1 { parts.1.append(i) } else { parts.0.append(i) }
    }
    return (chosen(parts.0), chosen(parts.1))
  }

  // MARK: - Layouts

  private mutating func add(_ source: Source, _ caption: String) {
    sources.append(source)
    captions.append(caption)
  }

  private static func place(_ name: String, _ source: URL) throws -> URL {
    guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
      throw LetheError.malformed(source, "'\(name)' is no file inside the folder")
    }
    return source.deletingLastPathComponent().appendingPathComponent(name)
  }

  private mutating func readManifest(_ manifest: URL) throws {
    for sample in try JSON(contentsOf: manifest)["samples"]?.array ?? [] {
      guard let number = sample["caseNumber"]?.string, let k = sample["k"]?.int,
        let prompt = sample["prompt"]?.string
      else { throw LetheError.malformed(manifest, "a sample has no caseNumber, k and prompt") }
      add(.file(try Self.place("\(number)_\(k).png", manifest)), prompt)
    }
  }

  private mutating func readMetadata(_ metadata: URL) throws {
    let text = try String(contentsOf: metadata, encoding: .utf8)
    for (i, line) in text.split(separator: "\n").enumerated() {
      guard let row = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8)),
        let name = row["file_name"]?.string, let caption = row["text"]?.string
      else { throw LetheError.malformed(metadata, "line \(i + 1): no file_name and text") }
      add(.file(try Self.place(name, metadata)), caption)
    }
  }

  /// Class numbers become names; without a list of names they stay numbers.
  private mutating func addStored(_ stored: Stored, _ labels: [Int], names: URL, _ source: URL)
    throws
  {
    let lines = (try? String(contentsOf: names, encoding: .utf8))?.split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    classes = lines ?? (0..<((labels.max() ?? -1) + 1)).map { "\($0)" }
    if let wrong = labels.first(where: { !classes.indices.contains($0) }) {
      throw LetheError.malformed(source, "label \(wrong); there are \(classes.count) classes")
    }
    self.stored = stored
    for (i, label) in labels.enumerated() { add(.stored(i), classes[label]) }
  }

  private mutating func readArrays(_ folder: URL) throws {
    let file = folder.appendingPathComponent("images.npy")
    let (images, labels) = (
      try NPY.read(file), try NPY.read(folder.appendingPathComponent("labels.npy"))
    )
    let shape = images.shape
    guard images.dtype == .uint8,
      shape.count == 3 || (shape.count == 4 && [1, 3].contains(shape[3]))
    else {
      throw LetheError.malformed(
        file, "\(images.dtype) of shape \(shape); accepted: bytes [N, H, W] or [N, H, W, 3]")
    }
    guard labels.shape == [shape[0]], !labels.dtype.isFloatingPoint else {
      throw LetheError.malformed(
        folder.appendingPathComponent("labels.npy"),
        "shape \(labels.shape); accepted: \(shape[0]) whole numbers")
    }
    let channels = shape.count == 4 ? shape[3] : 1
    let stored = Stored(
      bytes: Data(images.bytes), width: shape[2], height: shape[1], channels: channels,
      isPlanar: false)
    try addStored(
      stored, labels.to(.int64).ints, names: folder.appendingPathComponent("classes.txt"), file)
  }

  /// Records of one label and 3 x 32 x 32 bytes (Krizhevsky, 2009).
  private mutating func readBatches(_ folder: URL, _ names: [String]) throws {
    var bytes = Data()
    let record = 1 + 3 * 32 * 32
    for name in names {
      let file = folder.appendingPathComponent(name)
      let data = try Data(contentsOf: file)
      guard data.count % record == 0, !data.isEmpty else {
        throw LetheError.malformed(file, "\(data.count) bytes are no records of \(record)")
      }
      bytes += data
    }
    let labels = stride(from: 0, to: bytes.count, by: record).map { Int(bytes[$0]) }
    try addStored(
      Stored(bytes: bytes, width: 32, height: 32, channels: 3, isPlanar: true, prefix: 1), labels,
      names: folder.appendingPathComponent("batches.meta.txt"),
      folder.appendingPathComponent(names[0]))
  }

  private mutating func readPictures(_ folder: URL, _ names: [String]) throws {
    func isFolder(_ name: String) -> Bool {
      var found: ObjCBool = false
      let path = folder.appendingPathComponent(name).path
      return FileManager.default.fileExists(atPath: path, isDirectory: &found) && found.boolValue
    }
    func isPicture(_ name: String) -> Bool {
      Image.extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased())
    }
    func pictures(_ folder: URL) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        .filter(isPicture)
    }
    let own = names.filter(isPicture)
    if own.isEmpty {
      for name in names where isFolder(name) {
        let place = folder.appendingPathComponent(name)
        let found = pictures(place)
        if !found.isEmpty { classes.append(name) }
        for file in found { add(.file(place.appendingPathComponent(file)), name) }
      }
      return
    }
    for name in own {
      let text = folder.appendingPathComponent(name).deletingPathExtension()
        .appendingPathExtension("txt")
      guard let caption = try? String(contentsOf: text, encoding: .utf8) else {
        throw LetheError.malformed(
          folder, "\(name) has no caption; \(text.lastPathComponent) would be it")
      }
      add(
        .file(folder.appendingPathComponent(name)),
        caption.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
