/// Random choices of one input, which its number and the seed alone decide.
struct Draw {
  private var state: UInt64

  init(seed: UInt64, input: Int) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(input) &* 0xD1B5_4A32_D192_ED03 &+ 1
    for _ in 0..<3 { _ = next() }
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< n; 0 for none.
  mutating func below(_ n: Int) -> Int { n > 0 ? Int(next() % UInt64(n)) : 0 }
  mutating func oneIn(_ n: Int) -> Bool { below(n) == 0 }
  mutating func of<T>(_ values: [T]) -> T { values[below(values.count)] }
}
