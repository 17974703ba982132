#!/usr/bin/env python3
"""Goldens of the settings beside a vocabulary, by transformers 5: the token that pads, and those found in a text.

    python scripts/golden/special_tokens.py Tests/Fixtures     # writes special-tokens.json
"""
import json, sys, tempfile
from pathlib import Path

from transformers import CLIPTokenizer

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
START, END = "<|startoftext|>", "<|endoftext|>"


def token(content, **flags):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, **flags}


PLAIN = {"bos_token": START, "eos_token": END, "unk_token": END}
MAP = {key: token(content) for key, content in PLAIN.items()}
CONFIG = {key: {"__type": "AddedToken", **value} for key, value in MAP.items()}


def cases(size):
    decoder = {str(size - 2): token(START, special=True), str(size - 1): token(END, special=True)}
    bang = {"0": token("!", special=True, normalized=False), **decoder}
    cats = {"<cat-toy>": size, "<Cat Dog>": size + 1}
    more = {**decoder, str(size): token("<cat-toy>", special=False), str(size + 1): token("<Sp>", special=True, normalized=False),
            str(size + 2): token("<ls>", special=False, normalized=False, lstrip=True, rstrip=True),
            str(size + 3): token("box", special=False, normalized=True, single_word=True)}
    # name: configuration, map, added_tokens.json, added_tokens_decoder; None leaves the file or the key out
    return {
        "nothing": ({}, None, None, None),
        "end in the configuration, ! in the map": ({**CONFIG, "pad_token": END}, {**MAP, "pad_token": "!"}, None, None),
        "! in the configuration, end in the map": ({**CONFIG, "pad_token": "!"}, {**MAP, "pad_token": END}, None, None),
        "! in the configuration": ({**CONFIG, "pad_token": "!"}, None, None, None),
        "end with a decoder, ! in the map": ({**PLAIN, "pad_token": END}, {**MAP, "pad_token": "!"}, None, decoder),
        "! with a decoder, end in the map": ({**PLAIN, "pad_token": "!"}, {**MAP, "pad_token": END}, None, bang),
        "SD 1.5": ({**CONFIG, "pad_token": END}, {**MAP, "pad_token": END}, None, None),
        "SDXL's second": ({**CONFIG, "pad_token": "!"}, {**MAP, "pad_token": "!"}, None, None),
        "objects": ({**PLAIN, "pad_token": END}, {**MAP, "pad_token": token("!", normalized=False)}, None, None),
        "map alone": (None, {**MAP, "pad_token": "!"}, None, None),
        "added": ({**CONFIG, "pad_token": END}, {**MAP, "pad_token": END}, cats, None),
        "added and !": ({**CONFIG, "pad_token": END}, {**MAP, "pad_token": "!"}, cats, None),
        "decoder": ({**PLAIN, "pad_token": END}, {**MAP, "pad_token": END}, None, more),
        "additional": ({**CONFIG, "pad_token": END}, {**MAP, "pad_token": END, "additional_special_tokens": ["<x>"]}, None, None),
    }


TEXTS = [
    "a fox", "!!! fox !!!", "!!! wow!", "wow !", "don't!!!...?!", "a<|endoftext|>b", "a <|endoftext|> b", "a<|ENDOFTEXT|>b", "a<|startoftext|> fox",
    "A<|StartOfText|>B", "<|endoftext|>", "!<|endoftext|>!", "a<cat-toy>b", "a <CAT-TOY> b", "<cat dog> <Cat  Dog>", "x <Sp> y <sp> z <ls> w",
    "a box", "boxes box, xbox", "<x> <X>", "</w> !", "\u00a0! !\n!", "! " * 60, "fox" * 40 + "!", "fox <|endoftext|> " * 30, "naïve ! ÅNGSTRÖM<|endoftext|>É",
]

if __name__ == "__main__":
    source = OUT / "tiny-sd1" / "tokenizer"
    size = len(json.loads((source / "vocab.json").read_text()))
    found = []
    for name, (config, names, added, decoder) in cases(size).items():
        files = {}
        if config is not None:
            files["tokenizer_config.json"] = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, **config}
            if decoder is not None:
                files["tokenizer_config.json"]["added_tokens_decoder"] = decoder
        if names is not None:
            files["special_tokens_map.json"] = names
        if added is not None:
            files["added_tokens.json"] = added
        with tempfile.TemporaryDirectory() as folder:
            for file in ("vocab.json", "merges.txt"):
                (Path(folder) / file).write_bytes((source / file).read_bytes())
            for file, value in files.items():
                (Path(folder) / file).write_text(json.dumps(value))
            tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=77)
        # Without padding, as `pad` says what it is.
        rows = [{"text": s, "ids": tokenizer(s, max_length=77, truncation=True).input_ids} for s in TEXTS]
        found.append({"name": name, "files": files, "pad": tokenizer.pad_token_id, "rows": rows})
        print(tokenizer.pad_token_id, name)
    (OUT / "special-tokens.json").write_text(json.dumps({"cases": found}))
