// SepME without separability, the paper's form for nudity (learning rate 1e-5, tau 0, both set by `form=whole`):
//
//   L_cor(c) = mean( r_c(theta) * r_c(theta_0) ),   r_c(theta) = eps_theta(x_t | c) - eps_theta(x_t | a)
//   loss     = sum_i eta_i L_cor(c_i) + lambda (1/M) sum_l | W_l - W_l(theta_0) |_1,      stop when L_mom <= tau
//
// trained: every weight of cross-attention; both predictions at every step. eta and L_mom are the joint form's.
internal import Diffusion
internal import Editing
internal import Torch
internal import TorchNN
internal import Training

struct WholeSepME: ObjectiveMethod {
  static let name = "sepme-whole"
  static let card = SepME.card
  /// The options, those of `sepme`.
  var method = SepME()
  var guarding: GuardOptions {
    get { method.guarding }
    set { method.guarding = newValue }
  }
  var parameters: String { "xattn" }
  var training: Training {
    get { method.training }
    set { method.training = newValue }
  }

  init() {}
  init(of method: SepME) { self.method = method }

  func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Irrelevance(
      concepts: try erasure.forget.map { try ConceptInTraining($0, method, original, run) },
      original: original, method: method)
  }

  private struct Irrelevance: Objective {
    let concepts: [ConceptInTraining]
    let original: DiffusionModel
    let method: SepME

    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      let correlations = concepts.map { concept -> Tensor in  // L_cor(c_i)
        let d = concept.states.draw(method.training.batch, concept.step(step.index))
        let c = Conditioning.concatenate([
          concept.prompts.rows(d.prompts), concept.anchors.rows(d.prompts),
        ])
        let e = model.predict(
          Tensor.concatenate([d.x, d.x]), at: Tensor.concatenate([d.t, d.t]), given: c
        ).chunks(2)  // eps_theta(x_t | c), eps_theta(x_t | a): [b, C, h, w] each
        return ((e[0] - e[1]) * (d.ec - d.ea)).mean()
      }
      let total = method.together(correlations, concepts, &step)
      let paths = ParameterSelection.crossAttention.paths(of: model.parameters)
      var change = Tensor.zeros([], on: model.device)
      for path in paths {
        guard let w = model.parameters[path], let w0 = original.exact.parameters[path] else {
          continue
        }
        change = change + (w - w0).abs().sum()
      }
      return total + (method.lambda / Double(paths.count)) * change
    }
  }
}
