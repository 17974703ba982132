// scripts/options.py writes this file from the comments in Sources.

/// The meanings of options, by catalog: lines of names, option and meaning.
enum OptionMeanings {
  static let methods = #"""
    esd,sdd,ablation,advunlearn,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune|training|The course of the training. More `steps` forget more; a lower `learningRate` harms other prompts less.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.steps|Optimizer steps, from 0. More change more; double them where a concept is still drawn.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.batch|Samples of a step, from 1. More make a step steadier and cost memory and time in proportion.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.learningRate|Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.schedule|Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.warmup|First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer|The rule that turns gradients into steps.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.kind|The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.beta1|Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.beta2|Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.eps|Number added to the root of that mean, from 0. Raise it where steps explode at small gradients.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.weightDecay|Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.optimizer.momentum|Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.clip|Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.averaging|Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.averagingWarmup|Whether the moving average forgets the first weights faster: its decay is at most (1 + step) / (10 + step). Without it, `averaging` should be well below 1 - 1 / `steps`.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.bfloat16|Whether steps compute matrix products and convolutions in bfloat16; weights and optimizer stay as they are. It pays where the processor has instructions for it.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.offload|Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large models where memory is short.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.shardsOptimizer|Whether each of several processes keeps the optimizer's state of some weights alone (ZeRO, stage 1): less memory, the same result. Without effect on one process.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.saveEvery|Steps from one saved state to the next, from 1; an interrupted run goes on from the last.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|training.logEvery|Steps from one line of the log to the next, from 1.
    esd|parameters|The weights that are trained: `xattn` for styles, `noxattn` for objects, `full`, `xattn-kv`, `selfattn`, `text_encoders`, or its first N layers as `text_encoders:N`.
    esd|eta|eta, the strength of the negative guidance, from 0: 0 gives the anchor's prediction, 1 is the paper's, 3 erases more and harms neighbours more.
    esd|anchored|Whether to guide away from the same caption without the concept, so that the rest of it stays. False takes the empty prompt, as the paper does.
    esd,ablation|captions|Whether the prompts are the captions in which the model knows the concept. False takes its name alone, as the papers do; choose it for models that list no captions.
    esd,sdd,ablation,sepme|startGuidance|s_g, the guidance of the trajectories, from 1. Higher values follow the prompt more closely, so that more of the states show the concept.
    esd,sdd,ablation,sepme|trajectorySteps|Denoising steps of a trajectory, from 1: noise levels to train on. Fewer cost less and leave wider gaps between them.
    esd,sdd,ablation,sepme|trajectories|Trajectories for each concept, from 1; each of their states is a training sample. Raise it with the captions that the model knows for the concept; each costs `trajectorySteps` guided predictions.
    esd,sdd,ablation|preserveWeight|Weight of keeping the preserved prompts as they are, from 0; 0 is the papers' loss. Raise it where other prompts change, lower it where the concept stays.
    esd,sdd,ablation|preserveTrajectories|Trajectories with preserved prompts, from 1, a prompt each, of which a random quarter of the states is kept. Raise it with the number of preserved prompts.
    esd,sdd,ablation,advunlearn,meta,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|guarding|The guard, which stops a training that ruins prompts to keep. `limit=0` turns it off.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|guarding.every|Steps from one check to the next, from 1; the last step is always checked. Lower it where a training goes wrong within a few steps.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|guarding.limit|Largest drift on the watched prompts, from 0: 0.5 lets half of a prediction change, 0 turns the guard off.
    esd,sdd,ablation,advunlearn,meta,sepme,erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|guarding.prompts|Watched prompts, from 1, drawn from those to preserve. Without any, the guard watches the empty prompt and prompts near the concept.
    uce|eraseScale|a, the weight of erasing, above 0. Raise it where the concept stays.
    uce|preserveScale|b, the weight of preserving, from 0; 0 takes the authors' max(0.1, 1 / number of preserved prompts). Raise it where preserved prompts change.
    uce|lambda|lambda, the weight of leaving W as it is, above 0. Raise it where prompts outside the request change.
    uce|push|Reach of the targets beyond the request without the concept, from 0: v_i = W (g_i + push (g_i - c_i)). 0 is the paper's; 1 helps where the model gives the concept even when it is not asked for.
    rece|uce|The first edit, with the options of the method `uce`.
    rece|uce.eraseScale|a, the weight of erasing, above 0. Raise it where the concept stays.
    rece|uce.preserveScale|b, the weight of preserving, from 0; 0 takes the authors' max(0.1, 1 / number of preserved prompts). Raise it where preserved prompts change.
    rece|uce.lambda|lambda, the weight of leaving W as it is, above 0. Raise it where prompts outside the request change.
    rece|uce.push|Reach of the targets beyond the request without the concept, from 0: v_i = W (g_i + push (g_i - c_i)). 0 is the paper's; 1 helps where the model gives the concept even when it is not asked for.
    rece|epochs|Later edits, from 0: 1 for styles, 3 for nudity. Each erases more and harms neighbours more.
    rece|regularization|rho, the pull of derived embeddings towards 0, from 0. Keep it small beside the eigenvalues of sum_i W_i^T W_i: a c' shorter than c does not stand for c, and editing such a c' away brings the concept back.
    rece|eraseScale|a of the later edits, the weight of erasing, above 0. Raise it where the concept stays.
    rece|preserveScale|b of the later edits, the weight of preserving, from 0: 0.1 is the authors'; 0 takes UCE's rule, max(0.1, 1 / number of preserved prompts).
    rece|lambda|lambda of the later edits, the weight of leaving W as it is, above 0. Raise it where other prompts change.
    sdd|parameters|The weights that are trained: `xattn`, or `full` where those do not suffice.
    ablation|parameters|The weights that are trained: `xattn-kv`, `xattn`, or `full` where those do not suffice.
    advunlearn|parameters|The weights that are trained: `text_encoders`, one of two (`text_encoder`, `text_encoder_2`), the first N layers of each (`text_encoders:N`) or of one (`text_encoder:N`), or a selection of the U-Net.
    advunlearn|base|The method whose loss is trained: one that forgets by prompts, `esd` or `ablation`.
    advunlearn|options|Options of that method, an object. Those that AdvUnlearn decides, such as `training`, are refused.
    advunlearn|adversary|The attack that the training defends against.
    advunlearn|adversary.kind|`pgd` takes K steps of Adam. `fast` takes one step as long as all of them: it costs a K-th, and finds weaker prompts.
    advunlearn|adversary.steps|K, steps of an attack, from 1. More steps find stronger prompts. Each costs a pass forward and backward.
    advunlearn|adversary.rate|Length of a step in a word embedding, above 0: 1e-3 to 0.1. Raise it where attacks hardly change the loss.
    advunlearn|adversary.tokens|k, words that the adversary writes, from 1 to the number that fits beside the prompt.
    advunlearn|adversary.placement|Place of those words in the prompt: before it (the paper's), after it, between its words, before every third, or in its stead.
    advunlearn|adversary.start|Beginning of an attack: `random` words, or where the `latest` attack on the same prompt ended, which makes few steps go further.
    advunlearn|adversary.published|Whether the released code is followed instead of the paper, to repeat its figures.
    advunlearn|cleanSteps|First steps of forgetting without an adversary, from 0, in which the concept is forgotten before it is attacked.
    advunlearn|attackEvery|Steps of forgetting from one attack to the next, from 1. More are cheaper; between attacks the last answer to a prompt is used.
    advunlearn|retain|Retaining as a term of the loss (`regularised`), or in every second step (`alternating`; `training.steps` counts both kinds), which holds one graph at a time in memory.
    advunlearn|gamma|gamma, the weight of retaining where it is a term of the loss, from 0: the paper's 0.3 for nudity, 0.5 for styles, 0.1 for objects. Raise it where other prompts change.
    advunlearn|retainBatch|Prompts to retain in a step, from 1.
    advunlearn|retainPrompts|A table of prompts to retain (CSV); empty for those of the request, or 80 built-in ones where it has none.
    advunlearn|retainTrajectories|Trajectories with prompts to retain, from 1, where states are pooled. Raise it with the number of prompts.
    advunlearn|pooled|Whether states are computed once and drawn from a pool. False computes each anew, as the released code does, at many times the cost.
    meta|training|The course of the training. `steps` is 100 around a closed form when nothing is set.
    meta|base|The inner method, such as `esd` or `uce`.
    meta|options|Options of the inner method. Its `training.batch` is used. This method decides `guarding` and the rest of `training`.
    meta|attack|The fine-tuning that is simulated at every step, on the whole U-Net.
    meta|attack.steps|M, steps of fine-tuning, from 0. Each costs a pass and its gradient. 0 is the control without an attack.
    meta|attack.rate|tau, their rate, above 0. Take about that of the fine-tuning that is to fail.
    meta|attack.optimizer|The optimizer of the fine-tuning. The released code and most fine-tuning take AdamW.
    meta|attack.optimizer.kind|The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory.
    meta|attack.optimizer.beta1|Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often.
    meta|attack.optimizer.beta2|Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps.
    meta|attack.optimizer.eps|Number added to the root of that mean, from 0. Raise it where steps explode at small gradients.
    meta|attack.optimizer.weightDecay|Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch.
    meta|attack.optimizer.momentum|Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out.
    meta|attack.clip|Largest norm of a fine-tuning gradient, from 0; 0 leaves it alone. Second-order steps of `adam` and `adamw` have one length and do not use it.
    meta|attack.secondOrder|Whether to differentiate through the steps; for small models. Steps of `adam` and `adamw` then go along the gradient with the length of Adam's first step. Steps of `sgd` are its own without momentum.
    meta|pull|pull, the weight of the concept's loss after fine-tuning, from 0. Raise it where the concept is learned again quickly, lower it where the guard stops. 0 is a control without the pull.
    meta|related|Weights of the nearest subjects of the concept's kind: `keep` lowers the loss on their pictures, `destroy` raises it at the fine-tuned weights.
    meta|related.keep|Weight of the loss before fine-tuning, from 0. Raise it where these subjects change.
    meta|related.destroy|Weight of raising the loss after fine-tuning, from 0. Raise it so that fine-tuning ruins these subjects.
    meta|unrelated|Weights of the farthest subjects of its kind, as of the related ones.
    meta|unrelated.keep|Weight of the loss before fine-tuning, from 0. Raise it where these subjects change.
    meta|unrelated.destroy|Weight of raising the loss after fine-tuning, from 0. Raise it so that fine-tuning ruins these subjects.
    meta|reduction|The number of times that these weights count: `sum`, once for each batch of a set and each of `timesteps`, as in the released code, or `mean`, once.
    meta|timesteps|Timesteps of these losses, from 0 to the schedule's last; empty takes all. The released code can fix 1, 2, 5 and 10, to be faster; the simulated fine-tuning has all in either case.
    meta|subjects|Subjects that count as related, and as many as unrelated, from 1 to half of the kind.
    meta|pictures|Pictures of each set, from 1. The concept has two sets.
    meta|pictureSteps|Denoising steps of a picture, from 1. Fewer are faster and blurred.
    meta|guidance|Guidance of pictures, from 1. Take the one that suits the model's own pictures.
    meta|picturesInPass|Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit into memory. Fewer take less memory and more time; the gradient is the same. `attack.secondOrder` takes none but 0.
    sepme|preset|The source of values for options that are not set: `lethe`, the defaults, or `paper`.
    sepme|form|`separate` for erasers that can be switched one by one, `joint` for concepts that are always erased together, `whole` for a concept that a null space cannot reach, such as nudity.
    sepme|training|The course of the training: `batch` samples of each concept in a step, `steps` at most. `form=whole`, which trains the weights themselves, sets the rate to 1e-5.
    sepme|beta|Scale of S, from 0. 0 chooses it for each concept so that beta |e S^T|_1 is `reach` on average over the concept's token rows; the paper has 1e-4, with 768 wide text and rows that are not orthogonal.
    sepme|reach|Reach, above 0: learning rate times reach is the most by which a step moves a key or a value. Lower it where training overshoots.
    sepme|tau|tau, the momentum of the correlation at which a concept counts as erased, and training stops: `tau` + `tauShare` of the correlation at the start. Lower it, below 0 too, to erase more. 1e-4 in the paper, 0 for `form=whole`.
    sepme|tauShare|The share of a concept's correlation at the start in its tau; 0 leaves `tau` alone, as the paper and `form=whole` do. A negative share continues the training until the correlation has the other sign.
    sepme|alpha|alpha, the momentum's memory, 0 to below 1. Raise it where single steps stop the training too early.
    sepme|lambda|lambda, the weight of the L1 norm of the change, from 0. Raise it where prompts outside the request change.
    sepme|rho|rho, the weight of regular prompts' loss of keys and values, from 0; 0 is the paper's loss. Raise it where those prompts change.
    sepme|tolerance|Rank rule of the null space, 0 to 1: singular values above this share of the largest count. Raise it where the kept prompts leave no direction free; they then change by about that share.
    sepme|keep|The way in which the prompts of `--preserve` are kept: `exact` stacks them, `average` only shapes the basis by them. Many prompts need `average`.
    sepme|sideBySide|Concepts that train in one batch, from 0; 0 takes all where latents are small, one where they are not.
    sepme|states|x_t: `trajectories`, states that guided trajectories pass, or `noised`, the pictures at their ends with noise of random timesteps. Both give the same number of states.
    sepme|guarding|The guard of `form=whole`, which stops a training that ruins prompts to keep. Within a null space it has no use.
    erasediff|parameters|The weights that are trained: `full` for classes, `noxattn` for nudity, `xattn` for least harm.
    erasediff,munba|surrogate|Stand-in for the forgotten pictures' target: `relabel`, another caption's prediction, or `noise`, for models without captions.
    erasediff|rule|Rule for lambda: `paper` (Theorem 3.1), or `fixed` and `cosine` as the released code has them.
    erasediff|eta|eta, the least share of a gradient step by which L_f falls, from 0: 0.1 to 2. Raise it where the concept stays. With `rule=fixed` it is lambda itself: 0.1 in the released DDPM command, 1 in those of Stable Diffusion.
    erasediff|pool|States to forget whose `relabel` targets are computed once, from 0. 0 computes them at every step, as the paper does, which is one pass of the network in seven.
    erasediff|innerSteps|K, steps of the inner loop, from 0. The log gets the fall of L_f over them as `g`, on draws that are held out from the inner loop. The weights end the same (`Bilevel`).
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data|The pictures to forget and to keep: those of the request's folders, or the model's own.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.forget|Pictures to forget that the model draws where no folder is given, from 1. Raise it with the concept's variety.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.retain|Pictures to keep that it draws where no folder is given, from 1. Raise it with the number of preserved prompts.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.steps|Denoising steps of a drawn picture, from 1. Fewer are faster and blurred.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.guidance|Guidance of drawn pictures, from 1. Take the one that suits the model's own pictures.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.heldOutEvery|n: every n-th picture of each caption of a folder is left out, as the model's own training did, so that it can be tested on; from 0, which takes all.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.emptyShare|Share of the pictures to keep that are shown without their caption, 0 to 1. At 0, as in the released code of most methods, the unconditional prediction drifts, and guidance with it.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|data.labels|Wrong labels of the pictures to forget: `each` draws another subject for every picture, `one` the same subject for all pictures of a concept, as the released code of random label takes the next class. Take `one` where pictures of the erased concept are a mixture that is still taken for it.
    erasediff,salun,randomlabel,amnesia,scissorhands,munba,ascent,finetune,retrain|picturesInPass|Pictures that go through the network at once, from 0. 0 takes a batch whole, or of a large model as many as fit into memory. Fewer take less memory and more time; the gradient is the same.
    salun|parameters|The weights of which the salient ones are trained.
    salun|share|Share of coordinates that may move, 0 to 1: the salient ones. Lower it where other prompts change.
    salun,randomlabel|alpha|alpha, the weight of keeping, from 0. Raise it where other prompts change.
    salun|saliencySteps|Batches over which the saliency is summed, from 1. More make it less noisy.
    randomlabel,amnesia,munba,ascent|parameters|The weights that are trained: `full`, or `xattn` for least harm.
    amnesia|instead|q, the pictures that the forgotten captions get: `noise`, the paper's for DDPM, or the model's own pictures of the `anchor`, the caption without the concept.
    amnesia|gamma|gamma, the weight of replay, from 0. Raise it where preserved prompts change.
    amnesia|lambda|lambda, the weight of staying near the original where F says it matters, from 0: 0.1 to 1e5. Lower it where the concept stays, raise it where preserved prompts change.
    amnesia|fisherPictures|Pictures over which F is averaged, from 1. More make it less noisy.
    amnesia|fisherTimes|Timesteps of each of them, from 2, instead of all. Each costs a pass and its gradient; more make F less noisy.
    scissorhands|parameters|The weights that are trimmed and repaired.
    scissorhands|sparsity|Share of the weights that trimming leaves alone, 0 to 1. Lower it where the concept comes back in the repair.
    scissorhands|lambda|lambda, the weight of forgetting in the repair, from 0. Raise it where the concept comes back.
    scissorhands|relabel|Whether the repair pulls towards another caption, as the released code for nudity, instead of ascending l_f.
    scissorhands|projects|Whether the repair's gradients are projected. False is faster by one product a step and may undo more.
    scissorhands|pruneBatches|Batches over which the sensitivity is summed, from 1. More make it less noisy.
    ascent|alpha|alpha, the weight of keeping, from 0. Raise it where other prompts change before the concept is gone.
    finetune|parameters|The weights that are trained. Fewer forget less.
    retrain|training|The course of the training from new weights. Take that of the model's own training.
    retrain|parameters|The weights that begin anew; `full` for the comparison.
    """#
  static let attacks = #"""
    random|tokens|k, tokens before the prompt, from 1: the paper's 5 for nudity, 3 for styles and objects. Take the number of the attack that is compared.
    random|attempts|Attempts for each prompt, from 1. More find more; each costs a picture.
    seeds|attempts|Attempts for each prompt, from 1, each with another seed. More find more; each costs a picture.
    unlearndiff|tokens|k, tokens that are sought, from 1: the paper's 5 for nudity, 3 for styles and objects. More take more of the prompt's room.
    unlearndiff|placement|Place of the tokens: `prefix` before the prompt, as in the paper, `suffix` after it, `insert` between its words, `everyThird` before every third, or `replace` in its stead.
    unlearndiff|times|Timesteps of the loss, from 1, with an attempt after each. Fewer take less time and find less.
    unlearndiff|steps|Steps at each of them, from 0. Each costs a prediction of the victim and its gradient.
    unlearndiff|rate|Learning rate of the points of the simplex, from 0. Raise it where the attempts hardly differ.
    unlearndiff|weightDecay|Weight decay of those points, from 0. 0 leaves it out.
    unlearndiff,p4d|batch|Prompts that share passes of the network, from 1. Fewer take less memory; memory or `--batch` may ask for fewer still.
    p4d|tokens|k, tokens that are sought, 0 to 1000: 5 for nudity, 3 for styles and objects. 0 takes one for every third token of the prompt, and one more.
    p4d|placement|Place of the tokens: `prefix` before the prompt, `suffix` after it, `insert` between its words, `everyThird` before every third, or `replace` in its stead. The authors take the last two.
    p4d|timesteps|Timesteps of the loss: `ordered`, one after another, or `random` in every step, as the authors take them.
    p4d|times|Timesteps of the loss in order, or parts of the search at random ones, from 1, with an attempt after each. Fewer take less time and find less.
    p4d|steps|Steps at each of them, from 0. Each costs a prediction of the original and one of the victim with its gradient.
    p4d|rate|Learning rate of the embeddings, from 0: 0.01 beside UnlearnDiffAtk, the authors' 0.1. Raise it where the words do not change.
    p4d|weightDecay|Weight decay of the embeddings, from 0. 0 leaves it out.
    p4d|decoupled|Whether the weight decay is that of AdamW, as the authors have it, instead of that of Adam.
    ringabell|tokens|K, tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16.
    ringabell|pairs|A table (CSV) with columns `with` and `without`: prompts with the concept, and the same ones without it. Empty takes the concept's captions.
    ringabell|eta|eta, strength of the concept in the embedding that is sought, from 0; the paper's 3 for nudity. Raise it where attempts do not show the concept.
    ringabell|population|Token sequences of the first generation, 2 to 1,000,000. More find better ones; the time grows in proportion.
    ringabell|generations|Generations of the search, from 1. The time grows in proportion.
    ringabell|crossover|Chance, 0 to 1, that a survivor mates. At 0 mutations alone make new sequences.
    ringabell|mutation|Chance, 0 to 1, that a sequence changes one token after a generation. Raise it where the search stands still early.
    inversion|training|The course of the training of v. The time grows with `steps` times `batch`.
    inversion,relearn|training.steps|Optimizer steps, from 0. More change more; double them where a concept is still drawn.
    inversion,relearn|training.batch|Samples of a step, from 1. More make a step steadier and cost memory and time in proportion.
    inversion,relearn|training.learningRate|Size of a step, above 0: 1e-6 to 1e-3 for networks. Lower it where the guard stops or the loss diverges.
    inversion,relearn|training.schedule|Course of the learning rate: `constant`, `linear` or `cosine` down to 0, `oneCycle`, `secondHalfLinear`.
    inversion,relearn|training.warmup|First steps during which the learning rate rises to its value, 0 to `steps`. For recipes with high rates.
    inversion,relearn|training.optimizer|The rule that turns gradients into steps.
    inversion,relearn|training.optimizer.kind|The rule: `adam`, `adamw` with weight decay apart from the gradient, or `sgd`, which takes less memory.
    inversion,relearn|training.optimizer.beta1|Memory of the mean gradient, 0 to below 1, of `adam` and `adamw`. Lower it where gradients change their direction often.
    inversion,relearn|training.optimizer.beta2|Memory of the mean squared gradient, 0 to below 1, of `adam` and `adamw`. Lower it for trainings of few steps.
    inversion,relearn|training.optimizer.eps|Number added to the root of that mean, from 0. Raise it where steps explode at small gradients.
    inversion,relearn|training.optimizer.weightDecay|Pull of the weights towards 0, from 0. 0 leaves it out; 0.01 to 0.1 is usual in trainings from scratch.
    inversion,relearn|training.optimizer.momentum|Memory of former steps of `sgd`, 0 to 1; usual is 0.9. 0 leaves it out.
    inversion,relearn|training.clip|Largest norm of a step's gradient, from 0; 0 leaves it alone. 1 is usual where single steps go astray.
    inversion,relearn|training.averaging|Decay of the moving average that is kept instead of the last weights, 0 to below 1; 0 keeps the last.
    inversion,relearn|training.averagingWarmup|Whether the moving average forgets the first weights faster: its decay is at most (1 + step) / (10 + step). Without it, `averaging` should be well below 1 - 1 / `steps`.
    inversion,relearn|training.bfloat16|Whether steps compute matrix products and convolutions in bfloat16; weights and optimizer stay as they are. It pays where the processor has instructions for it.
    inversion,relearn|training.offload|Whether the optimizer's state, and copies of weights, rest in files while gradients are computed: for large models where memory is short.
    inversion,relearn|training.shardsOptimizer|Whether each of several processes keeps the optimizer's state of some weights alone (ZeRO, stage 1): less memory, the same result. Without effect on one process.
    inversion,relearn|training.saveEvery|Steps from one saved state to the next, from 1; an interrupted run goes on from the last.
    inversion,relearn|training.logEvery|Steps from one line of the log to the next, from 1.
    inversion|pictures|Pictures of the concept to learn from, from 1. The original draws them. Raise it for a concept of many shapes.
    inversion,relearn|pictureSteps|Denoising steps of such a picture, from 1. Fewer are faster and blurred.
    inversion,relearn|guidance|Guidance of such a picture, from 1. Take the one that suits the model's own pictures.
    inversion|initial|The word that v begins as; empty for the mean of the concept's own. Take a broader one, such as `dog` for a breed, where the victim knows it.
    relearn|mode|Weights that are trained: `full`, the whole U-Net, or `lora`, factors on its attention matrices, at the rate 1e-4 where none is set. `lora` takes less memory.
    relearn|rank|r, the rank of the factors of `mode=lora`, from 1. A higher one has more weights to learn with.
    relearn|training|The course of the fine-tuning. Raise `steps` together with `checkpoints` for a stronger attack.
    relearn|checkpoints|Steps after which the prompts are tried, from 0; those beyond `training.steps` are left out. Each costs a picture of every prompt.
    relearn|pictures|Pictures of the concept to train on, from 1. The original draws them. More are a stronger attack.
    text|tokens|Tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16.
    text|steps|Steps of a search, from 0. More come nearer to the prompt's meaning; each costs a gradient of the text encoder and `batch` passes.
    text|batch|Candidates of a step, 1 to 65,536. More find a better change in each step and take more memory.
    text|candidates|k, tokens that are considered for a place, from 1. It must be less than the vocabulary; many weaken the guidance of the gradient.
    text|attempts|Attempts for each prompt, from 1, each a search that begins with other tokens. Each costs a picture.
    handover|first|k of each round, first steps that the original takes, from 1. With more steps the original draws more of the picture itself.
    handover|steps|T, denoising steps of a picture, from 0 to 1000. 0 takes the evaluation's steps; with few of them k is a larger share.
    noise|etas|eta, noise of a step as a multiple of DDPM's, from 0. Each is paired with each of `factors`, a round for a pair. Fewer values take less time.
    noise|factors|f, factors on the noise that is added, from 0. Above 1 a step adds more noise than the sampler accounts for.
    latent|guidance|Guidance of the inversion and of the drawing, from 1. 1 follows the prompt alone, so that the drawing retraces the inversion.
    deployment|rounds|Whether one round draws with weights that are rounded to 8 bits.
    deployment|pruned|Shares of each matrix, 0 to below 1, whose smallest numbers are set to zero, a round for each. A large share ruins all pictures.
    deployment|averaged|a, the shares of the original in averaged weights, 0 to below 1, a round for each. The larger a share, the nearer the victim is to the original.
    """#
}
