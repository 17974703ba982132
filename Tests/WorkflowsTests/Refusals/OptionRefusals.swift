// Options: of methods, attacks and recipes by every key that has a bound, of files of defaults, of lists.
import Attacks
import Foundation
import Training
import Unlearning

@testable import Recipes
@testable import Torch
@testable import Workbench
@testable import Workflows

extension Refusal {
  /// Options that belong together, as they are without anyone's doing, and their reader.
  private struct Owner {
    let name: String
    let defaults: JSON
    let read: (JSON) throws -> Void

    init<T: Codable>(_ name: String, _ defaults: T) {
      self.name = name
      self.defaults = (try? JSON(encoding: defaults)) ?? [:]
      read = { _ = try $0.laid(over: defaults, in: name) }
    }
  }

  private static func owner(_ type: any UnlearningMethod.Type) -> Owner {
    func open<M: UnlearningMethod>(_ type: M.Type) -> Owner { Owner(type.name, type.init()) }
    return open(type)
  }

  private static func owner(_ type: any Attack.Type) -> Owner {
    func open<A: Attack>(_ type: A.Type) -> Owner { Owner(type.name, type.init()) }
    return open(type)
  }

  private static var owners: [Owner] {
    MethodCatalog.builtIn.all.map(owner) + AttackCatalog.builtIn.all.map(owner) + [
      Owner("model recipe", ModelRecipe()), Owner("DDPM recipe", DDPMRecipe()),
      Owner("judge recipe", JudgeRecipe()), Owner("CLIP recipe", CLIPRecipe()),
    ]
  }

  /// Every key with a bound, each in the first owner that has it, with a value just outside of it.
  static var bounded: [Refusal] {
    let owners = owners
    return OptionBounds.byKey.sorted { $0.key < $1.key }.compactMap { key, bound in
      for owner in owners {
        guard let path = owner.defaults.paths.first(where: { names($0, key) }) else { continue }
        let value = outside(bound)
        let isList = owner.defaults.at(path)?.array != nil
        return Refusal("\(owner.name) \(path.joined(separator: "."))=\(value.compact)") { _ in
          let wrong = isList ? JSON.array([value]) : value
          try owner.read(JSON.object([:]).with(path[...], wrong))
        }
      }
      return nil
    }
  }

  /// Whether a bound's key is that of an option, as ``OptionBounds/of(_:)`` finds it.
  private static func names(_ path: [String], _ key: String) -> Bool {
    let both = path.suffix(2).joined(separator: ".")
    return OptionBounds.byKey[both] == nil ? path.last == key : both == key
  }

  private static func outside(_ bound: Bound) -> JSON {
    switch bound {
    case .whole(let range): .int(range.lowerBound - 1)
    case .number(let range):
      range.upperBound == .greatestFiniteMagnitude
        ? .number(range.lowerBound - 1) : .number(range.upperBound + 1)
    case .positive: 0
    }
  }

  static var options: [Refusal] {
    func setting(_ method: String, _ setting: String) -> Refusal {
      Refusal("--set \(method) \(setting)") {
        var job = EraseJob()
        (job.model, job.method, job.concepts) = (try $0.model.path, method, ["fox"])
        _ = try Erase(job, settings: [setting])
      }
    }
    let beyond = [
      "training.batch=-1", "training.warmup=-9223372036854775808",
      "training.warmup=9223372036854775807", "trajectories=9223372036854775807",
      "training.steps=many", "training.steps=1.5", "training.optimizer.kind=other",
      "training.offload=1", "training.step=3", "nonsense",
    ]
    return beyond.map { setting("esd", $0) } + [
      setting("esdd", "a=1"),
      Refusal("--set p4d.tokens=-1") {
        _ = try AttackRun.configured("p4d", settings: ["tokens=-1"], of: $0.model)
      },
      Refusal("methods.json development=fox") {
        try Data(#"{"development": "fox"}"#.utf8).write(to: $0.model.file("methods.json"))
        _ = try $0.model.developmentConcepts()
      },
      Refusal("methods.json esd.training.batch=0") {
        let text = #"{"esd": {"training": {"batch": 0}}}"#
        try Data(text.utf8).write(to: $0.model.file("methods.json"))
        try setting("esd", "training.steps=3").read($0)
      },
      Refusal("attacks.json p4d.tokens=-1") {
        try Data(#"{"p4d": {"tokens": -1}}"#.utf8).write(to: $0.model.file("attacks.json"))
        _ = try AttackRun.configured("p4d", [], of: $0.model)
      },
      Refusal("recipe.json of an unknown key") { _ in
        _ = try (["step": 3] as JSON).laid(over: DDPMRecipe(), in: "recipe.json")
      },
    ]
  }
}

extension JSON {
  /// The paths of all values that are no objects, in order.
  fileprivate var paths: [[String]] {
    guard let members else { return [[]] }
    return members.sorted { $0.key < $1.key }.flatMap { key, value in value.paths.map { [key] + $0 }
    }
  }

  fileprivate func at(_ path: [String]) -> JSON? {
    path.reduce(self as JSON?) { $0?[$1] }
  }
}
