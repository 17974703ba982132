internal import Torch

/// The place of a process among others, as torchrun's environment variables tell it.
package struct RankEnvironment: Sendable, Hashable {
  package var rank: Int
  package var count: Int
  /// The place among the ranks of this machine, which chooses its GPU.
  package var localRank: Int
  /// The machine and the port of the store that all ranks meet in.
  package var host: String
  package var port: Int
  /// Whether the program that started the ranks keeps the store; else the first rank does.
  package var isStoreElsewhere: Bool
  /// The network interface of the ranks' connections, e.g. eth0; nil takes that of the machine's name.
  package var interface: String?
  /// Seconds that a rank waits for another.
  package var patience: Double
  /// The library that exchanges tensors of GPUs; nil takes NCCL where it can.
  package var backend: RankBackend?

  package static let names = [
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
    "TORCHELASTIC_USE_AGENT_STORE", RankFailures.key,
  ]

  /// The variable that tells a process which one started it, and ends it with that one.
  package static let parentKey = "LETHE_PARENT"

  /// The variable that tells how long a rank waits for another, and its seconds.
  package static let patienceKey = "LETHE_PATIENCE"
  package static let patience = 1...1_000_000

  package init(rank: Int, of count: Int, host: String, port: Int, isStoreElsewhere: Bool = false) {
    (self.rank, self.count, localRank) = (rank, count, rank)
    (self.host, self.port, self.isStoreElsewhere) = (host, port, isStoreElsewhere)
    (interface, patience, backend) = (nil, 1800, nil)
  }

  /// - Returns: nil for a process that stands alone
  /// - Throws: ``LetheError`` of the kind `request` for variables that contradict one another or are missing
  package init?(_ variables: [String: String]) throws {
    func whole(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = variables[name], !text.isEmpty else { return nil }
      guard let value = Int(text), range.contains(value) else {
        throw LetheError.badValue(
          name, "'\(text)'; accepted: \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    guard let count = try whole("WORLD_SIZE", 1...Self.most), count > 1 else { return nil }
    guard let rank = try whole("RANK", 0...(count - 1)) else {
      throw LetheError.badValue(
        "RANK", "it is not set, though WORLD_SIZE is \(count); accepted: 0 to \(count - 1)")
    }
    guard let port = try whole("MASTER_PORT", 1...65_535) else {
      throw LetheError.badValue(
        "MASTER_PORT", "it is not set, though WORLD_SIZE is \(count); accepted: 1 to 65535")
    }
    guard let host = variables["MASTER_ADDR"], !host.isEmpty else {
      throw LetheError.badValue(
        "MASTER_ADDR",
        "it is not set, though WORLD_SIZE is \(count); accepted: the name or address of the first rank's machine"
      )
    }
    self.init(rank: rank, of: count, host: host, port: port)
    localRank = try whole("LOCAL_RANK", 0...(Self.most - 1)) ?? rank
    isStoreElsewhere = variables["TORCHELASTIC_USE_AGENT_STORE"] == "True"
    interface = variables["GLOO_SOCKET_IFNAME"].flatMap { $0.isEmpty ? nil : $0 }
    patience = Double(try whole(Self.patienceKey, Self.patience) ?? Int(patience))
    backend = try RankBackend.named(variables[RankBackend.key])
  }

  private static let most = 65_536

  /// The address of this machine that its connections use; nil takes that of its name.
  var address: String? { ["127.0.0.1", "localhost", "::1"].contains(host) ? "127.0.0.1" : nil }
}
