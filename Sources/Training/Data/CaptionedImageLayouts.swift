// The folders that pictures with captions come in; ``CaptionedImages`` lists them.
internal import Diffusion
internal import Foundation
internal import Torch

extension CaptionedImages {
  private static func place(_ name: String, _ key: String, _ source: URL) throws -> URL {
    try source.deletingLastPathComponent().inside(
      name, key, of: source, isNested: true, followingLinks: true)
  }

  mutating func readManifest(_ manifest: URL) throws {
    let samples = try Checked(contentsOf: manifest)["samples"]
    for sample in try samples.list(0...10_000_000, of: "samples") {
      let number = try sample["caseNumber"].string(longest: 200)
      let (k, prompt) = (try sample["k"].int(0...1_000_000_000), try sample["prompt"].string())
      add(.file(try Self.place("\(number)_\(k).png", "caseNumber and k", manifest)), prompt)
    }
  }

  mutating func readMetadata(_ metadata: URL) throws {
    let text = try InputFile.text(metadata)
    for (i, line) in text.split(separator: "\n").enumerated() {
      guard let row = try? JSONText.value(Data(line.utf8)),
        let name = row["file_name"]?.string, let caption = (row["text"] ?? row["caption"])?.string
      else {
        throw LetheError.wrong(
          metadata, "line \(i + 1): no file_name and text; accepted: an object with both, as texts")
      }
      add(.file(try Self.place(name, "file_name", metadata)), caption)
    }
  }

  /// `metadata.csv` with the columns of the field's image folder.
  mutating func readTable(_ metadata: URL) throws {
    let table: CSV
    do { table = try CSV(InputFile.text(metadata)) } catch is CSV.Unterminated {
      throw LetheError.wrong(
        metadata,
        "a quote is opened and never closed; accepted: \"TEXT\", with \"\" for a quote within")
    }
    let header = table.rows.first?.fields.map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    guard let name = header.firstIndex(of: "file_name"),
      let caption = header.firstIndex(of: "text") ?? header.firstIndex(of: "caption")
    else {
      throw LetheError.wrong(
        metadata,
        "its header is '\(header.joined(separator: ",").prefix(200))'; accepted: columns file_name and text"
      )
    }
    for row in table.rows.dropFirst() {
      guard row.fields.count == header.count else {
        throw LetheError.wrong(
          metadata,
          "line \(row.line): \(row.fields.count.counted("field")); accepted: \(header.count), as the header has"
        )
      }
      add(.file(try Self.place(row.fields[name], "file_name", metadata)), row.fields[caption])
    }
  }

  /// Class numbers become names; without a list of names they stay numbers.
  private mutating func add(_ stored: Stored, _ labels: [Int], names: URL, _ source: URL) throws {
    let listed =
      FileManager.default.fileExists(atPath: names.path)
      ? try InputFile.text(names).split(separator: "\n")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty } : nil
    let last = (listed?.count ?? Self.mostClasses) - 1
    if let wrong = labels.first(where: { $0 < 0 || $0 > last }) {
      throw LetheError.malformed(source, "it has the label \(wrong); accepted: 0 to \(last)")
    }
    let classes = listed ?? (0...(labels.max() ?? 0)).map { "\($0)" }
    add(stored, labels, named: classes)
  }

  /// Of labels without names.
  private static let mostClasses = 100_000

  mutating func readArrays(_ folder: URL) throws {
    let file = folder.appendingPathComponent("images.npy")
    let (images, labels) = (
      try NPY.read(file), try NPY.read(folder.appendingPathComponent("labels.npy"))
    )
    let shape = images.shape
    guard images.dtype == .uint8,
      shape.count == 3 || (shape.count == 4 && [1, 3].contains(shape[3])),
      shape[1...2].allSatisfy({ (1...8192).contains($0) })
    else {
      throw LetheError.malformed(
        file,
        "\(images.dtype) of shape \(shape); accepted: bytes [N, H, W] or [N, H, W, 3], H and W from 1 to 8192"
      )
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
    try add(
      stored, labels.to(.int64).ints, names: folder.appendingPathComponent("classes.txt"),
      folder.appendingPathComponent("labels.npy"))
  }

  /// Records of one label and 3 x 32 x 32 bytes (Krizhevsky, 2009).
  mutating func readBatches(_ folder: URL, _ names: [String]) throws {
    var bytes = Data()
    let record = 1 + 3 * 32 * 32
    for name in names {
      let file = folder.appendingPathComponent(name)
      let data = try InputFile.data(file, .array)
      guard data.count % record == 0, !data.isEmpty else {
        throw LetheError.malformed(file, "\(data.count) bytes are no records of \(record)")
      }
      bytes += data
    }
    let labels = stride(from: 0, to: bytes.count, by: record).map { Int(bytes[$0]) }
    try add(
      Stored(bytes: bytes, width: 32, height: 32, channels: 3, isPlanar: true, prefix: 1), labels,
      names: folder.appendingPathComponent("batches.meta.txt"),
      folder.appendingPathComponent(names[0]))
  }

  mutating func readPictures(_ folder: URL, _ names: [String]) throws {
    func isFolder(_ name: String) -> Bool {
      var found: ObjCBool = false
      let path = folder.appendingPathComponent(name).path
      return FileManager.default.fileExists(atPath: path, isDirectory: &found) && found.boolValue
    }
    func isPicture(_ name: String) -> Bool {
      !name.hasPrefix(".")
        && Image.extensions.contains(name.fileExtension)
    }
    // Hidden files belong to the system, texts to pictures.
    func skip(_ names: [String]) {
      for name in names where !name.hasPrefix(".") && !isPicture(name) {
        let ending = name.fileExtension
        if ending != "txt" { skipped[ending, default: 0] += 1 }
      }
    }
    let own = names.filter(isPicture)
    skip(names.filter { !isFolder($0) })
    if own.isEmpty {
      for name in names where isFolder(name) && !name.hasPrefix(".") {
        let place = folder.appendingPathComponent(name)
        let inside = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        skip(inside)
        let found = inside.sorted().filter(isPicture)
        if !found.isEmpty { classes.append(name) }
        for file in found { add(.file(place.appendingPathComponent(file)), name) }
      }
      return
    }
    for name in own {
      let text = folder.appendingPathComponent(name).deletingPathExtension()
        .appendingPathExtension("txt")
      guard let caption = try? InputFile.text(text) else {
        throw LetheError.malformed(
          folder, "\(name) has no caption; \(text.lastPathComponent) would be it")
      }
      add(
        .file(folder.appendingPathComponent(name)),
        caption.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
