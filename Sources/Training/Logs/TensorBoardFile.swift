// TensorBoard's event files. A file is a sequence of records (TFRecord):
//
//   length (8 bytes) | masked crc of those | data | masked crc of the data
//   masked(c) = (c >> 15 | c << 17) + 0xa282ead8, c: CRC-32C (Castagnoli)
//
// and the data of a record is a message `Event` in protocol buffers' wire format:
//
//   Event { 1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary }
//   Summary { 1: Value }   Value { 1: string tag, 2: float simple_value }
package import Foundation
package import Torch

/// An event file of scalars: every number of an event under the tag STAGE/KEY.
package struct TensorBoardFile: Sendable {
  private let file: URL

  /// Begins a file with the events of an earlier part of the run. Files of earlier parts go.
  package init(_ folder: URL, _ events: [JSON], date: Date = Date()) throws {
    try Folder.make(folder)
    let prefix = "events.out.tfevents."
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(prefix) {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
    file = folder.appendingPathComponent("\(prefix)\(Int(date.timeIntervalSince1970)).lethe")
    try begin(events, date: date)
  }

  /// Writes the file anew, of these events alone.
  package func begin(_ events: [JSON], date: Date = Date()) throws {
    let version = Self.record(
      Self.double(1, date.timeIntervalSince1970) + Self.bytes(3, Data("brain.Event:2".utf8)))
    try AtomicFile.write(
      events.reduce(version) { $0 + Self.record(of: $1, date) }, to: file)
  }

  package func add(_ event: JSON, date: Date = Date()) throws {
    let data = Self.record(of: event, date)
    if !data.isEmpty { try AppendedLine.write(data, to: file, areLines: false) }
  }

  /// A record with the event's numbers; empty for an event without a step or a number.
  static func record(of event: JSON, _ date: Date) -> Data {
    guard let step = event["step"]?.int, step >= 0 else { return Data() }
    let stage = event["stage"]?.string ?? "training"
    let numbers = (event.members ?? [:]).sorted { $0.key < $1.key }.compactMap { key, value in
      key == "step" ? nil : value.number.map { (key, $0) }
    }
    guard !numbers.isEmpty else { return Data() }
    let summary = numbers.reduce(Data()) { data, number in
      data + bytes(1, bytes(1, Data("\(stage)/\(number.0)".utf8)) + float(2, Float(number.1)))
    }
    // A number that is 0 is left out.
    let number = step == 0 ? Data() : varint(2 << 3) + varint(UInt64(step))
    return record(double(1, date.timeIntervalSince1970) + number + bytes(5, summary))
  }

  // MARK: - Records

  static func record(_ data: Data) -> Data {
    let length = little(UInt64(data.count))
    return length + little(masked(crc32c(length))) + data + little(masked(crc32c(data)))
  }

  static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }

  /// CRC-32C, polynomial 0x1EDC6F41 (0x82F63B78 reversed), bit by bit.
  static func crc32c(_ data: Data) -> UInt32 {
    ~data.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { c, _ in c & 1 == 1 ? c >> 1 ^ 0x82F6_3B78 : c >> 1 }
    }
  }

  // MARK: - Wire format

  private static func little(_ value: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }
  private static func varint(_ value: UInt64) -> Data {
    var (rest, data) = (value, Data())
    while rest >= 0x80 {
      data.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
    return data
  }
  private static func double(_ field: UInt64, _ value: Double) -> Data {
    varint(field << 3 | 1) + little(value.bitPattern)
  }
  private static func float(_ field: UInt64, _ value: Float) -> Data {
    varint(field << 3 | 5) + little(value.bitPattern)
  }
  private static func bytes(_ field: UInt64, _ data: Data) -> Data {
    varint(field << 3 | 2) + varint(UInt64(data.count)) + data
  }
}
