// Names that were strings with parts: metrics and the hashes of an audit.
import Testing
import Torch

@testable import Evaluation

@Suite struct TypedNameTests {
  @Test func ratesHaveTheNamesOfResults() {
    for (pictures, word) in [(RateMetric.Pictures.shown, "shown"), (.kept, "kept")] {
      for (side, name) in [
        (RateMetric.Side.erased, word), (.original, "\(word)-original"),
        (.change, "\(word)-change"),
      ] {
        #expect(RateMetric(pictures, side).name == name)
        #expect(RateMetric(named: name) == RateMetric(pictures, side))
      }
    }
    for other in ["kept-other", "shown-", "ua", "keptx"] {
      #expect(RateMetric(named: other) == nil)
    }
  }

  @Test func measuresOfPictures() {
    #expect(PictureMeasure.fid.metric("pytorch-fid") == "fid@pytorch-fid")
    #expect(PictureMeasure.cmmd.metric(nil, of: "clip") == "cmmd:clip")
    #expect(PictureMeasure.clipScore.metric("x100", of: "clip") == "clip-score@x100:clip")
    for measure in [PictureMeasure.clipScore, .fid, .kid, .cmmd, .lpips, "sharpness"] {
      #expect(PictureMeasure(of: measure.metric("p")) == measure)
      #expect(PictureMeasure(of: measure.metric(nil, of: "m")) == measure)
      #expect(PictureMeasure(of: measure.name) == nil)
    }
    #expect(PictureMeasure(of: "clip-score-change@x100:clip") == nil)
    for metric in [
      MeasuredPictures(.clipScore, isChange: true, "x100", of: "clip"),
      MeasuredPictures(.cmmd, nil, of: "clip"), MeasuredPictures(.fid, "pytorch-fid"),
    ] {
      #expect(MeasuredPictures(named: metric.name) == metric)
    }
  }

  /// An audit's hashes come back, and those of older audits with `measure SPEC` and `judge SPEC` are read.
  @Test func hashesOfAnAudit() throws {
    var hashes = AuditHashes()
    (hashes.base, hashes.eraser, hashes.prompts) = ("1", "2", "3")
    hashes.measures = ["clip:a folder": "4"]
    hashes.judges = ["own:judge": "5", "none": ""]
    let json = try JSON(encoding: hashes)
    #expect(json["measures"] == ["clip:a folder": "4"])
    #expect(try json.decoded() == hashes)
    let old: JSON = [
      "base": "1", "eraser": "2", "prompts": "3", "measure clip:a folder": "4",
      "judge own:judge": "5", "judge none": "",
    ]
    #expect(try old.decoded() == hashes)
    #expect(
      hashes.named.map(\.name)
        == ["base", "eraser", "judge none", "judge own:judge", "measure clip:a folder", "prompts"])
  }
}
