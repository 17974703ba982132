// When a hub that fails is asked again, and when it is given up. No waiting is longer than the patience, unless the hub itself
// names a time to come back (Retry-After).
internal import Foundation

/// The attempts of one answer: the waits between them double, and a byte of progress begins anew.
struct HubPatience {
  private let hub: Hub
  private var failures = 0
  private var wait: Double
  private var last = ContinuousClock.now

  init(_ hub: Hub) { (self.hub, wait) = (hub, hub.pause) }

  /// Seconds since the last byte came, or since the first attempt.
  private var idle: Double { (ContinuousClock.now - last) / .seconds(1) }

  /// Seconds of silence that the next attempt may take.
  var silence: Double { max(min(1, hub.silence), min(hub.silence, hub.patience - idle)) }

  /// Bytes came, the last of them at a moment: the next failure is the first one.
  mutating func progressed(at moment: ContinuousClock.Instant) {
    (failures, wait, last) = (0, hub.pause, moment)
  }

  /// Waits for the next attempt.
  /// - Parameter named: seconds that the hub asks for
  /// - Returns: whether there is a next attempt
  mutating func waits(_ named: Double? = nil) -> Bool {
    failures += 1
    guard failures <= hub.retries else { return false }
    if let named {
      Thread.sleep(forTimeInterval: min(named, 60))
      last = .now
      return true
    }
    guard idle + wait < hub.patience else { return false }
    Thread.sleep(forTimeInterval: wait)
    wait *= 2
    return true
  }
}
