public import Diffusion
public import Foundation
internal import Torch

/// Pictures with captions, as data-based methods take them: a folder that `lethe make-set` or
/// `lethe generate` wrote (`manifest.json`), the field's image folder (`metadata.jsonl` with `file_name` and
/// `text`), or PNG files with a text file of the same name beside each.
public struct CaptionedImages: Sendable {
  public let files: [URL]
  public let captions: [String]

  /// - Throws: ``FileError`` for a folder without captions, a bad line or a path that leaves the folder
  public init(folder: URL) throws {
    let manifest = folder.appendingPathComponent("manifest.json")
    let metadata = folder.appendingPathComponent("metadata.jsonl")
    var found: [(URL, String)] = []
    func place(_ name: String, _ source: URL) throws -> URL {
      guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw FileError.malformed(source, "'\(name)' is no file inside the folder")
      }
      return folder.appendingPathComponent(name)
    }
    let files = FileManager.default
    if files.fileExists(atPath: manifest.path) {
      for sample in try JSON(contentsOf: manifest)["samples"]?.array ?? [] {
        guard let number = sample["caseNumber"]?.string, let k = sample["k"]?.int,
          let prompt = sample["prompt"]?.string
        else { throw FileError.malformed(manifest, "a sample has no caseNumber, k and prompt") }
        found.append((try place("\(number)_\(k).png", manifest), prompt))
      }
    } else if files.fileExists(atPath: metadata.path) {
      let text = try String(contentsOf: metadata, encoding: .utf8)
      for (i, line) in text.split(separator: "\n").enumerated() {
        guard let row = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8)),
          let name = row["file_name"]?.string, let caption = row["text"]?.string
        else { throw FileError.malformed(metadata, "line \(i + 1): no file_name and text") }
        found.append((try place(name, metadata), caption))
      }
    } else {
      let names = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      for name in names where name.hasSuffix(".png") {
        let text = folder.appendingPathComponent(String(name.dropLast(4)) + ".txt")
        guard let caption = try? String(contentsOf: text, encoding: .utf8) else {
          throw FileError.malformed(
            folder, "\(name) has no caption; \(text.lastPathComponent) would be it")
        }
        found.append(
          (
            folder.appendingPathComponent(name),
            caption.trimmingCharacters(in: .whitespacesAndNewlines)
          ))
      }
    }
    guard !found.isEmpty else {
      throw FileError.malformed(
        folder,
        "no pictures with captions: a manifest.json, a metadata.jsonl or PNG files with .txt files")
    }
    (self.files, captions) = (found.map(\.0), found.map(\.1))
  }

  /// The pictures at a model's size, one by one so that a large folder is never in memory at once.
  public func picture(_ i: Int, size: Int) throws -> Image {
    try PNG.read(files[i]).resized(size, size)
  }
}
