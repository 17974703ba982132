import Foundation
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Processes

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct RanksTests {
  /// Each piece of work is done once, by somebody, and everybody has all results in order.
  @Test(arguments: [1, 2, 3]) func workIsDoneOnce(_ count: Int) throws {
    let done = Mutex<[Int]>([])
    let found = try RanksInThreads.run(count) { ranks -> [Int] in
      try ranks.map(7) { i -> Int in
        done.withLock { $0.append(i) }
        #expect(WriteTurn.isMine)
        return i * i
      }
    }
    #expect(done.withLock { $0.sorted() } == Array(0..<7))
    #expect(found == Array(repeating: [0, 1, 4, 9, 16, 25, 36], count: count))
  }

  /// A tensor comes over as it is, also one that is longer than a value of the store may be.
  @Test func tensorsComeOver() throws {
    let found = try RanksInThreads.run(2) { ranks -> [Float] in
      let parts = try ranks.map(2) { i -> Tensor in
        Tensor.full([3, 500_000], i == 0 ? 0.1 : .infinity)
      }
      return [parts[0].min(1).floats[2], parts[1].flattened().max(0).floats[0]]
    }
    #expect(found == [[0.1, .infinity], [0.1, .infinity]])
  }

  @Test func theFirstRankDecides() throws {
    let found = try RanksInThreads.run(3) { ranks -> [Int] in
      let agreed = try ranks.agree { ranks.rank + 5 }
      try ranks.meet()
      return [agreed] + (try ranks.gather(ranks.rank)) + [ranks.any(ranks.rank == 2) ? 1 : 0]
    }
    #expect(found == Array(repeating: [5, 0, 1, 2, 1], count: 3))
  }

  /// A rank that fails ends those that wait for it, with its kind and its sentence.
  @Test func aFailureReachesTheOthers() throws {
    let found = try RanksInThreads.outcomes(2) { ranks -> Int in
      try ranks.map(2) { _ -> Int in
        guard ranks.rank == 0 else { throw LetheError(.disk, "the disk is full") }
        Thread.sleep(forTimeInterval: 0.2)
        return 0
      }.count
    }
    for outcome in found {
      guard case .failure(let error as LetheError) = outcome else {
        Issue.record("\(outcome)")
        continue
      }
      #expect(error.kind == .disk && error.sentence.hasSuffix("the disk is full"))
    }
    #expect("\(found[0])".contains("rank 1: "))
  }

  @Test func aRankThatDoesNotComeIsNamed() throws {
    // Both others have to come within the patience, on a busy machine too.
    let found = try RanksInThreads.outcomes(3, patience: 5, missing: [1]) { $0.rank }
    #expect(found.count == 2)
    for outcome in found {
      #expect(throws: LetheError.self) { try outcome.get() }
      let text = "\(outcome)"
      #expect(
        text.contains("rank 1 has not come: 2 of 3") || text.contains("waited 5 s"), "\(text)")
    }
  }

  /// Every part goes to one rank, and sizes differ by what is left alone.
  @Test(arguments: [(5, 2), (2, 4), (1, 3), (8, 4), (9, 4)]) func rowsCoverTheBatch(
    _ batch: Int, _ count: Int
  ) throws {
    let rows = try RanksInThreads.run(count) { Array($0.rows(of: batch)) }
    #expect(rows.flatMap(\.self) == Array(0..<batch))
    #expect(rows.map(\.count).max() == (batch + count - 1) / count)
  }

  /// Another rank's tensor comes to the GPU that this rank was given, which two ranks may share, and to that of its place where
  /// none was given.
  @Test func tensorsComeToTheRanksOwnDevice() throws {
    let places = try RanksInThreads.run(2) { ranks in
      let before = ranks.place(of: .cuda)
      try ranks.compute(on: .cuda(0))
      return [before, ranks.place(of: .cuda), ranks.place(of: .cpu)]
    }
    #expect(places == [[.cuda(0), .cuda(0), .cpu], [.cuda(1), .cuda(0), .cpu]])
  }

  @Test func launchersTellTheRank() throws {
    #expect(try RankEnvironment([:]) == nil)
    #expect(try RankEnvironment(["RANK": "0", "WORLD_SIZE": "1"]) == nil)
    var variables = [
      "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "node0",
      "MASTER_PORT": "29500",
    ]
    let place = try #require(try RankEnvironment(variables))
    #expect(place.rank == 3 && place.count == 4 && place.localRank == 1)
    #expect(place.host == "node0" && place.port == 29500 && !place.isStoreElsewhere)
    // torchrun keeps the store itself.
    variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
    #expect(try RankEnvironment(variables)?.isStoreElsewhere == true)
    for (name, wrong, accepted) in [
      ("RANK", "4", "0 to 3"), ("RANK", "", "0 to 3"), ("MASTER_PORT", "0", "1 to 65535"),
      ("WORLD_SIZE", "many", "1 to 65536"), ("MASTER_ADDR", "", "machine"),
    ] {
      let error = #expect(throws: LetheError.self) {
        try RankEnvironment(variables.merging([name: wrong]) { $1 })
      }
      #expect(error?.sentence.hasPrefix("\(name): ") == true, "\(name)")
      #expect(error?.sentence.contains(accepted) == true, "\(name)")
    }
  }

  /// Others may write into the store. A length below zero or without end is refused before it is counted to.
  @Test(arguments: ["-1", "4611686018427387904"]) func lengthsHaveBounds(_ length: String) throws {
    let store = try SharedStore(host: "127.0.0.1", port: 0, serves: true, seconds: 10)
    try store.set("lethe/x", Array(length.utf8))
    let meeting = try Meeting(
      RankEnvironment(
        rank: 0, of: 1, host: "127.0.0.1", port: store.port, isStoreElsewhere: true),
      isInterrupted: { false }, onFailure: {})
    let error = #expect(throws: LetheError.self) { try meeting.take("x") }
    #expect(error?.sentence.contains("a value of no length") == true)
    try meeting.leave()
  }

  /// A port that takes the connection and says nothing is given up, as one that nobody listens on.
  @Test func aSilentStoreIsGivenUp() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { p in
        _ = bind(listener, p, size)
        _ = getsockname(listener, p, &size)
      }
    }
    listen(listener, 4)
    var silent = RankEnvironment(
      rank: 1, of: 2, host: "127.0.0.1", port: Int(UInt16(bigEndian: place.sin_port)))
    silent.patience = 0.3
    let e = silent
    let error = #expect(throws: LetheError.self) { _ = try Ranks(joining: e) }
    #expect(error?.sentence.hasPrefix("rank 1 finds no store at 127.0.0.1:") == true)
  }

  @Test func coresAreSharedOut() {
    let cores = Cores([0, 1, 4, 5])
    #expect(cores.share(0, of: 2) == Cores([0, 1]) && cores.share(1, of: 2) == Cores([4, 5]))
    #expect(cores.share(2, of: 3) == Cores([4]) && cores.share(0, of: 5) == Cores([]))
    #expect(Cores.ofThisProcess.count >= 1)
  }
}
