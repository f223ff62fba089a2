"""Lets the tests of this folder share `meter_tones`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # the import mode leaves it out
