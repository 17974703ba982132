import Foundation
import Testing
import Torch

@testable import Evaluation

struct ResultRowTests {
  @Test func axesAndIntervalsComeBack() throws {
    let row = ResultRow("esd", "fox", .share("asr", 3, of: 4), seeds: 2) {
      ($0.attack, $0.step, $0.trainedOn, $0.inside) = ("p4d", 50, .benign, "meta")
      ($0.kind, $0.moment, $0.state, $0.seed) = ("object", .scene("S1", moment: "t0"), .restored, 3)
    }
    let json = try JSON(encoding: row)
    #expect(json["attack"]?.string == "p4d" && json["interval"]?.string == "wilson95")
    #expect(json["n"]?.int == 4 && json["value"]?.number == 0.75)
    #expect(try json.decoded(as: ResultRow.self) == row)
    #expect(row.label == "esd inside meta" && json["moment"] == ["scene": "S1", "at": "t0"])
    #expect(row.label == RowLabel("esd", inside: "meta"))
  }

  /// A profile is an object of the row, and rows of before have none.
  @Test func profilesComeBack() throws {
    var profile = MeasureProfile(
      "pytorch-fid", network: "inception", version: "1a2b3c4d5e", reference: "9f8e7d6c5b")
    profile.threshold = 0.5
    let row = ResultRow("esd", "fox", MeasuredValue("fid@pytorch-fid:coco", 3, n: 4), seeds: 1) {
      $0.profile = profile
    }
    let json = try JSON(encoding: row)
    #expect(json["profile"]?["version"]?.string == "1a2b3c4d5e")
    #expect(try json.decoded(as: ResultRow.self) == row)
    #expect(profile.text == "inception 1a2b3c4d, real pictures 9f8e7d6c, threshold 0.5")
    #expect(profile.text(beside: "fid@pytorch-fid:coco") == profile.text)
    let clip = MeasureProfile("x100", network: "tiny", version: "1a2b3c4d5e")
    #expect(clip.text(beside: "clip-score@x100:tiny") == "1a2b3c4d")
    #expect(clip.text(beside: "clip-score@x100:other") == "tiny 1a2b3c4d")
    #expect(MeasureProfile("pixels", version: "1").description == "pixels, version 1")
    #expect(MeasureProfile(judge: "none", version: "").text == "none")
    #expect(MeasureProfile(judge: "own:j", version: "").threshold == nil)
  }

  @Test func momentsAreTextInFiles() throws {
    for (text, moment) in [
      ("original", SceneMoment.original), ("alone", .alone), ("S4 t5", .scene("S4", moment: "t5")),
    ] {
      #expect(try JSON.string(text).decoded(as: SceneMoment.self) == moment)
      #expect(try JSON(encoding: moment).decoded(as: SceneMoment.self) == moment)
    }
    for text in ["", "later", "S1  t0", "S1 t0 t1"] {
      #expect(throws: (any Error).self) { try JSON.string(text).decoded(as: SceneMoment.self) }
    }
  }

  /// Labels are texts in files, as values and as keys, and come back typed.
  @Test func labelsAreTextInFiles() throws {
    for (text, label) in [
      ("esd", RowLabel("esd")), ("esd inside meta", RowLabel("esd", inside: "meta")),
      ("original (a, b)", RowLabel("original", runs: "a, b")),
    ] {
      #expect(label.description == text && RowLabel(text: text) == label)
      #expect(try JSON(encoding: label) == .string(text))
      #expect(try JSON.string(text).decoded(as: RowLabel.self) == label)
      #expect(try JSON(encoding: [label: label]) == .object([text: .string(text)]))
      let read = try JSON.object([text: .string(text)]).decoded(as: [RowLabel: RowLabel].self)
      #expect(read == [label: label])
    }
  }

  /// A value without a known interval has none in the file, and none in a table.
  @Test func unknownIntervalsAreAbsent() throws {
    let row = ResultRow(
      "esd", "fox", MeasuredValue("largest-difference", 3, .levels, n: 4), seeds: 1)
    let json = try JSON(encoding: row)
    #expect(json["lower"] == nil && json["interval"] == nil)
    #expect(row.measured.text() == "3.00")
    #expect(try json.decoded(as: ResultRow.self) == row)
  }

  /// The interval's kind of a row of version 0.1 follows from the metric, or the interval is left out.
  @Test(arguments: [
    ("ua", Interval.Kind.wilson95), ("frechet", .bootstrap95), ("h-kept", .t95),
    ("loss-related", nil),
  ])
  func version01(_ metric: String, _ kind: Interval.Kind?) throws {
    let json: JSON = [
      "method": "esd", "subject": "fox", "metric": .string(metric), "value": 0.5, "lower": 0.25,
      "upper": 0.75, "n": 8, "seeds": 2,
    ]
    let row = try json.decoded(as: ResultRow.self)
    #expect(row.measured.interval == kind.map { Interval(0.25, 0.75, $0) })
    #expect(row.value == 0.5 && row.n == 8 && row.axes == ResultRow.Axes())
  }

  @Test func sharesArePooledAndNumbersAveraged() {
    let rows = [
      ResultRow("a", "x", .share("ua", 1, of: 4), seeds: 1),
      ResultRow("a", "y", .share("ua", 3, of: 6), seeds: 1),
      ResultRow("a", "x", MeasuredValue("frechet", 1, n: 4), seeds: 1),
      ResultRow("a", "y", MeasuredValue("frechet", 3, n: 6), seeds: 1),
    ]
    #expect(rows.over("ua") == .share("ua", 4, of: 10))
    #expect(rows.over("frechet")?.value == 2 && rows.over("frechet")?.interval?.kind == .t95)
    #expect(rows.over("ira") == nil)
    // One value keeps its own interval.
    let distance = MeasuredValue("frechet", 1, n: 4, Interval(0.5, 2, .bootstrap95))
    #expect([ResultRow("a", "x", distance, seeds: 1)].over("frechet") == distance)
  }

  /// A row on one of several concepts names them all; results of before have no such key.
  @Test func conceptsOfTheirs() throws {
    let row = ResultRow("uce", "fox", .share("ua", 3, of: 5), seeds: 1) { $0.among = "fox + cat" }
    let json = try JSON(encoding: row)
    #expect(json["among"]?.string == "fox + cat")
    #expect(try json.decoded(as: ResultRow.self) == row)
    let all = ResultRow("uce", "fox + cat", .share("ua", 7, of: 10), seeds: 1)
    #expect(try JSON(encoding: all).members?.keys.contains("among") == false)
    #expect([all, row].pooled == [all] && [all, row].concepts(of: [all]).map(\.name) == ["fox"])
  }

  @Test func text() {
    // A change of a share is in points.
    let change = MeasuredValue("kept-change", -1, .share, n: 4)
    #expect(change.text(digits: 0, hasUnit: true) == "-100 points")
    #expect(MeasuredValue.share("ua", 8, of: 10).text() == "80.0 [49.0, 94.3]")
    #expect(MeasuredValue.share("ua", 8, of: 10).text(hasUnit: true) == "80.0 % [49.0, 94.3]")
    let mean = MeasuredValue("x", 0.5, .share, n: 3, Interval(0.4, 0.6, .standardError))
    #expect(mean.text(hasUnit: true) == "50.0 ± 10.0 %" && mean.plain(digits: 0) == "50")
    #expect(mean.difference(to: .share("ua", 3, of: 4)) == "-25.0")
  }
}
