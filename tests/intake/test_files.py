"""Which files are bundles, and what is said about those that are not."""

import gzip
import json
import os
from pathlib import Path

import pytest

from casework.intake.fhir.errors import BundleError
from casework.intake.fhir.files import bundle_files, load_bundle

from .bundles import bundle, overdose, patient, write


def refusal(path: Path, **options: int) -> BundleError:
    with pytest.raises(BundleError) as caught:
        load_bundle(path, **options)
    assert path.name in str(caught.value), "the file must be named"
    assert caught.value.remedy.endswith("."), "the remedy must be a sentence"
    return caught.value


def test_a_plain_bundle_and_a_gzipped_one_read_the_same(tmp_path: Path) -> None:
    plain = load_bundle(write(tmp_path, bundle(overdose("e1"))))
    packed = load_bundle(write(tmp_path, bundle(overdose("e1")), "alex.json.gz"))
    assert plain == packed == bundle(overdose("e1"))


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(json.dumps(bundle()).encode()), "alex.json")
    assert load_bundle(path)["type"] == "transaction"


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + json.dumps(bundle()).encode())
    assert load_bundle(path)["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "The file is empty."),
        ("  \n ", "The file is empty."),
        (b"\xff\xfe\x00\x01", "The file is not UTF-8 text (byte 0)."),
        ("<Bundle xmlns='http://hl7.org/fhir'/>", "The file is XML."),
        ('{"resourceType": "Bundle", "entry": [', "The JSON is cut off at line 1."),
        ('{"resourceType": "Bun', "The JSON is cut off at line 1."),
        ('{"resourceType": "Bundle"', "The JSON is cut off at line 1."),
        ("{'resourceType': 1}", "The JSON is broken at line 1, column 2."),
        ('{"resourceType":"Patient"}\n{"resourceType":"Patient"}', "The file holds several JSON documents"),
        ("[" * 100_000, "The JSON is nested too deeply"),
        ("[]", "The JSON is not FHIR: it names no resourceType."),
        ('{"name": "Alex"}', "The JSON is not FHIR: it names no resourceType."),
        (patient(), "The file is a single Patient, not a Bundle."),
        (bundle(type="history"), "A bundle of type 'history' cannot be imported."),
        ({"resourceType": "Bundle", "entry": [1]}, "A bundle of type None cannot be imported."),
        ({"resourceType": "Bundle", "type": "batch"}, "The bundle has no entries."),
        ({"resourceType": "Bundle", "type": "batch", "entry": []}, "The bundle has no entries."),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [7]},
            "Entry 1 of the bundle is not a FHIR resource.",
        ),
        (bundle(patient(), {"resourceType": None}), "Entry 2 of the bundle is not a FHIR resource."),
    ],
)
def test_what_is_no_bundle_is_refused_with_its_reason(tmp_path: Path, content: object, reason: str) -> None:
    assert refusal(write(tmp_path, content)).reason.startswith(reason)


def test_a_gzip_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(bundle(overdose("e1"))).encode())
    error = refusal(write(tmp_path, whole[: len(whole) // 2], "alex.json"))
    assert (error.reason, error.remedy) == ("The gzip file is cut off before its end.", "Copy it again.")


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(json.dumps(bundle(overdose("e1"))).encode()))
    whole[len(whole) // 2] ^= 0xFF
    assert refusal(write(tmp_path, bytes(whole), "alex.json")).reason == "The gzip file is damaged."


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, " " * 3_000_000, "bomb.json.gz")
    assert path.stat().st_size < 10_000
    error = refusal(path, max_bytes=2_000_000)
    assert error.reason == "The file unpacks to more than 2 MB."
    assert "--max-mb" in error.remedy


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, bundle())
    assert load_bundle(path, max_bytes=path.stat().st_size)["type"] == "transaction"
    assert "unpacks to more than" in refusal(path, max_bytes=path.stat().st_size - 1).reason


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder.json"
    folder.mkdir()
    assert refusal(folder).reason == "The file cannot be read (Is a directory)."


def test_folders_are_searched_and_every_file_comes_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    second = write(tmp_path, bundle(), "b.json")
    first = write(tmp_path, bundle(), "a.JSON.GZ".lower())
    third = write(tmp_path / "deeper", bundle(), "c.json")
    write(tmp_path, "notes", "readme.txt")
    assert list(bundle_files([tmp_path, second])) == [first, second, third]


def test_a_file_named_outright_needs_no_usual_ending(tmp_path: Path) -> None:
    path = write(tmp_path, bundle(), "export.fhir")
    assert list(bundle_files([path])) == [path]


def test_a_missing_path_and_an_empty_folder_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such file or folder"):
        list(bundle_files([tmp_path / "nowhere"]))
    with pytest.raises(BundleError, match="holds no"):
        list(bundle_files([tmp_path]))


def test_a_link_to_the_same_file_is_not_a_second_file(tmp_path: Path) -> None:
    path = write(tmp_path, bundle(), "a.json")
    os.link(path, tmp_path / "hard.json")
    (tmp_path / "soft.json").symlink_to(path)
    assert list(bundle_files([path, tmp_path / "soft.json"])) == [path]
