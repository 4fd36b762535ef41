"""``turntone models``: which models there are, and bringing them here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import ModelError

from ..precisions import entry_kind, run_precisions, show_precisions
from ..terminal import Format, FormatOption, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from diarization.models.files import ModelCheck

app = typer.Typer(help="List, fetch, check and carry the models.", no_args_is_help=True)

InstalledNames = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Which models; all that are here where left out.")
]


@app.command("list")
def list_models(format: FormatOption = Format.table) -> None:
    """Every model Turntone knows: what it is for, whether it is here, its licence and credit."""
    from diarization.model_files import CATALOG, find_model, revision_of

    rows = []
    for name, entry in CATALOG.items():
        folder = find_model(name)
        rows.append(
            {
                "name": name,
                "purpose": entry.purpose,
                "installed": folder is not None,
                "revision": revision_of(name) if folder else None,
                "size_mb": entry.size,
                "licence": entry.licence,
                "credit": entry.credit,
                "default": entry.default,
            }
        )
    if format is Format.json:
        print_json(rows)
        return
    columns = ("name", "purpose", "installed", "size_mb", "licence", "credit")
    print_table(columns, [[_yes(row[column]) for column in columns] for row in rows])


@app.command("fetch")
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which models; the embedded ones where left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is already here.")] = False,
    config: Annotated[
        str | None, typer.Option("--config", help="YAML file of settings, for its runtime.hf_token.")
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """Bring models to this machine, once. The Hugging Face token is $HF_TOKEN or the config's runtime.hf_token."""
    from diarization.model_files import CATALOG, fetch_model, find_model
    from pipeline.settings import load_runtime

    token, done = load_runtime(config).hf_token, []
    for name in names or [name for name, entry in CATALOG.items() if entry.default]:
        here = find_model(name) if not force else None
        with progress_bar(f"Fetching {name}") as progress:
            folder = here or fetch_model(name, progress=progress, force=force, token=token)
        done.append({"name": name, "path": str(folder), "fetched": here is None})
        if format is Format.table:
            say(f"{name}: {'already here' if here else 'fetched'}, {folder}")
    if format is Format.json:
        print_json(done)


@app.command("check")
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All that are here if left out.")
    ] = None,
    files_only: Annotated[
        bool, typer.Option("--files-only", help="Compare checksums only; do not run the emotion2vec models.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps: where emotion2vec runs.")] = "auto",
    format: FormatOption = Format.table,
) -> None:
    """Compare the models' files with their checksums, and run emotion2vec in every precision of this machine.

    The fastest precision that agrees with float32 is used from then on (emotion.precision: auto). Exit code 1 where a
    file does not fit.
    """
    from diarization.model_files import CATALOG, check_model, find_model

    wanted = names or [name for name in CATALOG if find_model(name)]
    checks = [check_model(name) for name in wanted]
    runnable = [each for each in checks if each.ok and entry_kind(each.name) == "emotion" and not files_only]
    measured = {each.name: run_precisions(each.path, each.name, device) for each in runnable}
    if format is Format.json:
        print_json([_check_json(each) | measured.get(each.name, {}) for each in checks])
    elif checks:
        print_table(("name", "sound", "revision", "problems"), [_check_row(each) for each in checks])
        for name, found in measured.items():
            show_precisions(name, found)
    else:
        say("no models are here yet; `turntone models fetch` brings the embedded ones")
    bad = [each.name for each in checks if not each.ok]
    if bad:
        raise ModelError(
            f"{', '.join(bad)}: damaged or incomplete; run `turntone models fetch --force {' '.join(bad)}`"
        )


@app.command("pack")
def pack(
    file: Annotated[Path, typer.Argument(help="The file to write, as models.tar.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All that are here if left out.")
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """Write the installed models into one file, to carry to a machine without network."""
    from diarization.model_files import pack_models

    packed = pack_models(file, names)
    if format is Format.json:
        print_json({"file": str(file), "models": packed})
    else:
        say(f"packed {', '.join(packed)} into {file}")


@app.command("unpack")
def unpack(
    file: Annotated[Path, typer.Argument(help="A file that `turntone models pack` wrote.")],
    format: FormatOption = Format.table,
) -> None:
    """Install the models from a packed file; nothing is fetched."""
    from diarization.model_files import unpack_models

    unpacked = unpack_models(file)
    if format is Format.json:
        print_json({"file": str(file), "models": unpacked})
    else:
        say(f"unpacked {', '.join(unpacked)}")


def _check_row(check: ModelCheck) -> tuple[object, ...]:
    return check.name, _yes(check.ok), check.revision, "; ".join(check.problems) or None


def _check_json(check: ModelCheck) -> dict[str, object]:
    facts = {"name": check.name, "ok": check.ok, "path": str(check.path), "revision": check.revision}
    return facts | {"num_files": check.num_files, "problems": list(check.problems)}


def _yes(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value
