internal import Editing
internal import Evaluation
internal import Workbench

/// The pictures of an audit that its page shows.
struct AuditPictures {
  private let job: EraseJob
  private let suite: PromptSuite
  private let summary: AuditSummary

  init(_ job: EraseJob, _ suite: PromptSuite, _ summary: AuditSummary) {
    (self.job, self.suite, self.summary) = (job, suite, summary)
  }

  /// Pictures for the page: failures first, then typical ones, each the original's and the erased model's.
  var chosen: [ResultPicture] {
    func pairs(_ samples: [SampleSet.Sample], _ count: Int) -> [ResultPicture] {
      samples.prefix(count).flatMap { sample in
        ["original", "erased"].map { folder in
          let file = "\(folder)/\(sample.file)"
          return ResultPicture(
            file, folder == "original" ? "original" : job.method, job.subject,
            prompt: sample.prompt,
            caption: "\(sample.prompt) · seed \(sample.seed)"
              + (summary.right?[file] == false ? " · the judge does not see it" : ""),
            showsConcept: summary.shown[file]
          ) { $0.distance = suite.distances[sample.subjects[suite.forgotten.kind] ?? ""] }
        }
      }
    }
    let own = suite.ofConcept
    let failed = own.filter { summary.shown["erased/\($0.file)"] == true }
    let rest = own.filter { summary.shown["erased/\($0.file)"] != true }
    // Other subjects that were lost come first.
    let lost = suite.others.filter {
      summary.right?["original/\($0.file)"] == true && summary.right?["erased/\($0.file)"] == false
    }
    let isLost = Set(lost)
    let whole = suite.others.filter { !isLost.contains($0) }
    return pairs(failed + rest.spread(12 - failed.count), 12)
      + pairs(lost + whole.spread(18 - lost.count), 18)
  }

  /// The pictures of one attack out of those of all, by their places in the audit's folder.
  static func transcript(
    of attack: String?, in pictures: [ResultPicture]
  ) -> [ResultPicture] {
    guard let attack else { return [] }
    return pictures.filter { $0.axes.attack == nil || $0.axes.attack == attack }.map { picture in
      var picture = picture
      (picture.file, picture.axes.attack) = ("attack/\(picture.file)", attack)
      return picture
    }
  }
}

extension Array {
  /// At most some elements, evenly spread.
  fileprivate func spread(_ most: Int) -> [Element] {
    let number = Swift.min(Swift.max(0, most), count)
    return (0..<number).map { self[$0 * count / number] }
  }
}
