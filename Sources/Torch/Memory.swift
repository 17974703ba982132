internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The memory that is left, asked before work whose shapes are known begins.
package enum Memory {
  /// Bytes that this process can still take; nil where the system does not say.
  package static var available: Int? {
    #if canImport(Glibc)
      let all = [free, leftOfGroup, leftOfLimit].compactMap(\.self)
      return all.min()
    #else
      return Int(exactly: ProcessInfo.processInfo.physicalMemory)
    #endif
  }

  /// - Parameters:
  ///   - bytes: bytes that the work takes at least
  ///   - work: the work, e.g. `8 pictures of 512 x 512`
  ///   - step: the user's next step, e.g. `a smaller --batch`
  /// - Throws: ``LetheError`` of the kind `memory` where there are fewer
  package static func require(
    _ bytes: Double, for work: String, _ step: String, available: Int? = Memory.available
  ) throws {
    guard let available, bytes > Double(available) else { return }
    throw LetheError(
      .memory,
      "\(work) needs \(bytes.bytesInWords) of memory at least, and \(Double(available).bytesInWords) are left; try \(step)"
    )
  }

  #if canImport(Glibc)
    private static func number(_ file: String, after key: String = "") -> Int? {
      guard let data = FileManager.default.contents(atPath: file) else { return nil }
      let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix(key) }
      return line.flatMap { Int($0.dropFirst(key.count).filter(\.isNumber)) }
    }

    private static var free: Int? {
      number("/proc/meminfo", after: "MemAvailable:").map { $0 * 1024 }
    }

    /// Of a container's limit.
    private static var leftOfGroup: Int? {
      guard let most = number("/sys/fs/cgroup/memory.max"),
        let used = number("/sys/fs/cgroup/memory.current")
      else { return nil }
      return max(0, most - used)
    }

    /// Of the limit on the address space, e.g. `ulimit -v`.
    private static var leftOfLimit: Int? {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
        limit.rlim_cur < rlim_t(Int64.max), let most = Int(exactly: limit.rlim_cur)
      else { return nil }
      return most
    }
  #endif
}
