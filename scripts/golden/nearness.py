#!/usr/bin/env python3
"""Prints the orders that RelatedConceptsTests.siblingsByNearness has: names by the cosine of their mean hidden states in
transformers' text encoder, the largest over the concepts."""

import pathlib

import torch
from transformers import CLIPTextModel, CLIPTokenizer

MODEL = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/tiny-sd1"
NAMES = ["a castle", "a lovely dog", "bus", "cat"]

tokenizer = CLIPTokenizer.from_pretrained(MODEL / "tokenizer")
encoder = CLIPTextModel.from_pretrained(MODEL / "text_encoder", dtype=torch.float32)


def direction(name):
    ids = tokenizer(name, padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        hidden = encoder(ids).last_hidden_state.mean(1).flatten()
    return hidden / hidden.norm()


for concepts in [["fox"], ["fox", "a yellow bus"]]:
    cosines = {n: max(float(direction(n) @ direction(c)) for c in concepts) for n in NAMES}
    for name in sorted(NAMES, key=lambda n: -cosines[n]):
        print(concepts, name, round(cosines[name], 6))
