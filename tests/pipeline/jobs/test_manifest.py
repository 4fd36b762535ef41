"""Manifests: what a row may say, and what is answered to one that breaks the rules."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from diarization.errors import FormatError
from pipeline.jobs.manifest import Planned, is_manifest, read_manifest


def test_a_row_says_case_day_people_language_and_consent(tmp_path: Path) -> None:
    table = tmp_path / "calls.csv"
    table.write_text(
        "path,case,date,participants,roles,language,consent\n"
        "a/1.wav,Anna,2026-03-02,SPEAKER_00=Anna,SPEAKER_00=client,de,yes\n"
        "2.wav,,,left=Ben; right=Eve,right=agent; SPEAKER_01=other,,\n"
        "\n"
        "/calls/3.wav\n",
        encoding="utf-8",
    )
    assert is_manifest(table)
    first, second, third = read_manifest(table)
    assert first == Planned(
        tmp_path / "a/1.wav", "Anna", datetime.date(2026, 3, 2), {"SPEAKER_00": "Anna:client"}, "de", "yes"
    )
    assert second.channels == {"left": "Ben:", "right": "Eve:agent"}
    assert second.roles == {"SPEAKER_01": "other"}
    assert third == Planned(Path("/calls/3.wav"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the heading has nothing; path is needed"),
        ("file\na.wav\n", "the heading has file; path is needed, and case, date, participants"),
        ("path,path\na.wav,b.wav\n", "each once"),
        ("path,date\n", "no recordings below the heading"),
        ("path,date\na.wav,\n,2026-03-02\n", "line 3: no path"),
        ("path,date\na.wav,2.3.2026\n", "line 2: date '2.3.2026' is not a day; write it as 2026-03-02"),
        ("path,roles\na.wav,left=agnt\n", "line 2: 'agnt' is not a role, did you mean 'agent'?"),
        (
            "path,roles\na.wav,agent\n",
            "roles: 'agent' is not understood; write it as left=agent; right=customer",
        ),
        ("path,participants\na.wav,left=A; left=B\n", "is not understood"),
        ("path,consent\na.wav,perhaps\n", "line 2: consent is 'perhaps'; accepted are yes, analysis"),
        ("path,case\na.wav,one\na.wav,two\n", "line 3: "),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "calls.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read_manifest(table)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(table))


def test_a_file_that_is_not_text_is_said(tmp_path: Path) -> None:
    table = tmp_path / "calls.csv"
    table.write_bytes(b"path\n\xff\xfe")
    with pytest.raises(FormatError, match="not a text file in UTF-8"):
        read_manifest(table)
