internal import Foundation

/// A line chart as SVG, drawn in the page's own colours.
public struct Chart {
  public var points: [(x: Double, y: Double)]
  public var title: String
  public var xLabel: String

  public init(_ title: String, xLabel: String, _ points: [(x: Double, y: Double)]) {
    (self.title, self.xLabel, self.points) = (title, xLabel, points)
  }

  public var svg: String {
    let (width, height, left, bottom) = (640.0, 220.0, 56.0, 34.0)
    guard points.count > 1, let x0 = points.map(\.x).min(), let x1 = points.map(\.x).max(),
      let low = points.map(\.y).min(), let high = points.map(\.y).max(), x1 > x0
    else { return "" }
    let (y0, y1) = (min(0, low), high > 0 ? high * 1.05 : 1)
    func px(_ x: Double) -> Double { left + (x - x0) / (x1 - x0) * (width - left - 12) }
    func py(_ y: Double) -> Double {
      (height - bottom) - (y - y0) / (y1 - y0) * (height - bottom - 12)
    }
    func number(_ v: Double) -> String { String(format: "%.1f", v) }
    var parts: [String] = []
    for i in 0...4 {
      let y = y0 + (y1 - y0) * Double(i) / 4
      parts.append(
        "<line class=\"grid\" x1=\"\(number(left))\" x2=\"\(number(width - 12))\" y1=\"\(number(py(y)))\" y2=\"\(number(py(y)))\"/>"
          + "<text x=\"\(number(left - 8))\" y=\"\(number(py(y) + 4))\" text-anchor=\"end\">\(Self.short(y))</text>"
      )
      let x = x0 + (x1 - x0) * Double(i) / 4
      parts.append(
        "<text x=\"\(number(px(x)))\" y=\"\(number(height - bottom + 18))\" text-anchor=\"middle\">\(Self.short(x))</text>"
      )
    }
    let line = points.map { "\(number(px($0.x))),\(number(py($0.y)))" }.joined(separator: " ")
    parts.append("<polyline points=\"\(line)\"/>")
    parts.append(
      "<text x=\"\(number((left + width) / 2))\" y=\"\(number(height - 2))\" text-anchor=\"middle\">\(xLabel.htmlEscaped)</text>"
    )
    return
      "<svg viewBox=\"0 0 640 220\" role=\"img\" aria-label=\"\(title.htmlEscaped)\">\(parts.joined())</svg>"
  }

  static func short(_ v: Double) -> String {
    abs(v) >= 100
      ? String(format: "%.0f", v)
      : abs(v) >= 1 ? String(format: "%.1f", v) : String(format: "%.3g", v)
  }
}

extension String {
  public var htmlEscaped: String {
    replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
