// Methods whose erasers can be switched on and off one by one.
package import Diffusion
package import Editing
package import Torch
package import Training

/// A method that trains an eraser for each concept alone, in directions that the prompts of the others do not use. Sets
/// of erasers and `bench separability` ask for it.
package protocol SeparableMethod: UnlearningMethod {
  /// The rank rule of the null space: singular values above this share of the largest count.
  var tolerance: Double { get }
  /// Refuses options with which no eraser stands alone.
  /// - Throws: ``LetheError`` of the kind `request`
  func checkSwitching() throws
  /// - Parameters:
  ///   - others: prompts of the other concepts, which are kept exactly
  ///   - preserved: prompts that are kept as the options say
  ///   - regular: prompts that the eraser should touch little
  func request(
    _ concept: Concept, keeping others: [String], preserving preserved: [String],
    regular: [String]
  ) -> SeparableRequest
  /// One eraser for each request, in their order.
  /// - Throws: ``LetheError`` when prompts leave no direction free, with the prompts to drop
  func erasers(
    for requests: [SeparableRequest], of model: DiffusionModel, _ run: Run
  ) throws -> [EraserFactors]
  /// The number of concepts, of `count`, that train in one batch.
  func groupSize(_ model: DiffusionModel, _ count: Int) -> Int
}

/// A concept, the prompts that its eraser may not touch (always with the empty one), and regular prompts, which it
/// should touch little.
package struct SeparableRequest: Sendable {
  package var concept: Concept
  package var kept: [String]
  package var regular: [String]
  /// Whether an option would take prompts from the kept ones.
  let canAverage: Bool
  package init(
    _ concept: Concept, keeping kept: [String], regular: [String] = [], canAverage: Bool = false
  ) {
    (self.concept, self.kept, self.regular) = (concept, kept, regular)
    self.canAverage = canAverage
  }
}

extension MethodCatalog {
  /// The first method whose erasers can be switched one by one, with `options` over its defaults.
  /// - Throws: ``LetheError`` of the kind `request` for options that it does not know, and for those with which no
  ///   eraser stands alone
  package func separable(_ options: JSON, in context: String) throws -> any SeparableMethod {
    guard let type = all.lazy.compactMap({ $0 as? any SeparableMethod.Type }).first else {
      throw LetheError.request("no method of the catalog has erasers that can be switched")
    }
    func made<M: SeparableMethod>(_ type: M.Type) throws -> any SeparableMethod {
      try options.laid(over: M(), in: context)
    }
    let method = try made(type)
    try method.checkSwitching()
    return method
  }
}

extension SeparableMethod {
  /// The options of a file, with defaults for those that came later.
  package static func completed(_ options: JSON) -> JSON {
    (try? JSON(encoding: Self()).overlaid(with: options, in: "a card")) ?? options
  }
}
