// The log of a training as a table and as TensorBoard's event files, beside `events.jsonl`.
internal import Foundation
package import Torch

/// Events as CSV (RFC 4180): a column for each key, `stage` and `step` first, a line for each event.
package enum EventTable {
  package static func csv(_ events: [JSON]) -> String {
    let keys = Set(events.flatMap { ($0.members ?? [:]).keys })
    let first = ["stage", "step"].filter(keys.contains)
    let header = first + keys.subtracting(first).sorted()
    func field(_ value: JSON?) -> String {
      guard let value, value != .null else { return "" }
      let text = value.string ?? value.compact
      return text.contains(where: { ",\"\n\r".contains($0) })
        ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    return
      ([header.joined(separator: ",")]
      + events.map { event in header.map { field(event[$0]) }.joined(separator: ",") })
      .map { $0 + "\r\n" }.joined()
  }
}

extension Run {
  /// Writes `events.csv` of the events so far; nothing where there are none.
  package func writeEventTable() throws {
    let events = events()
    guard !events.isEmpty else { return }
    try AtomicFile.write(Data(EventTable.csv(events).utf8), to: file("events.csv"))
  }

  /// Writes the events so far into `tensorboard/`, and each further one as it comes.
  package func writeTensorBoard() throws {
    let file = try TensorBoardFile(place("tensorboard"), events())
    onRecord = { try file.add($0) }
    onForget = { try file.begin($0) }
  }
}
