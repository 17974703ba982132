// The byte-pair merges of CLIP's tokenizer: UTF-8, most frequent first, two parts a line.
const char *clip_merges(void);
