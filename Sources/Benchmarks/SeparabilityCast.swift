internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

/// The concepts of one kind in the scenes, c0, c1, ... The first `managed` of them are erased at some moment.
struct SeparabilityCast {
  /// A prompt for a concept, and the subjects that a judge is asked about.
  struct Caption {
    /// Part of its pictures' names.
    var name: String
    var prompt: String
    var subjects: [String: String]
  }

  /// Captions that pictures are judged with, or those that erasers of other concepts are trained to keep.
  enum Template: Int {
    case judged, trained
    /// The case of a caption's pictures in their files' names.
    func caseNumber(_ caption: Caption) -> String { "\(rawValue)-\(caption.name)" }
  }

  let kind: String
  let concepts: [String]
  let managed: Int
  let entries: [EraserSet.Entry]
  /// Captions of each concept that pictures are judged with. No training sees them.
  let judged: [[Caption]]
  /// Captions of each concept that erasers of others are trained to keep.
  let trained: [[Caption]]
  /// Prompts of many subjects, which erasers should touch little.
  let everyday: [String]
  /// Names of which a concept's may be a part.
  let known: [String]
  let question: JudgeQuestion
  /// Whether the model lists the concepts. Judged captions of others are many, with one picture each.
  let isListed: Bool

  /// Three concepts are never erased, or two where there are at most five.
  private static func managed(of count: Int) -> Int { max(1, min(6, count - (count > 5 ? 3 : 2))) }

  /// Concepts that the model lists, in captions that pair them with subjects of the other kind.
  /// - Parameters:
  ///   - named: concepts that come first; `seed` draws those beside them
  ///   - others: concepts that are not drawn, where nine are left without them
  init(
    _ kind: Themes.Kind, _ themes: Themes, naming named: [String] = [], seed: UInt64,
    without others: [String] = []
  ) throws {
    let trainedThemes = themes.withoutJudgedCaption
    let g = Generator(seed: seed)
    let objects = Tensor.permutation(themes.objects.count, g).map { themes.objects[$0] }
    let styles = Tensor.permutation(themes.styles.count, g).map { themes.styles[$0] }
    let pool = kind == .object ? objects : styles
    // A kind with too few other subjects keeps those on which settings were chosen.
    let tested = pool.filter { !others.contains($0) }
    let drawn = tested.count >= 9 ? tested : pool
    let concepts = Array((named + drawn.filter { !named.contains($0) }).prefix(9))
    let partners = kind == .object ? themes.styles : Array(objects.prefix(5))
    func captions(_ template: Int) -> [[Caption]] {
      concepts.map { concept in
        guard template < themes.captions.both.count else { return [] }
        return partners.map { partner in
          let (object, style) = kind == .object ? (concept, partner) : (partner, concept)
          return Caption(
            name: "\(object)-\(style)".replacingOccurrences(of: " ", with: "_"),
            prompt: themes.captions.fill(
              themes.captions.both[template], object: object, style: style),
            subjects: ["object": object, "style": style])
        }
      }
    }
    (self.kind, self.concepts, managed) = (
      kind.rawValue, concepts, Self.managed(of: concepts.count)
    )
    entries = try concepts.map { try .managed($0, in: trainedThemes, partners: partners) }
    (judged, trained) = (captions(0), captions(1))
    (everyday, known) = (trainedThemes.allPrompts, themes.objects + themes.styles)
    isListed = true
    question = JudgeQuestion(
      Forgotten(kind: kind.rawValue, names: concepts),
      classes: ["object": themes.objects, "style": themes.styles])
  }

  /// Concepts in words of the user's own.
  /// - Parameters:
  ///   - count: prompts of each concept that pictures are judged with
  ///   - seed: draws other subjects of the kind where fewer than nine are named
  /// - Throws: ``LetheError`` of the kind `request` for fewer than three concepts
  init(
    naming named: [String], _ kind: ConceptKind, _ request: PromptRequest, of model: ModelFolder,
    count: Int, seed: UInt64
  ) throws {
    var job = EraseJob()
    (job.folder, job.concepts) = (model, named.map { SubjectName($0, kind).words })
    job.wording = ConceptWording(kind: kind)
    let network = try model.model()
    var request = request
    request.prompts = count
    let given = request.related + request.unrelated
    let others = try FreeWords(job, request, prompts: request.templates).others(in: network)
    let drawn = Tensor.permutation(others.count, Generator(seed: seed)).map { others[$0] }
    job.concepts = Array((job.concepts + (given.isEmpty ? drawn : others)).unique.prefix(9))
    guard job.concepts.count >= 3 else {
      throw LetheError.badValue(
        "--concept, --related",
        "\(job.concepts.count.counted("concept")) of the kind '\(kind.rawValue)'; accepted: three to nine, so that some are erased "
          + "and some are not")
    }
    request.prompts = count * job.concepts.count
    let prompts = try FreeWords(job, request, prompts: request.templates).prompts(in: network)
    func captions(_ prompts: [[String]]) -> [[Caption]] {
      zip(job.concepts, prompts).map { concept, prompts in
        prompts.enumerated().map { i, prompt in
          Caption(
            name: "\(concept.slug)-\(i)", prompt: prompt, subjects: [kind.rawValue: concept])
        }
      }
    }
    let entries = try job.concepts.map {
      try EraserSet.Entry.managed($0, in: nil, ConceptWording(kind: kind))
    }
    (self.kind, concepts, managed) = (
      kind.rawValue, job.concepts, Self.managed(of: job.concepts.count)
    )
    (self.entries, judged, trained) = (entries, captions(prompts), captions(entries.map(\.prompts)))
    (everyday, known) = (ConceptKind.everydayPrompts, kind.knownSubjects)
    isListed = false
    question = JudgeQuestion(
      Forgotten(kind: kind.rawValue, names: job.concepts), classes: [kind.rawValue: job.concepts])
  }

  /// The everyday prompts that do not ask for concept `i`.
  func regular(for i: Int) -> [String] {
    everyday.filter { !$0.mentions(concepts[i], apartFrom: known) }
  }

  /// The number of pictures of each judged caption.
  func seeds(_ options: EvaluationOptions) -> Int { isListed ? options.seeds : 1 }

  /// Samples of the judged captions of each of `chosen`, then one of each caption that erasers are trained to keep.
  /// - Parameter seeds: the number of pictures of each judged caption
  func samples(_ chosen: [Int], seeds: Int) -> [SampleSet.Sample] {
    [(Template.judged, seeds), (.trained, 1)].flatMap { template, count in
      chosen.flatMap { i in
        captions(template)[i].flatMap { caption in
          (0..<count).map { k in
            SampleSet.Sample(
              template.caseNumber(caption), k, prompt: caption.prompt, seed: UInt64(1000 + k),
              subjects: caption.subjects)
          }
        }
      }
    }
  }

  private func captions(_ template: Template) -> [[Caption]] {
    template == .judged ? judged : trained
  }

  /// The indices in `set` of concept `i` under the captions of a template.
  func rows(of i: Int, _ template: Template, in set: SampleSet) -> [Int] {
    let cases = Set(captions(template)[i].map(template.caseNumber))
    return set.manifest.samples.indices.filter {
      set.manifest.samples[$0].subjects[kind] == concepts[i]
        && cases.contains(set.manifest.samples[$0].caseNumber)
    }
  }
}
