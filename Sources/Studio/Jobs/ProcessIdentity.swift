internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A process: its number and when it began. Numbers are given again, and a reboot begins anew; both together name one
/// process.
struct ProcessIdentity: Codable, Sendable, Hashable {
  let number: Int32
  /// Linux: the boot and the clock ticks since then. macOS: seconds and microseconds.
  let began: String

  /// Nil where there is no such process, or where it has ended and nobody has asked how.
  init?(_ number: Int32) {
    guard number > 1, let began = Self.beginning(of: number) else { return nil }
    (self.number, self.began) = (number, began)
  }

  /// Whether the process is there.
  var isAlive: Bool { Self.beginning(of: number) == began }

  /// Sends a signal to the process and all that it started.
  /// - Returns: whether there was somebody to hear it
  @discardableResult
  func signal(_ signal: Int32) -> Bool { isAlive && kill(-number, signal) == 0 }

  #if os(Linux)
    private static func text(_ path: String) -> String? {
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// `/proc/N/stat`: the name in brackets may hold anything, so fields are counted behind it. The first is the state,
    /// the twentieth the beginning.
    private static func beginning(of number: Int32) -> String? {
      guard let stat = text("/proc/\(number)/stat"), let end = stat.lastIndex(of: ")") else {
        return nil
      }
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      guard fields.count > 19, !["Z", "X"].contains(fields[0]) else { return nil }
      let boot = text("/proc/sys/kernel/random/boot_id")?.prefix(36) ?? ""
      return "\(boot) \(fields[19])"
    }
  #else
    private static func beginning(of number: Int32) -> String? {
      var (info, size) = (kinfo_proc(), MemoryLayout<kinfo_proc>.stride)
      var name = [CTL_KERN, KERN_PROC, KERN_PROC_PID, number]
      guard sysctl(&name, UInt32(exactly: name.count) ?? 0, &info, &size, nil, 0) == 0, size > 0,
        Int32(exactly: info.kp_proc.p_stat) != SZOMB
      else { return nil }
      let began = info.kp_proc.p_un.__p_starttime
      return "\(began.tv_sec) \(began.tv_usec)"
    }
  #endif
}
