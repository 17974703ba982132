// The rule by which a hub that fails is asked again or given up. No waiting is longer than the patience, unless the hub
// itself names a time to come back (Retry-After).
internal import Foundation

/// The clock that waits use.
package struct HubTime: Sendable {
  /// Seconds since a fixed moment.
  let now: @Sendable () -> Double
  /// Lets so many seconds pass.
  let sleep: @Sendable (Double) -> Void

  package init(now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) -> Void) {
    (self.now, self.sleep) = (now, sleep)
  }

  /// The clock of the machine.
  package static var machine: HubTime {
    let start = ContinuousClock.now
    return HubTime(
      now: { (ContinuousClock.now - start) / .seconds(1) },
      sleep: { Thread.sleep(forTimeInterval: $0) })
  }
}

/// The attempts of one answer: the waits between them double, and a byte of progress begins anew.
struct HubPatience {
  private let hub: Hub
  private var failures = 0
  private var wait: Double
  private var last: Double

  init(_ hub: Hub) { (self.hub, wait, last) = (hub, hub.pause, hub.time.now()) }

  /// Seconds since the last byte came, or since the first attempt.
  private var idle: Double { hub.time.now() - last }

  /// Seconds of silence that the next attempt may take.
  var silence: Double { max(min(1, hub.silence), min(hub.silence, hub.patience - idle)) }

  /// Bytes came, the last of them at a moment of the hub's time: the next failure is the first one.
  mutating func progressed(at moment: Double) {
    (failures, wait, last) = (0, hub.pause, moment)
  }

  /// Waits for the next attempt.
  /// - Parameter named: seconds that the hub asks for
  /// - Returns: whether there is a next attempt
  mutating func waits(_ named: Double? = nil) -> Bool {
    failures += 1
    guard failures <= hub.retries else { return false }
    if let named {
      hub.time.sleep(min(named, 60))
      last = hub.time.now()
      return true
    }
    guard idle + wait < hub.patience else { return false }
    hub.time.sleep(wait)
    wait *= 2
    return true
  }
}
