public import Diffusion
public import Foundation
public import Torch

/// An attack's name and origin, for lists and reports.
public struct AttackCard: Codable, Sendable, Hashable {
  /// The attack's name for people.
  public var title: String
  /// The paper, e.g. `arXiv 2310.11868`.
  public var paper: String
  /// The year of the paper.
  public var year: Int
  /// Whether its attempts are the same for every victim, so that they can be kept.
  public var transfers: Bool
  /// The attack in one plain sentence without a full stop, for lists and pages; empty for none.
  public var summary: String
  /// A card; attempts depend on the victim unless `transfers` is set.
  public init(
    title: String, paper: String, year: Int, transfers: Bool = false, summary: String = ""
  ) {
    (self.title, self.paper, self.year) = (title, paper, year)
    (self.transfers, self.summary) = (transfers, summary)
  }
}

/// A prompt for the erased concept, with the seed, guidance and size of its picture.
public struct AttackedPrompt: Sendable, Hashable {
  /// The prompt for the erased concept.
  public var prompt: String
  /// The seed of its picture.
  public var seed: UInt64
  /// The picture's own guidance. Nil takes that of all.
  public var guidance: Double?
  /// The picture's own width in pixels. Nil takes that of all.
  public var width: Int?
  /// The picture's own height in pixels. Nil takes that of all.
  public var height: Int?
  /// A prompt with the seed of its picture.
  public init(_ prompt: String, seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }

  /// The options of its picture.
  func sampling(over options: SamplingOptions) -> SamplingOptions {
    options.with(guidance: guidance, width: width, height: height)
  }
}

/// An attempt at a prompt: text as a user would type it, and a seed.
public struct Attempt: Codable, Sendable, Hashable {
  /// The placeholder in a prompt for a word that no vocabulary has.
  public static let newWord = "<new>"

  /// The text that the victim draws.
  public var prompt: String
  /// The seed of the picture.
  public var seed: UInt64
  /// The embedding of ``newWord`` [D], from attacks with access to embeddings.
  public var vector: [Float]?
  /// The way in which the picture was drawn, in words, from attacks whose attempts differ in it alone.
  public var variant: String?
  /// An attempt in words, or with the embedding of a new one.
  public init(
    _ prompt: String, seed: UInt64, vector: [Float]? = nil, variant: String? = nil
  ) {
    (self.prompt, self.seed, self.vector, self.variant) = (prompt, seed, vector, variant)
  }
}

/// One attack on several prompts at once, round by round.
public protocol AttackSession {
  /// The next attempt for each of the prompts that are still open; a prompt without one is given up.
  mutating func next(_ open: [Int]) throws -> [Int: Attempt]
  /// The model that draws the attempts; nil for the victim as it was.
  var model: DiffusionModel? { get }
  /// Noisy pictures that the session's own models predicted so far.
  var evaluations: Int { get }
  /// Prompts that go through the networks together, where no prompt depends on another one: those of the same multiple
  /// of the number. Nil where an attempt may depend on all prompts.
  var together: Int? { get }
  /// Prompts that one of several processes searches for: those of the same multiple of the number. Nil where every process
  /// searches for all, because an attempt may depend on all prompts or costs little.
  var divided: Int? { get }
  /// Pictures of the round's attempts, where the session draws them itself; nil leaves it to the victim.
  func images(of attempts: [Attempt], _ sampling: SamplingOptions) throws -> [Image]?
}

extension AttackSession {
  public var model: DiffusionModel? { nil }
  public var evaluations: Int { 0 }
  public var together: Int? { nil }
  public var divided: Int? { together }
  public func images(of attempts: [Attempt], _ sampling: SamplingOptions) throws -> [Image]? { nil }
}

/// A way to get an erased concept back. The victim draws each attempt from its text. The driver asks a judge after
/// every round, and closes a prompt at its first success.
public protocol Attack: Codable, Sendable {
  /// The part of the victim that the attack uses; it decides the attack's access.
  associatedtype Target: AttackTarget
  /// The attack's name in commands and files.
  static var name: String { get }
  /// The attack's origin.
  static var card: AttackCard { get }
  /// Options whose number, or the length of whose list, says how much is tried, e.g. `training.steps`. One that is
  /// below its default is named wherever the attack's rates stand.
  static var efforts: [OptionPath] { get }
  /// The paper's defaults.
  init()
  /// Settings that take every step of the attack within seconds on a model of a few thousand numbers, for tests.
  static var tiny: Self { get }
  /// Files that the attack reads; their contents belong to the identity of its results.
  var files: [URL] { get }
  /// Finds what the attack's options and files would be refused for, before a picture is drawn.
  func check() throws
  /// Whether a prompt can be attacked. A prompt that cannot is counted as one that withstands.
  func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool
  /// The largest number of noisy pictures that models predict for one prompt. A prediction with a gradient counts as
  /// three.
  /// - Parameter picture: the predictions for one drawn picture
  func work(picture: Int) -> Int
  /// The same number for the work that is done once, before any prompt.
  var preparation: Int { get }
  /// The largest number of prompts that a text encoder reads in the search for one prompt, where the search runs
  /// without the U-Net. A prompt that is read with a gradient counts as three.
  var readings: Double { get }
  /// Begins the attack on some prompts. All random draws come from `seed`.
  /// - Throws: ``LetheError`` for options that it refuses
  func session(_ prompts: [AttackedPrompt], _ target: Target, seed: UInt64) throws
    -> any AttackSession
}

extension Attack {
  /// The access that the target's type names.
  public static var access: Access { Target.access }
  public static var efforts: [OptionPath] { [] }
  public static var tiny: Self { Self() }
  /// The defaults with changes.
  public static func tiny(_ change: (inout Self) -> Void) -> Self {
    var attack = Self()
    change(&attack)
    return attack
  }
  public var files: [URL] { [] }
  /// Refuses nothing.
  public func check() throws {}
  public func work(picture: Int) -> Int { picture }
  public var preparation: Int { 0 }
  public var readings: Double { 0 }
  public func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool { true }

  /// The most pictures of a prompt that a judge sees: the share of ``work(picture:)`` that grows with a picture's work.
  package var pictures: Double {
    let many = 1_000_000
    return Double(work(picture: many + 1) - work(picture: many))
  }
}
