// Columns of measures that have a profile: numbers of two profiles stand in two columns.
internal import Evaluation

extension [ResultRow] {
  /// The columns of some measures, once for each profile of the first one.
  /// - Parameters:
  ///   - metric: the measure whose rows' profiles count
  ///   - columns: the columns of one profile
  func byProfile(of metric: String, _ columns: [Table.Column]) -> [Table.Column] {
    let all = profiles(of: metric)
    guard all.count > 1 else { return columns }
    return all.flatMap { profile in
      columns.map { column in
        Table.Column("\(column.title) (\(profile?.text ?? "profile not known"))") { rows in
          column.cell(rows.filter { $0.axes.profile == profile })
        }
      }
    }
  }

  /// A sentence on the judge behind a measure, with its version and threshold; empty where rows name none, or several,
  /// which columns have.
  func judged(_ metric: String) -> String {
    let all = profiles(of: metric)
    guard all.count == 1, let profile = all[0] else { return "" }
    return " \(metric): by the judge \(profile.text)."
  }
}
