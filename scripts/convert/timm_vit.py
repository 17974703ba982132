#!/usr/bin/env python3
"""Turns a ViT classifier of timm into a folder of transformers, which `--judge classifier:FOLDER@PROFILE` reads.

    python scripts/convert/timm_vit.py style50.pth canvas-style style
    python scripts/convert/timm_vit.py cls.pth canvas-object object
    python scripts/convert/timm_vit.py FILE.pth FOLDER labels.txt

FILE is a pickle with the state dict, or with the state dict under `model_state_dict`, as UnlearnCanvas publishes its two
vit_large_patch16_224. `style` and `object` are its labels, in its order; a text file has one label a line. Only tensors are
unpickled. The attention's width of 64 a head and the layer norm's 1e-6 are timm's. Needs `torch` and `safetensors`.
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

STYLES = """Abstractionism,Artist_Sketch,Blossom_Season,Bricks,Byzantine,Cartoon,Cold_Warm,Color_Fantasy,Comic_Etch,Crayon,Cubism,Dadaism,Dapple,
Defoliation,Early_Autumn,Expressionism,Fauvism,French,Glowing_Sunset,Gorgeous_Love,Greenfield,Impressionism,Ink_Art,Joy,Liquid_Dreams,
Magic_Cube,Meta_Physics,Meteor_Shower,Monet,Mosaic,Neon_Lines,On_Fire,Pastel,Pencil_Drawing,Picasso,Pop_Art,Red_Blue_Ink,Rust,Seed_Images,
Sketch,Sponge_Dabbed,Structuralism,Superstring,Surrealism,Ukiyoe,Van_Gogh,Vibrant_Flow,Warm_Love,Warm_Smear,Watercolor,Winter"""
OBJECTS = """Architectures,Bears,Birds,Butterfly,Cats,Dogs,Fishes,Flame,Flowers,Frogs,Horses,Human,Jellyfish,Rabbits,Sandwiches,Sea,Statues,
Towers,Trees,Waterfalls"""
HEAD = 64
# Names of timm, and those of transformers.
LAYER = {
    "norm1": "layernorm_before", "norm2": "layernorm_after", "attn.proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
}
WHOLE = {
    "cls_token": "vit.embeddings.cls_token", "pos_embed": "vit.embeddings.position_embeddings",
    "patch_embed.proj": "vit.embeddings.patch_embeddings.projection", "norm": "vit.layernorm", "head": "classifier",
}


def renamed(state):
    """The tensors under transformers' names; attention's three matrices are apart there."""
    out = {}
    for name, tensor in state.items():
        stem, _, end = name.rpartition(".")
        if name in WHOLE:
            out[WHOLE[name]] = tensor
        elif stem in WHOLE:
            out[f"{WHOLE[stem]}.{end}"] = tensor
        elif stem.startswith("blocks."):
            number, part = stem.removeprefix("blocks.").split(".", 1)
            layer = f"vit.encoder.layer.{number}"
            if part == "attn.qkv":
                for word, piece in zip(("query", "key", "value"), tensor.chunk(3)):
                    out[f"{layer}.attention.attention.{word}.{end}"] = piece
            elif part in LAYER:
                out[f"{layer}.{LAYER[part]}.{end}"] = tensor
            else:
                sys.exit(f"timm_vit: '{name}' is no tensor of a plain ViT")
        else:
            sys.exit(f"timm_vit: '{name}' is no tensor of a plain ViT")
    return {name: tensor.clone().contiguous() for name, tensor in out.items()}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, folder, labels = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    listed = {"style": STYLES, "object": OBJECTS}.get(labels)
    names = listed.replace("\n", "").split(",") if listed else Path(labels).read_text().split("\n")
    names = [name.strip() for name in names if name.strip()]
    state = torch.load(source, map_location="cpu", weights_only=True)
    tensors = renamed(state.get("model_state_dict", state))
    patches = tensors["vit.embeddings.patch_embeddings.projection.weight"]
    width, patch = patches.shape[0], patches.shape[-1]
    side = int((tensors["vit.embeddings.position_embeddings"].shape[1] - 1) ** 0.5) * patch
    if tensors["classifier.weight"].shape[0] != len(names):
        sys.exit(f"timm_vit: the classifier has {tensors['classifier.weight'].shape[0]} labels, and {len(names)} are named")
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_act": "gelu", "qkv_bias": True,
        "hidden_size": width, "intermediate_size": tensors["vit.encoder.layer.0.intermediate.dense.weight"].shape[0],
        "num_hidden_layers": 1 + max(int(name.split(".")[3]) for name in tensors if name.startswith("vit.encoder")),
        "num_attention_heads": max(1, width // HEAD), "image_size": side, "patch_size": patch, "num_channels": 3,
        "layer_norm_eps": 1e-6, "id2label": {str(i): name for i, name in enumerate(names)}}, indent=1))
    (folder / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": side, "width": side}, "resample": 2,
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}, indent=1))
    print(f"{folder}: {len(names)} labels, {sum(tensor.numel() for tensor in tensors.values())} numbers")


main()
