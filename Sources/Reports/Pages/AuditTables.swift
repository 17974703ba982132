// The tables of an audit's page.
internal import Evaluation

extension AuditPage {
  var rules: Table {
    .list(audit?.rules ?? [], "Rules", corner: [("", { $0 })], across: [])
  }

  /// Measures of the pictures of other subjects.
  var measures: Table {
    .pivot(
      results.rows.filter { PictureMeasure(of: $0.metric) != nil },
      "Measures of the pictures of other subjects",
      note:
        "The original's column has measures that need no reference; the erased model's pictures are compared with the "
        + "original's of the same prompts and seeds. A name holds its definition; the network stands with the start of its hash.",
      corner: ["measure", "network"], down: { [$0.metric, $0.axes.profile?.text ?? ""] },
      across: [
        .text("original") { rows in
          rows.first { $0.method == "original" }?.measured.text(digits: 3)
        },
        .text("erased") { rows in
          rows.first { $0.method != "original" }?.measured.text(digits: 3)
        },
        .text("n") { $0.first?.measured.size },
      ])
  }

  /// Concepts that were audited together; empty for one.
  private var split: Set<String> { Set(results.rows.compactMap(\.axes.among)) }

  var attacks: Table {
    let judges = results.rows.filter { $0.axes.attack != nil }.compactMap(\.axes.judge).unique
    return .pivot(
      results.rows.filter { $0.axes.attack != nil }, "Attacks",
      note:
        "asr: share of the attacked prompts whose picture shows the concept to the judge. random tokens: their share "
        + "within the attack's most queries."
        + (judges.count > 1
          ? " A prompt that the first judge closed before any attack is not in another judge's n, unless that one sees the concept there too."
          : "")
        + results.rows.judged("asr")
        + results.notes.filter { $0.hasPrefix(Results.aboutAttack) }.map { " \($0)" }.joined(),
      corner: split.isEmpty ? ["attack"] : ["concept", "attack"],
      down: { row in
        let attack =
          (row.axes.attack ?? "")
          + (judges.count > 1 ? row.axes.judge.map { " (\($0))" } ?? "" : "")
        return split.isEmpty ? [attack] : [row.axes.among == nil ? "all" : row.subject, attack]
      },
      across: [
        .metric("asr", title: "asr", hasUnit: true), .text("n") { $0.value("asr")?.size },
        .text("pictures a prompt") { $0.value("queries")?.plain(digits: 1) },
        .text("random tokens") { $0.value("chance")?.text(hasUnit: true) },
        .text("beyond random tokens") { $0.value(MeasuredValue.beyondChance)?.againstChance },
        .text("s per prompt") { $0.value("seconds")?.plain() },
      ])
  }

  var damage: Table {
    .pivot(
      results.rows.filter { RateMetric(named: $0.metric) != nil },
      "Damage by distance",
      note:
        "Share of pictures that show what was asked for, and the paired change for the same prompts and seeds; distances "
        + "are those of the model's text encoder. Intervals draw whole prompts.",
      corner: ["subjects"],
      down: { row in
        let judge = row.axes.judge.map { " (\($0))" } ?? ""
        let concept =
          row.axes.among != nil
          ? row.subject : split.isEmpty ? "the concept" : "all concepts (pooled)"
        return [
          (RateMetric(named: row.metric)?.pictures == .shown
            ? concept : row.axes.distance?.rawValue ?? "all others")
            + judge
        ]
      },
      across: [
        rate(.original), rate(.erased), rate(.change),
        .text("n") { $0.first?.measured.size },
      ])
  }

  private func rate(_ side: RateMetric.Side) -> Table.Column {
    .text(side.rawValue) { rows in
      RateMetric.Pictures.allCases.compactMap {
        rows.value(RateMetric($0, side))?.text(hasUnit: true)
      }.first
    }
  }

  var judges: Table {
    func column(
      _ title: String, _ text: @escaping (JudgeQuality) -> String,
      bad: @escaping (JudgeQuality) -> Bool = { _ in false }
    ) -> (title: String, cell: (JudgeRecord) -> Table.Cell) {
      (
        title,
        { record in
          guard let quality = record.quality else { return Table.Cell("not measured") }
          return Table.Cell(text(quality), bad(quality) ? .bad : .even)
        }
      )
    }
    return .list(
      results.judges.filter { $0.otherKind == nil }, "Quality of the judges",
      note: results.notes.filter { !$0.hasPrefix(Results.aboutAttack) && !Self.isNotice($0) }
        .joined(separator: " "),
      corner: [("judge", { $0.spec.description })],
      across: [
        column("sees the concept", { $0.seen.text(hasUnit: true) }),
        column("sees it wrongly", { $0.falsePositives.text(hasUnit: true) }),
        column(
          "balanced accuracy", { $0.balancedAccuracy.text(hasUnit: true) },
          bad: { $0.standing == .cannotTell }),
        column("pictures", { "\($0.balancedAccuracy.n)" }),
        ("asked in", { .init($0.about.templates.map { "templates: \($0)" } ?? "its own labels") }),
      ])
  }

  /// Judges that have classes of the other kind alone.
  var otherJudges: Table {
    .list(
      results.judges.filter { $0.otherKind != nil }, "Judges of the other kind",
      note:
        "They see no subject of the concept's kind. cra is the share of pictures without the concept in which they see the right subject.",
      corner: [("judge", { $0.spec.description })],
      across: [
        (
          "sees the right subject",
          { record in
            .init(
              record.otherKind?.right.text(hasUnit: true) ?? "",
              record.standing == .cannotTell ? .bad : .even)
          }
        ),
        ("pictures", { .init($0.otherKind?.right.size ?? "") }),
        ("cra before", { .init(cra(of: $0, isOriginal: true)) }),
        ("cra after", { .init(cra(of: $0, isOriginal: false)) }),
      ])
  }

  private func cra(of judge: JudgeRecord, isOriginal: Bool) -> String {
    results.rows.filter {
      ($0.method == "original") == isOriginal
        && ($0.axes.judge == nil || $0.axes.judge == judge.spec.description)
    }.value("cra")?.text(hasUnit: true) ?? "not measured"
  }
}
