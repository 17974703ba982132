"""A pipeline of diffusers and its networks, for the plain loops that Lethe is measured against: SD 1 and 2, and SDXL with its second
text encoder, pooled text and sizes."""
import contextlib, functools, gc, inspect, json, resource

import diffusers, torch, transformers


class Plain:
    """The networks of a model folder on a device. `trained` networks are float32 and compute in `dtype` by autocast."""

    def __init__(self, folder, device, dtype="float32", trained=False, offload=False):
        self.device, self.kind = torch.device(device), getattr(torch, dtype)
        if self.device.type == "cuda" and self.device.index is not None:
            torch.cuda.set_device(self.device)
        self.trained = trained
        self.rest = torch.float32 if trained else self.kind  # the type of the weights
        pipe = diffusers.DiffusionPipeline.from_pretrained(folder, torch_dtype=self.rest)
        pipe.set_progress_bar_config(disable=True)
        # The VAE computes in float32 where its configuration asks for it and the type is float16, in Lethe as here.
        self.upcasts = self.rest == torch.float16 and pipe.vae.config.get("force_upcast", True)
        if self.upcasts:
            pipe.vae.to(torch.float32)
        self.is_xl = hasattr(pipe, "text_encoder_2")
        # DDIMScheduler clips where a configuration of another scheduler does not say. Diffusers' pipeline of SD 1 and 2 turns that
        # off in configurations that have it, and that of SDXL does not; so does Lethe.
        pipe.scheduler = diffusers.DDIMScheduler.from_config(pipe.scheduler.config, **({} if self.is_xl else {"clip_sample": False}))
        self.pipe, self.offload = pipe, offload
        if offload and self.device.type == "cuda":
            pipe.enable_model_cpu_offload(device=self.device)
        else:
            pipe.to(self.device)
        self.unet, self.vae, self.scheduler = pipe.unet, pipe.vae, pipe.scheduler
        self.encoders = [(pipe.tokenizer, pipe.text_encoder)]
        if self.is_xl:
            self.encoders.append((pipe.tokenizer_2, pipe.text_encoder_2))
        self.config = pipe.unet.config
        self.side = self.config.sample_size
        self.steps = pipe.scheduler.config.num_train_timesteps

    def ids(self, tokenizer, texts):
        return tokenizer(texts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt").input_ids.to(self.device)

    def embed(self, texts):
        """The text's states and, for SDXL, the pooled text."""
        with self.autocast():
            if not self.is_xl:
                tokenizer, text = self.encoders[0]
                return text(self.ids(tokenizer, texts))[0], None
            found = [text(self.ids(tokenizer, texts), output_hidden_states=True) for tokenizer, text in self.encoders]
            return torch.cat([f.hidden_states[-2] for f in found], -1), found[1][0]

    def words(self, texts):
        """The embeddings of the texts' words in each encoder, and the place of each text's end."""
        ids = [self.ids(tokenizer, texts) for tokenizer, _ in self.encoders]
        ends = (ids[-1] == self.encoders[-1][0].eos_token_id).int().argmax(1)
        return [text.get_input_embeddings().weight[i].detach() for i, (_, text) in zip(ids, self.encoders)], ends

    def from_words(self, words, ends):
        """`embed` from embeddings of words."""
        with self.autocast():
            found = [states(text, w) for (_, text), w in zip(self.encoders, words)]
            if not self.is_xl:
                return found[0][1], None
            last = self.encoders[1][1]
            pooled = found[1][1][torch.arange(len(ends), device=self.device), ends]
            return torch.cat([f[0] for f in found], -1), last.text_projection(pooled)

    def given(self, count, pooled):
        """SDXL's pooled text and sizes; none for other networks."""
        if not self.is_xl:
            return {}
        pixels = self.side * self.pipe.vae_scale_factor
        sizes = torch.tensor([[pixels, pixels, 0, 0, pixels, pixels]], device=self.device, dtype=pooled.dtype).expand(count, -1)
        return {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes}}

    def predict(self, unet, x, t, text):
        """The U-Net's prediction for the text that `embed` gave."""
        states, pooled = text
        with self.autocast():
            found = unet(x, t, encoder_hidden_states=states, **self.given(len(x), pooled)).sample
        return found.float() if self.trained else found

    def autocast(self):
        """Each step casts its weights anew, as they change in each."""
        if not self.trained or self.kind == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.kind, cache_enabled=False)

    def decode(self, z):
        """Pictures from 0 to 1 of the network's latents."""
        found = self.pipe.vae.decode(z.to(self.pipe.vae.dtype) / self.pipe.vae.config.scaling_factor).sample
        return (found.float() / 2 + 0.5).clamp(0, 1)

    def draw(self, prompts, seeds, steps=25, guidance=7.5, side=None):
        """Pictures from 0 to 1, [N, 3, H, W], by DDIM."""
        with torch.no_grad():
            # Noise of float32, rounded: a seed of torch 2.11's half types means other numbers than float32's, unlike 2.13's.
            width = self.side if side is None else side // self.pipe.vae_scale_factor
            noise = [torch.randn((self.config.in_channels, width, width), generator=torch.Generator().manual_seed(s)) for s in seeds]
            z = self.pipe(prompts, num_inference_steps=steps, guidance_scale=guidance, height=side, width=side, output_type="latent",
                          latents=torch.stack(noise).to(self.device, self.rest)).images
            found = self.decode(z)
            if self.offload:
                self.pipe.maybe_free_model_hooks()
            return found

    def finish(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def clear(self):
        """Leaves no gradient and no cached memory to the next stage."""
        for part in (self.unet, self.vae, *(text for _, text in self.encoders)):
            part.requires_grad_(False)
            part.zero_grad(set_to_none=True)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self):
        return torch.cuda.max_memory_allocated() if self.device.type == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def states(text, words):
    """The last but one states of a CLIP text encoder for embeddings of words, and the last ones behind the norm."""
    model = getattr(text, "text_model", text)
    length = words.shape[1]
    mask = torch.full((length, length), float("-inf"), device=words.device, dtype=words.dtype).triu(1)[None, None]
    h = before = words + model.embeddings.position_embedding.weight[None, :length]
    for layer in model.encoder.layers:
        before = h
        h = layer(h, attention_mask=mask, **other_mask(type(layer)))
        h = h[0] if isinstance(h, tuple) else h
    return before, model.final_layer_norm(h)


@functools.cache
def other_mask(layer):
    """Older releases of transformers want two masks."""
    return {"causal_attention_mask": None} if "causal_attention_mask" in inspect.signature(layer.forward).parameters else {}


def versions():
    return {"torch": torch.__version__, "cuda": torch.version.cuda, "diffusers": diffusers.__version__, "transformers": transformers.__version__,
            "card": torch.cuda.get_device_name() if torch.cuda.is_available() else None}


def tell(**row):
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    tell(**versions())
