// ZeRO, stage 1 (Rajbhandari, Rasley, Ruwase, He; SC 2020): every rank has all weights and gradients, and keeps the
// optimizer's state of some weights alone. It moves those, and sends them to the others.
internal import Processes
internal import Torch
internal import TorchNN

struct ShardedOptimizer: Optimizer {
  private var inner: any Optimizer
  private let ranks: Ranks
  /// The rank of each parameter.
  private let owners: [Int]
  /// The places of this rank's parameters.
  private let own: [Int]

  init(_ inner: any Optimizer, _ parameters: [Tensor], over ranks: Ranks) {
    (self.inner, self.ranks) = (inner, ranks)
    owners = Self.owners(parameters.map(\.count), ranks.count)
    own = owners.indices.filter { [owners] in owners[$0] == ranks.rank }
  }

  /// The largest parameter that is left goes to the rank with the fewest numbers.
  static func owners(_ counts: [Int], _ ranks: Int) -> [Int] {
    var owners = [Int](repeating: 0, count: counts.count)
    var loads = [Int](repeating: 0, count: ranks)
    let order = counts.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
    for i in order {
      let lightest = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      owners[i] = lightest
      loads[lightest] += counts[i]
    }
    return owners
  }

  mutating func step(_ parameters: [Tensor], _ gradients: [Tensor], rate: Double) {
    inner.step(own.map { parameters[$0] }, own.map { gradients[$0] }, rate: rate)
    for rank in 0..<ranks.count {
      let theirs = owners.indices.filter { owners[$0] == rank }
      ranks.broadcast(theirs.map { parameters[$0] }, from: rank)
    }
  }

  func stateShapes(for parameters: [Tensor]) -> [String: [Int]] {
    inner.stateShapes(for: parameters)
  }

  /// This rank's part, under the names of the whole.
  var state: [String: Tensor] {
    get {
      var all: [String: Tensor] = [:]
      for (name, tensor) in inner.state { all[Self.name(name) { own[$0] }] = tensor }
      return all
    }
    set {
      var mine: [String: Tensor] = [:]
      for (place, i) in own.enumerated() {
        for (name, tensor) in newValue where Self.place(name) == i {
          mine[Self.name(name) { _ in place }] = tensor
        }
      }
      inner.state = mine
    }
  }

  /// The parts of all ranks, on every rank.
  func wholeState(for parameters: [Tensor]) -> [String: Tensor] {
    let mine = state
    // Nobody has a state before the first step.
    guard !mine.isEmpty || own.isEmpty, ranks.any(!mine.isEmpty) else { return [:] }
    var all: [String: Tensor] = [:]
    for (name, shape) in inner.stateShapes(for: parameters).sorted(by: { $0.key < $1.key }) {
      let place = Self.place(name)
      let tensor =
        mine[name]?.cloned()
        ?? Tensor.zeros(shape, shape.isEmpty ? .float32 : parameters[place].dtype)
        .to(parameters[place].device)
      ranks.broadcast([tensor], from: owners[place])
      all[name] = tensor
    }
    return all
  }

  private static func place(_ name: String) -> Int {
    name.split(separator: ".").last.flatMap { Int($0) } ?? 0
  }

  private static func name(_ name: String, _ renumbered: (Int) -> Int) -> String {
    "\(name.split(separator: ".").dropLast().joined(separator: ".")).\(renumbered(place(name)))"
  }
}
