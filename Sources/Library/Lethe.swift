// The library's face: `import Lethe` brings every module that a user of the library needs.
@_exported public import Attacks
@_exported public import Auditing
@_exported public import Benchmarks
@_exported public import Diffusion
@_exported public import Editing
@_exported public import Evaluation
@_exported public import Pictures
@_exported public import Recipes
@_exported public import Reports
@_exported public import Tokenizers
@_exported public import Torch
@_exported public import TorchNN
@_exported public import Training
@_exported public import Unlearning
@_exported public import Workbench
@_exported public import Workflows
