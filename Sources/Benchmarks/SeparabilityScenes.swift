/// An order in which concepts are erased and given back: the four scenes of SepME, Tables 2 and 3. Scene 3 follows
/// from the numbers in the tables. c0 to c5 are managed at some moment, c6 to c8 at none.
package struct SeparabilityScene: Sendable {
  /// A step of a scene: the concepts to erase and those to give back.
  package struct Moment: Sendable {
    package var label: String
    package var erase: [Int]
    package var restore: [Int]
  }
  package let name: String
  package let moments: [Moment]

  init(_ name: String, _ moments: [(String, erase: [Int], restore: [Int])]) {
    self.name = name
    self.moments = moments.map { Moment(label: $0.0, erase: $0.erase, restore: $0.restore) }
  }

  package static let all = [
    SeparabilityScene(
      "S1",
      [("t0", [0, 1, 2, 3, 4, 5], []), ("t1", [], [0, 1]), ("t3", [], [2])]),
    SeparabilityScene(
      "S2",
      [("t0", [0, 1, 2, 3, 4, 5], []), ("t1", [], [3, 4]), ("t3", [], [5])]),
    SeparabilityScene(
      "S3",
      [
        ("t0", [0, 2, 4], []), ("t1", [], [0, 2]), ("t2", [1, 3], []), ("t3", [], [1]),
        ("t4", [5], []),
      ]),
    SeparabilityScene(
      "S4",
      [
        ("t0", [0, 1, 2], []), ("t1", [], [0]), ("t2", [3, 4], []), ("t3", [], [1]),
        ("t4", [5], []), ("t5", [], [2]),
      ]),
  ]

  /// The scene with the first `managed` concepts only. Moments without any of them are left out.
  func limited(to managed: Int) -> SeparabilityScene {
    SeparabilityScene(
      name,
      moments.map {
        ($0.label, $0.erase.filter { $0 < managed }, $0.restore.filter { $0 < managed })
      }.filter { !$0.1.isEmpty || !$0.2.isEmpty })
  }
}
