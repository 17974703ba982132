package import Evaluation
internal import Foundation

/// Points with intervals in both directions: forgetting against keeping.
package struct Scatter {
  package struct Point {
    package var name: String
    package var x, y: MeasuredValue
    package init(_ name: String, _ x: MeasuredValue, _ y: MeasuredValue) {
      (self.name, self.x, self.y) = (name, x, y)
    }
  }
  package var title: String
  package var xLabel, yLabel: String
  package var points: [Point]

  package init(_ title: String, xLabel: String, yLabel: String, _ points: [Point]) {
    (self.title, self.points) = (title, points)
    (self.xLabel, self.yLabel) = (xLabel, yLabel)
  }

  /// UA against IRA, a point for each method; the corner at the upper right is the best.
  package static func forgottenAgainstKept(_ rows: [ResultRow]) -> Scatter {
    Scatter(
      "Forgotten against kept", xLabel: "forgotten: UA, %  (better to the right)",
      yLabel: "kept: IRA, %  (better above)",
      rows.map(\.label).unique.compactMap { label in
        let own = rows.filter { $0.label == label }
        guard let x = own.over("ua"), let y = own.over("ira") else { return nil }
        return Point(label.description, x, y)
      })
  }

  /// The plot as an SVG element with axes from 0 to 100 %; empty for fewer than two points.
  package var svg: String {
    guard points.count > 1 else { return "" }
    let (width, height, left, right, top, bottom) = (640.0, 360.0, 62.0, 520.0, 14.0, 306.0)
    let axis = Axis([0, 100], about: 5)
    func px(_ v: Double) -> Double { axis.place(100 * v, left, right) }
    func py(_ v: Double) -> Double { axis.place(100 * v, bottom, top) }
    var parts: [String] = []
    for tick in axis.ticks {
      parts += [
        SVG.line(left, py(tick / 100), right, py(tick / 100), "rule"),
        SVG.line(px(tick / 100), top, px(tick / 100), bottom, "rule"),
        SVG.text(axis.text(tick), left - 8, py(tick / 100) + 4, anchor: "end"),
        SVG.text(axis.text(tick), px(tick / 100), bottom + 18, anchor: "middle"),
      ]
    }
    for point in points where point.x.value.isFinite && point.y.value.isFinite {
      if let i = point.x.interval {
        parts.append(
          SVG.line(px(i.lower), py(point.y.value), px(i.upper), py(point.y.value), "whisker"))
      }
      if let i = point.y.interval {
        parts.append(
          SVG.line(px(point.x.value), py(i.lower), px(point.x.value), py(i.upper), "whisker"))
      }
      parts.append(
        SVG.dot(
          px(point.x.value), py(point.y.value), "dot",
          title: "\(point.name): \(point.x.text(hasUnit: true)); \(point.y.text(hasUnit: true))"))
    }
    // Names keep a line's distance from one another.
    var taken: [Double] = []
    for point in points.sorted(by: { $0.y.value > $1.y.value })
    where point.y.value.isFinite && point.x.value.isFinite {
      var y = py(point.y.value) + 4
      while let near = taken.first(where: { abs($0 - y) < 12 }) { y = near + 12 }
      taken.append(y)
      parts.append(SVG.text(String(point.name.prefix(24)), px(point.x.value) + 8, y, "name"))
    }
    parts += [
      SVG.text(xLabel, (left + right) / 2, height - 8, anchor: "middle"),
      SVG.text(yLabel, 12, (top + bottom) / 2, anchor: "middle", turned: true),
    ]
    return SVG.element(width, height, title, parts)
  }
}
