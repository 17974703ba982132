import Foundation
import Torch
import Training

#if canImport(Glibc)
  import Glibc
#endif

/// A progress line on standard error: stage, bar, counts, rate and time left. Without a terminal, a plain line is
/// printed every ten seconds.
final class ProgressLine {
  private var stage = ""
  private var start = Date()
  private var first = 0
  private var shown = Date.distantPast
  private let isTerminal = isatty(2) == 1

  func show(_ p: RunProgress) {
    let now = Date()
    if p.stage != stage { (stage, start, first) = (p.stage, now, p.done - (p.done > 0 ? 1 : 0)) }
    let isLast = p.done >= p.total
    guard isLast || now.timeIntervalSince(shown) > (isTerminal ? 0.2 : 10) else { return }
    shown = now
    let seconds = max(now.timeIntervalSince(start), 1e-3)
    let rate = Double(p.done - first) / seconds
    var text = "\(p.stage)  \(p.done)/\(p.total)"
    if isTerminal {
      let filled = p.total > 0 ? min(24, 24 * p.done / p.total) : 0
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      text += "  " + bar
    }
    if rate > 0 {
      let speed =
        rate >= 1 ? String(format: "%.1f/s", rate) : String(format: "%.1f s each", 1 / rate)
      let left = Self.duration(Double(p.total - p.done) / rate)
      text += "  " + speed + (isLast ? "  in " + Self.duration(seconds) : "  " + left + " left")
    }
    if !p.note.isEmpty { text += "  \(p.note)" }
    text = text.printable()
    let line = isTerminal ? "\r\u{1B}[K\(text)\(isLast ? "\n" : "")" : text + "\n"
    StandardError.write(line)
  }

  static func duration(_ seconds: Double) -> String {
    let s = Int(bounded: seconds, 0...10_000_000)
    if s < 60 { return "\(s) s" }
    if s < 3600 { return String(format: "%d:%02d min", s / 60, s % 60) }
    return String(format: "%d:%02d h", s / 3600, s / 60 % 60)
  }
}
