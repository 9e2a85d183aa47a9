import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.readers import Refusal, files, read
from features.readers.characters import clean, decode
from features.readers.header import front_matter, split_header
from features.readers.markdown import plain
from features.readers.refusal import RefusedError
from features.text import Document

HEADER = "---\nid: one-2014\ndate: 2014-03-11\ngenre: readout\nsource: Ministry\ntitle: 'A: B'\nwriter: w3\n---\n"


def read_one(folder: Path, name: str, data: bytes) -> Document | Refusal:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    (found,) = read(path, folder, max_megabytes=1, pdf_seconds=5)
    return found


def refusal(folder: Path, name: str, data: bytes) -> Refusal:
    found = read_one(folder, name, data)
    assert isinstance(found, Refusal), found
    return found


def document(folder: Path, name: str, data: bytes) -> Document:
    found = read_one(folder, name, data)
    assert isinstance(found, Document), found
    return found


def test_a_header_names_the_document_and_the_text_is_what_follows(tmp_path: Path) -> None:
    assert document(tmp_path, "a/b.txt", (HEADER + "First.\r\n\r\nSecond.\r").encode()) == Document(
        id="one-2014",
        text="First.\n\nSecond.\n",
        date="2014-03-11",
        source="Ministry",
        genre="readout",
        title="A: B",
        writer="w3",
    )


def test_a_file_without_a_header_is_named_by_its_path_and_has_no_date(tmp_path: Path) -> None:
    assert document(tmp_path, "a/b.txt", b"Text.") == Document(id="a/b.txt", text="Text.")


def test_values_of_a_header_stay_strings_whatever_yaml_would_make_of_them() -> None:
    assert split_header("---\nid: 007\nsource: no\ntitle: 1:20\ngenre:\n---\nText")[0] == {
        "id": "007",
        "source": "no",
        "title": "1:20",
    }


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("---\nid: a\nsorce: b\n---\n", "line 3: unknown key 'sorce'; a header takes id, date, genre"),
        ("---\nid: a\n\ndate: 11 March 2014\n---\n", "line 4: date '11 March 2014' is not a date like 2014-03-11"),
        ("---\ndate: 2014-02-30\n---\n", "line 2: date '2014-02-30'"),
        ("---\nid: a\ntitle: Note: Risks\n---\n", "line 3: mapping values are not allowed here; put a value"),
        ("---\nid: a\nid: b\n---\n", "line 3: a second 'id'"),
        ("---\nid: [a, b]\n---\n", "line 2: 'id' takes one line of text"),
        ("---\n? [a]\n: b\n---\n", "line 2: unknown key"),
        ("---\nid: a\nText without end", "line 1: '---' opens a header that no second '---' closes"),
        ("---\njust words\n---\n", "line 2: expected lines like"),
        ("---\nid: " + "[" * 5000 + "\n---\n", "the header is not YAML"),
        ("---\nid: a\x7fb\n---\n", "the header is not YAML"),
    ],
)
def test_a_wrong_header_is_refused_naming_its_line(tmp_path: Path, header: str, expected: str) -> None:
    refused = refusal(tmp_path, "a.txt", (header + "Text.").encode())
    assert (refused.path, refused.kind) == ("a.txt", "header")
    assert refused.reason.startswith(expected)


RUSSIAN = "Министры договорились об обмене информацией о финансировании терроризма и о сотрудничестве."
FRENCH = "Les ministres ont réaffirmé leur volonté de lutter contre le financement du terrorisme à l'échelle régionale."
ENGLISH = "The Ministers met in Côte d’Ivoire and “agreed” to share information on the financing of terrorism."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (RUSSIAN, "utf-8-sig"),
        (RUSSIAN, "utf-16"),
        (RUSSIAN, "utf-32"),
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (FRENCH, "latin-1"),
        (ENGLISH, "windows-1252"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(tmp_path: Path, text: str, name: str) -> None:
    assert document(tmp_path, "a.txt", text.encode(name)).text == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary content (NUL bytes)"),
        (b"\xff\xfea\x00b", "not the utf-16 that its first bytes promise"),
        (bytes(range(1, 256)) * 8, "neither UTF-8 nor another encoding"),
    ],
)
def test_binary_content_under_a_text_name_is_refused(tmp_path: Path, data: bytes, expected: str) -> None:
    refused = refusal(tmp_path, "a.txt", data)
    assert refused.kind == "encoding"
    assert refused.reason.startswith(expected)


@given(st.text())
def test_cleaned_text_can_be_stored_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert not any(character < " " and character not in "\n\t" for character in cleaned)
    assert clean(cleaned) == cleaned


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        assert isinstance(decode(data), str)
    except RefusedError as error:
        assert error.kind == "encoding"


def test_a_declared_encoding_is_believed_when_it_explains_the_bytes_and_is_one_of_text() -> None:
    short = "Ąę ść".encode("iso8859-2")
    assert decode(short, "ISO-8859-2") == "Ąę ść"
    assert decode("café".encode(), "koi8-r") == "café"
    assert decode("café – né".encode("cp1252"), "zip") == "café – né"


def test_markdown_loses_its_marks_and_keeps_its_words_and_paragraphs(tmp_path: Path) -> None:
    source = """# Joint *Statement* #
Text with **bold _and italic_ words**, `code`, [a link](http://x.org/a_(b)) and ![a picture](p.png).
See [the annex][1], snake_case_words, 5 * 3 * 2 and \\*stars\\*.[^2]

Underlined
----------
> Quoted <b>text</b>.

```python
kept = 1
```
* first
+ second
***
| State | Year |
|:------|-----:|
| Elbaria | 2008 |

[1]: http://x.org/annex "Annex"
[Chair]: We agree. <!-- hidden -->
"""
    text = document(tmp_path, "a.md", (HEADER + source).encode()).text
    blocks = [" / ".join(block.split("\n")) for block in text.split("\n\n")]
    assert [block.strip(" /") for block in blocks if block.strip(" /\n")] == [
        "Joint Statement",
        "Text with bold and italic words, code, a link and a picture. / See the annex, snake_case_words, 5 * 3 * 2 and "
        "*stars*.",
        "Underlined",
        "Quoted text.",
        "kept = 1",
        "- first / - second",
        "State",
        "Year",
        "Elbaria",
        "2008",
        "[Chair]: We agree.",
    ]


@given(st.text(alphabet="ab \n", max_size=200))
def test_text_without_marks_is_the_same_in_markdown(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "mark", ["*", "_", "`", "[", "[a](", "<", "<!--", "# ", "> ", "- ", "~", "|", "\\", "*a ", "_a "]
)
def test_a_long_line_of_marks_takes_no_longer_than_its_length_warrants(mark: str) -> None:
    # A pattern that backtracks would need hours here.
    assert isinstance(plain(mark * 30_000 + "\n" + " " * 30_000 + "x"), str)


def test_an_empty_file_and_one_of_blanks_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.txt", b"") == Refusal("a.txt", "empty", "the file is empty")
    assert refusal(tmp_path, "b.txt", HEADER.encode() + b"\n \t\n") == Refusal("b.txt", "empty", "no text in it")


def test_an_unknown_suffix_is_refused_naming_those_that_are_read(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a.rtf", b"{\\rtf1}")
    assert refused.kind == "format"
    assert refused.reason == "'.rtf' is not one of .txt .md .html .htm .docx .pdf .jsonl .csv .parquet"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.txt", b"a" * 1_000_001).kind == "size"


def test_a_link_out_of_the_folder_is_refused_and_one_within_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("Secret.")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text("Text.")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "in.txt").symlink_to(folder / "a.txt")
    (folder / "dangling.txt").symlink_to(folder / "nothing")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "up").symlink_to(tmp_path)
    found = {path.name: next(iter(read(path, folder, max_megabytes=1, pdf_seconds=5))) for path in files(folder)}
    assert {name: one.kind if isinstance(one, Refusal) else one.text for name, one in found.items()} == {
        "a.txt": "Text.",
        "dangling.txt": "unreadable",
        "in.txt": "Text.",
        "loop.txt": "unreadable",
        "out.txt": "unsafe",
        "up": "format",
    }


def test_a_pipe_under_a_text_name_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    (found,) = read(tmp_path / "a.txt", tmp_path, max_megabytes=1, pdf_seconds=5)
    assert found == Refusal("a.txt", "unreadable", "no regular file")


def test_files_come_in_the_order_of_their_paths_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/10.txt", "b-c/1.txt", "a.txt", ".git/x.txt", "b/.hidden.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.relative_to(tmp_path).as_posix() for path in files(tmp_path)] == [
        "a.txt",
        "b-c/1.txt",
        "b/10.txt",
        "b/2.txt",
    ]


def test_a_name_that_is_not_unicode_still_names_a_document(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text("Text.")
    (found,) = read(path, tmp_path, max_megabytes=1, pdf_seconds=5)
    assert found == Document(id="caf\ufffd.txt", text="Text.")


def test_reading_text_imports_no_library_of_another_format(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    heavy = "{'trafilatura', 'lxml', 'pypdf', 'docx', 'pandas', 'selectolax', 'pyarrow', 'charset_normalizer'}"
    program = (
        "import sys; from pathlib import Path; from features.readers import read\n"
        f"list(read(Path({str(tmp_path / 'a.txt')!r}), Path({str(tmp_path)!r}), max_megabytes=1, pdf_seconds=1))\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    ("text", "header", "rest"),
    [
        ("---\nlayout: post\ntags: [a]\ntitle: A title\ndate: soon\n---\nText.\n", {"title": "A title"}, "Text.\n"),
        ("---\ndate: 2014-03-11\nid: mine\n---\nText.\n", {"date": "2014-03-11", "id": "mine"}, "Text.\n"),
        ("---\nA rule above.\n\n---\nA rule below.\n", {}, "---\nA rule above.\n\n---\nA rule below.\n"),
        ("---\nNever closed.\n", {}, "---\nNever closed.\n"),
    ],
)
def test_the_front_matter_of_other_tools_is_no_fault_of_a_markdown_file(
    text: str, header: dict[str, str], rest: str
) -> None:
    assert front_matter(text) == (header, rest)
