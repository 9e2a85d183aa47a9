from features.text import Document, Sentence
from pipelines.segment import segment


def test_sentences_of_all_documents_come_in_order_with_exact_offsets(
    documents: list[Document], small_sentences: list[Sentence]
) -> None:
    texts = {document.id: document.text for document in documents}
    assert all(texts[s.doc][s.start : s.end] == s.text for s in small_sentences)
    assert list(dict.fromkeys(s.doc for s in small_sentences)) == [document.id for document in documents]
    assert {s.kind for s in small_sentences} == {"sentence", "heading", "item"}


def test_the_bound_holds(documents: list[Document]) -> None:
    assert max(len(s.text) for s in segment(documents, max_characters=100)) <= 100
