// `lethe doctor`: the machine and a model folder, before long work begins.
internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
internal import Torch
internal import TorchNN
internal import Training
public import Workbench

/// The command `lethe doctor`.
public struct Doctor {
  /// One line of the answer.
  public struct Finding: Codable, Sendable, Hashable {
    /// The state of one thing that commands need.
    public enum State: String, Codable, Sendable {
      /// The thing is there and works.
      case fine
      /// The thing is not there, and some commands need it.
      case absent
      /// The thing is there and does not work.
      case broken
    }
    /// The thing.
    public var name: String
    /// Its state.
    public var state: State
    /// The version, the amount or the reason.
    public var text: String

    /// A line of the answer.
    public init(name: String, state: State, text: String) {
      (self.name, self.state, self.text) = (name, state, text)
    }
  }

  private let model: ModelFolder?

  /// - Parameter model: a model's folder to look at; nil looks at the machine alone
  public init(_ model: ModelFolder? = nil) { self.model = model }

  /// The findings, those on the machine first.
  public func callAsFunction() -> [Finding] { machine + (model.map(findings) ?? []) }

  /// The command that usually comes next: a picture of an erased model's concept, or an erasure of a subject that the
  /// model lists.
  public var next: [String] {
    guard let model else { return ["doctor", "MODEL"] }
    if let erased = try? LaidErasers(of: model.url).erasers.first {
      let asked = erased.card.concepts.first ?? ""
      return ["generate", model.path, "--prompt", asked, "--out", "runs/pictures"]
    }
    let listed = ((try? model.listedThemes()) ?? nil)?.objects.first
    return ["erase", model.path, "--method", "uce", "--concept", listed ?? "CONCEPT"]
      + (listed == nil ? ["--kind", "object"] : []) + ["--out", "runs/uce"]
  }

  /// Opens a judge, which fails for one that no command could ask.
  package static func open(_ judge: JudgeSpec, in catalog: JudgeCatalog) throws {
    // Any judge knows other classes than the forgotten, of which there are none here.
    let question = JudgeQuestion(
      Forgotten(kind: ConceptKind.object.rawValue, names: []),
      classes: [ConceptKind.object.rawValue: ["fox", "cat"]])
    _ = try judge.open(asked: question, on: .cpu, in: catalog)
  }

  private var machine: [Finding] {
    let process = ProcessInfo.processInfo
    var findings = [
      Finding(name: "lethe", state: .fine, text: Version.current),
      Finding(name: "libtorch", state: .fine, text: Runtime.version),
      Finding(
        name: "processor", state: .fine,
        text:
          "\(process.activeProcessorCount.counted("core")), of which tensor operators take \(Runtime.threads)"
      ),
      Finding(
        name: "memory", state: .fine,
        text: Self.gigabytes(process.physicalMemory)
          + (Self.availableMemory.map { ", \(Self.gigabytes($0)) available" } ?? "")),
    ]
    let devices = [("cuda", Device.cuda(), "NVIDIA"), ("mps", .mps, "Apple")]
    let rest =
      devices.allSatisfy { $0.1.fault != nil } ? "; commands compute on the processor" : ""
    for (name, device, owner) in devices {
      let text =
        device.fault.map { "no \(owner) GPU: \($0)\(rest)" }
        ?? "an \(owner) GPU; --device \(name) takes it"
      findings.append(
        Finding(name: name, state: device.fault == nil ? .fine : .absent, text: text))
    }
    findings.append(Self.disk)
    return findings
  }

  private static func gigabytes(_ bytes: UInt64) -> String {
    String(format: "%.1f GB", Double(bytes) / 1e9)
  }

  /// Bytes that programs can still take; nil where the system does not say.
  private static var availableMemory: UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else {
      return nil
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
      .map { $0.multipliedReportingOverflow(by: 1024).partialValue }
  }

  /// Room in the folder that the program was started in.
  private static var disk: Finding {
    let here = FileManager.default.currentDirectoryPath
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: here)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.uint64Value else {
      return Finding(name: "disk", state: .absent, text: "the room in \(here) is not known")
    }
    guard FileManager.default.isWritableFile(atPath: here) else {
      return Finding(name: "disk", state: .absent, text: "\(here) cannot be written")
    }
    return Finding(name: "disk", state: .fine, text: "\(gigabytes(free)) free in \(here)")
  }

  private func findings(_ model: ModelFolder) -> [Finding] {
    let loaded = Result { try model.model() }
    var findings: [Finding] = []
    switch loaded {
    case .failure(let error):
      return [Finding(name: "model", state: .broken, text: "\(error)")]
    case .success(let network):
      let count = network.parameters.count
      let asks =
        (try? network.tokenizer(for: "the doctor")) != nil
        ? "drawn from prompts"
        : network.classes.isEmpty
          ? "drawn without prompts"
          : "drawn from the names of its classes, \(network.classes.count) of them"
      findings.append(
        Finding(
          name: "model", state: .fine,
          text:
            "\(network.layout.name), \(count) numbers, pictures of \(network.imageSize) x \(network.imageSize), "
            + asks))
    }
    let laid = Result { try LaidErasers(of: model.url).erasers }
    switch laid {
    case .success(let erasers) where !erasers.isEmpty:
      findings.append(
        Finding(
          name: "erased", state: .fine,
          text: "\(erasers.map(\.words).joined(separator: "; ")); in the weights of the model"))
    case .success: break
    case .failure(let error):
      findings.append(Finding(name: "erased", state: .broken, text: "\(error)"))
    }
    let themes = Result { try model.listedThemes() }
    switch themes {
    case .success(let themes?):
      findings.append(
        Finding(
          name: "themes.json", state: .fine,
          text:
            "\(themes.objects.count.counted("object")) and \(themes.styles.count.counted("style")) that --concept may name"
        ))
      let judge = Result { try model.judge() }
      switch judge {
      case .success:
        let spec = (try? model.judgeSpec().description) ?? ""
        findings.append(
          Finding(name: "judge", state: .fine, text: "\(spec), which evaluate and audit ask"))
      case .failure(let error):
        findings.append(Finding(name: "judge", state: .absent, text: "\(error)"))
      }
    case .success(nil):
      findings.append(
        Finding(
          name: "themes.json", state: .absent,
          text:
            "the model lists no subjects: --concept takes words of your own with --kind, and evaluate and audit need --judge"
        ))
    case .failure(let error):
      findings.append(Finding(name: "themes.json", state: .broken, text: "\(error)"))
    }
    return findings
  }
}
