package import Evaluation
internal import Foundation

/// Measures of several things as dots with their intervals: a line for each thing, a panel for each measure.
package struct DotPlot {
  package struct Panel {
    package var title: String
    /// The measured values in the order of the plot's names; nil leaves the line empty.
    package var values: [MeasuredValue?]
    /// A level that decides something.
    package var limit: Double?
    package init(_ title: String, _ values: [MeasuredValue?], limit: Double? = nil) {
      (self.title, self.values, self.limit) = (title, values, limit)
    }
  }
  package var title: String
  package var names: [String]
  package var panels: [Panel]

  package init(_ title: String, _ names: [String], _ panels: [Panel]) {
    (self.title, self.names, self.panels) = (title, names, panels)
  }

  /// Methods by measures. Measures that no method has are left out. The original has no intervals over several
  /// concepts, as they share pictures.
  package static func methods(
    _ rows: [ResultRow], _ metrics: [String], _ catalog: MetricCatalog = .builtIn
  ) -> DotPlot {
    let labels = rows.map(\.label).unique
    let panels = metrics.compactMap { metric -> Panel? in
      let values = labels.map { label -> MeasuredValue? in
        let own = rows.filter { $0.label == label && $0.metric == metric }
        var value = own.over(metric)
        if own.first?.method == "original", own.map(\.subject).unique.count > 1 {
          value?.interval = nil
        }
        return value
      }
      guard values.contains(where: { $0 != nil }) else { return nil }
      let isShare = values.compactMap { $0?.unit }.first == .share
      return Panel(catalog.heading(metric) + (isShare ? ", %" : ""), values)
    }
    return DotPlot("Measures with their intervals", labels.map(\.description), panels)
  }

  /// The plot as an SVG element; empty without a line or a panel.
  package var svg: String {
    guard !names.isEmpty, !panels.isEmpty else { return "" }
    let left = 24 + 6.6 * Double(min(28, names.map(\.count).max() ?? 0))
    let (panel, row, top) = (200.0, 24.0, 34.0)
    let bottom = top + row * Double(names.count)
    let width = left + panel * Double(panels.count)
    func y(_ i: Int) -> Double { top + row * (Double(i) + 0.5) }
    var parts = names.enumerated().map { i, name in
      SVG.text(String(name.prefix(28)), left - 14, y(i) + 4, anchor: "end", "name")
    }
    for (k, column) in panels.enumerated() {
      let from = left + panel * Double(k)
      let to = from + panel - 26
      let scale = column.values.compactMap { $0?.unit }.first == .share ? 100.0 : 1
      let known = column.values.compactMap(\.self)
      let numbers = known.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper] }
        .compactMap { $0.map { $0 * scale } }
      let axis =
        scale == 100
        ? Axis([0, 100] + numbers.filter { $0 < 0 }, about: 4)
        : Axis(numbers + [0], about: 3)
      parts.append(SVG.text(column.title, (from + to) / 2, 16, anchor: "middle", "name"))
      for tick in axis.ticks {
        let x = axis.place(tick, from, to)
        parts += [
          SVG.line(x, top, x, bottom, "rule"),
          SVG.text(axis.text(tick), x, bottom + 16, anchor: "middle"),
        ]
      }
      if let limit = column.limit {
        let x = axis.place(limit * scale, from, to)
        parts.append(SVG.line(x, top, x, bottom, "limit"))
      }
      for (i, value) in column.values.enumerated() {
        guard let value, value.value.isFinite else { continue }
        if let interval = value.interval {
          parts.append(
            SVG.line(
              axis.place(interval.lower * scale, from, to), y(i),
              axis.place(interval.upper * scale, from, to), y(i), "whisker"))
        }
        parts.append(
          SVG.dot(
            axis.place(value.value * scale, from, to), y(i), "dot",
            title: "\(names[i]): \(value.text(hasUnit: true)), n \(value.size)"))
      }
    }
    return SVG.element(width, bottom + 24, title, parts)
  }
}
