#!/usr/bin/env python3
"""Training steps of methods as plain loops on diffusers, written from the papers' formulas, timed in this process.

Each loop does the work of one step and nothing twice that it need not; noisy pictures are random latents, as their contents
cost nothing. With --released, AdvUnlearn and Meta-Unlearning do what the authors' code does in a step: AdvUnlearn follows a
trajectory to each noisy picture, 25 guided steps of 50 (the mean), and asks the original twice in each step of the attack;
Meta-Unlearning goes through three batches of every set and encodes their pictures each time. Gradients of weights that nobody
trains, which the authors' code computes too, are left out. In another type than float32, trained weights are float32 and compute
by autocast, and frozen networks are in the type. Prints seconds of each step and the peak of memory as JSON.
"""
import argparse, copy, sys, time

import torch

from plain import Plain, tell

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--loop", required=True, choices=("advunlearn", "meta", "erasediff", "finetune", "sepme"))
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--retained", type=int, default=5, help="retained prompts of a step of AdvUnlearn, 1 to 5")
parser.add_argument("--inner", type=int, default=3, help="steps of the adversary or of the simulated fine-tuning")
parser.add_argument("--released", action="store_true", help="the step of the authors' code")
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--device", default="cpu")
parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
parser.add_argument("--compile", action="store_true", help="torch.compile the U-Nets")
arguments = parser.parse_args()
if arguments.threads:
    torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
plain = Plain(arguments.model, arguments.device, arguments.dtype, trained=True)
unet, device, embed, predict = plain.unet, plain.device, plain.embed, plain.predict
mse, batch, side, steps = torch.nn.functional.mse_loss, arguments.batch, plain.side, plain.steps


def compiled(module):
    return torch.compile(module, dynamic=False) if arguments.compile else module


def frozen(module):
    """A copy that nobody trains, in the type of the computation."""
    return compiled(copy.deepcopy(module).requires_grad_(False).to(plain.kind))


def still(text):
    """A text without its graph."""
    return tuple(None if part is None else part.detach() for part in text)


def joined(*texts):
    return tuple(None if parts[0] is None else torch.cat(parts) for parts in zip(*texts))


def noisy(count):
    return torch.randn(count, plain.config.in_channels, side, side, device=device), torch.randint(steps, (count,), device=device)


def followed(model, prompt, walked=25, guidance=3.0):
    """A noisy picture as the authors' code makes it: the first steps of a guided DDIM trajectory of 50."""
    plain.scheduler.set_timesteps(50)
    count = len(prompt[0])
    x, _ = noisy(count)
    with torch.no_grad():
        both = joined(embed([""] * count), prompt)
        for t in plain.scheduler.timesteps[:walked]:
            empty, found = predict(model, torch.cat([x, x]), t, both).chunk(2)
            x = plain.scheduler.step(empty + guidance * (found - empty), t, x).prev_sample
    return x, torch.full((count,), int(plain.scheduler.timesteps[walked]), device=device)


def denoising(model, prompt):
    """L(theta; D): the training loss on a batch of pictures."""
    if arguments.released:
        pixels = torch.zeros(batch, 3, *[side * plain.pipe.vae_scale_factor] * 2, device=device)
        with torch.no_grad():
            x0 = plain.vae.encode(pixels).latent_dist.sample() * plain.vae.config.scaling_factor
        t = noisy(batch)[1]
    else:
        x0, t = noisy(batch)
    eps = torch.randn_like(x0)
    return mse(predict(model, plain.scheduler.add_noise(x0, eps, t), t, prompt), eps)


def advunlearn():
    """AdvUnlearn: an attack of some steps of Adam on one word, then a step of the text encoders on ESD's loss and the retained prompts."""
    texts = [text for _, text in plain.encoders]
    unet.requires_grad_(False)
    original = network = compiled(unet)  # the text encoders are trained, and the U-Net is that of the original
    teachers = [copy.deepcopy(text).requires_grad_(False) for text in texts]
    optimizer = torch.optim.Adam([p for text in texts for p in text.parameters()], lr=1e-5)
    retained = ["a cat", "an owl", "a castle", "a tree", "a car"][: arguments.retained]

    def taught(prompts):
        """`embed` by the original encoders."""
        own = plain.encoders
        plain.encoders = [(tokenizer, teacher) for (tokenizer, _), teacher in zip(own, teachers)]
        try:
            with torch.no_grad():
                return embed(prompts)
        finally:
            plain.encoders = own

    def step():
        x, t = noisy(batch)
        c, empty = taught(["a fox"] * batch), taught([""] * batch)
        with torch.no_grad():
            ec, e0 = predict(original, x, t, c), predict(original, x, t, empty)
        own, ends = plain.words(["a fox"] * batch)
        ends = (ends + 1).clamp(max=own[0].shape[1] - 1)
        words = [w[:, 1:2].clone().requires_grad_(True) for w in own]
        attack = torch.optim.Adam(words, lr=1e-3)

        def encoded():
            return plain.from_words([torch.cat([w[:, :1], a, w[:, 1:-1]], 1) for w, a in zip(own, words)], ends)

        for _ in range(arguments.inner):
            if arguments.released:
                x, t = followed(original, c)
                with torch.no_grad():
                    predict(original, x, t, empty)
                    ec = predict(original, x, t, c)
            found = mse(predict(network, x, t, encoded()), ec)
            attack.zero_grad()
            for a, gradient in zip(words, torch.autograd.grad(found, words)):
                a.grad = gradient
            attack.step()
        words = [a.detach() for a in words]
        kept_text = taught(retained)
        y, s = followed(original, kept_text) if arguments.released else noisy(len(retained))
        if arguments.released:
            x, t = followed(original, c)
            with torch.no_grad():
                ec, e0 = predict(original, x, t, c), predict(original, x, t, empty)
        with torch.no_grad():
            kept = predict(original, y, s, kept_text)
        loss = mse(predict(network, x, t, encoded()), e0 - (ec - e0)) + 0.3 * mse(predict(network, y, s, embed(retained)), kept)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def meta():
    """Meta-Unlearning around a closed form, first order: a copy is fine-tuned, and its gradients step the weights."""
    prompts = [still(embed([p] * batch)) for p in ("a fox", "a cat", "a castle")]
    tuned = copy.deepcopy(unet)
    network, copied = compiled(unet), compiled(tuned)
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-5, weight_decay=1e-4)
    batches = range(3 if arguments.released else 1)

    def step():
        optimizer.zero_grad()
        for prompt, weight in zip(prompts[1:], (0.01, 0.1)):
            for _ in batches:
                (weight * denoising(network, prompt)).backward()
        with torch.no_grad():
            torch._foreach_copy_(list(tuned.parameters()), list(unet.parameters()))
        inner = torch.optim.AdamW(tuned.parameters(), lr=1e-5, weight_decay=1e-4)
        for _ in range(arguments.inner):
            inner.zero_grad()
            denoising(copied, prompts[0]).backward()
            torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            inner.step()
        for prompt, weight in zip(prompts[:2], (-0.1, -0.001)):
            tuned.zero_grad()
            for _ in batches:
                (weight * denoising(copied, prompt)).backward()
            for p, q in zip(unet.parameters(), tuned.parameters()):
                if q.grad is not None:
                    p.grad = q.grad.clone() if p.grad is None else p.grad + q.grad
        tuned.zero_grad()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()

    return step


def erasediff():
    """EraseDiff: g_r + lambda g_f with lambda of theorem 3.1; the surrogate is another caption's prediction."""
    keep, forget, other = (still(embed([p] * batch)) for p in ("a cat", "a fox", "a castle"))
    original, network = frozen(unet), compiled(unet)
    optimizer = torch.optim.Adam(unet.parameters(), lr=1e-5)
    parameters = list(unet.parameters())

    def step():
        gr = torch.autograd.grad(denoising(network, keep), parameters, allow_unused=True)
        x, t = noisy(batch)
        with torch.no_grad():
            target = predict(original, x, t, other)
        gf = torch.autograd.grad(mse(predict(network, x, t, forget), target), parameters, allow_unused=True)
        pairs = [(a, b) for a, b in zip(gr, gf) if a is not None and b is not None]
        weight = max(0.0, 0.1 - float(sum((a * b).sum() for a, b in pairs) / sum((b * b).sum() for _, b in pairs)))
        for p, a, b in zip(parameters, gr, gf):
            p.grad = None if a is None else a + weight * b
        optimizer.step()
        optimizer.zero_grad()

    return step


def finetune():
    """A step of fine-tuning on pictures, the work of relearning."""
    prompt, network = still(embed(["a fox"] * batch)), compiled(unet)
    optimizer = torch.optim.Adam(unet.parameters(), lr=1e-5)

    def step():
        optimizer.zero_grad()
        denoising(network, prompt).backward()
        optimizer.step()

    return step


def sepme():
    """SepME: the correlation of the concept's representation; w S is added to keys and values, with an L1 norm."""
    original = frozen(unet)
    unet.requires_grad_(False)
    layers = [m for n, m in unet.named_modules() if n.endswith(("attn2.to_k", "attn2.to_v"))]
    bases = [torch.linalg.qr(torch.randn(m.in_features, 8, device=device))[0].T for m in layers]
    weights = [torch.zeros(m.out_features, 8, device=device, requires_grad=True) for m in layers]
    optimizer = torch.optim.Adam(weights, lr=0.1)
    prompt, anchor = still(embed(["a fox"] * batch)), still(embed(["a"] * batch))
    for m, w, s in zip(layers, weights, bases):
        m.register_forward_hook(lambda m, i, o, w=w, s=s: o + i[0] @ (w @ s).T)
    network = compiled(unet)

    def step():
        x, t = noisy(batch)
        with torch.no_grad():
            before = predict(original, x, t, prompt)
            empty = predict(original, x, t, anchor)
        after = predict(network, x, t, prompt)
        norm = sum((w @ s).abs().sum() for w, s in zip(weights, bases)) / len(weights)
        loss = ((after - empty) * (before - empty)).mean() + 1e-6 * norm
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


about = {"threads": torch.get_num_threads(), "torch": torch.__version__, "stage": arguments.loop}
try:
    step = {"advunlearn": advunlearn, "meta": meta, "erasediff": erasediff, "finetune": finetune, "sepme": sepme}[arguments.loop]()
    seconds = []
    for _ in range(arguments.steps + 1):  # the first warms up
        start = time.perf_counter()
        step()
        plain.finish()
        seconds.append(time.perf_counter() - start)
    tell(seconds=seconds[1:], peak=plain.peak(), **about)
except Exception as error:
    tell(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300], **about)
    sys.exit(1)
