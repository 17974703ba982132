internal import Foundation
internal import Torch

/// An axis of a chart: a range that ends at round numbers, and the round numbers in it.
struct Axis {
  let low: Double
  let high: Double
  let ticks: [Double]
  private let digits: Int

  /// - Parameters:
  ///   - values: the numbers that the axis has room for; those that are not finite are left out
  ///   - count: about how many ticks there are
  ///   - bounds: where the range ends at the latest, e.g. 0 and 100 for per cent
  init(_ values: [Double], about count: Int = 5, within bounds: ClosedRange<Double>? = nil) {
    let known = values.filter(\.isFinite)
    var (low, high) = (known.min() ?? 0, known.max() ?? 1)
    if high - low <= abs(high) * 1e-12 { (low, high) = (low - 0.5, high + 0.5) }
    let step = Self.step((high - low) / Double(max(1, count)))
    low = (low / step + 1e-9).rounded(.down) * step
    high = (high / step - 1e-9).rounded(.up) * step
    if let bounds { (low, high) = (max(low, bounds.lowerBound), min(high, bounds.upperBound)) }
    let first = (low / step - 1e-9).rounded(.up)
    let number = Int(bounded: ((high / step + 1e-9).rounded(.down) - first), 0...100)
    (self.low, self.high) = (low, high)
    ticks = (0...number).map { (first + Double($0)) * step }
    digits = max(0, Int(bounded: -log10(step).rounded(.down), 0...12))
  }

  /// The least of 1, 2 and 5 times a power of ten that is at least about `size`.
  static func step(_ size: Double) -> Double {
    let power = pow(10, log10(size).rounded(.down))
    let share = size / power
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10)
  }

  func text(_ tick: Double) -> String {
    let text = String(format: "%.\(digits)f", abs(tick) < 1e-12 ? 0 : tick)
    return text
  }

  /// The place of a number between two pixels.
  func place(_ value: Double, _ from: Double, _ to: Double) -> Double {
    from + (min(max(value, low), high) - low) / (high - low) * (to - from)
  }
}

/// Elements of SVG as text. Classes give colours, which follow the page's light or dark scheme.
enum SVG {
  static func number(_ v: Double) -> String { String(format: "%.1f", v) }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ name: String) -> String
  {
    "<line class=\"\(name)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
  }
  static func text(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "start", _ name: String = "",
    turned: Bool = false
  ) -> String {
    let place = turned ? " transform=\"rotate(-90 \(number(x)) \(number(y)))\"" : ""
    let kind = name.isEmpty ? "" : " class=\"\(name)\""
    return
      "<text\(kind) x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\"\(place)>\(text.htmlEscaped)</text>"
  }
  static func dot(_ x: Double, _ y: Double, _ name: String, title: String) -> String {
    "<circle class=\"\(name)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\"><title>\(title.htmlEscaped)</title></circle>"
  }
  static func path(_ kind: String, _ points: [(Double, Double)], _ name: String) -> String {
    let list = points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
    return "<\(kind) class=\"\(name)\" points=\"\(list)\"/>"
  }
  static func element(_ width: Double, _ height: Double, _ title: String, _ parts: [String])
    -> String
  {
    "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" style=\"width:\(Int(width))px\" role=\"img\" aria-label=\"\(title.htmlEscaped)\">\(parts.joined())</svg>"
  }
}
