// `lethe evaluate PICTURES`: pictures that were drawn elsewhere, judged for concepts.
internal import Diffusion
package import Editing
package import Evaluation
package import Foundation
package import Torch
package import Training
package import Workbench

/// Judges a folder of captioned pictures. A picture whose caption mentions a concept is asked to show it.
package struct JudgePictures {
  private let folder: URL
  private let concepts: [String]
  private let kind: ConceptKind
  private let judges: [JudgeSpec]
  /// Rivals of the concepts, for judges of words; those of the kind when left out.
  package var siblings: [String] = []
  /// The catalog in which judges are looked up.
  package var catalogs = Catalogs.builtIn

  /// - Throws: ``LetheError`` of the kind `request` without a concept or a judge
  package init(
    _ folder: URL, concepts: [String], _ kind: ConceptKind, judges: [JudgeSpec]
  ) throws {
    guard !concepts.isEmpty, !judges.isEmpty else {
      throw LetheError.badValue(
        "evaluate",
        "\(folder.path) is neither a run nor a model; a folder of captioned pictures needs --concept and --judge"
      )
    }
    (self.folder, self.judges, self.kind) = (folder, judges, kind)
    self.concepts = concepts.map { SubjectName($0, kind).words }
  }

  /// Opens the pictures' captions and the judges.
  /// - Returns: the number of pictures
  package func check(on device: Device) throws -> Int {
    let images = try CaptionedImages(folder: folder)
    for spec in judges { _ = try spec.open(asked: question, on: device, in: catalogs.judges) }
    return images.count
  }

  /// Subjects of the kind that are none of the concepts.
  private var rivals: [String] {
    (siblings.isEmpty ? kind.knownSubjects : siblings).filter { other in
      !concepts.contains { other.mentions($0) || $0.mentions(other) }
    }
  }
  private var forgotten: Forgotten { Forgotten(kind: kind.rawValue, names: concepts) }
  private var question: JudgeQuestion {
    JudgeQuestion(forgotten, classes: [kind.rawValue: concepts + rivals])
  }

  /// - Returns: for each judge, `shown` over the pictures asked for with a concept, and `false-positives` over the
  ///   others
  package func callAsFunction(in run: Run, on device: Device) throws -> Results {
    let images = try CaptionedImages(folder: folder)
    run.note(images.skippedNote.map { "\(folder.path): \($0)" })
    // A class of the pictures may have a concept's name in its own, and is no picture of the concept.
    let known = concepts + rivals
    let named = (known + images.classes).unique
    let asked = images.captions.map { caption -> [String: String] in
      guard let name = named.mentioned(in: caption), known.contains(name) else { return [:] }
      return [kind.rawValue: name]
    }
    var results = Results(.evaluation)
    for spec in judges {
      let judge = try spec.open(asked: question, on: device, in: catalogs.judges)
      results.judges.append(JudgeRecord(spec, judge.about, nil))
      guard !judge.classes.isEmpty else { continue }
      var seen: [Bool] = []
      for i in 0..<images.count {
        try Interrupt.check()
        let judged = try judge.judged(
          images.picture(i).tensor, asked: [asked[i]], of: [images.file(i)])
        seen.append(forgotten.contains(judged.seen[0]))
        run.progress("pictures", i + 1, images.count)
      }
      for (name, isConcept) in [("shown", true), ("false-positives", false)] {
        let own = seen.indices.filter { forgotten.contains(asked[$0]) == isConcept }
        guard !own.isEmpty else { continue }
        let share = ClusterBootstrap(own.map { images.captions[$0] })
          .share(name, own.map { seen[$0] })
        results.rows.append(
          ResultRow(folder.lastPathComponent, concepts.joined(separator: " + "), share, seeds: 1) {
            $0.judge = judges.count > 1 ? spec.description : nil
            $0.profile = MeasureProfile(judge: spec.description, version: judge.about.hash)
          })
      }
    }
    if run.runFolder.has("job.json") {
      throw LetheError.badValue(
        "--out", "\(run.folder.path) is the folder of a run; choose another folder")
    }
    results.origin = Origin(results.judges.map { ($0.spec, $0.about.hash) })
    results = run.runFolder.dated(results)
    try run.runFolder.write(results, to: "results.json")
    return results
  }
}
