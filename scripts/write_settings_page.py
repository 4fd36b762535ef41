"""Writes docs/settings.md from the settings' own descriptions; run it after a change of the settings."""

from pathlib import Path

from pipeline.settings import describe, preset_names

HEAD = """# Settings

Settings are given as a YAML file (`--config FILE`), as a preset (`--config NAME`: {presets}), or one by one
(`--set turns.max_pause=0.8`); what comes later wins. `turntone config show` prints all of them with their values, as a
file that reads back. A misspelt key is an error that says what was meant.

| key | accepted | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    presets = ", ".join(f"`{name}`" for name in preset_names())
    rows = [
        f"| `{each.key}` | {each.type} | `{each.default}` | {each.description} |".replace("||", "\\|")
        for each in describe()
    ]
    return HEAD.format(presets=presets) + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).parent.parent.joinpath("docs", "settings.md").write_text(page(), encoding="utf-8")
