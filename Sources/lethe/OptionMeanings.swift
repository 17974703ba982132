// scripts/options.py writes this file from the comments in Sources.
// swift-format-ignore-file

/// The meaning of an option.
struct OptionMeaning {
  /// The option's whole path.
  let option: String
  let text: String
  /// The methods or attacks that have it.
  let owners: [String]
}

private let owners1 = ["esd", "sdd", "ablation", "advunlearn", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent", "finetune"]
private let owners2 = ["esd", "sdd", "ablation", "advunlearn", "meta", "sepme", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent", "finetune", "retrain"]
private let owners3 = ["esd"]
private let owners4 = ["esd", "sdd", "ablation"]
private let owners5 = ["esd", "sdd", "ablation", "sepme"]
private let owners6 = ["esd", "sdd", "ablation", "advunlearn", "meta", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent", "finetune", "retrain"]
private let owners7 = ["uce"]
private let owners8 = ["rece"]
private let owners9 = ["sdd"]
private let owners10 = ["ablation"]
private let owners11 = ["advunlearn"]
private let owners12 = ["meta"]
private let owners13 = ["sepme"]
private let owners14 = ["erasediff"]
private let owners15 = ["erasediff", "munba"]
private let owners16 = ["erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent", "finetune", "retrain"]
private let owners17 = ["salun"]
private let owners18 = ["salun", "randomlabel"]
private let owners19 = ["randomlabel", "amnesia", "munba", "ascent"]
private let owners20 = ["amnesia"]
private let owners21 = ["scissorhands"]
private let owners22 = ["ascent"]
private let owners23 = ["finetune"]
private let owners24 = ["retrain"]
private let owners25 = ["random"]
private let owners26 = ["seeds"]
private let owners27 = ["unlearndiff"]
private let owners28 = ["unlearndiff", "p4d"]
private let owners29 = ["p4d"]
private let owners30 = ["ringabell"]
private let owners31 = ["inversion"]
private let owners32 = ["inversion", "relearn"]
private let owners33 = ["relearn"]
private let owners34 = ["text"]
private let owners35 = ["handover"]
private let owners36 = ["noise"]
private let owners37 = ["latent"]
private let owners38 = ["deployment"]

/// The meanings of options, by catalog.
enum OptionMeanings {
  static let methods: [OptionMeaning] = [
    OptionMeaning(option: "training", text: #"The course of the training. More `steps` forget more; a lower `learningRate` harms other prompts less."#, owners: owners1),
    OptionMeaning(option: "training.steps", text: #"Optimizer steps, from 0. More change more; double them where a concept is still drawn."#, owners: owners2),
    OptionMeaning(option: "training.batch", text: #"Samples of a step, from 1. More make a step steadier and cost memory and time in proportion."#, owners: owners2),
    OptionMeaning(option: "training.learningRate", text: #"Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges."#, owners: owners2),
    OptionMeaning(option: "training.schedule", text: #"Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`."#, owners: owners2),
    OptionMeaning(option: "training.warmup", text: #"First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates."#, owners: owners2),
    OptionMeaning(option: "training.optimizer", text: #"The rule that turns gradients into steps."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.kind", text: #"The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.beta1", text: #"Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.beta2", text: #"Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.eps", text: #"Number added to the root of that mean, from 0. Raise it where steps explode at small gradients."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.weightDecay", text: #"Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch."#, owners: owners2),
    OptionMeaning(option: "training.optimizer.momentum", text: #"Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out."#, owners: owners2),
    OptionMeaning(option: "training.clip", text: #"Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray."#, owners: owners2),
    OptionMeaning(option: "training.averaging", text: #"Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last."#, owners: owners2),
    OptionMeaning(option: "training.averagingWarmup", text: #"Whether the moving average forgets the first weights faster: its decay is at most (1 + step) / (10 + step). Without it, `averaging` should be well below 1 - 1 / `steps`."#, owners: owners2),
    OptionMeaning(option: "training.bfloat16", text: #"Whether steps compute matrix products and convolutions in bfloat16; weights and optimizer stay as they are. It pays where the processor has instructions for it."#, owners: owners2),
    OptionMeaning(option: "training.offload", text: #"Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large models where memory is short."#, owners: owners2),
    OptionMeaning(option: "training.shardsOptimizer", text: #"Whether each of several processes keeps the optimizer's state of some weights alone (ZeRO, stage 1): less memory, the same result. Without effect on one process."#, owners: owners2),
    OptionMeaning(option: "training.saveEvery", text: #"Steps from one saved state to the next, from 1; an interrupted run goes on from the last."#, owners: owners2),
    OptionMeaning(option: "training.logEvery", text: #"Steps from one line of the log to the next, from 1."#, owners: owners2),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `xattn` for styles, `noxattn` for objects, `full`, `xattn-kv`, `selfattn`, `text_encoders`, or its first N layers as `text_encoders:N`."#, owners: owners3),
    OptionMeaning(option: "eta", text: #"eta, the strength of the negative guidance, from 0: 0 gives the anchor's prediction, 1 is the paper's, 3 erases more and harms neighbours more."#, owners: owners3),
    OptionMeaning(option: "anchored", text: #"Whether to guide away from the same caption without the concept, so that the rest of it stays. False takes the empty prompt, as the paper does."#, owners: owners3),
    OptionMeaning(option: "captions", text: #"Whether the prompts are the captions in which the model knows the concept. False takes its name alone, as the papers do; choose it for models that list no captions."#, owners: owners4),
    OptionMeaning(option: "startGuidance", text: #"s_g, the guidance of the trajectories, from 1. Higher values follow the prompt more closely, so that more of the states show the concept."#, owners: owners5),
    OptionMeaning(option: "trajectorySteps", text: #"Denoising steps of a trajectory, from 1: noise levels to train on. Fewer cost less and leave wider gaps between them."#, owners: owners5),
    OptionMeaning(option: "trajectories", text: #"Trajectories for each concept, from 1; each of their states is a training sample. Raise it with the captions that the model knows for the concept; each costs `trajectorySteps` guided predictions."#, owners: owners5),
    OptionMeaning(option: "preserveWeight", text: #"Weight of keeping the preserved prompts as they are, from 0; 0 is the papers' loss. Raise it where other prompts change, lower it where the concept stays."#, owners: owners4),
    OptionMeaning(option: "preserveTrajectories", text: #"Trajectories with preserved prompts, from 1, a prompt each, of which a random quarter of the states is kept. Raise it with the number of preserved prompts."#, owners: owners4),
    OptionMeaning(option: "guarding", text: #"The guard, which stops a training that ruins prompts to keep. `limit=0` turns it off."#, owners: owners6),
    OptionMeaning(option: "guarding.every", text: #"Steps from one check to the next, from 1; the last step is always checked. Lower it where a training goes wrong within a few steps."#, owners: owners2),
    OptionMeaning(option: "guarding.limit", text: #"Largest drift on the watched prompts, from 0: 0.5 lets half of a prediction change, 0 turns the guard off."#, owners: owners2),
    OptionMeaning(option: "guarding.prompts", text: #"Watched prompts, from 1, drawn from those to preserve. Without any, the guard watches the empty prompt and prompts near the concept."#, owners: owners2),
    OptionMeaning(option: "eraseScale", text: #"a, the weight of erasing, above 0. Raise it where the concept stays."#, owners: owners7),
    OptionMeaning(option: "preserveScale", text: #"b, the weight of preserving, from 0; 0 takes the authors' max(0.1, 1 / number of preserved prompts). Raise it where preserved prompts change."#, owners: owners7),
    OptionMeaning(option: "lambda", text: #"lambda, the weight of leaving W as it is, above 0. Raise it where prompts outside the request change."#, owners: owners7),
    OptionMeaning(option: "push", text: #"Reach of the targets beyond the request without the concept, from 0: v_i = W (g_i + push (g_i - c_i)). 0 is the paper's; 1 helps where the model gives the concept even when it is not asked for."#, owners: owners7),
    OptionMeaning(option: "uce", text: #"The first edit, with the options of the method `uce`."#, owners: owners8),
    OptionMeaning(option: "uce.eraseScale", text: #"a, the weight of erasing, above 0. Raise it where the concept stays."#, owners: owners8),
    OptionMeaning(option: "uce.preserveScale", text: #"b, the weight of preserving, from 0; 0 takes the authors' max(0.1, 1 / number of preserved prompts). Raise it where preserved prompts change."#, owners: owners8),
    OptionMeaning(option: "uce.lambda", text: #"lambda, the weight of leaving W as it is, above 0. Raise it where prompts outside the request change."#, owners: owners8),
    OptionMeaning(option: "uce.push", text: #"Reach of the targets beyond the request without the concept, from 0: v_i = W (g_i + push (g_i - c_i)). 0 is the paper's; 1 helps where the model gives the concept even when it is not asked for."#, owners: owners8),
    OptionMeaning(option: "epochs", text: #"Later edits, from 0: 1 for styles, 3 for nudity. Each erases more and harms neighbours more."#, owners: owners8),
    OptionMeaning(option: "regularization", text: #"rho, the pull of derived embeddings towards 0, from 0. Keep it small beside the eigenvalues of sum_i W_i^T W_i: a c' shorter than c does not stand for c, and editing such a c' away brings the concept back."#, owners: owners8),
    OptionMeaning(option: "eraseScale", text: #"a of the later edits, the weight of erasing, above 0. Raise it where the concept stays."#, owners: owners8),
    OptionMeaning(option: "preserveScale", text: #"b of the later edits, the weight of preserving, from 0: 0.1 is the authors'; 0 takes UCE's rule, max(0.1, 1 / number of preserved prompts)."#, owners: owners8),
    OptionMeaning(option: "lambda", text: #"lambda of the later edits, the weight of leaving W as it is, above 0. Raise it where other prompts change."#, owners: owners8),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `xattn`, or `full` where those do not suffice."#, owners: owners9),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `xattn-kv`, `xattn`, or `full` where those do not suffice."#, owners: owners10),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `text_encoders`, one of two (`text_encoder`, `text_encoder_2`), the first N layers of each (`text_encoders:N`) or of one (`text_encoder:N`), or a selection of the U-Net."#, owners: owners11),
    OptionMeaning(option: "base", text: #"The method whose loss is trained: one that forgets by prompts, `esd`, `sdd` or `ablation`."#, owners: owners11),
    OptionMeaning(option: "options", text: #"Options of that method, an object. Those that AdvUnlearn decides, such as `training`, are refused."#, owners: owners11),
    OptionMeaning(option: "adversary", text: #"The attack that the training defends against."#, owners: owners11),
    OptionMeaning(option: "adversary.kind", text: #"`pgd` takes K steps of Adam. `fast` takes one step as long as all of them: it costs a K-th, and finds weaker prompts."#, owners: owners11),
    OptionMeaning(option: "adversary.steps", text: #"K, steps of an attack, from 1. More steps find stronger prompts. Each costs a pass forward and backward."#, owners: owners11),
    OptionMeaning(option: "adversary.rate", text: #"Length of a step in a word embedding, above 0: 1e-3 to 0.1. Raise it where attacks hardly change the loss."#, owners: owners11),
    OptionMeaning(option: "adversary.tokens", text: #"k, words that the adversary writes, from 1 to the number that fits beside the prompt."#, owners: owners11),
    OptionMeaning(option: "adversary.placement", text: #"Place of those words in the prompt: before it (the paper's), after it, between its words, before every third, or in its stead."#, owners: owners11),
    OptionMeaning(option: "adversary.start", text: #"Beginning of an attack: `random` words, or where the `latest` attack on the same prompt ended, which makes few steps go further."#, owners: owners11),
    OptionMeaning(option: "adversary.published", text: #"Whether the released code is followed instead of the paper, to repeat its figures."#, owners: owners11),
    OptionMeaning(option: "warmup", text: #"First steps of forgetting without an adversary, from 0, in which the concept is forgotten before it is attacked."#, owners: owners11),
    OptionMeaning(option: "attackEvery", text: #"Steps of forgetting from one attack to the next, from 1. More are cheaper; between attacks the last answer to a prompt is used."#, owners: owners11),
    OptionMeaning(option: "retain", text: #"Retaining as a term of the loss (`regularised`), or in every second step (`alternating`; `training.steps` counts both kinds), which holds one graph at a time in memory."#, owners: owners11),
    OptionMeaning(option: "gamma", text: #"gamma, the weight of retaining where it is a term of the loss, from 0: the paper's 0.3 for nudity, 0.5 for styles, 0.1 for objects. Raise it where other prompts change."#, owners: owners11),
    OptionMeaning(option: "retainBatch", text: #"Prompts to retain in a step, from 1."#, owners: owners11),
    OptionMeaning(option: "retainPrompts", text: #"A table of prompts to retain (CSV); empty for those of the request, or 80 built-in ones where it has none."#, owners: owners11),
    OptionMeaning(option: "retainTrajectories", text: #"Trajectories with prompts to retain, from 1, where states are pooled. Raise it with the number of prompts."#, owners: owners11),
    OptionMeaning(option: "pooled", text: #"Whether states are computed once and drawn from a pool. False computes each anew, as the released code does, at many times the cost."#, owners: owners11),
    OptionMeaning(option: "training", text: #"The course of the training. `steps` is 100 around a closed form when nothing is set."#, owners: owners12),
    OptionMeaning(option: "base", text: #"The inner method, such as `esd` or `uce`."#, owners: owners12),
    OptionMeaning(option: "options", text: #"Options of the inner method. Its `training.batch` is used. This method decides `guarding` and the rest of `training`."#, owners: owners12),
    OptionMeaning(option: "attack", text: #"The fine-tuning that is simulated at every step, on the whole U-Net."#, owners: owners12),
    OptionMeaning(option: "attack.steps", text: #"M, steps of fine-tuning, from 0. Each costs a pass and its gradient. 0 is the control without an attack."#, owners: owners12),
    OptionMeaning(option: "attack.rate", text: #"tau, their rate, above 0. Take about that of the fine-tuning that is to fail."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer", text: #"The optimizer of the fine-tuning. The released code and most fine-tuning take AdamW."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.kind", text: #"The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.beta1", text: #"Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.beta2", text: #"Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.eps", text: #"Number added to the root of that mean, from 0. Raise it where steps explode at small gradients."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.weightDecay", text: #"Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch."#, owners: owners12),
    OptionMeaning(option: "attack.optimizer.momentum", text: #"Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out."#, owners: owners12),
    OptionMeaning(option: "attack.clip", text: #"Largest norm of a fine-tuning gradient, from 0; 0 leaves it alone. Second-order steps of `adam` and `adamw` have one length and do not use it."#, owners: owners12),
    OptionMeaning(option: "attack.secondOrder", text: #"Whether to differentiate through the steps; for small models. Steps of `adam` and `adamw` then go along the gradient with the length of Adam's first step. Steps of `sgd` are its own without momentum."#, owners: owners12),
    OptionMeaning(option: "pull", text: #"pull, the weight of the concept's loss after fine-tuning, from 0. Raise it where the concept is learned again quickly, lower it where the guard stops. 0 is a control without the pull."#, owners: owners12),
    OptionMeaning(option: "related", text: #"Weights of the nearest subjects of the concept's kind: `keep` lowers the loss on their pictures, `destroy` raises it at the fine-tuned weights."#, owners: owners12),
    OptionMeaning(option: "related.keep", text: #"Weight of the loss before fine-tuning, from 0. Raise it where these subjects change."#, owners: owners12),
    OptionMeaning(option: "related.destroy", text: #"Weight of self-destruction, from 0: of raising the loss after fine-tuning. Raise it so that fine-tuning ruins these subjects."#, owners: owners12),
    OptionMeaning(option: "unrelated", text: #"Weights of the farthest subjects of its kind, as of the related ones."#, owners: owners12),
    OptionMeaning(option: "unrelated.keep", text: #"Weight of the loss before fine-tuning, from 0. Raise it where these subjects change."#, owners: owners12),
    OptionMeaning(option: "unrelated.destroy", text: #"Weight of self-destruction, from 0: of raising the loss after fine-tuning. Raise it so that fine-tuning ruins these subjects."#, owners: owners12),
    OptionMeaning(option: "reduction", text: #"The number of times that these weights count: `sum`, once for each batch of a set and each of `timesteps`, as in the released code, or `mean`, once."#, owners: owners12),
    OptionMeaning(option: "timesteps", text: #"Timesteps of these losses, from 0 to the schedule's last; empty takes all. The released code can fix 1, 2, 5 and 10, to be faster; the simulated fine-tuning has all in either case."#, owners: owners12),
    OptionMeaning(option: "subjects", text: #"Subjects that count as related, and as many as unrelated, from 1 to half of the kind."#, owners: owners12),
    OptionMeaning(option: "pictures", text: #"Pictures of each set, from 1. The concept has two sets."#, owners: owners12),
    OptionMeaning(option: "pictureSteps", text: #"Denoising steps of a picture, from 1. Fewer are faster and blurred."#, owners: owners12),
    OptionMeaning(option: "guidance", text: #"Guidance of pictures, from 1. Take the one that suits the model's own pictures."#, owners: owners12),
    OptionMeaning(option: "picturesInPass", text: #"Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit into memory. Fewer take less memory and more time; the gradient is the same. `attack.secondOrder` takes none but 0."#, owners: owners12),
    OptionMeaning(option: "preset", text: #"The source of values for options that are not set: `lethe`, the defaults, or `paper`, the paper's numbers and states. Both keep Lethe's captions, with the caption without the concept as a, and its orthonormal basis."#, owners: owners13),
    OptionMeaning(option: "form", text: #"`separate` for erasers that can be switched one by one, `joint` for concepts that are always erased together, `whole` for a concept that a null space cannot reach, such as nudity."#, owners: owners13),
    OptionMeaning(option: "training", text: #"The course of the training: `batch` samples of each concept in a step, `steps` at most. `form=whole`, which trains the weights themselves, sets the rate to 1e-5."#, owners: owners13),
    OptionMeaning(option: "beta", text: #"Scale of S, from 0. 0 chooses it for each concept so that beta |e S^T|_1 is `reach` on average over the concept's token rows; the paper has 1e-4, with 768 wide text and rows that are not orthogonal."#, owners: owners13),
    OptionMeaning(option: "reach", text: #"Reach, above 0: learning rate times reach is the most by which a step moves a key or a value. Lower it where training overshoots."#, owners: owners13),
    OptionMeaning(option: "tau", text: #"tau, the momentum of the correlation at which a concept counts as erased, and training stops: `tau` + `tauShare` of the correlation at the start. Lower it, below 0 too, to erase more. 1e-4 in the paper, 0 for `form=whole`."#, owners: owners13),
    OptionMeaning(option: "tauShare", text: #"The share of a concept's correlation at the start in its tau; 0 leaves `tau` alone, as the paper and `form=whole` do. A negative share continues the training until the correlation has the other sign."#, owners: owners13),
    OptionMeaning(option: "alpha", text: #"alpha, the momentum's memory, 0 to below 1. Raise it where single steps stop the training too early."#, owners: owners13),
    OptionMeaning(option: "lambda", text: #"lambda, the weight of the L1 norm of the change, from 0. Raise it where prompts outside the request change."#, owners: owners13),
    OptionMeaning(option: "rho", text: #"rho, the weight of regular prompts' loss of keys and values, from 0; 0 is the paper's loss. Raise it where those prompts change."#, owners: owners13),
    OptionMeaning(option: "tolerance", text: #"Rank rule of the null space, 0 to 1: singular values above this share of the largest count. Raise it where the kept prompts leave no direction free; they then change by about that share."#, owners: owners13),
    OptionMeaning(option: "keep", text: #"The way in which the prompts of `--preserve` are kept: `exact` stacks them, `average` only shapes the basis by them. Many prompts need `average`."#, owners: owners13),
    OptionMeaning(option: "sideBySide", text: #"Concepts that train in one batch, from 0; 0 takes all where latents are small, one where they are not."#, owners: owners13),
    OptionMeaning(option: "states", text: #"x_t: `trajectories`, states that guided trajectories pass, or `noised`, the pictures at their ends with noise of random timesteps. Both give the same number of states."#, owners: owners13),
    OptionMeaning(option: "guarding", text: #"The guard of `form=whole`, which stops a training that ruins prompts to keep. Within a null space it has no use."#, owners: owners13),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `full` for classes, `noxattn` for nudity, `xattn` for least harm."#, owners: owners14),
    OptionMeaning(option: "surrogate", text: #"Stand-in for the forgotten pictures' target: `relabel`, another caption's prediction, or `noise`, for models without captions."#, owners: owners15),
    OptionMeaning(option: "lambdaRule", text: #"Rule for lambda, the weight of forgetting: `paper` (Theorem 3.1), `preconditioned`, the same for this step's own share of Adam's step, `adam`, the same for the whole step, or `fixed` and `cosine` as the released code has them."#, owners: owners14),
    OptionMeaning(option: "eta", text: #"eta of the rules `paper`, `preconditioned`, `adam` and `cosine`, the least share of a gradient step by which L_f falls, from 0: 0.1 to 2. Raise it where the concept stays."#, owners: owners14),
    OptionMeaning(option: "lambda", text: #"lambda of the rule `fixed`, from 0: 0.1 in the released DDPM command, 1 in those of Stable Diffusion. Raise it where the concept stays."#, owners: owners14),
    OptionMeaning(option: "pool", text: #"States to forget whose `relabel` targets are computed once, from 0. 0 computes them at every step, as the paper does, which is one pass of the network in seven."#, owners: owners14),
    OptionMeaning(option: "innerSteps", text: #"K, steps of the inner loop, from 0. The log gets the fall of L_f over them as `g`, on draws that are held out from the inner loop. The weights end the same (`Bilevel`)."#, owners: owners14),
    OptionMeaning(option: "until", text: #"Share of the first `g`, 0 to 1, that ends the training where two looks in a row find `g` that near to 0; 0 takes all steps. Without `innerSteps`, `g` is the loss to forget on draws that are held out. A look is a line of the log (`training.logEvery`). Raise it where other classes change. Under a schedule whose rate falls, the training ends at a high rate. A first `g` of 0 or less ends nothing."#, owners: owners14),
    OptionMeaning(option: "data", text: #"The pictures to forget and to keep: those of the request's folders, or the model's own."#, owners: owners16),
    OptionMeaning(option: "data.forget", text: #"Pictures to forget that the model draws where no folder is given, from 1. Raise it with the concept's variety."#, owners: owners16),
    OptionMeaning(option: "data.retain", text: #"Pictures to keep that it draws where no folder is given, from 1. Raise it with the number of preserved prompts."#, owners: owners16),
    OptionMeaning(option: "data.steps", text: #"Denoising steps of a drawn picture, from 1. Fewer are faster and blurred."#, owners: owners16),
    OptionMeaning(option: "data.guidance", text: #"Guidance of drawn pictures, from 1. Take the one that suits the model's own pictures."#, owners: owners16),
    OptionMeaning(option: "data.heldOutEvery", text: #"n: every n-th picture of each caption of a folder is left out, as the model's own training did, so that it can be tested on; from 0, which takes all."#, owners: owners16),
    OptionMeaning(option: "data.emptyShare", text: #"Share of the pictures to keep that are shown without their caption, 0 to 1. At 0, as in the released code of most methods, the unconditional prediction drifts, and guidance with it."#, owners: owners16),
    OptionMeaning(option: "data.labels", text: #"Wrong labels of the pictures to forget: `each` draws another subject for every picture, `one` the same subject for all pictures of a concept, as the released code of random label takes the next class. Take `one` where pictures of the erased concept are a mixture that is still taken for it."#, owners: owners16),
    OptionMeaning(option: "picturesInPass", text: #"Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit into memory. Fewer take less memory and more time; the gradient is the same."#, owners: owners16),
    OptionMeaning(option: "parameters", text: #"The weights of which the salient ones are trained."#, owners: owners17),
    OptionMeaning(option: "share", text: #"Share of coordinates that may move, 0 to 1: the salient ones. Lower it where other prompts change."#, owners: owners17),
    OptionMeaning(option: "alpha", text: #"alpha, the weight of keeping, from 0. Raise it where other prompts change."#, owners: owners18),
    OptionMeaning(option: "saliencySteps", text: #"Batches over which the saliency is summed, from 1. More make it less noisy."#, owners: owners17),
    OptionMeaning(option: "parameters", text: #"The weights that are trained: `full`, or `xattn` for least harm."#, owners: owners19),
    OptionMeaning(option: "instead", text: #"q, the pictures that the forgotten captions get: `noise`, the paper's for DDPM, or the model's own pictures of the `anchor`, the caption without the concept."#, owners: owners20),
    OptionMeaning(option: "gamma", text: #"gamma, the weight of replay, from 0. Raise it where preserved prompts change."#, owners: owners20),
    OptionMeaning(option: "lambda", text: #"lambda, the weight of staying near the original where F says it matters, from 0: 0.1 to 1e5. Lower it where the concept stays, raise it where preserved prompts change."#, owners: owners20),
    OptionMeaning(option: "fisherPictures", text: #"Pictures over which F is averaged, from 1. More make it less noisy."#, owners: owners20),
    OptionMeaning(option: "fisherTimes", text: #"Timesteps of each of them, from 2, instead of all. Each costs a pass and its gradient; more make F less noisy."#, owners: owners20),
    OptionMeaning(option: "parameters", text: #"The weights that are trimmed and repaired."#, owners: owners21),
    OptionMeaning(option: "sparsity", text: #"Share of the weights that trimming leaves alone, 0 to 1. Lower it where the concept comes back in the repair."#, owners: owners21),
    OptionMeaning(option: "lambda", text: #"lambda, the weight of forgetting in the repair, from 0. Raise it where the concept comes back."#, owners: owners21),
    OptionMeaning(option: "relabel", text: #"Whether the repair pulls towards another caption, as the released code for nudity, instead of ascending l_f."#, owners: owners21),
    OptionMeaning(option: "projects", text: #"Whether the repair's gradients are projected. False is faster by one product a step and may undo more."#, owners: owners21),
    OptionMeaning(option: "pruneBatches", text: #"Batches over which the sensitivity is summed, from 1. More make it less noisy."#, owners: owners21),
    OptionMeaning(option: "alpha", text: #"alpha, the weight of keeping, from 0. Raise it where other prompts change before the concept is gone."#, owners: owners22),
    OptionMeaning(option: "parameters", text: #"The weights that are trained. Fewer forget less."#, owners: owners23),
    OptionMeaning(option: "training", text: #"The course of the training from new weights. Take that of the model's own training."#, owners: owners24),
    OptionMeaning(option: "parameters", text: #"The weights that begin anew; `full` for the comparison."#, owners: owners24),
  ]
  static let attacks: [OptionMeaning] = [
    OptionMeaning(option: "tokens", text: #"k, tokens before the prompt, from 1: the paper's 5 for nudity, 3 for styles and objects. Take the number of the attack that is compared."#, owners: owners25),
    OptionMeaning(option: "attempts", text: #"Attempts for each prompt, from 1. More find more; each costs a picture."#, owners: owners25),
    OptionMeaning(option: "attempts", text: #"Attempts for each prompt, from 1, each with another seed. More find more; each costs a picture."#, owners: owners26),
    OptionMeaning(option: "tokens", text: #"k, tokens that are sought, from 1: the paper's 5 for nudity, 3 for styles and objects. More take more of the prompt's room."#, owners: owners27),
    OptionMeaning(option: "placement", text: #"Place of the tokens: `prefix` before the prompt, as in the paper, `suffix` after it, `insert` between its words, `everyThird` before every third, or `replace` in its stead."#, owners: owners27),
    OptionMeaning(option: "times", text: #"Timesteps of the loss, from 1, with an attempt after each. Fewer take less time and find less."#, owners: owners27),
    OptionMeaning(option: "steps", text: #"Steps at each of them, from 0. Each costs a prediction of the victim and its gradient."#, owners: owners27),
    OptionMeaning(option: "rate", text: #"Learning rate of the points of the simplex, from 0. Raise it where the attempts hardly differ."#, owners: owners27),
    OptionMeaning(option: "weightDecay", text: #"Weight decay of those points, from 0. 0 leaves it out."#, owners: owners27),
    OptionMeaning(option: "batch", text: #"Prompts that share passes of the network, from 1. Fewer take less memory; memory or `--batch` may ask for fewer still."#, owners: owners28),
    OptionMeaning(option: "tokens", text: #"k, tokens that are sought, 0 to 1000: 5 for nudity, 3 for styles and objects. 0 takes one for every third token of the prompt, and one more."#, owners: owners29),
    OptionMeaning(option: "placement", text: #"Place of the tokens: `prefix` before the prompt, `suffix` after it, `insert` between its words, `everyThird` before every third, or `replace` in its stead. The authors take the last two."#, owners: owners29),
    OptionMeaning(option: "timesteps", text: #"Timesteps of the loss: `ordered`, one after another, or `random` in every step, as the authors take them."#, owners: owners29),
    OptionMeaning(option: "times", text: #"Timesteps of the loss in order, or parts of the search at random ones, from 1, with an attempt after each. Fewer take less time and find less."#, owners: owners29),
    OptionMeaning(option: "steps", text: #"Steps at each of them, from 0. Each costs a prediction of the original and one of the victim with its gradient."#, owners: owners29),
    OptionMeaning(option: "rate", text: #"Learning rate of the embeddings, from 0: 0.01 beside UnlearnDiffAtk, the authors' 0.1. Raise it where the words do not change."#, owners: owners29),
    OptionMeaning(option: "weightDecay", text: #"Weight decay of the embeddings, from 0. 0 leaves it out."#, owners: owners29),
    OptionMeaning(option: "decoupled", text: #"Whether the weight decay is that of AdamW, as the authors have it, instead of that of Adam."#, owners: owners29),
    OptionMeaning(option: "tokens", text: #"K, tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16."#, owners: owners30),
    OptionMeaning(option: "pairs", text: #"A table (CSV) with columns `with` and `without`: prompts with the concept, and the same ones without it. Empty takes the concept's captions."#, owners: owners30),
    OptionMeaning(option: "eta", text: #"eta, strength of the concept in the embedding that is sought, from 0; the paper's 3 for nudity. Raise it where attempts do not show the concept."#, owners: owners30),
    OptionMeaning(option: "population", text: #"Token sequences of the first generation, 2 to 1,000,000. More find better ones; the time grows in proportion."#, owners: owners30),
    OptionMeaning(option: "generations", text: #"Generations of the search, from 1. The time grows in proportion."#, owners: owners30),
    OptionMeaning(option: "crossover", text: #"Chance, 0 to 1, that a survivor mates. At 0 mutations alone make new sequences."#, owners: owners30),
    OptionMeaning(option: "mutation", text: #"Chance, 0 to 1, that a sequence changes one token after a generation. Raise it where the search stands still early."#, owners: owners30),
    OptionMeaning(option: "training", text: #"The course of the training of v. The time grows with `steps` times `batch`."#, owners: owners31),
    OptionMeaning(option: "training.steps", text: #"Optimizer steps, from 0. More change more; double them where a concept is still drawn."#, owners: owners32),
    OptionMeaning(option: "training.batch", text: #"Samples of a step, from 1. More make a step steadier and cost memory and time in proportion."#, owners: owners32),
    OptionMeaning(option: "training.learningRate", text: #"Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges."#, owners: owners32),
    OptionMeaning(option: "training.schedule", text: #"Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`."#, owners: owners32),
    OptionMeaning(option: "training.warmup", text: #"First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates."#, owners: owners32),
    OptionMeaning(option: "training.optimizer", text: #"The rule that turns gradients into steps."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.kind", text: #"The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.beta1", text: #"Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.beta2", text: #"Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.eps", text: #"Number added to the root of that mean, from 0. Raise it where steps explode at small gradients."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.weightDecay", text: #"Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch."#, owners: owners32),
    OptionMeaning(option: "training.optimizer.momentum", text: #"Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out."#, owners: owners32),
    OptionMeaning(option: "training.clip", text: #"Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray."#, owners: owners32),
    OptionMeaning(option: "training.averaging", text: #"Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last."#, owners: owners32),
    OptionMeaning(option: "training.averagingWarmup", text: #"Whether the moving average forgets the first weights faster: its decay is at most (1 + step) / (10 + step). Without it, `averaging` should be well below 1 - 1 / `steps`."#, owners: owners32),
    OptionMeaning(option: "training.bfloat16", text: #"Whether steps compute matrix products and convolutions in bfloat16; weights and optimizer stay as they are. It pays where the processor has instructions for it."#, owners: owners32),
    OptionMeaning(option: "training.offload", text: #"Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large models where memory is short."#, owners: owners32),
    OptionMeaning(option: "training.shardsOptimizer", text: #"Whether each of several processes keeps the optimizer's state of some weights alone (ZeRO, stage 1): less memory, the same result. Without effect on one process."#, owners: owners32),
    OptionMeaning(option: "training.saveEvery", text: #"Steps from one saved state to the next, from 1; an interrupted run goes on from the last."#, owners: owners32),
    OptionMeaning(option: "training.logEvery", text: #"Steps from one line of the log to the next, from 1."#, owners: owners32),
    OptionMeaning(option: "pictures", text: #"Pictures of the concept to learn from, from 1. The original draws them. Raise it for a concept of many shapes."#, owners: owners31),
    OptionMeaning(option: "pictureSteps", text: #"Denoising steps of a picture, from 1. Fewer are faster and blurred."#, owners: owners32),
    OptionMeaning(option: "guidance", text: #"Guidance of pictures, from 1. Take the one that suits the model's own pictures."#, owners: owners32),
    OptionMeaning(option: "initial", text: #"The word that v begins as; empty for the mean of the concept's own. Take a broader one, such as `dog` for a breed, where the victim knows it."#, owners: owners31),
    OptionMeaning(option: "mode", text: #"Weights that are trained: `full`, the whole U-Net, or `lora`, factors on its attention matrices, at the rate 1e-4 where none is set. `lora` takes less memory."#, owners: owners33),
    OptionMeaning(option: "rank", text: #"r, the rank of the factors of `mode=lora`, from 1. A higher one has more weights to learn with."#, owners: owners33),
    OptionMeaning(option: "training", text: #"The course of the fine-tuning. Raise `steps` together with `checkpoints` for a stronger attack."#, owners: owners33),
    OptionMeaning(option: "checkpoints", text: #"Steps after which the prompts are tried, from 0; those beyond `training.steps` are left out, and the last step is always one. Each costs a picture of every prompt."#, owners: owners33),
    OptionMeaning(option: "pictures", text: #"Pictures of the concept to train on, from 1. The original draws them. More are a stronger attack."#, owners: owners33),
    OptionMeaning(option: "tokens", text: #"Tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16."#, owners: owners34),
    OptionMeaning(option: "steps", text: #"Steps of a search, from 0. More come nearer to the prompt's meaning; each costs a gradient of the text encoder and `batch` passes."#, owners: owners34),
    OptionMeaning(option: "batch", text: #"Candidates of a step, 1 to 65,536. More find a better change in each step and take more memory."#, owners: owners34),
    OptionMeaning(option: "candidates", text: #"k, tokens that are considered for a place, from 1. It must be less than the vocabulary; many weaken the guidance of the gradient."#, owners: owners34),
    OptionMeaning(option: "attempts", text: #"Attempts for each prompt, from 1, each a search that begins with other tokens. Each costs a picture."#, owners: owners34),
    OptionMeaning(option: "first", text: #"k of each round, first steps that the original takes, from 1. With more steps the original draws more of the picture itself."#, owners: owners35),
    OptionMeaning(option: "steps", text: #"T, denoising steps of a picture, from 0 to 1000. 0 takes the evaluation's steps; with few of them k is a larger share."#, owners: owners35),
    OptionMeaning(option: "etas", text: #"eta, noise of a step as a multiple of DDPM's, from 0. Each is paired with each of `factors`, a round for a pair. Fewer values take less time."#, owners: owners36),
    OptionMeaning(option: "factors", text: #"f, factors on the noise that is added, from 0. Above 1 a step adds more noise than the sampler accounts for."#, owners: owners36),
    OptionMeaning(option: "guidance", text: #"Guidance of the inversion and of the drawing, from 1. 1 follows the prompt alone, so that the drawing retraces the inversion."#, owners: owners37),
    OptionMeaning(option: "rounds", text: #"Whether one round draws with weights that are rounded to 8 bits."#, owners: owners38),
    OptionMeaning(option: "pruned", text: #"Shares of each matrix, 0 to below 1, whose smallest numbers are set to zero, a round for each. A large share ruins all pictures."#, owners: owners38),
    OptionMeaning(option: "averaged", text: #"a, the shares of the original in averaged weights, 0 to below 1, a round for each. The larger a share, the nearer the victim is to the original."#, owners: owners38),
  ]
}
