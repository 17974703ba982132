#!/usr/bin/env python3
"""Makes token ids of hard strings by transformers with another vocabulary, for the on-demand tokenizer test:

    python scripts/golden/tokens.py FOLDER [PROMPTS.csv ...]     # FOLDER holds vocab.json and merges.txt
    LETHE_TOKENIZER=FOLDER make test FILTER=Tokenizer
"""
import csv, json, sys
from pathlib import Path

from transformers import CLIPTokenizer

from diffusion import NASTY

folder = Path(sys.argv[1])
tokenizer = CLIPTokenizer.from_pretrained(folder)
texts = list(NASTY)
for file in sys.argv[2:]:
    texts += [row["prompt"] for row in csv.DictReader(open(file, newline="", encoding="utf-8-sig"))]
rows = [{"text": s, "ids": tokenizer(s, padding="max_length", max_length=77, truncation=True).input_ids} for s in texts]
(folder / "tokens.json").write_text(json.dumps({"rows": rows}))
print(len(rows), "strings")
