// `lethe generate --grid`: pictures in rows and columns on one page, labelled by what differs.
package import Diffusion
internal import Editing
internal import Evaluation
package import Foundation
internal import Reports
package import Torch
package import Training
internal import Workbench

/// Pictures of every pair of two axes.
package struct GenerateGrid {
  /// A property that differs from one row or column to the next. Properties without an axis are the same in all
  /// pictures: the first prompt and seed, and all erasers at their own strength.
  package enum Axis: String, Sendable, CaseIterable { case prompt, eraser, strength, seed }

  package let rows: Axis
  package let columns: Axis
  package var prompts: [String]
  package var seeds: [UInt64]
  package var strengths: [Double]
  /// The user's command, for the page.
  package var command: [String] = []

  /// - Parameter axes: `prompt,eraser`: rows, columns
  /// - Throws: ``LetheError`` of the kind `request` for other text
  package init(
    _ axes: String, prompts: [String], seeds: [UInt64], strengths: [Double]
  ) throws {
    let named = axes.split(separator: ",").map { Axis(rawValue: String($0)) }
    guard named.count == 2, let rows = named[0], let columns = named[1], rows != columns else {
      throw LetheError.badValue(
        "--grid",
        "'\(axes)'; accepted: ROWS,COLUMNS, two of \(Axis.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    (self.rows, self.columns) = (rows, columns)
    (self.prompts, self.seeds, self.strengths) = (prompts, seeds, strengths)
  }

  /// A model with some of the erasers, at a strength.
  private struct Variant {
    var eraser: String
    var strength: Double
    var model: ModelReference
    var folder: String { "\(eraser)-\(strength)".slug }
  }

  private func names(_ axis: Axis) -> Bool { rows == axis || columns == axis }

  private func variants(of model: ModelReference) throws -> [Variant] {
    if model.set != nil, names(.strength) {
      throw LetheError.badValue(
        "--grid", "the erasers of a set have no strength; give erasers with --with, or another axis"
      )
    }
    let strengths = names(.strength) ? strengths : [1]
    let own: [(String, ModelReference)]
    if !names(.eraser) {
      own = [("erasers", model)]
    } else if let set = try model.eraserSet() {
      let on = try set.active(model.active)
      own = ([[]] + on.map { [$0] }).map { active in
        var one = model
        one.active = active
        return (active.first ?? "none", one)
      }
    } else {
      own = ([[]] + model.erasers.map { [$0] }).map { erasers in
        var one = model
        one.erasers = erasers
        return (erasers.first?.fileName ?? "none", one)
      }
    }
    return try own.flatMap { name, model in
      try strengths.map { strength in
        var scaled = model
        if names(.strength) {
          scaled.erasers = try model.erasers.map {
            let (file, weight) = try Weighted.parse($0, "--with")
            return "\(file):\(weight * strength)"
          }
        }
        return Variant(eraser: name, strength: strength, model: scaled)
      }
    }
  }

  /// The pictures of one folder of the grid.
  private struct Part {
    var variant: Variant
    var generate: Generate
  }

  /// - Throws: ``LetheError`` of the kind `request` for axes that the request has nothing for
  private func parts(_ model: ModelReference, _ sampling: SamplingOptions) throws -> [Part] {
    guard model.set != nil || !model.erasers.isEmpty || !(names(.eraser) || names(.strength)) else {
      throw LetheError.badValue("--grid", "no eraser is named; give --with or --erasers")
    }
    let variants = try variants(of: model)
    guard Set(variants.map(\.folder)).count == variants.count else {
      throw LetheError.badValue("--grid", "two erasers have one name; rename one of the folders")
    }
    let samples = shownPrompts.enumerated().flatMap { p, prompt in
      shownSeeds.enumerated().map { s, seed in
        SampleSet.Sample("\(p)", s, prompt: prompt, seed: seed)
      }
    }
    return variants.map {
      Part(variant: $0, generate: Generate($0.model, sampling, samples, batch: 4))
    }
  }

  private var shownPrompts: [String] { names(.prompt) ? prompts : Array(prompts.prefix(1)) }
  private var shownSeeds: [UInt64] { names(.seed) ? seeds : Array(seeds.prefix(1)) }

  /// Finds what the grid would be refused for, without drawing.
  /// - Returns: the request of each of its folders
  package func check(
    _ model: ModelReference, _ sampling: SamplingOptions, on device: Device
  ) throws -> JSON {
    let parts = try parts(model, sampling)
    // Another strength is refused for nothing else.
    for part in parts where part.variant.strength == parts[0].variant.strength {
      try part.generate.check(on: device)
    }
    return .array(
      try parts.map { part in
        [
          "folder": .string(part.variant.folder), "model": try JSON(encoding: part.generate.model),
          "samples": try JSON(encoding: part.generate.samples),
        ]
      })
  }

  /// Draws the missing pictures and writes `grid.html`.
  /// - Returns: the page
  /// - Throws: ``LetheError`` of the kind `request` for axes that the request has nothing for
  @discardableResult
  package func callAsFunction(
    _ model: ModelReference, _ sampling: SamplingOptions, overwrites: Bool = false, in run: Run,
    on device: Device
  ) throws -> URL {
    let (prompts, seeds) = (shownPrompts, shownSeeds)
    let parts = try parts(model, sampling)
    var cells: [[Axis: Int]: Data] = [:]
    for (v, part) in parts.enumerated() {
      let place = try Run(run.place(part.variant.folder), seed: run.seed)
      (place.onProgress, place.onNote) = (run.onProgress, run.onNote)
      var generate = part.generate
      generate.overwrites = overwrites
      let set = try generate(in: place, on: device)
      let count = names(.strength) ? strengths.count : 1
      for (i, sample) in set.manifest.samples.enumerated() {
        let at: [Axis: Int] = [
          .prompt: i / seeds.count, .seed: i % seeds.count, .eraser: v / count,
          .strength: v % count,
        ]
        cells[at.filter { names($0.key) }] = try InputFile.data(set.url(sample), .picture)
      }
    }
    let labels: [Axis: [String]] = [
      .prompt: prompts, .seed: seeds.map { "seed \($0)" },
      .eraser: parts.map(\.variant.eraser).unique, .strength: strengths.map { "strength \($0)" },
    ]
    var content = ReportContent()
    content.title = "\(rows.rawValue) x \(columns.rawValue)"
    content.subtitle = model.folder
    content.galleries = [
      .init(
        "Pictures", columns: labels[columns] ?? [],
        rows: (labels[rows] ?? []).enumerated().map { r, row in
          (
            row,
            (labels[columns] ?? []).enumerated().map { c, column in
              (cells[[rows: r, columns: c]] ?? Data(), "\(row), \(column)", "large")
            }
          )
        })
    ]
    content.commands = [command.shellCommand].filter { !$0.isEmpty }
    content.facts = [
      ("model", model.folder), ("steps", "\(sampling.steps)"), ("sampler", sampling.sampler),
      ("guidance", "\(sampling.guidance)"), ("lethe", Version.current),
    ]
    let page = run.file("grid.html")
    try AtomicFile.write(Data(content.html().utf8), to: page)
    return page
  }
}
