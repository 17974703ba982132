// A model's face: `import Diffusion` brings its tokenizers and its pictures.
@_exported public import Pictures
@_exported public import Tokenizers
