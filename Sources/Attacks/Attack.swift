public import Diffusion
internal import Editing

/// How much of its victim an attack needs.
public enum Access: String, Codable, Sendable, CaseIterable {
  /// Pictures for prompts.
  case blackBox = "black box"
  /// Also prompts as embeddings instead of words.
  case embedding
  /// Also weights and gradients.
  case whiteBox = "white box"
}

/// What an attack is and needs, for lists and reports.
public struct AttackCard: Codable, Sendable, Hashable {
  public var title: String
  public var paper: String
  public var year: Int
  public var access: Access
  public init(title: String, paper: String, year: Int, access: Access) {
    (self.title, self.paper, self.year, self.access) = (title, paper, year, access)
  }
}

/// A prompt for the erased concept, and the seed of its picture.
public struct AttackedPrompt: Sendable, Hashable {
  public var prompt: String
  public var seed: UInt64
  public init(_ prompt: String, seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }
}

/// What is tried for a prompt: text as a user would type it, and a seed.
public struct Attempt: Codable, Sendable, Hashable {
  public var prompt: String
  public var seed: UInt64
  public init(_ prompt: String, seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }
}

/// What an attack is given of its victim: what its access allows, and no more.
public struct Surface {
  private let victim: DiffusionModel
  private let access: Access
  /// The tokenizer, which everybody can download.
  public let tokenizer: CLIPTokenizer

  public init(_ victim: DiffusionModel, access: Access) throws {
    (self.victim, self.access) = (victim, access)
    tokenizer = try victim.tokenizer(for: "an attack by prompts")
  }

  /// The victim itself.
  /// - Throws: ``EditingError`` for an attack that did not declare to need it
  public func model() throws -> DiffusionModel {
    guard access == .whiteBox else {
      throw EditingError.invalid("an attack with access '\(access.rawValue)' asked for the weights")
    }
    return victim
  }

  /// Whether `count` more tokens fit into the prompt.
  public func hasRoom(_ prompt: String, for count: Int) -> Bool {
    tokenizer.words(prompt).count + count <= tokenizer.length - 2
  }
}

/// One attack on several prompts at once, round by round.
public protocol AttackSession {
  /// The next attempt for each of the prompts that are still open; a prompt without one is given up.
  mutating func next(_ open: [Int]) throws -> [Int: Attempt]
}

/// A way to get an erased concept back. Tested is what it says, drawn by the victim: the driver asks a judge
/// after every round and closes a prompt at its first success.
public protocol Attack: Codable, Sendable {
  static var name: String { get }
  static var card: AttackCard { get }
  /// The paper's defaults.
  init()
  /// Whether a prompt can be attacked; one that cannot counts as withstanding, and is counted.
  func canAttack(_ prompt: AttackedPrompt, _ surface: Surface) -> Bool
  func session(_ prompts: [AttackedPrompt], _ surface: Surface, seed: UInt64) throws
    -> any AttackSession
}

extension Attack {
  public func canAttack(_ prompt: AttackedPrompt, _ surface: Surface) -> Bool { true }
}
