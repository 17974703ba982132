internal import CTorch
internal import Synchronization

/// Where a tensor lives, numbered as c10's `DeviceType`.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// The kinds of devices that hold tensors, by c10's numbers.
  public enum Kind: Int32, Sendable {
    case cpu = 0
    case cuda = 1
    case mps = 13
    /// The memory of the machine again, whose tensors no operator takes beside those of the CPU: the mistake that only
    /// a GPU shows is an error there.
    case rehearsal = 20
  }
  /// The kind of the device.
  public var kind: Kind
  /// The number among devices of its kind, from 0.
  public var index: Int

  /// A device of a kind, which is not opened.
  public init(_ kind: Kind, _ index: Int = 0) {
    self.kind = kind
    self.index = index
  }

  /// The processor and the memory of the machine.
  public static let cpu = Device(.cpu)
  /// The GPU of an Apple machine.
  public static let mps = Device(.mps)
  /// The processor, whose tensors no operator takes beside those of the CPU.
  public static let rehearsal = Device(.rehearsal)
  /// A GPU of NVIDIA's, by its number.
  public static func cuda(_ index: Int = 0) -> Device { Device(.cuda, index) }

  /// Reads `cpu`, `cuda`, `cuda:1` or `mps`, and opens the device.
  /// - Throws: ``LetheError`` when the text names no device or the device cannot be used here.
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let index = parts.count == 2 ? Int(parts[1]) : 0
    guard parts.count <= 2, let index, (0..<1024).contains(index) else {
      throw LetheError.unknownDevice(text)
    }
    switch parts[0] {
    case "cpu" where parts.count == 1: self = .cpu
    case "cuda": self = .cuda(index)
    case "mps" where parts.count == 1: self = .mps
    case "rehearsal" where parts.count == 1: self = .rehearsal
    default: throw LetheError.unknownDevice(text)
    }
    if let reason = fault {
      throw LetheError.model("device '\(text)' cannot be used here: \(reason)")
    }
  }

  /// The reason why the device cannot be used here; nil for one that can.
  package var fault: String? {
    do throws(Fault) {
      try Fault.check(ct_device_open(kind.rawValue, Int32(index)), "device")
      return nil
    } catch { return Self.reason(error.text) }
  }

  /// The first sentence of what libtorch says, which goes on about builds and back ends; libraries by their names
  /// alone.
  package static func reason(_ text: String) -> String {
    let line = text.split(separator: "\n").first.map(String.init) ?? ""
    guard !line.hasPrefix("Could not run") else { return "this libtorch was built without it" }
    let named = line.replacing(/(\/[^ :]*)?\/([^ :\/]+)/) { String($0.2) }
      .replacing(
        ": cannot open shared object file: No such file or directory", with: " is not there")
    let end = named.firstRange(of: ". ")?.lowerBound ?? named.endIndex
    return String(named[..<end].prefix(160))
  }

  /// The name of an NVIDIA GPU on its machine, the same whatever number a process has for it; nil for other devices.
  package var card: String? {
    guard kind == .cuda, let text = ct_card(Int32(index)) else { return nil }
    defer { ct_string_free(text) }
    return String(cString: text)
  }

  /// Waits until everything queued on the device is done.
  public func synchronize() {
    unfailing { () throws(Fault) in
      try Fault.check(ct_device_synchronize(kind.rawValue, Int32(index)), "synchronize")
    }
  }

  /// Peak bytes so far: resident memory of the process for the CPU, allocated memory for a GPU.
  public var peakMemory: Int { Int(ct_peak_memory(kind.rawValue, Int32(index))) }

  /// Bytes of memory that the device has, that of the machine for the CPU; 0 where it does not say.
  package var memory: Int { Int(ct_memory(kind.rawValue, Int32(index))) }

  /// Starts ``peakMemory`` again at zero where the system allows it; elsewhere it remains the peak of the process.
  public func resetPeakMemory() { ct_reset_peak_memory(kind.rawValue, Int32(index)) }

  /// The name that ``init(parsing:)`` reads.
  public var description: String {
    switch kind {
    case .cpu: "cpu"
    case .cuda: "cuda:\(index)"
    case .mps: "mps"
    case .rehearsal: "rehearsal"
    }
  }
}

/// Copies between the memory of the machine and tensors that the calling thread has asked for. On a GPU the program
/// waits at each read.
package enum HostCopies {
  /// Numbers of tensors that were read: single ones, lists, and sizes that depend on numbers.
  package static var reads: Int { Int(ct_host_reads()) }
  /// Tensors that were made of numbers of the program.
  package static var writes: Int { Int(ct_host_writes()) }
  /// Times that a GPU in the place of ``Device/rehearsal`` would have been waited for.
  package static var waits: Int { Int(ct_host_waits()) }
  /// Copies from the memory of the machine to ``Device/rehearsal``.
  package static var uploads: Int { Int(ct_host_uploads()) }
  /// The bytes of these copies.
  package static var uploadedBytes: Int { Int(ct_host_uploaded_bytes()) }
}

/// The libtorch underneath: its version and its threads.
public enum Runtime {
  /// The release of libtorch that the program was built with, e.g. `2.13.0`.
  public static var version: String { String(cString: ct_version()) }

  /// More than that are not set.
  package static let mostThreads = 1024

  /// Threads of one operator on the CPU, 1 to 1024; others are cut to that range.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { ct_set_threads(Int32(Swift.min(Swift.max(newValue, 1), mostThreads))) }
  }

  private static let pictures = Atomic(0)
  /// Pictures that go through a network at once where no gradient is asked for; 0 takes as many as fit into memory.
  public static var batch: Int {
    get { pictures.load(ordering: .relaxed) }
    set { pictures.store(max(0, newValue), ordering: .relaxed) }
  }

  private static let offloading = Atomic(false)
  /// Whether the parts of models that are loaded from now on leave a device while they are not used.
  public static var offloads: Bool {
    get { offloading.load(ordering: .relaxed) }
    set { offloading.store(newValue, ordering: .relaxed) }
  }

  /// glibc gives large blocks back to the kernel at every free, and each next step pays the page
  /// faults again. Called once when the program starts; see docs/results/performance.md for the effect.
  package static func keepFreedMemory() { ct_keep_freed_memory() }
}

extension LetheError {
  fileprivate static func unknownDevice(_ text: String) -> LetheError {
    .badValue("--device", "unknown device '\(text)'; accepted: cpu, cuda, cuda:N, mps")
  }
}
