import Testing
import Torch

@testable import Evaluation

@Suite struct ClassifierProfileTests {
  @Test func profilesOfClassifiers() throws {
    let labels = (0..<1000).map { "class \($0)" }
    let (place, profile) = try ClassifierProfile.divide("resnet-50@imagenette")
    #expect(place == "resnet-50")
    let question = JudgeQuestion(
      Forgotten(kind: "object", names: ["church"]),
      classes: ["object": ["church", "tench", "fox"]])
    let answers = ClassLabels(labels, question, profile)
    // A concept that the protocol lacks has no class; 998 labels stay rivals.
    #expect(answers.classes["object"]?.prefix(2) == ["church", "tench"])
    #expect(answers.classes["object"]?.count == 1000)
    var logits = [Float](repeating: 0, count: 1000)
    logits[497] = 9
    let found = answers.logits(Tensor(logits, [1, 1000]), "object")
    #expect(found.argmax(1).ints == [0])
    #expect(throws: LetheError.self) { try profile?.check(["a", "b"], "folder") }
    #expect(throws: LetheError.self) { try ClassifierProfile.divide("resnet-50@imagenet") }
    let style = try #require(ClassifierProfile.all.first { $0.name == "unlearndiffatk-style" })
    #expect(
      style.labels(of: "Van Gogh", in: ["claude-monet", "vincent-van-gogh"]) == [1])
    let canvas = try #require(ClassifierProfile.all.first { $0.name == "unlearncanvas-style" })
    #expect(canvas.labels(of: "Van Gogh", in: (0..<51).map { "LABEL_\($0)" }) == [45])
  }
}
