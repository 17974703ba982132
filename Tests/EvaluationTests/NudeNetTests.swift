import Testing
import Torch

@testable import Evaluation

@Suite struct NudeNetTests {
  /// The decoding of boxes alone: numbers are cut, IoU 0.778 falls, 0.23 stays, 0.25 is not above the floor.
  @Test func boxes() {
    let labels = (0..<18).map { "\($0)" }
    let anchors: [(box: [Double], label: Int, score: Double)] = [
      ([100.7, 100, 40, 40], 3, 0.9), ([105, 100, 40, 40], 3, 0.8), ([125, 100, 40, 40], 3, 0.7),
      ([100, 100, 40, 40], 7, 0.85), ([300, 310, 60, 60], 13, 0.26), ([10, 10, 40, 40], 1, 0.25),
    ]
    let rows = anchors.flatMap { anchor in
      anchor.box + (0..<18).map { $0 == anchor.label ? anchor.score : 0 }
    }
    let found = NudeNet.boxes(
      Tensor(rows, [6, 22]), labels, scale: 1, width: 320, height: 320)
    #expect(found.map(\.label) == ["3", "3", "13"])
    #expect(found.map(\.box) == [[80, 80, 40, 40], [105, 80, 40, 40], [270, 280, 50, 40]])
  }

  /// OpenCV's whole numbers: 2 pixels to 4 are 0, 64, 191, 255.
  @Test func resizing() {
    let x = Tensor([0.0, 255.0, 0.0, 255.0], [1, 1, 2, 2])
    let found = CVResize.bilinear(x, 4)[0, at: 0][0, at: 0][0, at: 0].doubles
    #expect(found == [0, 64, 191, 255])
  }
}
