internal import Foundation

/// The prompts that the original and the erased model draw, and what judges are asked about the pictures.
package struct PromptSuite: Codable, Sendable, Hashable {
  /// Where the prompts come from, in words.
  package var name: String
  package var question: JudgeQuestion
  /// Those of the forgotten subjects come first.
  package var samples: [SampleSet.Sample]
  /// Distances of the other subjects from the forgotten, by name; empty where they were not ranked.
  package var distances: [String: Distance] = [:]

  package init(_ name: String, _ question: JudgeQuestion, _ samples: [SampleSet.Sample]) {
    (self.name, self.question, self.samples) = (name, question, samples)
  }

  package var forgotten: Forgotten { question.forgotten }
  /// The samples that ask for a forgotten subject.
  package var ofConcept: [SampleSet.Sample] {
    samples.filter { forgotten.contains($0.subjects) }
  }
  package var others: [SampleSet.Sample] {
    samples.filter { !forgotten.contains($0.subjects) }
  }
}
