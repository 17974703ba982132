internal import Foundation
internal import Synchronization
package import Torch

/// The processes that share a command's work, and this one's place among them.
///
/// Every rank runs the same command and calls the functions here in the same order. ``alone`` is a process without
/// others, for which each function does the work itself.
package final class Ranks: Sendable {
  package let rank: Int
  package let count: Int
  /// The place among the ranks of this machine.
  package let localRank: Int
  let meeting: Meeting?
  /// The number of the next thing that the ranks do together.
  private let turn = Mutex(0)
  /// The device that this rank computes on; nil as long as none was opened.
  private let own = Mutex<Device?>(nil)

  package static let alone = Ranks()

  private init() { (rank, count, localRank, meeting) = (0, 1, 0, nil) }

  /// Joins the others, and waits until all have come.
  /// - Parameters:
  ///   - isInterrupted: whether the user wants the work to end
  ///   - onFailure: called in another thread when another rank has failed
  ///   - onNote: called with a sentence that the user should know
  /// - Throws: ``LetheError`` where ranks do not come in time
  package init(
    joining e: RankEnvironment, isInterrupted: @escaping @Sendable () -> Bool = { false },
    onFailure: @escaping @Sendable () -> Void = {},
    onNote: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    (rank, count, localRank) = (e.rank, e.count, e.localRank)
    meeting = try Meeting(e, isInterrupted: isInterrupted, onFailure: onFailure, onNote: onNote)
  }

  package var isFirst: Bool { rank == 0 }
  package var isAlone: Bool { meeting == nil }

  /// Notes the device that this rank computes on.
  /// - Throws: ``LetheError`` of the kind `request` for a device whose tensors the library does not take that is asked for
  package func compute(on device: Device) throws {
    own.withLock { $0 = device }
    guard meeting?.asked == .nccl, device.kind != .cuda else { return }
    throw LetheError.badValue(
      RankBackend.key,
      "nccl, which takes tensors of NVIDIA's GPUs alone; accepted with the device \(device): gloo")
  }

  func nextKey() -> String {
    turn.withLock { turn in
      turn += 1
      return "work/\(turn)"
    }
  }

  // MARK: - Agreement

  /// The first rank's value, on every rank.
  package func agree<T: Codable>(_ value: () throws -> T) throws -> T {
    guard let meeting else { return try value() }
    let key = nextKey()
    guard isFirst else { return try Self.value(meeting.take(key)) }
    let own = try value()
    try meeting.put(key, Self.encoder.encode([own]))
    return own
  }

  /// Runs `body` on the first rank; the others wait until it is done.
  package func first(_ body: () throws -> Void) throws {
    _ = try agree {
      try body()
      return true
    }
  }

  /// Waits until every rank is here.
  package func meet() throws {
    guard let meeting else { return }
    let key = nextKey()
    try meeting.add(key, 1)
    try meeting.wait { try meeting.add(key, 0) >= count }
  }

  // MARK: - Work in shares

  /// Computes `count` things, each on the rank that is free first, and gives all of them to every rank, in order.
  /// - Parameters:
  ///   - progress: told on the first rank how many are done
  ///   - body: the computation of one; it writes its own files
  package func map<T: Codable>(
    _ count: Int, progress: (Int) -> Void = { _ in }, _ body: (Int) throws -> T
  ) throws -> [T] {
    try map(
      count, progress: progress, body, encode: { try Self.encoder.encode([$0]) },
      decode: { try Self.value($0) })
  }

  /// The same for tensors.
  package func map(
    _ count: Int, progress: (Int) -> Void = { _ in }, _ body: (Int) throws -> Tensor
  ) throws -> [Tensor] {
    try map(
      count, progress: progress, body, encode: { try $0.message },
      decode: { try Tensor.from($0, place(of:)) })
  }

  /// This rank's device for another's tensor that lay on a device of a kind. Ranks that were given one GPU by its number share it.
  func place(of kind: Device.Kind) -> Device {
    if let own = own.withLock({ $0 }), own.kind == kind { return own }
    return Device(kind, kind == .cuda ? localRank : 0)
  }

  private func map<T>(
    _ count: Int, progress: (Int) -> Void, _ body: (Int) throws -> T,
    encode: (T) throws -> Data, decode: (Data) throws -> T
  ) throws -> [T] {
    guard let meeting else {
      return try (0..<count).map { i in
        let value = try body(i)
        progress(i + 1)
        return value
      }
    }
    let key = nextKey()
    while true {
      let i = try meeting.add("\(key)/next", 1) - 1
      guard i < count else { break }
      let value = try Self.$dividing.withValue(nil) {
        try WriteTurn.$isMine.withValue(true) { try body(i) }
      }
      try meeting.put("\(key)/\(i)", encode(value))
      let done = try meeting.add("\(key)/done", 1)
      if isFirst { progress(done) }
    }
    var known = -1
    try meeting.wait {
      let done = try meeting.add("\(key)/done", 0)
      if isFirst, done != known { progress(done) }
      known = done
      return done >= count
    }
    return try (0..<count).map { try decode(meeting.take("\(key)/\($0)")) }
  }

  /// Measures over nothing are no numbers.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }

  /// A value that another rank encoded as the only member of a list, because not every reader takes numbers alone.
  private static func value<T: Codable>(_ data: Data) throws -> T {
    guard let value = try decoder.decode([T].self, from: data).first else {
      throw LetheError(.other, "another rank sent nothing; use one version of lethe")
    }
    return value
  }

  /// The values of all ranks, in their order.
  package func gather<T: Codable>(_ value: T) throws -> [T] {
    guard let meeting else { return [value] }
    let key = nextKey()
    try meeting.put("\(key)/\(rank)", Self.encoder.encode([value]))
    return try (0..<count).map {
      try Self.value(meeting.take("\(key)/\($0)"))
    }
  }

  // MARK: - The end

  /// Tells the others why this rank fails, so that they end with the same message.
  package func fail(_ kind: Int32, _ sentence: String) {
    meeting?.fail(RankFailure(rank: rank, kind: kind, sentence: sentence))
  }

  /// The failure of another rank.
  package var failure: RankFailure? { meeting?.failure.flatMap { $0.rank == rank ? nil : $0 } }

  /// The end of the work. The first rank waits for the others, which may need its store.
  package func leave() throws {
    guard let meeting else { return }
    try meeting.leave()
  }
}
