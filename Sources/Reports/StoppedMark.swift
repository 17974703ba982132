// The mark of trainings that their guard stopped, in every table that contains one.
package import Evaluation

extension Table {
  /// The table with a mark at each row of a training that the guard stopped, and the guard's sentences below. A table
  /// whose rows name no method, of results of one method or with the method in its title, has the sentences alone.
  package func marked(by results: Results) -> Table {
    var table = self
    let methods = results.rows.filter { $0.method != "original" }.map(\.label).unique
    let subjects = Set(results.rows.map(\.subject))
    let judges = results.rows.compactMap(\.axes.judge).unique
    var sentences: [String] = []
    for stop in results.stopped {
      let names = [stop.label] + [results.titles[stop.label]].compactMap(\.self)
      let lines = rows.indices.filter { i in
        let parts = rows[i].labels.flatMap { $0.replacing(Self.mark, with: "").parts(judges) }
        let named = parts.filter(subjects.contains)
        return parts.contains(where: names.contains)
          && (named.isEmpty || named.contains(stop.subject))
      }
      for i in lines {
        let labels = table.rows[i].labels
        guard let j = labels.firstIndex(where: { $0.parts(judges).contains(where: names.contains) })
        else {
          continue
        }
        table.rows[i].labels[j] += Self.mark
      }
      let isAbout = methods == [stop.label] || names.contains { title.hasSuffix(", \($0)") }
      guard !lines.isEmpty || isAbout else { continue }
      let run = [stop.subject] + [stop.seed.map { "seed \($0)" }].compactMap(\.self)
      sentences.append("\(stop.label), \(run.joined(separator: ", ")): \(stop.sentence).")
    }
    if !sentences.isEmpty { table.marks = "† \(sentences.joined(separator: " "))" }
    return table
  }

  private static let mark = " †"
}

extension String {
  /// The labels in the label of a comparison, `a against b`, and in that of a judge's row, `a (judge)`.
  fileprivate func parts(_ judges: [String]) -> [String] {
    let own = judges.reduce(self) { $0.replacing(" (\($1))", with: "") }
    let words = own.split(separator: " ", omittingEmptySubsequences: false)
      .split(separator: "against")
    return words.map { $0.joined(separator: " ") }
  }
}
