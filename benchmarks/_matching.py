"""The same claims in the package matching, run by the interpreter of its own environment. Knows nothing of Tulou."""

import json
import sys
import time
import warnings
from pathlib import Path

from matching.games import HospitalResident

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
work = json.loads((folder / "claims.json").read_text())
start, cpu = time.perf_counter(), time.process_time()
game = HospitalResident.create_from_dictionaries(work["firms"], work["pots"], work["places"])
built = time.process_time() - cpu
solution = game.solve(optimal="resident")
figures = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - start, "built": built}
award = {str(resident): str(hospital) for hospital, residents in solution.items() for resident in residents}
(folder / "awards.json").write_text(json.dumps({"figures": figures, "award": award}))
