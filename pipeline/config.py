"""The settings of an analysis: each stage's own model, composed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from diarization.diarizers import DiarizationConfig
from diarization.identity import IdentityConfig
from diarization.turns import TurnRules
from emotion.recognizers import EmotionConfig

from .masking import PrivacyConfig


class Config(BaseModel):
    """All that decides the results of an analysis."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    diarization: DiarizationConfig = Field(default_factory=DiarizationConfig, description="who spoke when")
    turns: TurnRules = Field(default_factory=TurnRules, description="from segments to turns")
    emotion: EmotionConfig = Field(default_factory=EmotionConfig, description="what each turn sounds like")
    identity: IdentityConfig = Field(
        default_factory=IdentityConfig, description="whose voice it is; a case keeps what its last analysis said"
    )
    privacy: PrivacyConfig = Field(
        default_factory=PrivacyConfig, description="whose emotions are left alone, and what is kept"
    )


class ReportSettings(BaseModel):
    """What decides how sessions are told, not what is found in them; never part of a cache key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flags: str = Field(
        "auto",
        description="rules of what to look at: counselling, call-centre, a YAML file (docs/flags.md), or none; auto "
        "goes by the roles of the speakers",
    )
    language: Literal["en", "zh"] = Field("en", description="en or zh: the language of reports and figures")


class Runtime(BaseModel):
    """What changes speed, not results; never part of a cache key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="auto, cpu, cuda or mps; auto takes the fastest there is"
    )
    seconds_at_once: float | None = Field(
        None,
        ge=1,
        description="seconds of sound that emotion2vec scores at once; none: by the free memory of a GPU, 12 for each"
        " thread of a CPU",
    )
    hf_token: str | None = Field(
        None, repr=False, description="Hugging Face token; the HF_TOKEN variable where left out"
    )
