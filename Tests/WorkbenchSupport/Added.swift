// A method and a metric from outside the package.
package import Diffusion
package import Editing
package import Evaluation
internal import Torch
package import TorchNN
package import Training
package import Unlearning
package import Workbench
internal import Workflows

/// Adds `change` to every bias of the U-Net's last layer.
package struct Shift: UnlearningMethod {
  package static let name = "shift"
  package static let card = MethodCard(
    title: "Shifted bias", paper: "a test", year: 2025, trains: "a bias")
  package static let variants = [MethodVariant("shift-half", ["change": 0.25])]
  package static let path = ParameterPath("unet.conv_out.bias")
  package var change = 0.5

  package init() {}

  package func erase(_ erasure: Erasure, from model: DiffusionModel, _ run: Run) throws -> Erased {
    guard let bias = model.parameters[Self.path] else { return Erased(.zero) }
    return Erased(ParameterVector([Self.path: change * Tensor.ones(bias.shape)]))
  }
}

/// Share of the pictures in which the judge sees another object than the prompt's.
package struct Confusion: Metric {
  package static let name = "confusion"
  package static let title = "Confused objects"
  package static let better = Better.lower

  package init() {}

  package func measure(
    _ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?
  ) -> MeasuredValue? {
    let wrong = zip(pictures.asked, pictures.seen).filter { $0["object"] != $1["object"] }
    return .share(Self.name, wrong.count, of: pictures.count)
  }
}

package enum Added {
  /// Lethe's own catalogs and the two.
  package static func catalogs() throws -> Catalogs {
    var catalogs = Catalogs.builtIn
    catalogs.methods = try catalogs.methods.adding(Shift.self)
    catalogs.metrics = try catalogs.metrics.adding(Confusion.self)
    return catalogs
  }
}
