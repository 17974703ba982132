// The rows of an evaluation: for each judge, the forgotten subjects of each kind and the others.
internal import Editing
package import Evaluation
internal import Foundation
internal import Processes
internal import Torch
package import Training
package import Workbench

extension EraseJob {
  /// The concepts of a group, as rows name them.
  func subject(of group: Forgotten, in themes: Themes?) -> String {
    concepts.filter { group.names.contains(themes?.find($0)?.name ?? $0) }
      .joined(separator: " + ")
  }

  /// The concepts that a picture with some subjects was asked to show, as rows name them.
  package func asked(
    _ subjects: [String: String], of suite: PromptSuite, in themes: Themes?
  ) -> String {
    suite.asked(subjects).map { group in
      let names = subjects[group.kind].map { [$0] } ?? []
      return subject(of: Forgotten(kind: group.kind, names: names), in: themes)
    }.joined(separator: " and ")
  }
}

extension Evaluate {
  /// A set of pictures as a judge sees it.
  private typealias Judged = (seen: JudgedSet, samples: [SampleSet.Sample])

  /// The rows of every judge on the original's pictures, which come first, and on the erased model's.
  /// - Parameter progress: told of the pictures that are looked at
  func measured(
    _ sets: [(label: String, set: SampleSet)], by judges: [(JudgeSpec, any Judge)], _ ranks: Ranks,
    progress: (String, Int, Int) -> Void = { _, _, _ in }
  ) throws -> (Results, [JudgedPicture]) {
    var results = Results(.evaluation, options, judge: judges.first?.1.about.measured ?? [:])
    var verdicts: [JudgedPicture] = []
    for (label, set) in sets {
      let broken = try set.parted().broken.count
      if broken > 0 { results.rows.append(row(label, .notFinite(broken, of: samples.count))) }
    }
    let asked = Set(samples.map(\.subjects))
    for (spec, judge) in judges {
      guard !judge.classes.isEmpty, let first = sets.first else {
        results.judges.append(JudgeRecord(spec, judge.about, nil))
        continue
      }
      let name = RowJudge(spec, judge, isAlone: judges.count == 1)
      func answers(_ label: String, _ set: SampleSet) throws -> Judged {
        try judge.judged(set, by: ranks) { progress("judging \(label)", $0, $1) }
      }
      let before = try answers(first.label, first.set)
      guard !judge.seesOnlyOthers(suite.question) else {
        let found = try crossDomain(sets, first.label, before, (spec, judge), name, answers)
        var record = JudgeRecord(spec, judge.about, nil)
        record.otherKind = found.quality
        results.judges.append(record)
        results.notes.append(
          "\(spec) has no classes of the kind '\(suite.forgotten.kind)': it measures cra alone.")
        results.notes += [found.quality?.sentence(spec.description)].compactMap(\.self)
        (results.rows, verdicts) = (results.rows + found.rows, verdicts + found.verdicts)
        continue
      }
      var told: [Forgotten] = []
      for group in suite.groups {
        let own = part(before, group)
        let quality = JudgeQuality(own.seen, prompts: own.samples.map(\.prompt), group)
        results.judges.append(JudgeRecord(spec, judge.about, quality))
        if let quality {
          let lead = try suite.beside == nil ? "" : subject(of: group) + ": "
          results.notes.append(lead + quality.sentence(spec.description))
        }
        results.notes += [unknown(own.samples, group, judge, spec)].compactMap(\.self)
        if quality?.standing != .cannotTell { told.append(group) }
      }
      // Real pictures of the subjects that are drawn.
      let all = try (judge as? JudgeNetwork)?.reference(in: spec.place)
      let reference = all?.filter { asked.contains($0) }
      // Without such pictures the original's of this run stand for all that is known.
      let isFitted = all == nil && type(of: judge).hasDistances
      func drawings(_ judged: Judged) -> [Recognition.Drawing] {
        isFitted ? judged.samples.map { .init($0.prompt, $0.seed) } : []
      }
      let recognition =
        isFitted
        ? Recognition(before.seen.features, of: drawings(before))
        : all.flatMap { Recognition($0.features) }
      for (label, set) in sets {
        let judged = label == first.label ? before : try answers(label, set)
        let strange = recognition?.unrecognised(judged.seen.features, of: drawings(judged))
        // Unlike the original's are the concept's own pictures after a good erasure too: they are no damage.
        let counted = strange.map { all in
          all.indices.filter { !isFitted || suite.asked(judged.samples[$0].subjects).isEmpty }
            .map { all[$0] }
        }
        // The answers of a judge that cannot tell are kept picture by picture, without rates.
        verdicts += set.verdicts(
          label, judged, before: label == first.label ? nil : before, suite.groups,
          unrecognised: strange, judge: spec.description)
        for group in told {
          // A strange picture is one for either kind.
          if let counted, !counted.isEmpty {
            results.rows.append(
              try row(
                label, .share("unrecognised", counted.count { $0 }, of: counted.count), group, name)
            )
          }
          let own = part(judged, group)
          let found = catalogs.metrics.all.compactMap {
            $0.init().measure(own.seen, forgotten: group, reference: reference)
          }
          results.rows += try found.map { try row(label, $0, group, name) }
          guard label != first.label else { continue }
          for (m, distance) in rates(part(before, group), own, group, judge) {
            results.rows.append(
              try row(label, m, group, name).with { $0.distance = distance })
          }
        }
        for group in told where group.names.count > 1 {
          results.rows += try rows(
            byConcept: group, label, part(judged, group),
            label == first.label ? nil : part(before, group), judge, name)
        }
      }
    }
    results.notes += [options.sampling.note(of: samples)].compactMap(\.self)
    return (results, verdicts)
  }

  /// The rows and answers of a judge that sees no subject of the forgotten kind. They tell how much of the other kind was
  /// kept in pictures of other subjects; the concept's own pictures have no part in it. A judge that cannot tell on the
  /// original's pictures has no rows.
  private func crossDomain(
    _ sets: [(label: String, set: SampleSet)], _ first: String, _ before: Judged,
    _ judge: (spec: JudgeSpec, judge: any Judge), _ name: RowJudge,
    _ answers: (String, SampleSet) throws -> Judged
  ) throws -> (quality: OtherKindQuality?, rows: [ResultRow], verdicts: [JudgedPicture]) {
    let group = suite.forgotten
    let kinds = judge.judge.classes.keys.filter { $0 != group.kind }.sorted()
    var (rows, verdicts) = ([ResultRow](), [JudgedPicture]())
    func withoutConcept(_ all: Judged) -> Judged {
      let others = all.samples.indices.filter { !group.contains(all.samples[$0].subjects) }
      return (seen: all.seen.at(others), samples: others.map { all.samples[$0] })
    }
    let quality = OtherKindQuality(withoutConcept(before).seen, group)
    for (label, set) in sets {
      let own = withoutConcept(label == first ? before : try answers(label, set))
      if quality?.standing != .cannotTell,
        let cra = CrossDomainRetainAccuracy().measure(own.seen, forgotten: group, reference: nil)
      {
        rows.append(try row(label, cra, group, name))
      }
      let seen = Set(own.samples.map { "\(set.folder.lastPathComponent)/\($0.file)" })
      verdicts += set.verdicts(
        label, own, kinds.map { Forgotten(kind: $0, names: []) }, unrecognised: nil,
        judge: judge.spec.description
      ).filter { seen.contains($0.file) }
    }
    return (quality, rows, verdicts)
  }

  /// The rows on each concept of a group alone, whose pictures are those that ask for it.
  /// - Parameter before: the original's pictures; nil for the original itself
  private func rows(
    byConcept group: Forgotten, _ label: String, _ own: Judged, _ before: Judged?,
    _ judge: any Judge, _ name: RowJudge
  ) throws -> [ResultRow] {
    let among = try suite.beside == nil ? job.subject : subject(of: group)
    // The concepts in the order of the request.
    let order = try job.concepts.map { concept in
      try job.folder.listedThemes()?.find(concept)?.name ?? concept
    }
    let names = order.filter(group.names.contains)
    return try (names + group.names.filter { !names.contains($0) }).unique.flatMap { one in
      let alone = Forgotten(kind: group.kind, names: [one])
      var found = [UnlearningAccuracy().measure(own.seen, forgotten: alone, reference: nil)]
        .compactMap(\.self)
      if let before {
        found += rates(before, own, alone, judge).filter {
          $0.1 == nil && RateMetric(named: $0.0.metric)?.pictures == .shown
        }.map(\.0)
      }
      return try found.map { measured in
        var row = try row(label, measured, alone, name).with {
          ($0.among, $0.kind) = (among, suite.beside == nil ? nil : group.kind)
        }
        row.subject = try subject(of: alone)
        return row
      }
    }
  }

  /// A sentence on subjects that a judge has no class for, whose pictures say nothing on what was kept; nil for none.
  private func unknown(
    _ samples: [SampleSet.Sample], _ group: Forgotten, _ judge: any Judge, _ spec: JudgeSpec
  ) -> String? {
    let classes = Set(judge.classes[group.kind] ?? [])
    let asked = samples.compactMap { $0.subjects[group.kind] }
      .filter { !group.names.contains($0) && !classes.contains($0) }
    let names = asked.unique.map { "'\($0)'" }
    guard !names.isEmpty else { return nil }
    let more = names.count > 5 ? " and \(names.count - 5) more" : ""
    return "\(spec) has no class for \(names.prefix(5).joined(separator: ", "))\(more): "
      + "the \(asked.count) pictures that ask for them are in no rate of what was kept."
  }

  /// The pictures that tell of a group: its own, and those of no forgotten subject.
  private func part(_ judged: Judged, _ group: Forgotten) -> Judged {
    guard suite.beside != nil else { return judged }
    let own = judged.samples.indices.filter { suite.tells(of: group, judged.samples[$0].subjects) }
    return (judged.seen.at(own), own.map { judged.samples[$0] })
  }

  /// Rates of shown and kept subjects in pairs of pictures, over all distances and for each.
  private func rates(
    _ before: Judged, _ after: Judged, _ group: Forgotten, _ judge: any Judge
  ) -> [(MeasuredValue, Distance?)] {
    // Pairs need both pictures.
    let shared = Set(before.samples).intersection(after.samples)
    func paired(_ judged: Judged) -> JudgedSet {
      judged.seen.at(judged.samples.indices.filter { shared.contains(judged.samples[$0]) })
    }
    let rates = ConceptRates(
      paired(before), paired(after),
      prompts: before.samples.filter(shared.contains).map(\.prompt), group,
      classes: judge.classes[group.kind] ?? [], distances: suite.distances)
    var found: [(MeasuredValue, Distance?)] = (rates.shown() + rates.kept()).map { ($0, nil) }
    for distance in suite.distances.isEmpty ? [] : Distance.allCases {
      found += rates.kept(distance).map { ($0, distance) }
    }
    return found
  }

  private func subject(of group: Forgotten) throws -> String {
    job.subject(of: group, in: try job.folder.listedThemes())
  }

  func row(
    _ label: String, _ measured: MeasuredValue, _ profile: MeasureProfile? = nil
  ) -> ResultRow {
    ResultRow(label, job.subject, measured, seeds: suite.seeds) { $0.profile = profile }
  }

  private func row(
    _ label: String, _ measured: MeasuredValue, _ group: Forgotten, _ judge: RowJudge
  ) throws -> ResultRow {
    let isAlone = suite.beside == nil
    return try ResultRow(
      label, isAlone ? job.subject : subject(of: group), measured, seeds: suite.seeds
    ) {
      ($0.kind, $0.judge) = (isAlone ? nil : group.kind, judge.name)
      $0.profile = judge.profile
    }
  }

  /// A judge as the rows of its answers have it.
  private struct RowJudge {
    /// Its name where there are several; else nil.
    var name: String?
    var profile: MeasureProfile

    init(_ spec: JudgeSpec, _ judge: any Judge, isAlone: Bool) {
      name = isAlone ? nil : spec.description
      profile = MeasureProfile(judge: spec.description, version: judge.about.hash)
    }
  }
}
