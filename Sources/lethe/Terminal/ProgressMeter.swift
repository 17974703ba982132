import Foundation
import Torch
import Training

/// The text of progress lines: stage, counts, bar, rate, time left and clock.
///
/// The rate is that of the last half minute, and leaves the first unit out as soon as there are two: it has the loading
/// and the search before. Where units end early, as the prompts of an attack do, the time left is at most that of the
/// attempts that are left, and needs two rounds of them. Time is in seconds from any origin.
struct ProgressMeter {
  /// The look of lines.
  struct Style {
    /// Characters of a line; nil is no limit.
    var width: Int?
    var hasBar = false
    var hasColour = false
  }

  private(set) var stage = ""
  /// The beginning of the stage.
  private var start: Double
  private var last: RunProgress?
  /// Counts of the last half minute, and the times that they came at.
  private var marks: [(time: Double, done: Int)] = []
  private static let window = 30.0
  /// Whether the marks begin after the first unit.
  private var hasLeftStart = false

  init(at now: Double) { start = now }

  /// Whether the stage is done.
  var isOver: Bool { last.map { $0.total > 0 && $0.done >= $0.total } ?? false }

  mutating func take(_ p: RunProgress, at now: Double) {
    if p.stage != stage || p.done < last?.done ?? 0 {
      (stage, start, marks, hasLeftStart) = (p.stage, now, [], false)
    }
    last = p
    let done = p.attempts?.made ?? p.done
    // The steps of a batch come with the count of the batches before; they are no counts of their own.
    guard marks.last?.done != done else { return }
    marks.append((now, done))
    // The first unit is slower than the others.
    if marks.count == 3, !hasLeftStart {
      marks.removeFirst()
      hasLeftStart = true
    }
    // One mark from before the window stays, or a slow stage would have no rate.
    while marks.count > 2, marks[1].time < now - Self.window { marks.removeFirst() }
  }

  /// Things a second; nil before there are two counts.
  func rate(at now: Double) -> Double? {
    guard let a = marks.first, let b = marks.last, b.done > a.done, now > a.time else { return nil }
    return Double(b.done - a.done) / (now - a.time)
  }

  func line(at now: Double, _ style: Style) -> String {
    let clock = Self.duration(now - start)
    guard let p = last else { return cut("preparing  \(clock)", style) }
    var parts = [p.total > 0 ? "\(p.stage)  \(p.done)/\(p.total)" : p.stage]
    if style.hasBar, p.total > 0 { parts.append(bar(p, style)) }
    if isOver {
      let end = marks.last?.time ?? now
      parts.append("in \(Self.duration(end - start))")
      if now - end > 1 {
        parts = ["\(p.stage) is done, preparing the next part", Self.duration(now - end)]
      }
    } else if let rate = rate(at: now), rate > 0 {
      if let attempts = p.attempts {
        // Attempts since the last count are done as well.
        if hasLeftStart {
          let since = (now - (marks.last?.time ?? now)) * rate
          let left = max(0, Double(attempts.left) - since)
          parts.append("at most \(Self.duration(left / rate)) left")
        }
      } else {
        parts.append(
          rate >= 1 ? String(format: "%.1f/s", rate) : String(format: "%.1f s each", 1 / rate))
        parts.append(Self.duration(Double(p.total - p.done) / rate) + " left")
      }
      parts.append(clock)
    } else {
      parts.append(clock)
    }
    if !p.note.isEmpty { parts.append(p.note) }
    return cut(parts.joined(separator: "  "), style)
  }

  private func bar(_ p: RunProgress, _ style: Style) -> String {
    let filled = min(24, max(0, 24 * p.done / p.total))
    let full = String(repeating: "█", count: filled)
    let empty = String(repeating: "░", count: 24 - filled)
    // Blue of Okabe and Ito's palette, the nearest of 256.
    return style.hasColour ? "\u{1B}[38;5;32m\(full)\u{1B}[0m\(empty)" : full + empty
  }

  /// The text cut to the width; escapes take no room.
  private func cut(_ text: String, _ style: Style) -> String {
    guard let width = style.width else { return text }
    var (kept, count, inEscape) = ("", 0, false)
    for character in text {
      if character == "\u{1B}" { inEscape = true }
      if !inEscape {
        guard count < width - 1 else { break }
        count += 1
      }
      kept.append(character)
      if inEscape, character == "m" { inEscape = false }
    }
    return kept.count < text.count && style.hasColour ? kept + "\u{1B}[0m" : kept
  }

  static func duration(_ seconds: Double) -> String {
    let s = Int(bounded: seconds, 0...10_000_000)
    if s < 60 { return "\(s) s" }
    if s < 3600 { return String(format: "%d:%02d min", s / 60, s % 60) }
    return String(format: "%d:%02d h", s / 3600, s / 60 % 60)
  }
}
