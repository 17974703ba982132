internal import Foundation
internal import Synchronization
internal import Torch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The store that ranks meet in, with a watch over the others.
final class Meeting: Sendable {
  private let e: RankEnvironment
  private let store: SharedStore
  private let isInterrupted: @Sendable () -> Bool
  private let onNote: @Sendable (String) -> Void
  private let known = Mutex<RankFailure?>(nil)
  private let hasLeft = Atomic(false)
  private let opened = Mutex(Opened())

  private struct Opened {
    var group: TensorGroup?
    /// The library for tensors of GPUs; nil until there is one.
    var backend: RankBackend?
  }

  /// Values of the store have a limit.
  private static let piece = 4 << 20
  private static let pieces = 1 << 16

  init(
    _ e: RankEnvironment, isInterrupted: @escaping @Sendable () -> Bool,
    onFailure: @escaping @Sendable () -> Void,
    onNote: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    (self.e, self.isInterrupted, self.onNote) = (e, isInterrupted, onNote)
    store = try SharedStore.open(e)
    try add("joined/\(e.rank)", 1)
    try awaitAll("joined", "has not come")
    watch(onFailure)
  }

  private func key(_ name: String) -> String { "lethe/\(name)" }

  /// A call of the store, whose failure means that the rank which keeps it is gone.
  private func asked<T>(_ body: () throws(Fault) -> T) throws -> T {
    do throws(Fault) { return try body() } catch {
      throw failure?.error
        ?? LetheError(
          .other,
          "the store of the ranks is gone, and with it rank 0; finished work is kept, and the same command goes on"
        )
    }
  }

  @discardableResult
  func add(_ name: String, _ amount: Int) throws -> Int {
    try asked { () throws(Fault) in try store.add(key(name), amount) }
  }

  func put(_ name: String, _ data: Data) throws {
    let count = (data.count + Self.piece - 1) / Self.piece
    for i in 0..<count {
      let part = data.dropFirst(i * Self.piece).prefix(Self.piece)
      try asked { () throws(Fault) in try store.set(key("\(name)#\(i)"), part) }
    }
    try asked { () throws(Fault) in try store.set(key(name), Array("\(count)".utf8)) }
  }

  private func get(_ name: String) throws -> [UInt8]? {
    try asked { () throws(Fault) in try store.get(key(name)) }
  }

  /// Waits for a value.
  func take(_ name: String) throws -> Data {
    var found: Int?
    try wait {
      found = try get(name).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
      return found != nil
    }
    var data = Data()
    // A stranger may have written into the store.
    guard let count = found, (0...Self.pieces).contains(count) else {
      throw LetheError(.other, "another rank sent a value of no length; use one version of lethe")
    }
    for i in 0..<count { data += try get("\(name)#\(i)") ?? [] }
    return data
  }

  /// Waits until something holds.
  /// - Throws: ``LetheError`` where another rank fails, or nothing happens for too long
  func wait(_ condition: () throws -> Bool) throws {
    let start = Date()
    var pause = 0.0005
    while try !condition() {
      if let failure = try failed() { throw failure.error }
      if isInterrupted() {
        throw LetheError(
          .interrupted, "interrupted; the same command goes on where this one stopped")
      }
      guard Date().timeIntervalSince(start) < e.patience else {
        throw LetheError(
          .other,
          "rank \(e.rank) waited \(Int(e.patience)) s for the others; a longer wait is given by LETHE_PATIENCE, in seconds"
        )
      }
      Thread.sleep(forTimeInterval: pause)
      pause = min(0.02, pause * 1.5)
    }
  }

  private func awaitAll(_ name: String, _ fault: String) throws {
    let start = Date()
    try wait {
      let missing = try (0..<e.count).filter { try add("\(name)/\($0)", 0) == 0 }
      if Date().timeIntervalSince(start) > min(e.patience, 300), let first = missing.first {
        throw LetheError(
          .other,
          "rank \(first) \(fault): \(e.count - missing.count) of \(e.count) ranks are there; start as many as WORLD_SIZE says"
        )
      }
      return missing.isEmpty
    }
  }

  // MARK: - Failures

  /// A failure that is known here.
  var failure: RankFailure? { known.withLock { $0 } }

  /// A failure that the store knows.
  private func failed() throws -> RankFailure? {
    if let failure { return failure }
    guard let bytes = try get("failed"),
      let found = try? JSONDecoder().decode(RankFailure.self, from: Data(bytes))
    else { return nil }
    known.withLock { $0 = $0 ?? found }
    return found
  }

  /// Tells the others that this rank ends. The first failure stays.
  func fail(_ own: RankFailure) {
    hasLeft.store(true, ordering: .relaxed)
    guard (try? failed()) == nil, let data = try? JSONEncoder().encode(own) else { return }
    known.withLock { $0 = own }
    try? asked { () throws(Fault) in try store.set(key("failed"), data) }
  }

  /// Looks for failures of others while this rank computes. The step in flight is finished; a rank that does not end by
  /// itself is ended.
  private func watch(_ onFailure: @escaping @Sendable () -> Void) {
    Thread.detachNewThread { [weak self, rank = e.rank] in
      while true {
        Thread.sleep(forTimeInterval: 0.5)
        guard let self, !hasLeft.load(ordering: .relaxed) else { return }
        let failure: RankFailure?
        do { failure = try failed() } catch {
          failure = RankFailure(rank: 0, kind: 1, sentence: "it has ended without a word")
          known.withLock { $0 = $0 ?? failure }
        }
        guard let failure, failure.rank != rank else { continue }
        onFailure()
        Thread.sleep(forTimeInterval: Self.grace)
        guard !hasLeft.load(ordering: .relaxed) else { return }
        Self.end(failure, rank)
      }
    }
  }

  /// Seconds in which a rank ends by itself after another one has failed.
  private static let grace = 60.0

  private static func end(_ failure: RankFailure, _ rank: Int) -> Never {
    let line =
      "lethe: rank \(rank) ends, because rank \(failure.rank) has failed: \(failure.sentence)\n"
    line.utf8CString.withUnsafeBytes { bytes in
      _ = write(2, bytes.baseAddress, bytes.count - 1)
    }
    _exit(failure.kind == 0 ? 1 : failure.kind)
  }

  /// Ends the process after an exchange of tensors that failed, with the reason of the rank that failed first.
  func lost(_ fault: Fault) -> Never {
    let start = Date()
    while failure == nil, Date().timeIntervalSince(start) < 3 {
      _ = try? failed()
      Thread.sleep(forTimeInterval: 0.05)
    }
    let own = RankFailure(
      rank: e.rank, kind: 1,
      sentence: "an exchange with the other ranks failed: \(fault); the last saved state is kept")
    fail(own)
    Self.end(failure ?? own, e.rank)
  }

  /// Ends the process with the reason of the rank that failed first.
  private func end(_ error: any Error) -> Never {
    let known = error as? LetheError
    let own = RankFailure(
      rank: e.rank, kind: known?.kind.rawValue ?? 1, sentence: known?.sentence ?? "\(error)")
    fail(own)
    Self.end(failure ?? own, e.rank)
  }

  func leave() throws {
    try leaveNCCL()
    hasLeft.store(true, ordering: .relaxed)
    try add("left/\(e.rank)", 1)
    guard e.rank == 0 else { return }
    try wait { try (0..<e.count).allSatisfy { try add("left/\($0)", 0) > 0 } }
  }

  // MARK: - Tensors

  /// The library that the user asks for; nil for none.
  var asked: RankBackend? { e.backend }

  /// The group for exchanges of tensors of a device, opened when it is first needed, on all ranks at once.
  func group(for device: Device = .cpu) -> TensorGroup {
    opened.withLock { opened in
      let group = opened.group ?? open()
      opened.group = group
      if device.kind == .cuda, opened.backend == nil { opened.backend = choose(group, device) }
      return group
    }
  }

  private func open() -> TensorGroup {
    // Ranks come here before they open their connections, which would wait for one that has died and look for no failure.
    do {
      try add("opening", 1)
      try wait { try add("opening", 0) >= e.count }
    } catch { end(error) }
    do throws(Fault) {
      return try TensorGroup(
        store, interface: e.interface, host: e.address, rank: e.rank, count: e.count,
        seconds: e.patience)
    } catch { lost(error) }
  }

  /// Has all ranks take one library for their GPUs.
  private func choose(_ group: TensorGroup, _ device: Device) -> RankBackend {
    let found: (backend: RankBackend, note: String?)
    do {
      try put("place/\(e.rank)", JSONEncoder().encode(RankBackend.Place(of: device)))
      let places = try (0..<e.count).map {
        try JSONDecoder().decode(RankBackend.Place.self, from: take("place/\($0)"))
      }
      found = try RankBackend.chosen(e.backend, for: places)
    } catch { end(error) }
    if let note = found.note { onNote(note) }
    guard found.backend == .nccl else { return .gloo }
    do throws(Fault) { try group.useNCCL() } catch { lost(error) }
    return .nccl
  }

  /// Ends the exchange over NCCL once no rank reads another's memory.
  private func leaveNCCL() throws {
    let last = opened.withLock { $0.backend == .nccl ? $0.group : nil }
    guard let last else { return }
    try add("quiet", 1)
    try wait { try add("quiet", 0) >= e.count }
    do throws(Fault) { try last.leaveNCCL() } catch { lost(error) }
  }
}
