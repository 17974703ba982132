import Foundation
import Testing
import Torch

@Suite struct JSONTests {
  private struct Seeded: Codable, Equatable { var seed: UInt64 }

  /// Numbers beyond 2^63 - 1 came back as 1.8e19.
  @Test(arguments: [0, 1 << 53, (1 << 53) + 1, UInt64(Int.max), UInt64(Int.max) + 1, .max])
  func seedsComeBack(_ seed: UInt64) throws {
    let json = try JSON(encoding: Seeded(seed: seed))
    #expect(json.compact == "{\"seed\":\(seed)}")
    #expect(try json.decoded(as: Seeded.self) == Seeded(seed: seed))
    let text = Data(json.pretty.utf8)
    #expect(try JSONDecoder().decode(JSON.self, from: text) == json)
    #expect(json["seed"] == JSON(seed))
    #expect(JSON(seed).number == Double(seed))
  }
}
