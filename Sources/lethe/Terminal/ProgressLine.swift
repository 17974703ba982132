import Foundation
import Synchronization
import Torch
import Training

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The progress line on standard error. On a terminal it is drawn over itself; elsewhere a plain line is printed every
/// five seconds. A clock moves it where the work says nothing: the first line comes within a second.
final class ProgressLine: Sendable {
  static let shared = ProgressLine()

  private struct State {
    var meter: ProgressMeter
    var isRunning = false
    /// When the line was last drawn.
    var shown: Double
    var hasDrawn = false
    /// Whether a line without an end is on the terminal.
    var isOpen = false
  }
  private let state: Mutex<State>
  private let isTerminal = isatty(2) == 1

  private init() {
    let now = Self.now
    state = Mutex(State(meter: ProgressMeter(at: now), shown: now))
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

  /// Starts the clock.
  func begin() {
    let isFirst = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard isFirst else { return }
    Thread.detachNewThread { [self] in
      while state.withLock({ $0.isRunning }) {
        Thread.sleep(forTimeInterval: 0.2)
        tick()
      }
    }
  }

  func show(_ p: RunProgress) {
    let now = Self.now
    state.withLock { state in
      let isNew = p.stage != state.meter.stage
      state.meter.take(p, at: now)
      let pause = isTerminal ? 0.2 : 5
      if isNew || state.meter.isOver || now - state.shown > pause { draw(&state, now) }
    }
  }

  /// Redraws the line where nothing came for a while.
  private func tick() {
    let now = Self.now
    state.withLock { state in
      let pause = !state.hasDrawn ? 0.8 : isTerminal && !state.meter.isOver ? 1 : 5
      if state.isRunning, now - state.shown > pause { draw(&state, now) }
    }
  }

  private func draw(_ state: inout State, _ now: Double) {
    (state.shown, state.hasDrawn) = (now, true)
    var style = ProgressMeter.Style()
    if isTerminal {
      (style.hasBar, style.width) = (true, Self.columns)
      style.hasColour = Defaults.text("NO_COLOR") == nil && Defaults.text("TERM") != "dumb"
    }
    let text = state.meter.line(at: now, style)
    let isOver = state.meter.isOver
    guard isTerminal else { return StandardError.write(text.printable() + "\n") }
    // The bar's colour is the only escape of the text; names of strangers lose theirs.
    let parts = text.split(separator: "\u{1B}", omittingEmptySubsequences: false).map(String.init)
    let safe = ([parts[0].printable()] + parts.dropFirst().map { "\u{1B}" + $0.printable() })
      .joined()
    StandardError.write("\r\u{1B}[K\(safe)\(isOver ? "\n" : "")")
    state.isOpen = !isOver
  }

  /// Takes an unfinished line off the terminal, so that another one can be printed.
  func clear() {
    state.withLock { state in
      guard state.isOpen else { return }
      StandardError.write("\r\u{1B}[K")
      state.isOpen = false
    }
  }

  /// Stops the clock.
  func end() {
    clear()
    state.withLock { $0.isRunning = false }
  }

  /// Characters of the terminal's lines.
  private static var columns: Int? {
    var size = winsize()
    if ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return Defaults.text("COLUMNS").flatMap { Int($0) }
  }
}
