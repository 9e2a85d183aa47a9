"""Label the sentences of text files: python example.py statement.txt > labels.csv"""

import csv
import sys
from pathlib import Path

from features import bundle
from features.sentences import sentences, to_score
from features.text import Document

model = bundle.load(Path(__file__).parent / "model")
rows = csv.writer(sys.stdout)
rows.writerow(["file", "start", "end", "sentence", *model.themes])
for name in sys.argv[1:]:
    document = Document(name, Path(name).read_text(encoding="utf-8"))
    found, seen = to_score(sentences(document, model.model.max_characters))
    for one, labels in zip(found, model.score(seen).labels, strict=True):
        rows.writerow([name, one.start, one.end, one.text, *map(int, labels)])
