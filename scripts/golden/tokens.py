#!/usr/bin/env python3
"""Makes token ids of hard strings by transformers with another vocabulary, for the on-demand tokenizer test:

    python scripts/golden/tokens.py FOLDER [PROMPTS.csv ...]     # FOLDER holds vocab.json and merges.txt
    LETHE_TOKENIZER=FOLDER make test FILTER=Tokenizer

FOLDER may hold several folders of that kind instead.
"""
import csv, json, sys
from pathlib import Path

from transformers import CLIPTokenizer

from diffusion import NASTY

folder = Path(sys.argv[1])
texts = list(NASTY)
for file in sys.argv[2:]:
    texts += [row["prompt"] for row in csv.DictReader(open(file, newline="", encoding="utf-8-sig"))]
for place in [folder] if (folder / "vocab.json").exists() else sorted(path.parent for path in folder.glob("*/vocab.json")):
    tokenizer = CLIPTokenizer.from_pretrained(place)
    rows = [{"text": s, "ids": tokenizer(s, padding="max_length", max_length=77, truncation=True).input_ids} for s in texts]
    (place / "tokens.json").write_text(json.dumps({"rows": rows}))
    print(len(rows), "strings,", place.name)
