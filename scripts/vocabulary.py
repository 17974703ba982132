#!/usr/bin/env python3
"""Writes Sources/CVocabulary/merges.c: the byte-pair merges of CLIP's tokenizer, from the file that CLIP and OpenCLIP publish.

    pip download --no-deps open-clip-torch && python scripts/vocabulary.py open_clip_torch-*.whl

Single-file checkpoints carry no tokenizer, and every Stable Diffusion has this one.
"""
import gzip, sys, zipfile
from pathlib import Path

text = gzip.decompress(zipfile.ZipFile(sys.argv[1]).read("open_clip/bpe_simple_vocab_16e6.txt.gz")).decode()
# The vocabulary has 49,152 entries: 256 bytes, each also as the end of a word, merges, and two special tokens.
merges = text.split("\n")[1:49152 - 2 * 256 + 256 - 2 + 1]
escaped = lambda line: line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
Path("Sources/CVocabulary/merges.c").write_text(
    "// Byte-pair merges of CLIP (Radford et al., 2021; MIT License), one a line. Made by scripts/vocabulary.py.\n"
    '#include "cvocabulary.h"\n\nstatic const char text[] =\n' + "\n".join(f'"{escaped(line)}\\n"' for line in merges) + ";\n\nconst char *clip_merges(void) { return text; }\n")
print(len(merges), "merges")
