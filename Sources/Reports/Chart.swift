internal import Foundation

/// A line chart as SVG in the page's colours, with a band around a line that has bounds.
package struct Chart {
  /// A point, with the bounds of its band.
  package struct Point {
    package var x, y, low, high: Double
    package init(_ x: Double, _ y: Double, low: Double? = nil, high: Double? = nil) {
      (self.x, self.y, self.low, self.high) = (x, y, low ?? y, high ?? y)
    }
  }
  /// A line and its name in the legend. An empty name has no entry.
  package struct Line {
    package var name: String
    package var points: [Point]
    package init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }
  }
  package var title: String
  package var xLabel: String
  package var lines: [Line]

  package init(_ title: String, xLabel: String, lines: [Line]) {
    (self.title, self.xLabel, self.lines) = (title, xLabel, lines)
  }

  package init(_ title: String, xLabel: String, _ points: [(x: Double, y: Double)]) {
    self.init(title, xLabel: xLabel, lines: [Line("", points.map { Point($0.x, $0.y) })])
  }

  /// Colours of the second and later lines. The first line has the page's accent colour.
  private static let colours = ["#c0542e", "#4c8c3f", "#7a5195", "#8a7a1f", "#555555"]

  /// The chart as an SVG element. It is empty for fewer than two points, or for points of one x.
  package var svg: String {
    let names = lines.filter { !$0.name.isEmpty }
    let (width, height, left, bottom) = (640.0, 220.0, 56.0, 34.0)
    let top = 12 + 16 * Double((names.count + 2) / 3)
    let points = lines.flatMap(\.points)
    guard points.count > 1, let x0 = points.map(\.x).min(), let x1 = points.map(\.x).max(),
      let low = points.map(\.low).min(), let high = points.map(\.high).max(), x1 > x0
    else { return "" }
    let (y0, y1) = (min(0, low), high > 0 ? high * 1.05 : 1)
    func px(_ x: Double) -> String { number(left + (x - x0) / (x1 - x0) * (width - left - 12)) }
    func py(_ y: Double, down: Double = 0) -> String {
      number((height - bottom) - (y - y0) / (y1 - y0) * (height - bottom - top) + down)
    }
    func number(_ v: Double) -> String { String(format: "%.1f", v) }
    func path(_ corners: [(Double, Double)]) -> String {
      corners.map { "\(px($0.0)),\(py($0.1))" }.joined(separator: " ")
    }
    var parts: [String] = []
    for i in 0...4 {
      let y = y0 + (y1 - y0) * Double(i) / 4
      let x = x0 + (x1 - x0) * Double(i) / 4
      parts += [
        "<line class=\"grid\" x1=\"\(px(x0))\" x2=\"\(px(x1))\" y1=\"\(py(y))\" y2=\"\(py(y))\"/>",
        "<text x=\"\(number(left - 8))\" y=\"\(py(y, down: 4))\" text-anchor=\"end\">\(Self.short(y))</text>",
        "<text x=\"\(px(x))\" y=\"\(number(height - bottom + 18))\" text-anchor=\"middle\">\(Self.short(x))</text>",
      ]
    }
    for (i, line) in lines.enumerated() {
      let colour = i > 0 ? Self.colours[(i - 1) % Self.colours.count] : nil
      func paint(_ property: String) -> String {
        colour.map { " style=\"\(property):\($0)\"" } ?? ""
      }
      if line.points.contains(where: { $0.low < $0.high }) {
        let edge =
          line.points.map { ($0.x, $0.high) } + line.points.reversed().map { ($0.x, $0.low) }
        parts.append("<polygon class=\"band\" points=\"\(path(edge))\"\(paint("fill"))/>")
      }
      parts.append(
        "<polyline points=\"\(path(line.points.map { ($0.x, $0.y) }))\"\(paint("stroke"))/>")
      if !line.name.isEmpty {
        let (x, y) = (left + 195 * Double(i % 3), 12 + 16 * Double(i / 3))
        parts.append(
          "<text class=\"name\" x=\"\(number(x))\" y=\"\(number(y))\"\(paint("fill"))>\(line.name.htmlEscaped)</text>"
        )
      }
    }
    parts.append(
      "<text x=\"\(number((left + width) / 2))\" y=\"\(number(height - 2))\" text-anchor=\"middle\">\(xLabel.htmlEscaped)</text>"
    )
    return
      "<svg viewBox=\"0 0 640 220\" role=\"img\" aria-label=\"\(title.htmlEscaped)\">\(parts.joined())</svg>"
  }

  /// A number of an axis in about three digits.
  static func short(_ v: Double) -> String {
    abs(v) >= 100
      ? String(format: "%.0f", v)
      : abs(v) >= 1 ? String(format: "%.1f", v) : String(format: "%.3g", v)
  }
}

extension String {
  /// The text with &, <, > and " as entities.
  package var htmlEscaped: String {
    replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
