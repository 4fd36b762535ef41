"""Makes torchaudio ready to be imported beside a newer torch."""

from __future__ import annotations

import sys


def prepare_torchaudio() -> None:
    """Import torchaudio so that a torch built for another minor version of CUDA does not stop it; call it first.

    torchaudio 2.11 is the last release and refuses to load beside a torch built for another CUDA than its own (13.0),
    which is what an unpinned ``pip install torch torchaudio`` gives. Its libraries use torch's stable ABI and its CUDA
    kernels (forced alignment, RNN-T loss) are not used here, so the check is a false alarm: it is skipped, and only it.
    """
    if "torchaudio" in sys.modules:
        return
    import torch.version

    cuda = torch.version.cuda
    torch.version.cuda = None  # what a build without CUDA says: torchaudio then has nothing to compare
    try:
        import torchaudio  # noqa: F401
    finally:
        torch.version.cuda = cuda
