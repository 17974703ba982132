// The mark of trainings that their guard stopped, in every table that contains one.
package import Evaluation

extension Table {
  /// The table with a mark at each row of a training that the guard stopped, and the guard's sentences below. A table
  /// of one method whose rows name none has the sentences alone.
  package func marked(by results: Results) -> Table {
    var table = self
    let methods = results.rows.filter { $0.method != "original" }.map(\.label).unique
    var sentences: [String] = []
    for stop in results.stopped {
      let lines = rows.indices.filter { rows[$0].keys.contains { $0.isOf(stop) } }
      for i in lines where !table.rows[i].labels.isEmpty {
        // The last label names the method.
        table.rows[i].labels[table.rows[i].labels.count - 1] =
          (rows[i].labels.last ?? "") + Self.mark
      }
      guard !lines.isEmpty || methods == [stop.label] || about == stop.label.description else {
        continue
      }
      let run = [stop.subject] + [stop.seed.map { "seed \($0)" }].compactMap(\.self)
      sentences.append("\(stop.label), \(run.joined(separator: ", ")): \(stop.sentence).")
    }
    if !sentences.isEmpty { table.marks = "† \(sentences.joined(separator: " "))" }
    return table
  }

  /// The same table as one of a single method.
  func about(_ method: String) -> Table {
    var table = self
    table.about = method
    return table
  }

  private static let mark = " †"
}

extension [Table] {
  /// The tables of a page, of which the first says the guard's sentences and others with the same ones refer to them.
  var sayingMarksOnce: [Table] {
    var said: Set<String> = []
    return map { table in
      guard !table.marks.isEmpty, !said.insert(table.marks).inserted else { return table }
      var table = table
      table.marks = "† The guard stopped trainings, as said above."
      return table
    }
  }
}

extension Table.Key {
  fileprivate func isOf(_ stop: StoppedTraining) -> Bool {
    label == stop.label && (subject == nil || subject == stop.subject)
  }
}
