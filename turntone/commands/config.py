"""``turntone config``: the settings."""

from __future__ import annotations

import typer

from ..terminal import ConfigOption, Format, FormatOption, SettingsOption, WorkspaceOption, print_json

app = typer.Typer(help="Show the settings.", no_args_is_help=True)


@app.command("show")
def show(
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Every setting with its value and meaning, as YAML that ``--config`` reads back."""
    from pipeline.settings import config_yaml, load_config

    loaded = load_config(config, settings or ())
    if format is Format.json:
        print_json(loaded.model_dump(mode="json"))
    else:
        print(config_yaml(loaded), end="")
