import ArgumentParser
import Attacks
import Diffusion
import Evaluation
import Foundation
import Torch
import Training
import Unlearning
import Workbench

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List methods, attacks, samplers, metrics, judges or suites of prompts.",
    discussion: """
      Examples:
        lethe list methods --verbose
        lethe list samplers
      """)

  enum Catalog: String, ExpressibleByArgument, CaseIterable {
    case methods, attacks, samplers, metrics, judges, prompts
  }

  @Argument(help: "Catalog: methods, attacks, samplers, metrics, judges or prompts.")
  var catalog: Catalog
  @Flag(
    name: .shortAndLong,
    help:
      "Details: every option of methods and attacks with its default, and the measurements of judges."
  )
  var verbose = false
  @Option(help: "Folder of the judges, one folder each.")
  var judges = "Models/judges"

  func run() throws {
    switch catalog {
    case .methods:
      for method in MethodCatalog.builtIn.all {
        print(
          "\(method.name.padded(12)) \(method.card.title) (\(method.card.paper), \(method.card.year)); changes \(method.card.trains)"
        )
        if verbose { print(try Self.defaults(method).pretty) }
      }
    case .attacks:
      for attack in AttackCatalog.builtIn.all {
        let card = attack.card
        print(
          "\(attack.name.padded(12)) \(card.title) (\(card.paper), \(card.year)); \(attack.access.rawValue)"
        )
        if verbose { print(try Self.defaults(attack).pretty) }
      }
    case .samplers:
      for sampler in Samplers.all { print("\(sampler.name.padded(12)) \(sampler.className)") }
    case .metrics:
      for metric in MetricCatalog.builtIn.all {
        print("\(metric.name.padded(12)) \(metric.title) (\(metric.better.rawValue) is better)")
      }
    case .prompts:
      for suite in NamedPrompts.all {
        print("\(suite.name.padded(14)) \(suite.title); \(suite.rows.count) rows")
        if verbose {
          if !suite.note.isEmpty { print(suite.note) }
          suite.rows.prefix(3).forEach { print("  \($0.prompt)") }
        }
      }
    case .judges:
      for judge in JudgeCatalog.all { print("\(judge.usage.padded(18)) \(judge.title)") }
      print("\nin \(judges):")
      let folder = URL(fileURLWithPath: judges)
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .sorted()
      for name in names {
        let place = folder.appendingPathComponent(name)
        if let judge = try? JudgeNetwork.load(place) {
          let heads = judge.card.heads.sorted { $0.key < $1.key }.map {
            "\($0.value.count) \($0.key)s"
          }
          print("own:\(place.relativePath.padded(26)) \(heads.joined(separator: ", "))")
          if verbose { print(JSON.object(judge.card.measured).pretty) }
        } else if (try? JSON(contentsOf: place.appendingPathComponent("config.json")))?[
          "model_type"]
          == "clip"
        {
          let card = try? JSON(contentsOf: place.appendingPathComponent("judge.json"))
          print("clip:\(place.relativePath.padded(25)) \(card?["sees"]?.string ?? "words")")
          if verbose, let card { print(card.pretty) }
        }
      }
    }
  }

  private static func defaults<M: UnlearningMethod>(_ type: M.Type) throws -> JSON {
    try JSON(encoding: M())
  }
  private static func defaults<A: Attack>(_ type: A.Type) throws -> JSON {
    try JSON(encoding: A())
  }
}

extension String {
  func padded(_ width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}
