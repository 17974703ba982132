import Foundation
import Torch

/// One kind of file, or of text, that the program takes from strangers: its sources, its changes, and the
/// readers that it is given to.
struct Format {
  let name: String
  /// Its part of all inputs, beside the shares of the other formats.
  let share: Int
  /// Bytes that inputs are made from.
  let seeds: [Data]
  let mutate: (inout Mutation, Data) -> Data
  /// Reads the input, which is written to `place` first.
  let place: URL
  let read: (inout Draw) throws -> Void
}

/// The formats over a scratch folder.
struct Formats {
  let all: [Format]
  private let byDraw: [Int]

  init(_ all: [Format]) {
    self.all = all
    byDraw = all.indices.flatMap { Array(repeating: $0, count: all[$0].share) }
  }

  /// Gives the input of a number to its readers.
  /// - Returns: the format's name, and what the readers said
  func run(_ input: Int, seed: UInt64, before: (Format) -> Void) throws -> (Format, Outcome) {
    var draw = Draw(seed: seed, input: input)
    let format = all[draw.of(byDraw)]
    var mutation = Mutation(draw: draw)
    let bytes = format.mutate(&mutation, mutation.draw.of(format.seeds))
    try bytes.write(to: format.place)
    before(format)
    return (format, Outcome { try format.read(&mutation.draw) })
  }
}

/// The outcome of reading an input.
enum Outcome {
  case taken
  case refused
  /// A refusal that names a key, a tensor or a value in quotes.
  case named
  /// A refusal in other words than the program's own, or in more than one sentence.
  case raw(String)

  init(_ body: () throws -> Void) {
    do {
      try body()
      self = .taken
    } catch let error as LetheError {
      let sentence = error.sentence
      let isOne = !sentence.contains("\n") && !sentence.isEmpty && sentence.utf8.count < 4000
      let isNamed = error.key != nil || sentence.contains(/'[^']+'/)
      self =
        isOne
        ? isNamed ? .named : .refused
        : .raw("\(sentence.count) characters: \(sentence.prefix(300))")
    } catch { self = .raw("\(type(of: error)): \(String(describing: error).prefix(300))") }
  }
}
