internal import Foundation

/// A line chart as SVG in the page's colours, with a band around a line that has bounds.
package struct Chart {
  /// A point, with the bounds of its band, and those of its x.
  package struct Point {
    package var x, y, low, high, left, right: Double
    package init(
      _ x: Double, _ y: Double, low: Double? = nil, high: Double? = nil, left: Double? = nil,
      right: Double? = nil
    ) {
      (self.x, self.y, self.low, self.high) = (x, y, low ?? y, high ?? y)
      (self.left, self.right) = (left ?? x, right ?? x)
    }
  }
  /// A line and its name in the legend. An empty name has no entry.
  package struct Line {
    package var name: String
    package var points: [Point]
    /// Whether the line is a faint one behind the others, such as a loss before it is smoothed.
    package var isRaw = false
    package init(_ name: String, _ points: [Point], isRaw: Bool = false) {
      (self.name, self.points, self.isRaw) = (name, points, isRaw)
    }
  }
  package var title: String
  package var xLabel: String
  /// Title of the y axis, with its unit.
  package var yLabel = ""
  package var lines: [Line]
  /// A level that decides something, with its name, e.g. the guard's limit.
  package var limit: (name: String, value: Double)?

  package init(_ title: String, xLabel: String, yLabel: String = "", lines: [Line]) {
    (self.title, self.xLabel, self.yLabel, self.lines) = (title, xLabel, yLabel, lines)
  }

  package init(_ title: String, xLabel: String, _ points: [(x: Double, y: Double)]) {
    self.init(title, xLabel: xLabel, lines: [Line("", points.map { Point($0.x, $0.y) })])
  }

  /// A measured curve with noise: its exponential mean, and the curve itself behind it.
  package static func smoothed(
    _ title: String, xLabel: String, yLabel: String, _ points: [(x: Double, y: Double)]
  ) -> Chart {
    var mean: Double?
    let smooth = points.map { point -> Point in
      mean = mean.map { 0.9 * $0 + 0.1 * point.y } ?? point.y
      return Point(point.x, mean ?? point.y)
    }
    let raw = points.map { Point($0.x, $0.y) }
    return Chart(
      title, xLabel: xLabel, yLabel: yLabel,
      lines: points.count > 10
        ? [Line("as measured", raw, isRaw: true), Line("mean of the last ten", smooth)]
        : [Line("", raw)])
  }

  /// The chart as an SVG element. It is empty for fewer than two points, or for points of one x.
  package var svg: String {
    let names = lines.filter { !$0.name.isEmpty }
    let (width, height, left, right, bottom) = (640.0, 240.0, 62.0, 620.0, 196.0)
    let top = 14 + 16 * Double((names.count + 2) / 3)
    let points = lines.flatMap(\.points)
    guard points.count > 1, Set(points.map(\.x)).count > 1, points.allSatisfy({ $0.y.isFinite })
    else { return "" }
    let x = Axis(points.flatMap { [$0.left, $0.right, $0.x] }, about: 6)
    let y = Axis(
      points.flatMap { [$0.low, $0.high, $0.y] } + [0] + [limit?.value].compactMap(\.self), about: 4
    )
    func px(_ v: Double) -> Double { x.place(v, left, right) }
    func py(_ v: Double) -> Double { y.place(v, bottom, top) }
    var parts: [String] = []
    for tick in y.ticks {
      parts += [
        SVG.line(left, py(tick), right, py(tick), "rule"),
        SVG.text(y.text(tick), left - 8, py(tick) + 4, anchor: "end"),
      ]
    }
    for tick in x.ticks {
      parts += [
        SVG.line(px(tick), bottom, px(tick), bottom + 4, "rule"),
        SVG.text(x.text(tick), px(tick), bottom + 18, anchor: "middle"),
      ]
    }
    var (colour, entry) = (0, 0)
    for line in lines {
      let name = line.isRaw ? "raw" : "c\(colour % Palette.lines)"
      if !line.isRaw { colour += 1 }
      if line.points.contains(where: { $0.low < $0.high }) {
        let edge =
          line.points.map { (px($0.x), py($0.high)) }
          + line.points.reversed().map { (px($0.x), py($0.low)) }
        parts.append(SVG.path("polygon", edge, "band \(name)"))
      }
      for point in line.points where point.left < point.right {
        parts.append(
          SVG.line(px(point.left), py(point.y), px(point.right), py(point.y), "across \(name)"))
      }
      parts.append(SVG.path("polyline", line.points.map { (px($0.x), py($0.y)) }, name))
      if !line.name.isEmpty {
        let (x, y) = (left + 190 * Double(entry % 3), 12 + 16 * Double(entry / 3))
        parts += [
          SVG.path("polyline", [(x, y - 4), (x + 18, y - 4)], name),
          SVG.text(line.name, x + 24, y, "name"),
        ]
        entry += 1
      }
    }
    if let limit {
      parts += [
        SVG.line(left, py(limit.value), right, py(limit.value), "limit"),
        SVG.text(limit.name, right, py(limit.value) - 5, anchor: "end", "name"),
      ]
    }
    parts.append(SVG.text(xLabel, (left + right) / 2, height - 8, anchor: "middle"))
    if !yLabel.isEmpty {
      parts.append(SVG.text(yLabel, 12, (top + bottom) / 2, anchor: "middle", turned: true))
    }
    return SVG.element(width, height, title, parts)
  }
}

extension String {
  /// The text with &, <, > and " as entities.
  package var htmlEscaped: String {
    replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
