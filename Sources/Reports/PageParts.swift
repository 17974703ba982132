package import Foundation

/// The parts that pages are made of. The template's names are those of their properties.
extension ReportContent {
  /// A row of pairs of pictures.
  package struct GridRow {
    package var label: String
    /// For each column: the original model's and the erased model's picture as PNG, their prompt and seed.
    package var cells: [(original: Data, erased: Data, prompt: String, seed: UInt64)]
    package init(
      _ label: String, _ cells: [(original: Data, erased: Data, prompt: String, seed: UInt64)]
    ) {
      (self.label, self.cells) = (label, cells)
    }
  }
  /// Pairs of pictures, original and erased, in rows and columns.
  package struct Grid {
    package var title: String
    package var columns: [String]
    package var rows: [GridRow]
    package init(_ title: String, columns: [String], rows: [GridRow]) {
      (self.title, self.columns, self.rows) = (title, columns, rows)
    }
  }
  /// A metric before and after the erasure, as text.
  package struct MetricRow {
    package var title: String
    package var name: String
    package var direction: String
    package var original: String
    package var erased: String
    package var delta: String
    package var n: String
    /// The colour of the change: good, bad or even.
    package var verdict: String
    package init(
      title: String, name: String, direction: String, original: String, erased: String,
      delta: String, n: String, verdict: String
    ) {
      (self.title, self.name, self.direction) = (title, name, direction)
      (self.original, self.erased, self.delta) = (original, erased, delta)
      (self.n, self.verdict) = (n, verdict)
    }
  }
  /// Single pictures in rows and columns, each with a caption and a state that frames it.
  package struct Gallery {
    package var title: String
    package var note: String
    package var columns: [String]
    package var rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])]
    package init(
      _ title: String, note: String = "", columns: [String],
      rows: [(label: String, cells: [(picture: Data, caption: String, state: String)])]
    ) {
      (self.title, self.note, self.columns, self.rows) = (title, note, columns, rows)
    }
  }
  /// A drawing as SVG, with a title and a note.
  package struct Figure {
    package var title: String
    package var note: String
    package var svg: String
    package init(_ title: String, note: String = "", _ svg: String) {
      (self.title, self.note, self.svg) = (title, note, svg)
    }
  }
  /// Pictures one by one with words below; beyond a dozen they are folded.
  package struct Cards {
    package struct Card {
      /// Pictures as PNG, each with the model that drew it and its prompt in words.
      package var pictures: [(data: Data, alt: String)]
      package var text: String
      package var detail: String
      /// The frame: back, away, hurt or nothing.
      package var state: String
      /// The name of a link below, and its place relative to the page; nil for none.
      package var link: (name: String, place: String)?
      package init(
        _ pictures: [(data: Data, alt: String)], text: String, detail: String, state: String,
        link: (name: String, place: String)? = nil
      ) {
        (self.pictures, self.text, self.detail, self.state) = (pictures, text, detail, state)
        self.link = link
      }
    }
    package var title: String
    package var note: String
    package var cards: [Card]
    package static let open = 12
    package init(_ title: String, note: String = "", _ cards: [Card]) {
      (self.title, self.note, self.cards) = (title, note, cards)
    }
  }
  /// A question with its answer, in a frame of its own.
  package struct Tile {
    package var name: String
    package var outcome: Table.Outcome
    package var word: String
    package var number: String
    package var notes: [String]
    package init(
      _ name: String, _ outcome: Table.Outcome, _ word: String, number: String, notes: [String]
    ) {
      (self.name, self.outcome, self.word) = (name, outcome, word)
      (self.number, self.notes) = (number, notes)
    }
  }
}
